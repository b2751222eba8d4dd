// How a bus reaches the core: when it is there, and again after a panic.

import { disposed } from "./errors.js";
import { withResolvers } from "./feature.js";

const free = (core, handle) => core.busFree(handle);

/** What belongs to one bus in the core. */
export class Link {
  runtime;
  /** The core's number for the bus, in the generation that gave it. */
  coreHandle = undefined;
  isDisposed = false;
  /** What waits for the core to be there; each is called once with it. */
  #whenThere = [];
  #held = undefined;
  #generation = 0;
  #owner;
  #handOver;
  /** Rejects what waits for the core when the bus is disposed of. */
  #waiting = new Set();

  /** `handOver(core)` gives a core that does not know this bus all that was registered. */
  constructor(runtime, owner, handOver) {
    this.runtime = runtime;
    this.#owner = owner;
    this.#handOver = handOver;
  }

  get core() {
    return this.runtime.ready();
  }

  /** Until a promise has settled, whoever asks for the core waits: something has to be registered first. */
  hold(promise) {
    const over = () => {
      this.#held = undefined;
    };
    this.#held = promise.then(over, over);
  }

  get isAttached() {
    return this.coreHandle !== undefined && this.#generation === this.runtime.generation;
  }

  assertUsable() {
    if (this.isDisposed) throw disposed();
  }

  /** A promise of the core, knowing this bus, which ends with this bus, or when `giveUp` rejects it. */
  async there(loading = this.attached(), giveUp) {
    if (!(loading instanceof Promise)) return loading;
    const { promise, resolve, reject } = withResolvers();
    this.#waiting.add(reject);
    const stop = giveUp?.(reject);
    loading.then(resolve, reject);
    try {
      await promise;
    } finally {
      this.#waiting.delete(reject);
      stop?.();
    }
    return this.attached();
  }

  /** The core, knowing this bus: at once if it can be, otherwise a promise. */
  attached() {
    this.assertUsable();
    const core = this.core;
    const again = () => this.attached();
    if (core instanceof Promise) return core.then(again);
    if (!this.isAttached) this.#begin(core);
    return this.#held?.then(again) ?? core;
  }

  #begin(core) {
    this.coreHandle = core.busNew();
    this.#generation = this.runtime.generation;
    this.runtime.freeWhenUnused(this.#owner, free, this.coreHandle);
    this.#handOver(core);
    for (const act of this.#whenThere.splice(0)) act(core);
  }

  /** Calls `act(core)` when the core knows this bus, which may be now. */
  whenThere(act) {
    if (this.isAttached) act(this.core);
    else this.#whenThere.push(act);
  }

  dispose(error) {
    for (const reject of [...this.#waiting]) reject(error);
    if (this.isAttached) this.runtime.free(this.#owner, free, this.coreHandle);
    this.coreHandle = undefined;
    this.runtime.disown(this.#owner);
  }
}
