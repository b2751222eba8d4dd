// Until when something is awaited: answers of features, and handlers that take their time. The core keeps the deadlines.

import { Alarm, now } from "./clock.js";
import { unattended } from "./runtime.js";

/** What is awaited on one bus. Each has `late()`, for when its time is over, and `fail(error)`, for when the core is lost. */
export class Waits {
  #link;
  #owner;
  /** By their numbers. */
  #open = new Map();
  #alarm = new Alarm(() => unattended(() => this.#expire()));
  #mayRest = () => {
    if (this.#open.size > 0) return false;
    this.#link.runtime.disown(this.#owner);
    return true;
  };

  constructor(link, owner) {
    this.#link = link;
    this.#owner = owner;
  }

  begin(core, waiting, timeoutMs, at = now()) {
    waiting.number = core.requestBegin(this.#link.handle, timeoutMs, at);
    this.#open.set(waiting.number, waiting);
    this.#link.runtime.own(this.#owner);
    // One that rings earlier for another has the core say then what is due next.
    if (timeoutMs < Infinity) this.#alarm.set(at + timeoutMs);
  }

  end(core, waiting, at = now()) {
    // The number may belong to another one by now.
    const isOpen = this.#open.get(waiting.number) === waiting;
    if (isOpen) this.#open.delete(waiting.number);
    if (this.#open.size === 0) this.#alarm.rest(this.#mayRest);
    if (isOpen) core.requestEnd(this.#link.handle, waiting.number, at);
  }

  #expire() {
    const { core } = this.#link;
    if (core instanceof Promise || !this.#link.isAttached) return;
    // All of them first: a handler that hears of its abort may begin a request, which gets one of these numbers.
    const expired = Array.from(core.requestsExpire(this.#link.handle, now()), (number) => this.#open.get(number));
    for (const { number } of expired) this.#open.delete(number);
    for (const waiting of expired) waiting.late();
    if (this.#link.isAttached) this.#alarm.set(core.busDeadline(this.#link.handle));
  }

  /** Nothing comes any more. */
  fail(error) {
    const open = [...this.#open.values()];
    this.#open.clear();
    this.#alarm.clear();
    for (const waiting of open) waiting.fail(error);
  }
}
