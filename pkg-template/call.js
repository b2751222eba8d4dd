// A call of an action that is under way, as the package knows it. Handlers see it through a context, see context.js; there are
// many calls, so each is one plain object that holds no more than it must.

import { now } from "./clock.js";

/** What its caller may give up. */
export class Work {
  /** Whether nobody waits for what comes of it any more. */
  isOver = false;
  /** What aborts its signal, once somebody has asked for that; before that, of work that was given up, why it was. */
  abort = undefined;
}

/** Who hears an event: what its handler does goes on with the trace of the event. */
export class Hearer {
  isOver = false;
  abort = undefined;
  span = undefined;

  constructor(bus, event, feature) {
    this.bus = bus;
    this.event = event;
    this.of = { trace: event };
    this.feature = feature;
  }
}

/** The signal of some work. Made when it is first asked for: most handlers never look. */
export function signalOf(work) {
  if (!(work.abort instanceof AbortController)) {
    const reason = work.abort;
    work.abort = new AbortController();
    if (work.isOver) work.abort.abort(reason?.why);
  }
  return work.abort.signal;
}

/** Tells who does it to stop; what it still comes to is dropped. */
export function abort(work, reason) {
  const controller = work.abort;
  work.isOver = true;
  // Whoever hears of it below may ask for the signal. In a wrapper, as it may be anything, even a controller.
  if (!(controller instanceof AbortController)) work.abort = { why: reason };
  release(work, true, reason);
  if (controller instanceof AbortController) controller.abort(reason);
}

/** The work is done, or given up: whoever keeps a place for it is told. */
function release(work, hasFailed, error, at) {
  const { place } = work;
  if (place === undefined) return;
  work.place = undefined;
  place.leave(work, hasFailed, error, work.isOver, at ?? now());
}

export class Call {
  isOver = false;
  abort = undefined;
  /** Has `leave(call, hasFailed, error, isOver, at)` called once: when it is done, or when nobody waits for it any more. */
  place = undefined;

  /** The feature that performs it, where it is counted, and since when. */
  feature = undefined;
  meter = undefined;
  began = 0;

  static {
    // What few calls have. There is one for each step, so each has only what it needs.
    Object.assign(this.prototype, {
      /** Of an answer that comes in parts: who takes them, and when the first one came. */
      sink: undefined,
      firstAt: undefined,
      /** Its span in its trace, and what writes its notes, once somebody has asked for them. */
      span: undefined,
      notes: undefined,
    });
  }

  /**
   * @param of whose it is: a run, or whoever asks, with the inside of the `bus`, a `caller`, a `correlationId` and a `trace`
   * @param step what is asked: a step, or the names of a `feature` and an `action`
   * @param settle `settle(call, isValue, answer, at)` is told how it ended
   */
  constructor(of, node, step, attempt, level, settle) {
    this.of = of;
    this.node = node;
    this.step = step;
    this.attempt = attempt;
    this.level = level;
    this.settle = settle;
  }

  get bus() {
    return this.of.bus;
  }

  /** What is asked: the step itself, or one of its fallbacks. */
  get target() {
    return this.level === 0 ? this.step : this.step.fallbacks[this.level - 1];
  }
}

/** The handler has answered. */
export function answerCall(call, isValue, answer, at = now()) {
  ended(call, isValue, answer, at)?.(call, isValue, answer, at);
}

/** The same for whoever tells it on: returns who has to be told, once. */
export function ended(call, isValue, answer, at) {
  release(call, !isValue, isValue ? undefined : answer, at);
  const { settle } = call;
  call.settle = undefined;
  return settle;
}

/** Whether the handler has answered, or nobody waits for that. */
export const isDone = (call) => call.settle === undefined || call.isOver;

/** Somebody other than the handler ends it, who is told to stop. */
export function giveUp(call, error) {
  answerCall(call, false, error);
  abort(call, error);
}
