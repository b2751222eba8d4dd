// Time: one clock, and one host timer for many deadlines.

/** The longest delay that every host's `setTimeout` keeps to. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Milliseconds since the Unix epoch by a clock that never goes back. */
export function now() {
  return performance.timeOrigin + performance.now();
}

/** Wakes its owner at the earliest of many deadlines, which the core keeps in a heap. */
export class Alarm {
  #wake;
  #timer = undefined;
  #at = Infinity;
  #resting = false;

  constructor(wake) {
    this.#wake = wake;
  }

  /** Sets the alarm to `at`. One that would ring too early is left: it finds nothing due and is set anew. */
  set(at) {
    if (this.#resting) {
      this.#resting = false;
      this.#timer.ref?.();
    }
    if (at === Infinity) {
      this.clear();
    } else if (at < this.#at) {
      clearTimeout(this.#timer);
      this.#at = at;
      const delay = Math.min(Math.max(Math.ceil(at - now()), 0), MAX_DELAY_MS);
      this.#timer = setTimeout(() => {
        this.#at = Infinity;
        this.#resting = false;
        this.#wake();
      }, delay);
    }
  }

  /**
   * Nothing is awaited for now. A timer that keeps no process alive is left to ring for nothing: calls come one after the
   * other, and setting one for each is dearer than all the rest.
   */
  rest() {
    if (this.#at === Infinity) return;
    if (typeof this.#timer?.unref === "function") this.#timer.unref();
    else if (typeof document === "undefined") return this.clear();
    this.#resting = true;
  }

  /** Turns the alarm off, so that it keeps no process alive. */
  clear() {
    clearTimeout(this.#timer);
    this.#at = Infinity;
    this.#resting = false;
  }
}

/** Calls back in a task of its own, after input and rendering had their turn. */
export function soon(callback) {
  if (typeof setImmediate === "function") {
    setImmediate(callback);
  } else if (typeof MessageChannel !== "function") {
    setTimeout(callback, 0);
  } else {
    // `setTimeout` would wait 4 ms when it is nested; a message does not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(undefined);
  }
}
