// Events as an asynchronous iterator, for `for await`: kept until they are asked for.

import { RepflowError } from "./errors.js";

export class EventStream {
  /** How many events found no room. */
  dropped = 0;
  #events = [];
  #head = 0;
  /** Who asked before there was something to give. */
  #waiting = [];
  #ended = false;
  #error = undefined;
  #stop;
  #limit;
  #overflow;

  /** `stop` is called when nobody wants any more. Without a `limit`, all events are kept. */
  constructor(stop, limit = Infinity, overflow = "dropOldest") {
    this.#stop = stop;
    this.#limit = limit;
    this.#overflow = overflow;
  }

  push(events) {
    for (const event of events) {
      if (this.#ended) return;
      const resolve = this.#waiting.shift();
      if (resolve !== undefined) resolve({ value: event, done: false });
      else if (this.#events.length - this.#head < this.#limit) this.#events.push(event);
      else this.#overflows(event);
    }
  }

  #overflows(event) {
    this.dropped += 1;
    if (this.#overflow === "error") {
      const message = `${this.#limit} events of the stream wait already; read faster, or raise \`limit\``;
      this.#error = new RepflowError("bus.overflow", message);
      this.end();
      this.#stop(this);
    } else if (this.#overflow === "dropOldest") {
      this.#take();
      this.#events.push(event);
    }
  }

  #take() {
    const event = this.#events[this.#head];
    this.#events[this.#head] = undefined;
    this.#head += 1;
    if (this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }

  /** Nothing comes any more; what is there may still be asked for. */
  end() {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true });
  }

  next() {
    if (this.#head < this.#events.length) return Promise.resolve({ value: this.#take(), done: false });
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(value) {
    this.#events = [];
    this.#head = 0;
    this.#error = undefined;
    this.end();
    this.#stop(this);
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
