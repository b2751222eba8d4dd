// What was published lately.

import { sizeOf } from "./size.js";

/** What an event takes besides its data. */
const ENVELOPE = 200;

/** The last events, oldest first. Each has a number: how many came before it. */
export class History {
  #ring = [];
  /** The number of the oldest, and of the one that comes next. */
  #first = 0;
  #next = 0;
  #maxEvents;
  #maxBytes;
  #sizes;
  #bytes = 0;

  constructor({ maxEvents = 1_000, maxBytes }) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
    if (maxBytes !== undefined) this.#sizes = [];
  }

  get length() {
    return this.#next - this.#first;
  }

  /** How many have left. */
  get evicted() {
    return this.#first;
  }

  /** The number of the one that comes next. */
  get next() {
    return this.#next;
  }

  /** About how much the data take; only counted when it is limited. */
  get bytes() {
    return this.#sizes && this.#bytes;
  }

  /** Events are kept by reference: who changes one afterwards changes what is remembered. */
  add(event) {
    const place = this.#maxEvents === 0 ? 0 : this.#next % this.#maxEvents;
    if (this.#sizes !== undefined) {
      const size = ENVELOPE + sizeOf(event.data);
      if (size > this.#maxBytes || this.#maxEvents === 0) return;
      if (this.length === this.#maxEvents) this.#evict();
      while (this.#bytes + size > this.#maxBytes) this.#evict();
      this.#sizes[place] = size;
      this.#bytes += size;
    } else if (this.length === this.#maxEvents) {
      if (this.#maxEvents === 0) return;
      this.#first += 1;
    }
    this.#ring[place] = event;
    this.#next += 1;
  }

  #evict() {
    const place = this.#first % this.#maxEvents;
    this.#bytes -= this.#sizes[place];
    this.#ring[place] = undefined;
    this.#first += 1;
  }

  clear() {
    this.#ring = [];
    this.#first = this.#next;
    this.#bytes = 0;
  }

  /** The event of a number; `undefined` when it has left, or is yet to come. */
  numbered(number) {
    return number >= this.#first && number < this.#next ? this.#ring[number % this.#maxEvents] : undefined;
  }

  *[Symbol.iterator]() {
    yield* this.between(this.#first, this.#next);
  }

  /** Those of these numbers that are still there when their turn comes. */
  *between(first, next) {
    for (let number = first; number < next; number += 1) {
      const event = this.numbered(number);
      if (event !== undefined) yield event;
    }
  }
}

/** A function that tells whether an event came after what `since` says. After one that has left come all that are there. */
export function isAfter(history, since) {
  if (since === "start") return () => true;
  if (typeof since !== "string") return (event) => event.at >= since;
  const events = [...history];
  const place = events.findIndex(({ id }) => id === since);
  const before = new Set(events.slice(0, place + 1));
  return (event) => !before.has(event);
}
