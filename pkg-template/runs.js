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
  /**
   * That have ended and may still be asked for, and how the steps of each stood: rings, in which a run takes the place of the oldest. That
   * one is not even looked at: it ended long ago, and is in no cache.
   */
  #finished = [];
  #reports = [];
  /** How many have ended, and how many of those are forgotten. None is too old until then. */
  #ended = 0;
  #forgotten = 0;
  #agesAt = -Infinity;
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

  /** A run has ended as `report` says: its place is another's. */
  ended(run, report) {
    if (!this.#active.has(run)) return;
    this.#active.remove(run);
    this.#size -= 1;
    this.#queue.remove(run);
    if (run.isPlaced) this.#placed -= 1;
    run.isPlaced = false;
    this.#keep(run, report);
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

  /** How the steps of a run that has ended stood, while it is kept. */
  reportOf(run) {
    return this.#reports[this.#finished.indexOf(run)];
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
    this.#finished = [];
    this.#reports = [];
    this.#forgotten = this.#ended;
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
    return this.#finished.filter((run) => run !== undefined);
  }

  #keep(run, report) {
    const { kept } = this.#limits;
    // Whoever asks for its id means this one.
    if (run.isRestored) this.#forget(this.#finished.findIndex((it) => it?.id === run.id));
    const place = this.#ended % kept;
    this.#forget(place);
    this.#finished[place] = run;
    this.#reports[place] = report;
    this.#ended += 1;
    if (kept === 0) this.#forget(place);
    this.#dropOld(run.endedAt);
  }

  /** By count and age. Without a timer: what is too old is dropped when somebody comes by. */
  #dropOld(time) {
    if (time < this.#agesAt) return;
    const { kept, keptMs } = this.#limits;
    this.#agesAt = time + keptMs;
    for (this.#forgotten = Math.max(this.#forgotten, this.#ended - kept); this.#forgotten < this.#ended; this.#forgotten += 1) {
      const place = this.#forgotten % kept;
      const endedAt = this.#finished[place]?.endedAt;
      if (endedAt > time - keptMs) {
        this.#agesAt = endedAt + keptMs;
        return;
      }
      this.#forget(place);
    }
  }

  #forget(place) {
    const run = this.#finished[place];
    if (run === undefined) return;
    // The one of its id may be another one that was restored from its journal.
    if (this.#byId?.get(run.id) === run) this.#byId.delete(run.id);
    this.#finished[place] = this.#reports[place] = undefined;
  }
}
