// What a handler is given beside its parameters.

import { BusEvent } from "./bus-event.js";
import { isDone, signalOf } from "./call.js";
import { spanId } from "./trace.js";

/** What somebody does that may be given up. All that is known of it is in one object behind its context. */
export class Cancellable {
  #work;

  constructor(work) {
    this.#work = work;
  }

  /** Aborted when the answer is no longer wanted. */
  get signal() {
    return signalOf(workOf(this));
  }

  static workOf(context) {
    return StepContext.isOne(context) ? StepContext.workOf(context) : context.#work;
  }
}

const { workOf } = Cancellable;

/** A text that may be a header; what may not is percent-encoded. */
const asHeader = (text) => (/^([!-~]([ -~]*[!-~])?)?$/.test(text) ? text : encodeURIComponent(text.toWellFormed?.() ?? text));

/**
 * What a handler does on the bus by way of its context goes on for whoever caused it: with the same correlation id and in the
 * same trace, and it ends when the handler's own work is given up.
 */
export class Participant extends Cancellable {
  /** W3C trace context, for services that this handler calls. */
  get traceparent() {
    return traceOf(this).headerOf((workOf(this).span ??= spanId()));
  }

  get tracestate() {
    return traceOf(this).tracestate;
  }

  /** The headers that carry correlation and trace over HTTP. */
  get headers() {
    const { traceparent, tracestate, correlationId } = this;
    const headers = { traceparent, "x-correlation-id": asHeader(correlationId) };
    return tracestate === undefined ? headers : { ...headers, tracestate };
  }

  /** `fetch` with these headers, given up when the handler's work is. */
  get fetch() {
    return (input, init = {}) => {
      const headers = new Headers(init.headers ?? input?.headers);
      for (const [name, value] of Object.entries(this.headers)) if (!headers.has(name)) headers.set(name, value);
      const own = init.signal ?? input?.signal;
      const signal = own ? AbortSignal.any([own, this.signal]) : this.signal;
      return fetch(input, { ...init, headers, signal });
    };
  }

  /** As the bus has it. */
  get request() {
    return (feature, action, params, options) => workOf(this).bus.asking.request(feature, action, params, options, this);
  }

  get requestStream() {
    return (feature, action, params, options) => workOf(this).bus.asking.requestStream(feature, action, params, options, this);
  }

  get publish() {
    return (topic, data, options) => workOf(this).bus.hearing.publish(topic, data, options, this);
  }
}

/** The trace that goes on with what the handler of a context asks for. */
export function traceOf(context) {
  const { trace } = workOf(context).of;
  return trace instanceof BusEvent ? BusEvent.traceOf(trace) : trace;
}

const nothing = () => {};
/** Functions for the levels of a log; `write(level)` makes each. */
const logOf = (write) => ({ debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") });
const SILENT = /* @__PURE__ */ Object.freeze(logOf(() => nothing));

/** The context of who hears an event, made of a `Hearer`. */
export class EventContext extends Participant {
  get feature() {
    return workOf(this).feature;
  }

  get correlationId() {
    const { event } = workOf(this);
    return event.correlationid ?? event.id;
  }
}

/** The context of an action, made of a `Call`. */
export class CallContext extends Participant {
  get feature() {
    return workOf(this).target.feature;
  }

  get action() {
    return workOf(this).target.action;
  }

  get correlationId() {
    return workOf(this).of.correlationId;
  }

  /** For handlers that also work in steps: nobody hears these. */
  get progress() {
    return nothing;
  }

  get log() {
    return SILENT;
  }
}

/** The kinds of notes that an attempt makes; see `runNote`. */
const PROGRESS = 0;
const LOG = 1;

/**
 * The context of a step's attempt. It inherits from that of an action, but is made without it: each step has one, and the
 * constructors of four classes cost more than all else that is done for it.
 */
export class StepContext {
  #work;

  constructor(work) {
    this.#work = work;
  }

  static {
    Object.setPrototypeOf(this.prototype, CallContext.prototype);
  }

  static isOne(context) {
    return #work in context;
  }

  static workOf(context) {
    return context.#work;
  }

  get runId() {
    return workOf(this).of.id;
  }

  get workflowId() {
    return workOf(this).of.workflowId;
  }

  get stepId() {
    return workOf(this).step.id;
  }

  /** Counts every attempt of the step, from 1. */
  get attempt() {
    return workOf(this).attempt;
  }

  /** 0 for the step itself, then its fallbacks. */
  get level() {
    return workOf(this).level;
  }

  /** The same for all attempts of this step, also after a restart: by it, a service knows a request that it has had. */
  get idempotencyKey() {
    const { of: run, node } = workOf(this);
    return run.engine.idempotencyKey(run, node);
  }

  /** Tells who listens to the run of a part of the result, or how far it is. It works on its own, too. */
  get progress() {
    const call = workOf(this);
    return (notesOf(call).progress ??= (data) => note(call, PROGRESS, { data }));
  }

  /** Writes lines among the events of the run. Its functions work on their own, too. */
  get log() {
    const call = workOf(this);
    const write = (level) => (message, fields) => note(call, LOG, fields === undefined ? { level, message } : { level, message, fields });
    return (notesOf(call).log ??= logOf(write));
  }
}

const notesOf = (call) => (call.notes ??= { progress: undefined, log: undefined });

/** What an attempt says that is over is dropped. */
function note(call, kind, note) {
  if (isDone(call)) return;
  const { of: run, node, attempt } = call;
  run.engine.telling.note(run, node, attempt, kind, note);
}
