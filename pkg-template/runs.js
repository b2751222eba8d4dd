// Which runs there are: active ones, those that wait for a place, and the last ones that ended.

import { Chain } from "./chain.js";
import { now } from "./clock.js";
import { RepflowError } from "./errors.js";
import { Queue } from "./queue.js";

export class Runs {
  /** How many have not ended, and those in the order of their start. */
  #size = 0;
  #active = new Chain();
  #queue = new Queue();
  /** How many hold a place. */
  #placed = 0;
  /** Whether places are given away right now, or not at all for a while. */
  #filling = false;
  /** That have ended and may still be asked for, in the order of their end, from a place on: those before it are forgotten. */
  #finished = [];
  #forgotten = 0;
  /** All of them by id, once somebody has asked for one; a run has an id only when somebody asks. */
  #byId = undefined;
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
    return this.#size;
  }

  /** All that have not ended. */
  active() {
    return this.#active.all();
  }

  isActive(id) {
    const run = this.#index().get(id);
    return run !== undefined && this.#active.has(run);
  }

  /** A run comes into being; it has no place yet. */
  add(run) {
    run.order = this.#count;
    this.#count += 1;
    this.#size += 1;
    this.#active.add(run);
    this.#byId?.set(run.id, run);
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
      const { concurrent, queued } = this.#limits;
      const message = `${concurrent} runs are active and ${queued} wait, as many as may; try later, or raise \`maxQueuedRuns\``;
      throw new RepflowError("run.queue_full", message);
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
    if (!this.#active.has(run)) return;
    this.#active.remove(run);
    this.#size -= 1;
    this.#queue.remove(run);
    if (run.isPlaced) this.#placed -= 1;
    run.isPlaced = false;
    this.#keep(run);
    this.#fill();
    if (this.#size === 0 && this.#whenIdle.length > 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** A run by its id: active, or ended not long ago. */
  get(id) {
    this.#dropOld(now());
    return this.#index().get(id);
  }

  /** All that can be asked for, in the order of their start. */
  all() {
    this.#dropOld(now());
    return [...this.#kept(), ...this.active()].sort((a, b) => a.order - b.order);
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
    if (this.#size > 0) await new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Forgets those that have ended. */
  clear() {
    for (const run of this.#kept()) run.forget();
    this.#finished = [];
    this.#forgotten = 0;
    this.#byId = undefined;
  }

  #place(run) {
    run.isPlaced = true;
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

  #index() {
    return (this.#byId ??= new Map([...this.#kept(), ...this.active()].map((run) => [run.id, run])));
  }

  #kept() {
    return this.#finished.slice(this.#forgotten);
  }

  #keep(run) {
    if (run.isRestored) {
      // Whoever asks for its id means this one.
      const before = this.#finished.findIndex((it) => it?.id === run.id);
      if (before >= 0) this.#finished.splice(before, 1);
    }
    this.#finished.push(run);
    this.#dropOld(run.endedAt);
  }

  /** By count and age. Without a timer: what is too old is dropped when somebody comes by. */
  #dropOld(time) {
    const { kept, keptMs } = this.#limits;
    const finished = this.#finished;
    while (finished.length > this.#forgotten) {
      const oldest = finished[this.#forgotten];
      if (finished.length - this.#forgotten <= kept && oldest.endedAt > time - keptMs) break;
      finished[this.#forgotten] = undefined;
      this.#forgotten += 1;
      // The one of its id may be another one that was restored from its journal.
      if (this.#byId?.get(oldest.id) === oldest) this.#byId.delete(oldest.id);
      oldest.forget();
    }
    // The room of those that are forgotten is used again when they are as many as those that are kept.
    if (this.#forgotten > 32 && this.#forgotten * 2 > finished.length) {
      this.#finished = this.#kept();
      this.#forgotten = 0;
    }
  }
}
