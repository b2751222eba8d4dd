// Requests: a feature performs an action, and whoever asks is answered in time, whatever happens.

import { aborts } from "./aborts.js";
import { Call, abort, ended } from "./call.js";
import { MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { CallContext, traceOf } from "./context.js";
import { NO_OPTIONS, RepflowError, aDuration, aFlag, aSignal, aString, checkOptions, describe, invalidAt, textOf } from "./errors.js";
import { drained, foundIn, judged, unavailable, withResolvers } from "./feature.js";
import { PASSED_ON } from "./hearing.js";
import { uniqueId } from "./ids.js";
import { milliseconds, unlessPanic } from "./runtime.js";
import { Trace } from "./trace.js";

const REQUEST_OPTIONS = { ...PASSED_ON, timeout: aDuration, signal: aSignal, source: aString, failFast: aFlag };

const UNHEALTHY = 2;

const { then } = Promise.prototype;

/** What is asked on one bus. */
export class Asking {
  #hub;
  #link;
  #waits;

  constructor(hub) {
    this.#hub = hub;
    this.#link = hub.link;
    this.#waits = hub.waits;
  }

  request(feature, action, params, options = NO_OPTIONS, by) {
    try {
      const core = this.#ready(feature, action, options);
      const open = (core) => this.#open(core, feature, action, params, options, by).promise;
      return core instanceof Promise ? core.then(open) : open(core);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *requestStream(feature, action, params, options = NO_OPTIONS, by) {
    const core = await this.#ready(feature, action, options);
    let [supply, demand] = [withResolvers(), withResolvers()];
    const sink = {
      isStream: false,
      pour: (part) => {
        supply.resolve({ part });
        return demand.promise;
      },
    };
    const request = this.#open(core, feature, action, params, options, by, sink);
    const supplied = () => {
      const { resolve, reject, promise } = supply;
      request.promise.then((answer) => resolve({ answer, isLast: true }), reject);
      return promise;
    };
    try {
      for (;;) {
        const { part, answer, isLast } = await supplied();
        if (isLast && sink.isStream) return answer;
        // Whoever reads may take any time.
        if (!isLast) request.pause();
        yield isLast ? answer : part;
        if (isLast) return undefined;
        supply = withResolvers();
        request.resume();
        const wanted = demand;
        demand = withResolvers();
        wanted.resolve();
      }
    } finally {
      request.fail(request.cancelled());
      demand.resolve();
    }
  }

  /** The core, or a promise of it, once the arguments of a request are found to be in order. */
  #ready(feature, action, options) {
    this.#link.assertUsable();
    if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of request", options, REQUEST_OPTIONS);
    if (typeof feature !== "string" || typeof action !== "string") {
      const message = `a request names a feature and an action as strings, not ${describe(feature)} and ${describe(action)}`;
      throw invalidAt("bus.invalid", "the request", "", message);
    }
    const core = this.#link.attached();
    if (!(core instanceof Promise)) return core;
    const { timeout = this.#hub.requestTimeout, signal, correlationId } = options;
    return this.#link.there(core, (reject) => {
      const late = () => reject(timedOut(feature, action, timeout, correlationId));
      const timer = setTimeout(late, Math.min(millisecondsOf(timeout), MAX_DELAY_MS));
      const onAbort = () => reject(cancelled(feature, action, signal.reason, correlationId));
      const unlisten = aborts.heed(signal, onAbort);
      return () => {
        clearTimeout(timer);
        unlisten?.();
      };
    });
  }

  /** A request begins. `sink` takes the parts of an answer that comes in parts. */
  #open(core, feature, action, params, options, by, sink) {
    const timeoutMs = milliseconds(core, options.timeout ?? this.#hub.requestTimeout, "timeout");
    const request = new Request(this.#hub, feature, action, timeoutMs, options, by);
    const signals = by instanceof CallContext ? [options.signal, by.signal] : options.signal && [options.signal];
    const aborted = signals?.find((signal) => signal?.aborted);
    if (aborted !== undefined) throw request.cancelled(aborted);
    const registered = this.#hub.features.get(feature) ?? this.#hub.registry.featureOf(feature, request.details);
    const found = foundIn(registered, action);
    if (found.known === undefined && registered.isLoaded) registered.actionOf(action, request.details);
    if (options.failFast && this.#hub.registry.statusOf(registered) === UNHEALTHY) {
      throw unavailable(`the feature \`${feature}\` is unhealthy, and the request fails fast`, request.details);
    }
    const at = now();
    this.#waits.begin(request, timeoutMs, at);
    request.unlisten = signals?.map((signal) => signal && aborts.add(signal, () => request.fail(request.cancelled(signal))));
    const { call } = request;
    if (sink !== undefined) call.sink = sink;
    this.invoke(found, params, call, new CallContext(call), at);
    return request;
  }

  /** Calls a handler, now; its call is told once what it answered. */
  invoke({ feature, action, known }, params, call, context, at) {
    call.meter = known?.meter ?? this.#meterOf(feature, action, known);
    call.began = at;
    call.meter.begin(call.of.caller, at);
    feature.begin(call);
    let answer;
    try {
      const isPlain = known !== undefined && known.isPlain && feature.isLoaded && feature.limits === undefined;
      answer = isPlain ? known.handler.call(feature.receiver, params, context) : this.#perform(call, context, action, params);
      if (!(answer instanceof Promise) && answer?.[Symbol.toStringTag] === "AsyncGenerator") answer = drained(answer, call, context);
      if (typeof answer?.then !== "function") {
        answered(call, true, answer);
        return;
      }
      // Any thenable may call back twice, or throw after it did; a promise of it does not.
      answer = Promise.resolve(answer);
    } catch (error) {
      answered(call, false, sound(error));
      return;
    }
    // Not awaited: while it waits, a function of ours would take more room than all that is known of its call.
    then.call(answer, (value) => answered(call, true, value), (error) => answered(call, false, sound(error)));
  }

  /** Where an action is counted: looked up once, since its name has to be made for that. */
  #meterOf(feature, action, known) {
    const meter = this.#hub.meters.action(feature.name, action);
    if (known !== undefined) known.meter = meter;
    return meter;
  }

  /** Calls a handler that is yet to be loaded, that waits for its turn, or whose input and output are judged. */
  async #perform(call, context, action, params) {
    const { feature } = call;
    if (!feature.isLoaded) {
      await feature.load();
      if (feature.healthCheck !== undefined) this.#hub.checkHealth();
    }
    const { handler, input, output } = feature.actionOf(action, { correlationId: call.of.correlationId });
    const what = `of \`${feature.name}.${action}\``;
    const given = input === undefined ? params : await judged(input, params, "input.invalid", `the input ${what}`);
    const perform = () => {
      // It may have been given up meanwhile.
      if (call.isOver) return undefined;
      const answer = handler.call(feature.receiver, given, context);
      return answer?.[Symbol.toStringTag] === "AsyncGenerator" ? drained(answer, call, context) : answer;
    };
    const answer = await (feature.limits === undefined ? perform() : feature.limits.execute(perform, { signal: context.signal }));
    return output === undefined ? answer : judged(output, answer, "output.invalid", `the output ${what}`);
  }
}

