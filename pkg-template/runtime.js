// The wasm instance: loaded at first use, and replaced when it has panicked.

import * as glue from "./core.js";
import { RepflowError, describe, fromCore, invalid, isCoreError } from "./errors.js";

/**
 * The glue is one module with one instance, whichever entry loaded it: what depends on the instance is shared by all.
 * `generation` counts the instances; what one of them numbered means nothing to the next.
 */
const instance = { core: undefined, generation: 0, owners: new Set() };

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
    this.#loading = Promise.resolve(module)
      .then(instantiate, (cause) => {
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
  return (...args) => {
    try {
      return call(...args);
    } catch (thrown) {
      throw isCoreError(thrown) ? fromCore(thrown) : crashed(thrown);
    }
  };
}

/** The one place that handles a lost instance. */
function crashed(cause) {
  const error = new RepflowError("internal.panic", `the core stopped: ${panicMessage(cause)}; call again`, { cause });
  try {
    glue.reset();
  } catch {
    // Then the next call fails like this one. Whatever happens, those who wait are told now.
  }
  instance.generation += 1;
  const owners = [...instance.owners];
  instance.owners.clear();
  for (const owner of owners) owner.abandon(error);
  return error;
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
  const message = `the WebAssembly core could not be loaded: ${cause?.message ?? cause}; see "Loading" in the README`;
  return new RepflowError("internal.load_failed", message, { cause });
}

function panicMessage(cause) {
  try {
    return glue.panicMessage() ?? cause?.message ?? "unknown reason";
  } catch {
    return cause?.message ?? "unknown reason";
  }
}
