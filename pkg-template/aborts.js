// Who is told when a signal aborts.

/** One listener on a signal, however many calls share it: with more than ten, Node suspects a leak. */
class Aborts {
  /** Weak: what waits for a signal that nobody can abort any more may go. */
  #bySignal = new WeakMap();

  /** Has `tell` called when `signal` aborts, or at once where it has aborted; returns a function that ends it. There may be no signal. */
  heed(signal, tell) {
    if (signal?.aborted) tell();
    return signal && this.add(signal, tell);
  }

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
    // One of its own for each: the same function may be added twice.
    const call = () => tell();
    told.calls.add(call);
    return () => {
      if (!told.calls.delete(call) || told.calls.size > 0) return;
      signal.removeEventListener("abort", told.onAbort);
      if (this.#bySignal.get(signal) === told) this.#bySignal.delete(signal);
    };
  }
}

/** All of the package share it: one listener for a signal, whoever it was given to. */
export const aborts = /* @__PURE__ */ new Aborts();
