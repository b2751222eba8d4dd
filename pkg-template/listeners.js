// Who hears the events of runs.

import { describe, invalid } from "./errors.js";

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
    if (typeof type !== "string") problems.push({ pointer: "/type", message: `the type must be a string, not ${describe(type)}` });
    else if (type !== "*" && this.#known?.includes(type) === false) problems.push(unknown(type, this.#known));
    if (typeof handler !== "function") problems.push({ pointer: "/handler", message: `the handler must be a function, not ${describe(handler)}` });
    if (problems.length > 0) throw invalid("config.invalid", "the listener", problems);
    if (signal?.aborted) return () => {};
    const listeners = this.#byType.get(type) ?? new Set();
    const off = () => {
      signal?.removeEventListener?.("abort", off);
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byType.get(type) === listeners) this.#byType.delete(type);
    };
    const listener = { handler, off };
    this.#byType.set(type, listeners.add(listener));
    signal?.addEventListener("abort", off, { once: true });
    return off;
  }

  /** Tells everybody who hears this type; `failed` is told of each who throws or rejects. */
  tell(event, failed) {
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
  const [nearest, distance] = known.map((name) => [name, distanceOf(type, name)]).reduce((a, b) => (b[1] < a[1] ? b : a));
  const near = distance <= Math.max(1, type.length / 3);
  const hint = near ? `did you mean \`${nearest}\`?` : `the types are ${["*", ...known].map((name) => `\`${name}\``).join(", ")}`;
  const problem = { pointer: "/type", message: `there is no event ${describe(type)}; ${hint}` };
  return near ? { ...problem, suggestion: nearest } : problem;
}

/** How many characters to put in, take out or replace to make one word of the other (Levenshtein). */
function distanceOf(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const letter of one) {
    let before = row[0];
    const next = [before + 1];
    for (let at = 1; at < row.length; at += 1) {
      next.push(Math.min(row[at] + 1, next[at - 1] + 1, before + (letter === other[at - 1] ? 0 : 1)));
      before = row[at];
    }
    row = next;
  }
  return row[other.length];
}

/** Calls a handler whose failure is nobody's business but `failed`'s. */
export function hear(handler, event, failed) {
  try {
    const answer = handler(event);
    if (typeof answer?.then === "function") Promise.resolve(answer).catch(failed);
  } catch (error) {
    failed(error);
  }
}
