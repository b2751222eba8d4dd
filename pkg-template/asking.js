// Requests: a feature performs an action, and whoever asks is answered in time, whatever happens.

import { aborts } from "./aborts.js";
import { MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { Cancellable, CallContext, Participant } from "./context.js";
import { NO_OPTIONS, RepflowError, checkOptions, checks, describe, invalid, textOf } from "./errors.js";
import { drained, judged, unavailable, withResolvers } from "./feature.js";
import { PASSED_ON } from "./hearing.js";
import { uniqueId } from "./ids.js";
import { milliseconds, unattended } from "./runtime.js";
import { Trace } from "./trace.js";

const REQUEST_OPTIONS = { ...PASSED_ON, timeout: checks.duration, signal: checks.signal, source: checks.string, failFast: checks.flag };

const UNHEALTHY = 2;

/** An action that is under way. */
class Call {
  /** When the first part of an answer came that comes in parts: how long the others take is up to who reads them. */
  firstAt = undefined;

  constructor(bus, feature, meter, caller, context) {
    this.bus = bus;
    this.feature = feature;
    this.meter = meter;
    this.caller = caller;
    this.context = context;
    this.began = now();
    meter.begin(caller, this.began);
    feature.calls.add(this);
    Cancellable.hold(context, this);
  }

  leave(hasFailed, error) {
    this.feature.end(this);
    this.bus.record(this, hasFailed, error);
  }
}

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
      request.fail(cancelled(feature, action, undefined, request.context.correlationId));
      demand.resolve();
    }
  }

  /** The core, or a promise of it, once the arguments of a request are found to be in order. */
  #ready(feature, action, options) {
    this.#link.assertUsable();
    if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of request", options, REQUEST_OPTIONS);
    if (typeof feature !== "string" || typeof action !== "string") {
      const message = `a request names a feature and an action as strings, not ${describe(feature)} and ${describe(action)}`;
      throw invalid("bus.invalid", "the request", [{ pointer: "", message }]);
    }
    const core = this.#link.attached();
    if (!(core instanceof Promise)) return core;
    const { timeout = this.#hub.requestTimeout, signal, correlationId } = options;
    return this.#link.there(core, (reject) => {
      const late = () => reject(timedOut(feature, action, timeout, correlationId));
      const timer = setTimeout(late, Math.min(millisecondsOf(timeout), MAX_DELAY_MS));
      const onAbort = () => reject(cancelled(feature, action, signal.reason, correlationId));
      if (signal?.aborted) onAbort();
      const unlisten = signal && aborts.add(signal, onAbort);
      return () => {
        clearTimeout(timer);
        unlisten?.();
      };
    });
  }

  /** A request begins. `sink` takes the parts of an answer that comes in parts. */
  #open(core, feature, action, params, options, by, sink) {
    const { correlationId = by?.correlationId ?? uniqueId(), failFast, source = by?.feature ?? "app" } = options;
    const signals = by instanceof CallContext ? [options.signal, by.signal] : [options.signal];
    const timeoutMs = milliseconds(core, options.timeout ?? this.#hub.requestTimeout, "timeout");
    const { promise, resolve, reject } = withResolvers();
    const trace = by === undefined ? new Trace(options.traceparent, options.tracestate) : Participant.traceOf(by);
    const context = new CallContext(feature, action, correlationId, trace, (_, isValue, answer) =>
      isValue ? end(resolve, answer) : end(reject, asTyped(feature, action, answer, correlationId)),
    );
    const aborted = signals.find((signal) => signal?.aborted);
    if (aborted !== undefined) throw cancelled(feature, action, aborted.reason, correlationId);
    const registered = this.#hub.featureOf(feature, { correlationId });
    if (registered.isLoaded) registered.actionOf(action, { correlationId });
    if (failFast && this.#hub.statusOf(registered) === UNHEALTHY) {
      throw unavailable(`the feature \`${feature}\` is unhealthy, and the request fails fast`, { correlationId });
    }
    let unlisten;
    const end = (settle, value) => {
      if (request.hasEnded) return;
      request.hasEnded = true;
      for (const stop of unlisten ?? []) stop?.();
      // First, so that not even a panic below keeps the caller waiting.
      settle(value);
      this.#waits.end(core, request);
    };
    const request = {
      promise,
      context,
      hasEnded: false,
      late: () => request.fail(timedOut(feature, action, `${timeoutMs} ms`, correlationId)),
      /** Gives the request up: its handler is told to stop, and what it still answers is dropped. */
      fail: (error) => {
        if (request.hasEnded) return;
        end(reject, error);
        CallContext.abort(context, error);
      },
      pause: () => this.#waits.end(core, request),
      resume: () => !request.hasEnded && this.#waits.begin(this.#link.attached(), request, timeoutMs),
    };
    // Whoever called gets what is thrown below instead of this promise.
    promise.catch(() => {});
    this.#waits.begin(core, request, timeoutMs);
    unlisten = signals.map((signal) => signal && aborts.add(signal, () => request.fail(cancelled(feature, action, signal.reason, correlationId))));
    if (sink !== undefined) CallContext.pour(context, sink);
    this.invoke(registered, action, params, context, source);
    return request;
  }

  /** Calls a handler; its context is told once what it answered. */
  invoke(feature, action, params, context, caller) {
    const call = new Call(this.#hub, feature, this.#hub.meters.action(feature.name, action), caller, context);
    Participant.join(context, this.#hub);
    let answer;
    try {
      const { handler, input, output } = feature.isLoaded ? feature.actionOf(action) : NO_OPTIONS;
      const isPlain = handler !== undefined && feature.limits === undefined && input === undefined && output === undefined;
      answer = isPlain ? handler.call(feature.receiver, params, context) : this.#perform(call, action, params);
      if (answer?.[Symbol.toStringTag] === "AsyncGenerator") answer = drained(answer, call);
      if (typeof answer?.then !== "function") {
        answered(call, true, answer);
        return;
      }
    } catch (error) {
      answered(call, false, error);
      return;
    }
    // Not `answer.then` itself: a thenable may call back twice, or throw after it did.
    Promise.resolve(answer).then((value) => answered(call, true, value), (error) => answered(call, false, error));
  }

  /** Calls a handler that is yet to be loaded, that waits for its turn, or whose input and output are judged. */
  async #perform(call, action, params) {
    const { feature, context } = call;
    if (!feature.isLoaded) {
      await feature.load();
      if (feature.healthCheck !== undefined) this.#hub.checkHealth();
    }
    const { handler, input, output } = feature.actionOf(action, { correlationId: context.correlationId });
    const what = `of \`${feature.name}.${action}\``;
    const given = input === undefined ? params : await judged(input, params, "input.invalid", `the input ${what}`);
    const perform = () => {
      const answer = handler.call(feature.receiver, given, context);
      return answer?.[Symbol.toStringTag] === "AsyncGenerator" ? drained(answer, call) : answer;
    };
    const answer = await (feature.limits === undefined ? perform() : feature.limits.execute(perform, { signal: context.signal }));
    return output === undefined ? answer : judged(output, answer, "output.invalid", `the output ${what}`);
  }
}

/** Nobody awaits what comes of an answer here: of a panic, whoever waits has been told already. */
function answered({ context, meter, firstAt }, isValue, answer) {
  // What a stream still does when nobody reads any more is no answer.
  if (Cancellable.isOver(context) && firstAt === undefined) meter.late += 1;
  unattended(() => CallContext.answer(context, isValue, answer));
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
