// Requests: a feature performs an action, and whoever asks is answered in time, whatever happens.

import { aborts } from "./aborts.js";
import { Call, abort, answerCall } from "./call.js";
import { MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { CallContext, traceOf } from "./context.js";
import { NO_OPTIONS, RepflowError, checkOptions, checks, describe, invalid, textOf } from "./errors.js";
import { drained, foundIn, judged, unavailable, withResolvers } from "./feature.js";
import { PASSED_ON } from "./hearing.js";
import { uniqueId } from "./ids.js";
import { milliseconds, unlessPanic } from "./runtime.js";
import { Trace } from "./trace.js";

const REQUEST_OPTIONS = { ...PASSED_ON, timeout: checks.duration, signal: checks.signal, source: checks.string, failFast: checks.flag };

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
      request.fail(cancelled(feature, action, undefined, request.correlationId));
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
    const trace = by === undefined ? new Trace(options.traceparent, options.tracestate) : traceOf(by);
    const of = { bus: this.#hub, caller: source, correlationId, trace };
    const call = new Call(of, undefined, { feature, action }, 1, 0, (_, isValue, answer, at) =>
      isValue ? end(resolve, answer, at) : end(reject, asTyped(feature, action, answer, correlationId), at),
    );
    const aborted = signals.find((signal) => signal?.aborted);
    if (aborted !== undefined) throw cancelled(feature, action, aborted.reason, correlationId);
    const registered = this.#hub.featureOf(feature, { correlationId });
    if (registered.isLoaded) registered.actionOf(action, { correlationId });
    if (failFast && this.#hub.statusOf(registered) === UNHEALTHY) {
      throw unavailable(`the feature \`${feature}\` is unhealthy, and the request fails fast`, { correlationId });
    }
    let unlisten;
    const end = (settle, value, at) => {
      if (request.hasEnded) return;
      request.hasEnded = true;
      for (const stop of unlisten ?? []) stop?.();
      // First, so that not even a panic below keeps the caller waiting.
      settle(value);
      this.#waits.end(core, request, at);
    };
    const request = {
      promise,
      correlationId,
      hasEnded: false,
      late: () => request.fail(timedOut(feature, action, `${timeoutMs} ms`, correlationId)),
      /** Gives the request up: its handler is told to stop, and what it still answers is dropped. */
      fail: (error) => {
        if (request.hasEnded) return;
        end(reject, error);
        abort(call, error);
      },
      pause: () => this.#waits.end(core, request),
      resume: () => !request.hasEnded && this.#waits.begin(this.#link.attached(), request, timeoutMs),
    };
    // Whoever called gets what is thrown below instead of this promise.
    promise.catch(() => {});
    const at = now();
    this.#waits.begin(core, request, timeoutMs, at);
    unlisten = signals.map((signal) => signal && aborts.add(signal, () => request.fail(cancelled(feature, action, signal.reason, correlationId))));
    call.sink = sink;
    this.invoke(foundIn(registered, action), params, call, new CallContext(call), at);
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
      answered(call, false, error);
      return;
    }
    // Not awaited: while it waits, a function of ours would take more room than all that is known of its call.
    then.call(answer, (value) => answered(call, true, value), (error) => answered(call, false, error));
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
      const answer = handler.call(feature.receiver, given, context);
      return answer?.[Symbol.toStringTag] === "AsyncGenerator" ? drained(answer, call, context) : answer;
    };
    const answer = await (feature.limits === undefined ? perform() : feature.limits.execute(perform, { signal: context.signal }));
    return output === undefined ? answer : judged(output, answer, "output.invalid", `the output ${what}`);
  }
}

/** Nobody awaits what comes of an answer here: of a panic, whoever waits has been told already. */
function answered(call, isValue, answer) {
  // What a stream still does when nobody reads any more is no answer.
  if (call.isOver && call.firstAt === undefined) call.meter.late += 1;
  try {
    answerCall(call, isValue, answer);
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
