// Time: one clock, and one host timer for many deadlines.

import { DURATION } from "./errors.js";

/** The longest delay that every host's `setTimeout` keeps to. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Whether this is a Worker, where timers and tasks are dropped with the request that has set them, and nothing says which one that is. So
 * there, whoever comes by sets a timer, also when one is set: to clear that of another request does nothing. And no task is left for later.
 */
const HAS_REQUESTS = typeof WebSocketPair === "function";

let clock;
let origin;

/** Milliseconds since the Unix epoch by a clock that never goes back. */
export function now() {
  // Asked once: where it starts never changes, and to look both up is as dear as the clock itself. Not at import, where
  // Workers have no time.
  if (clock === undefined) {
    clock = performance;
    origin = clock.timeOrigin;
  }
  return origin + clock.now();
}

/** Milliseconds of a duration whose form has been checked. */
export function millisecondsOf(duration) {
  if (typeof duration === "number") return duration;
  const [, number, unit] = DURATION.exec(duration);
  return number * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
}

/** What is asked for an object that it does not keep from being collected. */
export const weakly = (it) => (typeof WeakRef === "function" ? new WeakRef(it) : { deref: () => it });

/**
 * Wakes its owner at the earliest of many deadlines, which the core keeps in a heap. The host's timer does not keep the
 * owner: one that something is due for is kept by the runtime, and any other may be collected before the timer rings.
 */
export class Alarm {
  /** Whether it has to be set anew: it is off or rests, or something is due earlier. */
  isStale = true;
  #self = weakly(this);
  #wake;
  #timer = undefined;
  #at = Infinity;
  #resting = false;
  #asksSoon = false;

  constructor(wake) {
    this.#wake = wake;
  }

  /** Sets the alarm to `at`. One that would ring too early is left: it finds nothing due and is set anew. */
  set(at) {
    if (this.#resting) {
      this.#resting = false;
      this.#timer.ref();
    }
    if (at === Infinity) {
      this.clear();
    } else if (HAS_REQUESTS || at < this.#at || (at - this.#at > LOST_MS && this.#at < now())) {
      // One that was lost should have rung, and rings now. The clock is not asked where it cannot be: that is dear.
      clearTimeout(this.#timer);
      this.#at = Math.min(at, this.#at);
      const delay = Math.min(Math.max(Math.ceil(this.#at - now()), 0), MAX_DELAY_MS);
      this.#timer = setTimeout(Alarm.#ring, delay, this.#self);
    }
    this.isStale = HAS_REQUESTS;
  }

  static #ring(self) {
    const alarm = self.deref();
    if (alarm === undefined) return;
    alarm.#turnOff();
    alarm.#wake();
  }

  /**
   * Nothing is awaited for now. When `mayRest` says a task later that this is still so, the alarm keeps no process alive
   * any more. Not at once: calls come one after the other, and setting a timer for each is dearer than all the rest.
   */
  rest(mayRest) {
    if (this.#asksSoon) return;
    soon(() => {
      this.#asksSoon = false;
      if (!mayRest()) return;
      if (this.#at !== Infinity && this.#timer.unref !== undefined) {
        this.#timer.unref();
        this.isStale = this.#resting = true;
      } else {
        this.clear();
      }
    });
    this.#asksSoon = true;
  }

  /** Turns the alarm off, so that it keeps no process alive. */
  clear() {
    clearTimeout(this.#timer);
    this.#turnOff();
  }

  #turnOff() {
    this.#at = Infinity;
    this.#resting = false;
    this.isStale = true;
  }
}

/** A task or a timer that has not come in this time was lost: some hosts drop what a request has left behind. */
export const LOST_MS = 1_000;

/**
 * Calls back in a task of its own, after input and rendering had their turn. Whoever asks only once notes that it has asked
 * after it has: where the stack ends, this throws.
 */
export function soon(callback) {
  // Asked for by its bare name, it might be a constant of the page's own script.
  const tasks = globalThis.scheduler;
  if (HAS_REQUESTS) {
    queueMicrotask(callback);
  } else if (typeof setImmediate === "function") {
    setImmediate(callback);
  } else if (tasks?.postTask !== undefined) {
    // A channel for each takes five times as long.
    tasks.postTask(callback);
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
