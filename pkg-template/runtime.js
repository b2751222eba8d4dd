// The wasm instances: loaded at first use, and replaced when they have panicked.

import { RepflowError, aDuration, describe, fromCore, invalidAt, isCoreError, textOf } from "./errors.js";

/**
 * What depends on an instance. Each glue is one module with one instance, whichever entry loaded it: what depends on the
 * instance is shared by all. `generation` counts the instances; what one of them numbered means nothing to the next.
 *
 * `lost` says why the instance is lost, until that has been dealt with. Dealing with it takes some stack, and the end of the stack
 * may be what it was lost of; then whoever uses the core next deals with it first.
 */
export const instanceOf = (glue) => ({ glue, core: undefined, generation: 0, owners: new Set(), lastCrash: undefined, lost: undefined });

/** How long the module may take to load. */
const LOAD_TIMEOUT_MS = 60_000;

/**
 * Gives access to the core. Whoever has something in flight in it is an owner: after a panic each owner is told to
 * abandon it, and finds a higher `generation` when it next looks, which means that it has to hand everything over again.
 */
export class Runtime {
  /** Of the engine's: the runtime of the coach, and what loads the wasm of the model client. Most pages need neither. */
  coach = undefined;
  loadModel = undefined;
  #instance;
  #load;
  #loading = undefined;
  #unused = undefined;

  /** @param {() => WebAssembly.Module | Promise<WebAssembly.Module>} load */
  constructor(instance, load) {
    this.#instance = instance;
    this.#load = load;
  }

  get generation() {
    return this.#instance.generation;
  }

  /** The core if it is there or can be had at once; otherwise a promise of it. */
  ready() {
    const it = this.#instance;
    if (it.lost !== undefined) crashed(it);
    return it.core ?? this.#loading ?? this.#begin(it);
  }

  #begin(it) {
    let module;
    try {
      module = this.#load();
    } catch (cause) {
      throw loadFailed(cause);
    }
    if (module instanceof WebAssembly.Module) return instantiate(it, module);
    this.#loading = withinTime(module)
      .then((module) => instantiate(it, module))
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
    this.#instance.owners.add(owner);
  }

  disown(owner) {
    this.#instance.owners.delete(owner);
  }

  /** Who awaits something. */
  get owners() {
    return [...this.#instance.owners];
  }

  /** Has `free(core, handle)` called for a handle of this generation when `owner` is collected without having been disposed of. */
  freeWhenUnused(owner, free, handle) {
    // Workers have it since 2025-05-05; where there is none, what is not disposed of stays until the instance goes.
    if (typeof FinalizationRegistry === "undefined") return;
    this.#unused ??= new FinalizationRegistry(({ free, handle, generation }) => {
      if (generation === this.generation) free(this.#instance.core, handle);
    });
    this.#unused.register(owner, { free, handle, generation: this.generation }, owner);
  }

  /** Frees a handle now. */
  free(owner, free, handle) {
    this.#unused?.unregister(owner);
    free(this.#instance.core, handle);
  }
}

function instantiate(it, module) {
  if (it.core !== undefined) return it.core;
  try {
    it.glue.initSync({ module });
  } catch (cause) {
    throw loadFailed(cause);
  }
  it.generation += 1;
  it.core = Object.create(null);
  for (const [name, call] of Object.entries(it.glue)) {
    if (typeof call === "function" && name !== "initSync" && name !== "default") it.core[name] = guard(it, call);
  }
  return it.core;
}

/** An export as the facade sees it: it returns, throws a `RepflowError`, or takes the instance down with it. */
function guard(it, call) {
  // No export takes more, and gathering them in a list costs as much as the call.
  return (a, b, c, d, e, f, g, h) => {
    if (it.lost !== undefined) throw crashed(it);
    const { generation } = it;
    let answer;
    try {
      answer = call(a, b, c, d, e, f, g, h);
    } catch (thrown) {
      if (generation === it.generation) {
        if (isCoreError(thrown)) throw fromCore(thrown);
        it.lost = { cause: thrown };
        throw crashed(it);
      }
    }
    // A getter or a `toJSON` that this call ran may have ended the instance under it.
    if (generation !== it.generation) throw it.lastCrash;
    return answer;
  };
}

/** The one place that handles a lost instance. */
function crashed(it) {
  const { cause } = it.lost;
  const error = new RepflowError("internal.panic", `the core stopped: ${panicMessage(it, cause)}; call again`, { cause });
  it.glue.reset();
  // The next call makes a new instance, after it has put its texts into the memory of the old one: so it takes none.
  it.glue.panicMessage();
  it.generation += 1;
  it.lastCrash = error;
  const owners = [...it.owners];
  it.owners.clear();
  it.lost = undefined;
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
    unlessPanic(error);
  }
}

/** The same, of what was caught already: where a function for each call would cost too much. */
export function unlessPanic(error) {
  if (error?.code !== "internal.panic") throw error;
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
  throw invalidAt("config.invalid", "the options", `/${name}`, `\`${name}\` must be ${aDuration[1]}, not ${describe(value)}`);
}

function loadFailed(cause) {
  // A loader that knows better says so itself.
  if (cause instanceof RepflowError) return cause;
  const message = `the WebAssembly core could not be loaded: ${textOf(cause)}; see "Loading" in the README`;
  return new RepflowError("internal.load_failed", message, { cause });
}

function panicMessage({ glue }, cause) {
  try {
    return glue.panicMessage() ?? cause?.message ?? "unknown reason";
  } catch {
    return cause?.message ?? "unknown reason";
  }
}
