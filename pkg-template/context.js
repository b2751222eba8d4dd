// What a handler is given beside its parameters.

import { BusEvent } from "./bus-event.js";
import { spanId } from "./trace.js";

/** Work that its caller may give up. */
export class Cancellable {
  #controller = undefined;
  #over = false;
  #reason = undefined;
  #place = undefined;

  /** Aborted when the answer is no longer wanted. Made when it is first asked for: most handlers never look. */
  get signal() {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Tells the handler to stop; what it still answers is dropped. */
  static abort(context, reason) {
    context.#over = true;
    context.#reason = reason;
    Cancellable.release(context, true, reason);
    context.#controller?.abort(reason);
  }

  /**
   * Has `place.leave(hasFailed, error, isOver)` called once: when the work is done, or when nobody waits for it any more, and
   * why.
   */
  static hold(context, place) {
    context.#place = place;
  }

  /** The work is done. */
  static release(context, hasFailed = false, error) {
    const place = context.#place;
    if (place === undefined) return;
    context.#place = undefined;
    place.leave(hasFailed, error, context.#over);
  }

  /** Whether nobody waits for the answer any more. */
  static isOver(context) {
    return context.#over;
  }
}

/** A text that may be a header; what may not is percent-encoded. */
const asHeader = (text) => (/^([!-~]([ -~]*[!-~])?)?$/.test(text) ? text : encodeURIComponent(text.toWellFormed?.() ?? text));

/**
 * What a handler does on the bus by way of its context goes on for whoever caused it: with the same correlation id and in the
 * same trace, and it ends when the handler's own work is given up.
 */
export class Participant extends Cancellable {
  #bus;
  /** What it goes on with: a trace, or an event that has one when it is asked for. */
  #origin;
  #span = undefined;

  constructor(origin, bus) {
    super();
    this.#origin = origin;
    this.#bus = bus;
  }

  /** W3C trace context, for services that this handler calls. */
  get traceparent() {
    return Participant.traceOf(this).headerOf((this.#span ??= spanId()));
  }

  get tracestate() {
    return Participant.traceOf(this).tracestate;
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
    return (feature, action, params, options) => this.#bus.request(feature, action, params, options, this);
  }

  get requestStream() {
    return (feature, action, params, options) => this.#bus.requestStream(feature, action, params, options, this);
  }

  get publish() {
    return (topic, data, options) => this.#bus.publish(topic, data, options, this);
  }

  /** From here on it can use the bus. */
  static join(context, bus) {
    context.#bus = bus;
  }

  /** The trace that goes on with what it asks for. */
  static traceOf(context) {
    const origin = context.#origin;
    return origin instanceof BusEvent ? BusEvent.traceOf(origin) : origin;
  }
}

const nothing = () => {};
const SILENT = /* @__PURE__ */ Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing });

/** The context of who hears an event. */
export class EventContext extends Participant {
  #event;

  constructor(bus, event, feature) {
    super(event, bus);
    this.feature = feature;
    this.#event = event;
  }

  get correlationId() {
    return this.#event.correlationid ?? this.#event.id;
  }

  /** The event because of which a handler acts; none when it is no handler of events. */
  static eventOf(context) {
    return context !== undefined && #event in context ? context.#event : undefined;
  }
}

/** The context of a direct request. */
export class CallContext extends Participant {
  #settle;
  #sink = undefined;

  /** `settle(context, isValue, answer)` is told how the call ended. */
  constructor(feature, action, correlationId, trace, settle) {
    super(trace);
    this.feature = feature;
    this.action = action;
    this.correlationId = correlationId;
    this.#settle = settle;
  }

  /** The handler has answered. */
  static answer(context, isValue, answer) {
    Cancellable.release(context, !isValue, isValue ? undefined : answer);
    const settle = context.#settle;
    if (settle === undefined) return;
    context.#settle = undefined;
    settle(context, isValue, answer);
  }

  /** For handlers that also work in steps: nobody hears these. */
  get progress() {
    return nothing;
  }

  get log() {
    return SILENT;
  }

  /** Whether the handler has answered, or nobody waits for that. */
  static isDone(context) {
    return context.#settle === undefined || Cancellable.isOver(context);
  }

  /** Somebody other than the handler ends it, who is told to stop. */
  static giveUp(context, error) {
    CallContext.answer(context, false, error);
    Cancellable.abort(context, error);
  }

  /**
   * Has `sink.pour(part)` called with each part of an answer that comes in parts; the next comes when its promise resolves.
   * `sink.isStream` tells that the answer does.
   */
  static pour(context, sink) {
    context.#sink = sink;
  }

  static sinkOf(context) {
    return context.#sink;
  }
}

/** The kinds of notes that an attempt makes; see `runNote`. */
const PROGRESS = 0;
const LOG = 1;

/** The context of a step's attempt. */
export class StepContext extends CallContext {
  #engine;
  #run;
  #node;
  #progress = undefined;
  #log = undefined;

  constructor(engine, run, node, id, target, attempt, level, settle) {
    super(target.feature, target.action, run.correlationId, run.trace, settle);
    this.#engine = engine;
    this.#run = run;
    this.#node = node;
    this.runId = run.id;
    this.workflowId = run.workflowId;
    this.stepId = id;
    /** Counts every attempt of the step, from 1. */
    this.attempt = attempt;
    /** 0 for the step itself, then its fallbacks. */
    this.level = level;
  }

  /** The same for all attempts of this step, also after a restart: by it, a service knows a request that it has had. */
  get idempotencyKey() {
    return this.#engine.idempotencyKey(this.#run, this.#node);
  }

  /** Tells who listens to the run of a part of the result, or how far it is. It works on its own, too. */
  get progress() {
    return (this.#progress ??= (data) => this.#note(PROGRESS, { data }));
  }

  /** Writes lines among the events of the run. Its functions work on their own, too. */
  get log() {
    const write = (level) => (message, fields) => this.#note(LOG, fields === undefined ? { level, message } : { level, message, fields });
    return (this.#log ??= { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") });
  }

  /** What an attempt says that is over is dropped. */
  #note(kind, note) {
    if (!CallContext.isDone(this)) this.#engine.telling.note(this.#run, this.#node, this.attempt, kind, note);
  }

  static engineOf(context) {
    return context.#engine;
  }

  static runOf(context) {
    return context.#run;
  }

  static nodeOf(context) {
    return context.#node;
  }
}
