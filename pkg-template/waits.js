// Until when something is awaited: answers of features, and handlers that take their time. The core keeps the deadlines.

import { Alarm, LOST_MS, now, soon } from "./clock.js";
import { unattended } from "./runtime.js";

/**
 * What is awaited on one bus. Each has `late()`, for when its time is over, and `fail(error)`, for when the core is lost.
 *
 * Most of it has come before the host has its turn, and no time can be over before that: so the core is told in a task of its
 * own, of what is still awaited then.
 */
export class Waits {
  #link;
  #owner;
  /** What the core knows of, by its numbers; and what it is yet to be told of, some of which has come. */
  #open = new Map();
  #fresh = [];
  /** How many are awaited, of both. */
  #count = 0;
  /** Since when a task is to tell the core. */
  #tellsSince = -Infinity;
  #alarm = new Alarm(() => unattended(() => this.#expire()));
  /** Tells the core of what is still awaited. */
  #tell = () => {
    this.#tellsSince = -Infinity;
    unattended(() => {
      // First, as a core that is lost is found out by asking for it, and all that waits is then told.
      const { core } = this.#link;
      for (const waiting of this.#fresh.splice(0)) {
        const { awaited } = waiting;
        if (awaited === undefined || awaited.coreId !== undefined) continue;
        const { timeoutMs, at } = awaited;
        awaited.coreId = core.requestBegin(this.#link.coreHandle, timeoutMs, at);
        this.#open.set(awaited.coreId, waiting);
        // One that rings earlier for another has the core say then what is due next.
        if (timeoutMs < Infinity) this.#alarm.set(at + timeoutMs);
      }
    });
  };
  #mayRest = () => {
    if (this.#count > 0) return false;
    this.#link.runtime.disown(this.#owner);
    return true;
  };

  constructor(link, owner) {
    this.#link = link;
    this.#owner = owner;
  }

  begin(waiting, timeoutMs, at = now()) {
    waiting.awaited = { coreId: undefined, timeoutMs, at };
    this.#fresh.push(waiting);
    if (this.#count === 0) this.#link.runtime.own(this.#owner);
    this.#count += 1;
    if (at - this.#tellsSince > LOST_MS) {
      soon(this.#tell);
      this.#tellsSince = at;
    }
  }

  end(waiting, at = now()) {
    const { awaited } = waiting;
    if (awaited === undefined) return;
    waiting.awaited = undefined;
    this.#count -= 1;
    if (this.#count === 0) this.#alarm.rest(this.#mayRest);
    if (awaited.coreId === undefined) {
      // What has come need not be kept until the core is told.
      if (this.#fresh.length > 2 * this.#count + 8) this.#fresh = this.#fresh.filter(({ awaited }) => awaited !== undefined);
    } else {
      this.#open.delete(awaited.coreId);
      if (this.#link.isAttached) this.#link.core.requestEnd(this.#link.coreHandle, awaited.coreId, at);
    }
  }

  #expire() {
    const { core } = this.#link;
    if (core instanceof Promise || !this.#link.isAttached) return;
    // All of them first: a handler that hears of its abort may begin a request, which gets one of these numbers.
    const expired = Array.from(core.requestsExpire(this.#link.coreHandle, now()), (number) => this.#open.get(number));
    for (const waiting of expired) {
      this.#open.delete(waiting.awaited.coreId);
      waiting.awaited = undefined;
    }
    this.#count -= expired.length;
    for (const waiting of expired) waiting.late();
    if (this.#link.isAttached) this.#alarm.set(core.busDeadline(this.#link.coreHandle));
  }

  /** Nothing comes any more. */
  fail(error) {
    const awaited = [...this.#open.values(), ...this.#fresh].filter((waiting) => waiting.awaited !== undefined);
    for (const waiting of awaited) waiting.awaited = undefined;
    this.#open.clear();
    this.#fresh = [];
    this.#count = 0;
    this.#alarm.clear();
    for (const waiting of awaited) waiting.fail(error);
  }
}
