// Who is told when a signal aborts.

/** One listener on a signal, however many calls share it: with more than ten, Node suspects a leak. */
export class Aborts {
  #bySignal = new Map();

  /** Has `tell` called when `signal` aborts; returns a function that ends it. */
  add(signal, tell) {
    let told = this.#bySignal.get(signal);
    if (told === undefined) {
      const calls = new Set();
      // A copy: who is told may end the others.
      told = { calls, onAbort: () => [...calls].forEach((call) => calls.has(call) && call()) };
      this.#bySignal.set(signal, told);
      signal.addEventListener("abort", told.onAbort, { once: true });
    }
    told.calls.add(tell);
    return () => {
      if (!told.calls.delete(tell) || told.calls.size > 0) return;
      signal.removeEventListener("abort", told.onAbort);
      if (this.#bySignal.get(signal) === told) this.#bySignal.delete(signal);
    };
  }
}
