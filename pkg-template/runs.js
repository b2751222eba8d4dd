// Which runs there are: active ones, those that wait for a place, and the last ones that ended.

import { now } from "./clock.js";
import { RepflowError } from "./errors.js";
import { Queue } from "./queue.js";

export class Runs {
  /** That have not ended, by id, in the order of their start. */
  #active = new Map();
  #queue = new Queue();
  /** How many hold a place. */
  #placed = 0;
  /** Whether places are given away right now, or not at all for a while. */
  #filling = false;
  /** That have ended and may still be asked for, by id, in the order of their end. */
  #finished = new Map();
  /** How many were ever started. */
  #count = 0;
  #whenIdle = [];
  #limits;
  #begin;

  /**
   * @param limits `concurrent`, `queued`, and of those that have ended `kept` and `keptMs`
   * @param begin begins a run that has got its place
   */
  constructor(limits, begin) {
    this.#limits = limits;
    this.#begin = begin;
  }

  get size() {
    return this.#active.size;
  }

  /** Of all that have not ended. */
  active() {
    return this.#active.values();
  }

  isActive(id) {
    return this.#active.has(id);
  }

  /** A run comes into being; it has no place yet. */
  add(run) {
    run.order = this.#count;
    this.#count += 1;
    this.#active.set(run.id, run);
  }

  /** Begins a run, or has it wait for a place. */
  admit(run) {
    run.isReady = true;
    // It waits where it is until it is resumed.
    if (run.isPaused) return;
    if (run.parent !== undefined) {
      // It has the place of the run that it is a part of, which would wait for it otherwise.
      this.#begin(run);
    } else if (this.#placed < this.#limits.concurrent && !this.#filling) {
      this.#place(run);
    } else if (this.#queue.size >= this.#limits.queued) {
      throw this.#full();
    } else {
      this.#queue.push(run);
      // Places may be free when those that wait are on hold.
      this.#fill();
    }
  }

  /** Has a run that has not begun wait until it is resumed. */
  hold(run) {
    this.#queue.remove(run);
  }

  /** Lets it have its turn again, where it was among the others. */
  release(run) {
    if (!run.isReady) return;
    if (run.parent !== undefined) {
      this.#begin(run);
    } else {
      this.#queue.push(run);
      this.#fill();
    }
  }

  /** A run has ended: its place is another's. */
  ended(run) {
    if (!this.#active.delete(run.id)) return;
    this.#queue.remove(run);
    if (run.isPlaced) this.#placed -= 1;
    run.isPlaced = false;
    this.#keep(run);
    this.#fill();
    if (this.#active.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** A run by its id: active, or ended not long ago. */
  get(id) {
    this.#dropOld();
    return this.#active.get(id) ?? this.#finished.get(id);
  }

  /** All that can be asked for, in the order of their start. */
  all() {
    this.#dropOld();
    return [...this.#finished.values(), ...this.#active.values()].sort((a, b) => a.order - b.order);
  }

  /** Gives no place away until `open`. */
  close() {
    this.#filling = true;
  }

  open() {
    this.#filling = false;
    this.#fill();
  }

  /** Resolves when all have ended. */
  async idle() {
    if (this.#active.size > 0) await new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Forgets those that have ended. */
  clear() {
    for (const run of this.#finished.values()) run.forget();
    this.#finished.clear();
  }

  #place(run) {
    run.isPlaced = run.parent === undefined;
    this.#placed += 1;
    this.#begin(run);
  }

  /** Not recursive: a run that ends as it begins makes room for the next one. */
  #fill() {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (this.#queue.size > 0 && this.#placed < this.#limits.concurrent) this.#place(this.#queue.pop());
    } finally {
      this.#filling = false;
    }
  }

  #full() {
    const { concurrent, queued } = this.#limits;
    const message = `${concurrent} runs are active and ${queued} wait, as many as may; try later, or raise \`maxQueuedRuns\``;
    return new RepflowError("run.queue_full", message);
  }

  #keep(run) {
    this.#finished.delete(run.id);
    this.#finished.set(run.id, run);
    this.#dropOld();
  }

  /** By count and age. Without a timer: what is too old is dropped when somebody comes by. */
  #dropOld() {
    if (this.#finished.size === 0) return;
    const oldest = now() - this.#limits.keptMs;
    for (const [id, run] of this.#finished) {
      if (this.#finished.size <= this.#limits.kept && run.endedAt >= oldest) return;
      this.#finished.delete(id);
      run.forget();
    }
  }
}