/** A request that is under way, and in whose name its feature is asked. */
class Request {
  hasEnded = false;
  /** End listening to signals. */
  unlisten = undefined;
  /** Its neighbours among the requests of the feature. */
  previous = undefined;
  next = undefined;
  #correlationId;
  #trace;
  #timeoutMs;
  #resolve;
  #refuse;

  constructor(bus, feature, action, timeoutMs, { correlationId, traceparent, tracestate, source }, by) {
    this.bus = bus;
    this.caller = source ?? by?.feature ?? "app";
    this.call = new Call(this, undefined, { feature, action }, 1, 0, Request.#answered);
    this.#correlationId = correlationId ?? by?.correlationId;
    this.#trace = by !== undefined ? traceOf(by) : traceparent === undefined ? undefined : new Trace(traceparent, tracestate);
    this.#timeoutMs = timeoutMs;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#refuse = reject;
    });
  }

  /** Where nobody has given it one, it is made when somebody asks, and so is its trace. */
  get correlationId() {
    return (this.#correlationId ??= uniqueId());
  }

  get trace() {
    return (this.#trace ??= new Trace());
  }

  /** What its errors say beside what happened. */
  get details() {
    return { correlationId: this.correlationId };
  }

  static #answered({ of: request, step }, isValue, answer, at) {
    if (isValue) request.#end(request.#resolve, answer, at);
    else request.#reject(asTyped(step.feature, step.action, answer, request.correlationId), at);
  }

  #end(settle, value, at) {
    if (this.hasEnded) return;
    this.hasEnded = true;
    if (this.unlisten !== undefined) for (const stop of this.unlisten) stop?.();
    // First, so that not even a panic below keeps the caller waiting.
    settle(value);
    this.bus.waits.end(this, at);
  }

  #reject(error, at) {
    // Whoever asks and does not care has no failure that nobody has handled.
    this.promise.catch(() => {});
    this.#end(this.#refuse, error, at);
  }

  /** Gives it up: its handler is told to stop, and what it still answers is dropped. */
  fail(error) {
    if (this.hasEnded) return;
    this.#reject(error);
    abort(this.call, error);
  }

  late() {
    const { feature, action } = this.call.step;
    this.fail(timedOut(feature, action, `${this.#timeoutMs} ms`, this.correlationId));
  }

  cancelled(signal) {
    const { feature, action } = this.call.step;
    return cancelled(feature, action, signal?.reason, this.correlationId);
  }

  pause() {
    this.bus.waits.end(this);
  }

  resume() {
    if (this.hasEnded) return;
    this.bus.link.attached();
    this.bus.waits.begin(this, this.#timeoutMs);
  }
}

/** What was thrown, or instead of a proxy that lets nobody ask what it is, what it throws then. */
function sound(error) {
  try {
    Error.prototype.isPrototypeOf(error);
    return error;
  } catch (cause) {
    return cause;
  }
}

/** Nobody awaits what comes of an answer here: of a panic, whoever waits has been told already. */
function answered(call, isValue, answer) {
  // What a stream still does when nobody reads any more is no answer.
  if (call.isOver && call.firstAt === undefined) call.meter.late += 1;
  try {
    // Who is told may begin the next step, and what is thrown in there has a trace of all that led to it: so not by one more
    // function.
    const at = now();
    ended(call, isValue, answer, at)?.(call, isValue, answer, at);
  } catch (error) {
    unlessPanic(error);
  }
}

/** What a handler threw, as an error of ours: whoever asks can tell by its code what to do. */
function asTyped(feature, action, cause, correlationId) {
  if (cause instanceof RepflowError) return cause;
  return new RepflowError("bus.failed", `\`${feature}.${action}\` failed: ${textOf(cause)}`, { cause, correlationId });
}

function timedOut(feature, action, time, correlationId) {
  const message = `\`${feature}.${action}\` did not answer within ${time}; give the request more time, or mend the feature`;
  return new RepflowError("bus.timeout", message, { correlationId });
}

function cancelled(feature, action, reason, correlationId) {
  return new RepflowError("bus.cancelled", `the request \`${feature}.${action}\` was cancelled`, { cause: reason, correlationId });
}
