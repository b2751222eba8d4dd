// Who hears the events of runs.

import { aborts } from "./aborts.js";
import { assertValid, describe, problem, quoted } from "./errors.js";
import { nearest, unknownWord } from "./nearest.js";

/** Handlers by type of event; `*` hears all. */
export class Listeners {
  #byType = new Map();
  #known;

  /** `known` are the types that there are, when others are to be refused. */
  constructor(known) {
    this.#known = known;
  }

  get size() {
    return this.#byType.size;
  }

  /** Adds a handler; returns a function that removes it. */
  add(type, handler, signal) {
    const problems = [];
    if (typeof type !== "string") problems.push(problem("/type", `the type must be a string, not ${describe(type)}`));
    else if (type !== "*" && this.#known?.includes(type) === false) problems.push(unknown(type, this.#known));
    if (typeof handler !== "function") problems.push(problem("/handler", `the handler must be a function, not ${describe(handler)}`));
    assertValid("config.invalid", "the listener", problems);
    if (signal?.aborted) return () => {};
    const listeners = this.#byType.get(type) ?? new Set();
    let unlisten;
    const off = () => {
      unlisten?.();
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byType.get(type) === listeners) this.#byType.delete(type);
    };
    const listener = { handler, off };
    this.#byType.set(type, listeners.add(listener));
    unlisten = signal && aborts.add(signal, off);
    return off;
  }

  /** Tells everybody who hears this type; `failed(error, event)` is told of each who throws or rejects. */
  tell(event, failed) {
    if (this.#byType.size === 0) return;
    for (const type of [event.type, "*"]) {
      const listeners = this.#byType.get(type);
      if (listeners === undefined) continue;
      // A copy: one that is added while this event is told hears the next one first.
      for (const listener of [...listeners]) if (listeners.has(listener)) hear(listener.handler, event, failed);
    }
  }

  clear() {
    for (const listeners of [...this.#byType.values()]) for (const { off } of [...listeners]) off();
  }
}

function unknown(type, known) {
  const suggestion = nearest(type, known);
  const hint = suggestion === undefined
    ? `the types are ${quoted(["*", ...known])}`
    : `did you mean \`${suggestion}\`?`;
  return unknownWord("/type", `there is no event ${describe(type)}; ${hint}`, type, known);
}

/** Calls a handler whose failure is nobody's business but `failed`'s. */
export function hear(handler, event, failed) {
  try {
    const answer = handler(event);
    if (typeof answer?.then === "function") Promise.resolve(answer).catch((error) => failed(error, event));
  } catch (error) {
    failed(error, event);
  }
}
