// The wasm instance: loaded at first use, and replaced when it has panicked.

import * as glue from "./core.js";
import { RepflowError, describe, fromCore, invalid, isCoreError, textOf } from "./errors.js";

/**
 * The glue is one module with one instance, whichever entry loaded it: what depends on the instance is shared by all.
 * `generation` counts the instances; what one of them numbered means nothing to the next.
 */
const instance = { core: undefined, generation: 0, owners: new Set(), lastCrash: undefined };

/**
 * Why the instance is lost, until that has been dealt with. Dealing with it takes some stack, and the end of the stack may
 * be what it was lost of; then whoever uses the core next deals with it first.
 */
let lost = undefined;

/** How long the module may take to load. */
const LOAD_TIMEOUT_MS = 60_000;

/**
 * Gives access to the core. Whoever has something in flight in it is an owner: after a panic each owner is told to
 * abandon it, and finds a higher `generation` when it next looks, which means that it has to hand everything over again.
 */
export class Runtime {
  #load;
  #loading = undefined;
  #unused = undefined;

  /** @param {() => WebAssembly.Module | Promise<WebAssembly.Module>} load */
  constructor(load) {
    this.#load = load;
  }

  get generation() {
    return instance.generation;
  }

  /** The core if it is there or can be had at once; otherwise a promise of it. */
  ready() {
    if (lost !== undefined) crashed();
    return instance.core ?? this.#loading ?? this.#begin();
  }

  #begin() {
    let module;
    try {
      module = this.#load();
    } catch (cause) {
      throw loadFailed(cause);
    }
    if (module instanceof WebAssembly.Module) return instantiate(module);
    this.#loading = withinTime(module)
      .then(instantiate)
      .catch((cause) => {
        throw loadFailed(cause);
      })
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }

  /** Has `owner.abandon(error)` called if the core is lost before `disown`. */
  own(owner) {
    instance.owners.add(owner);
  }

  disown(owner) {
    instance.owners.delete(owner);
  }

  /** Frees `handle` of this generation by the export `free` when `owner` is collected without having been disposed of. */
  freeWhenUnused(owner, free, handle) {
    // Workers have it since 2025-05-05; where there is none, what is not disposed of stays until the instance goes.
    if (typeof FinalizationRegistry === "undefined") return;
    this.#unused ??= new FinalizationRegistry(({ free, handle, generation }) => {
      if (generation === instance.generation) instance.core[free](handle);
    });
    this.#unused.register(owner, { free, handle, generation: instance.generation }, owner);
  }

  /** Frees a handle now. */
  free(owner, free, handle) {
    this.#unused?.unregister(owner);
    instance.core[free](handle);
  }
}

function instantiate(module) {
  if (instance.core !== undefined) return instance.core;
  try {
    glue.initSync({ module });
  } catch (cause) {
    throw loadFailed(cause);
  }
  instance.generation += 1;
  instance.core = Object.create(null);
  for (const [name, call] of Object.entries(glue)) {
    if (typeof call === "function" && name !== "initSync" && name !== "default") instance.core[name] = guard(call);
  }
  return instance.core;
}

/** An export as the facade sees it: it returns, throws a `RepflowError`, or takes the instance down with it. */
function guard(call) {
  // No export takes more, and gathering them in a list costs as much as the call.
  return (a, b, c, d, e, f, g, h) => {
    if (lost !== undefined) throw crashed();
    const { generation } = instance;
    let answer;
    try {
      answer = call(a, b, c, d, e, f, g, h);
    } catch (thrown) {
      if (generation === instance.generation) {
        if (isCoreError(thrown)) throw fromCore(thrown);
        lost = { cause: thrown };
        throw crashed();
      }
    }
    // A getter or a `toJSON` that this call ran may have ended the instance under it.
    if (generation !== instance.generation) throw instance.lastCrash;
    return answer;
  };
}

/** The one place that handles a lost instance. */
function crashed() {
  const { cause } = lost;
  const error = new RepflowError("internal.panic", `the core stopped: ${panicMessage(cause)}; call again`, { cause });
  glue.reset();
  instance.generation += 1;
  instance.lastCrash = error;
  const owners = [...instance.owners];
  instance.owners.clear();
  lost = undefined;
  for (const owner of owners) owner.abandon(error);
  return error;
}

/**
 * For what the host calls and nobody awaits (timers, answers, aborts): whoever waits has been told of the panic already.
 */
export function unattended(act) {
  try {
    act();
  } catch (error) {
    if (error?.code !== "internal.panic") throw error;
  }
}

/** What `module` becomes, or an error when that takes too long: a fetch may hang, and nobody may wait for ever. */
function withinTime(module) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${LOAD_TIMEOUT_MS / 1_000} s`)), LOAD_TIMEOUT_MS);
  });
  return Promise.race([module, late]).finally(() => clearTimeout(timer));
}

/** Milliseconds of a duration option, once the core is there to read it. */
export function milliseconds(core, value, name) {
  const ms = typeof value === "string" ? core.parseDuration(value) : value;
  if (ms > 0) return ms;
  const expected = 'a duration such as "250ms" or "10s", or milliseconds above 0';
  const message = `\`${name}\` must be ${expected}, not ${describe(value)}`;
  throw invalid("config.invalid", "the options", [{ pointer: `/${name}`, message }]);
}

function loadFailed(cause) {
  // A loader that knows better says so itself.
  if (cause instanceof RepflowError) return cause;
  const message = `the WebAssembly core could not be loaded: ${textOf(cause)}; see "Loading" in the README`;
  return new RepflowError("internal.load_failed", message, { cause });
}

function panicMessage(cause) {
  try {
    return glue.panicMessage() ?? cause?.message ?? "unknown reason";
  } catch {
    return cause?.message ?? "unknown reason";
  }
}
