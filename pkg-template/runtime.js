// The wasm instance: loaded at first use, and replaced when it has panicked.

import * as glue from "./core.js";
import { RepflowError, describe, fromCore, invalid, isCoreError } from "./errors.js";

/**
 * Owns the core. Whoever has something in flight in it is an owner: after a panic each owner is told to abandon it, and
 * finds a higher `generation` when it next looks, which means that it has to hand everything over once more.
 */
export class Runtime {
  /** Counts the instances; what one of them numbered means nothing to the next. */
  generation = 0;
  #load;
  #core = undefined;
  #loading = undefined;
  #owners = new Set();
  #unused = undefined;

  /** @param {() => WebAssembly.Module | Promise<WebAssembly.Module>} load */
  constructor(load) {
    this.#load = load;
  }

  /** The core if it is there or can be had at once; otherwise a promise of it. */
  ready() {
    return this.#core ?? this.#loading ?? this.#begin();
  }

  #begin() {
    let module;
    try {
      module = this.#load();
    } catch (cause) {
      throw loadFailed(cause);
    }
    if (module instanceof WebAssembly.Module) return this.#instantiate(module);
    this.#loading = Promise.resolve(module).then(
      (loaded) => this.#core ?? this.#instantiate(loaded),
      (cause) => {
        this.#loading = undefined;
        throw loadFailed(cause);
      },
    );
    return this.#loading;
  }

  #instantiate(module) {
    try {
      glue.initSync({ module });
    } catch (cause) {
      throw loadFailed(cause);
    }
    this.generation += 1;
    this.#loading = undefined;
    this.#core = Object.create(null);
    for (const [name, call] of Object.entries(glue)) {
      if (typeof call === "function" && name !== "initSync" && name !== "default") this.#core[name] = this.#guard(call);
    }
    return this.#core;
  }

  /** An export as the facade sees it: it returns, throws a `RepflowError`, or takes the instance down with it. */
  #guard(call) {
    return (...args) => {
      try {
        return call(...args);
      } catch (thrown) {
        throw isCoreError(thrown) ? fromCore(thrown) : this.#crashed(thrown);
      }
    };
  }

  /** The one place that handles a lost instance. */
  #crashed(cause) {
    const error = new RepflowError("internal.panic", `the core stopped: ${panicMessage(cause)}; call again`, { cause });
    try {
      glue.reset();
    } catch {
      // Then the next call fails like this one. Whatever happens, those who wait are told now.
    }
    this.generation += 1;
    const owners = [...this.#owners];
    this.#owners.clear();
    for (const owner of owners) owner.abandon(error);
    return error;
  }

  /** Has `owner.abandon(error)` called if the core is lost before `disown`. */
  own(owner) {
    this.#owners.add(owner);
  }

  disown(owner) {
    this.#owners.delete(owner);
  }

  /** Frees `handle` of this generation by the export `free` when `owner` is collected without having been disposed of. */
  freeWhenUnused(owner, free, handle) {
    this.#unused ??= new FinalizationRegistry(({ free, handle, generation }) => {
      if (generation === this.generation) this.#core?.[free](handle);
    });
    this.#unused.register(owner, { free, handle, generation: this.generation }, owner);
  }

  /** Frees a handle now. */
  free(owner, free, handle) {
    this.#unused?.unregister(owner);
    this.#core?.[free](handle);
  }
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
