// What was published lately.

import { sizeOf } from "./size.js";

/** About what an event takes besides its data. */
const ENVELOPE = 200;

export const isTime = (value) => (typeof value === "number" || value instanceof Date) && Number.isFinite(+value);

/** From where on remembered events are wanted. */
export const SINCE = [
  (value) => typeof value === "string" || isTime(value),
  "`start`, a date, milliseconds since the Unix epoch, or the id of an event",
];

/** A ring of the last so many events, whose data takes no more than so many bytes. */
export class History {
  #ring = [];
  /** What each event of the ring takes, when bytes count. */
  #sizes = [];
  #maxEvents;
  #maxBytes;
  #oldest = 0;
  #length = 0;
  /** How many events have left. */
  evicted = 0;
  /** What is remembered takes about so many; undefined when bytes do not count. */
  bytes = undefined;

  constructor({ maxEvents = 1_000, maxBytes } = {}) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
    if (maxBytes !== undefined) this.bytes = 0;
  }

  get length() {
    return this.#length;
  }

  /** Remembers an event, at the expense of the oldest. One that is larger than all there is room for is not kept. */
  add(event) {
    if (this.#maxEvents === 0) return;
    let size = 0;
    if (this.bytes !== undefined) {
      size = sizeOf(event.data) + ENVELOPE;
      if (size > this.#maxBytes) return;
      while (this.bytes + size > this.#maxBytes) this.#evict();
    }
    if (this.#length === this.#maxEvents) this.#evict();
    const place = this.#place(this.#length);
    this.#ring[place] = event;
    this.#length += 1;
    if (this.bytes !== undefined) {
      this.#sizes[place] = size;
      this.bytes += size;
    }
  }

  clear() {
    while (this.#length > 0) this.#evict();
  }

  /** An event by its place; 0 is the oldest. */
  at(index) {
    return index < this.#length ? this.#ring[this.#place(index)] : undefined;
  }


  /** From the oldest to what is the newest now. */
  *[Symbol.iterator]() {
    const end = this.evicted + this.#length;
    for (let number = this.evicted; number < end; number += 1) {
      // Some may leave while this goes on.
      number = Math.max(number, this.evicted);
      if (number < end) yield this.at(number - this.evicted);
    }
  }

  #place(index) {
    const place = this.#oldest + index;
    return place < this.#maxEvents ? place : place - this.#maxEvents;
  }

  #evict() {
    if (this.bytes !== undefined) this.bytes -= this.#sizes[this.#oldest];
    this.#ring[this.#oldest] = undefined;
    this.#oldest = this.#place(1);
    this.#length -= 1;
    this.evicted += 1;
  }
}

/** Tells whether an event comes at a time or later, or after the event of an id; all do when that is not remembered. */
export function isAfter(history, since) {
  if (typeof since !== "string") return ({ at }) => at >= +since;
  const last = since === "start" ? undefined : [...history].find(({ id }) => id === since);
  return last === undefined ? () => true : ({ sequence }) => sequence > last.sequence;
}
