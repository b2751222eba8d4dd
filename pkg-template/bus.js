// FeatureBus: features call each other, and tell what happened.

import { aborts } from "./aborts.js";
import { Alarm, now } from "./clock.js";
import { Cancellable, CallContext } from "./context.js";
import { escaped } from "./definition.js";
import { DURATION, RepflowError, checkOptions, checks, describe, disposed, invalid, problemsOf } from "./errors.js";
import { uniqueId } from "./ids.js";
import { milliseconds, unattended } from "./runtime.js";

const DEFAULT_TIMEOUT_MS = 30_000;
const NO_OPTIONS = Object.freeze({});
const PUBLISH_OPTIONS = { source: checks.string, correlationId: checks.string };
const REQUEST_OPTIONS = { timeout: checks.duration, signal: checks.signal, correlationId: checks.string };
const NAME = /^[A-Za-z0-9_-]+$/;
/** SemVer 2.0, by the expression that semver.org gives. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
/** Tokens between dots; a wildcard stands alone, and `>` only at the end. The core has the last word. */
const TOPIC = /^(?!\$)(\*|[^\s\p{Cc}.*>]+)(\.(\*|[^\s\p{Cc}.*>]+))*(\.>)?$|^>$/u;

/** A topic of our own: a handler threw, or what it returned was rejected. */
const LISTENER_FAILED = "repflow.listener.failed";

/** How the orchestrator reaches what only it needs of a bus. */
export const internals = Symbol("repflow.bus");

/** Something that was published, in the fields of CloudEvents 1.0. */
class BusEvent {
  #at = now();

  constructor(topic, data, { source = "repflow", correlationId } = {}) {
    this.specversion = "1.0";
    this.id = uniqueId();
    this.source = source;
    this.type = topic;
    this.data = data;
    if (correlationId !== undefined) this.correlationid = correlationId;
  }

  get time() {
    return new Date(this.#at).toISOString();
  }

  toJSON() {
    return { ...this, time: this.time };
  }
}

export class FeatureBusBase {
  #runtime;
  #requestTimeout;
  /** The core's number for this bus, in the generation that gave it. */
  #handle = undefined;
  #generation = 0;
  #disposed = false;
  /** By name: what was given, and what is under way. */
  #features = new Map();
  /** In the order of subscribing; each knows its number in the core. */
  #subscriptions = new Set();
  #byNumber = new Map();
  /** Who hears a topic, until subscriptions change. */
  #deliveries = new Map();
  /** Requests under way, by their number. */
  #requests = new Map();
  #alarm = new Alarm(() => unattended(() => this.#expire()));
  #mayRest = () => {
    if (this.#requests.size > 0) return false;
    this.#runtime.disown(this);
    return true;
  };
  /** What waits for the core to be there; each is called once with it. */
  #whenThere = [];
  /** Rejects what waits for the core, or for listeners, when this bus is disposed of. */
  #waiting = new Set();

  /** For the orchestrator, whose steps are requests whose time the planner keeps. */
  [internals];

  constructor(runtime, options = {}) {
    checkOptions("config.invalid", "the options of FeatureBus", options, { requestTimeout: checks.duration });
    this.#runtime = runtime;
    this.#requestTimeout = options.requestTimeout ?? DEFAULT_TIMEOUT_MS;
    this[internals] = {
      runtime,
      attached: () => this.#attached(),
      there: (giveUp) => this.#there(undefined, giveUp),
      requestTimeout: this.#requestTimeout,
      has: (feature) => this.#features.has(feature),
      whenThere: (act) => {
        if (this.#isAttached()) act(this.#runtime.ready());
        else this.#whenThere.push(act);
      },
      call: (core, feature, action, params, context) =>
        this.#invoke(this.#resolve(core, feature, action), action, params, context),
      emit: (topic, data, options) => {
        this.#assertUsable();
        this.#handlersOf(topic);
        // Every handler has been called when this returns; the asynchronous ones are nobody's concern.
        this.#deliver(topic, new BusEvent(topic, data, options)).catch(() => {});
      },
      listenerFailed: (error, details) => this.#listenerFailed(error, details),
    };
  }

  /** Adds a feature: a name, a version, and actions. */
  registerFeature(feature) {
    this.#assertUsable();
    const problems = problemsOf(feature, {
      name: [(name) => typeof name === "string" && NAME.test(name), "letters, digits, `_` and `-`", true],
      version: [(version) => typeof version === "string" && VERSION.test(version), "a semantic version such as `1.2.0`", true],
      description: checks.string,
      capabilities: checks.strings,
      actions: [(actions) => typeof actions === "object" && actions !== null, "an object of functions", true],
      healthCheck: checks.handler,
    });
    for (const [action, handler] of typeof feature?.actions === "object" ? Object.entries(feature.actions ?? {}) : []) {
      const pointer = `/actions/${escaped(action)}`;
      if (!NAME.test(action)) problems.push({ pointer, message: "the name of an action must be letters, digits, `_` and `-`" });
      if (typeof handler !== "function") problems.push({ pointer, message: `an action must be a function, not ${describe(handler)}` });
    }
    if (problems.length > 0) throw invalid("bus.invalid", "the feature", problems);
    const { name, version, description = "", capabilities = [] } = feature;
    if (this.#features.has(name)) {
      const message = `a feature \`${name}\` is registered already; unregister it first, or use another name`;
      throw new RepflowError("bus.feature_exists", message);
    }
    const info = { name, version, description, capabilities: [...capabilities], actions: Object.keys(feature.actions) };
    // What was registered is what is called, also when the object changes later.
    const handlers = new Map(Object.entries(feature.actions));
    const entry = new Registered(info, feature.actions, handlers);
    // Told to the core now if it knows this bus, otherwise when it does.
    if (this.#isAttached()) registerInCore(this.#runtime.ready(), this.#handle, info);
    this.#features.set(name, entry);
  }

  /** Removes a feature. New requests are refused at once; resolves when those under way have ended. */
  async unregisterFeature(name) {
    this.#assertUsable();
    const feature = this.#features.get(name);
    if (feature === undefined) {
      await this.#there();
      this.#attached().busResolve(this.#handle, typeof name === "string" ? name : describe(name), "");
      return;
    }
    this.#features.delete(name);
    if (this.#isAttached()) this.#runtime.ready().busUnregister(this.#handle, name);
    if (feature.underWay > 0) {
      feature.idle ??= withResolvers();
      await feature.idle.promise;
    }
  }

  /** What is there: descriptions of the features, by name. */
  async features() {
    this.#assertUsable();
    await this.#there();
    return this.#attached().busFeatures(this.#handle);
  }

  /** Hears a topic or a pattern; returns a function that ends it. */
  subscribe(topic, handler, options = {}) {
    this.#assertUsable();
    if (typeof topic !== "string" || !TOPIC.test(topic)) {
      const message = `${describe(topic)} is not a topic; a topic is names between dots, such as \`workout.generated\`, and a subscription may use \`*\` for one name and \`>\` at the end for the rest`;
      throw invalid("bus.invalid", "the subscription", [{ pointer: "/topic", message }]);
    }
    if (typeof handler !== "function") {
      const message = `the handler must be a function, not ${describe(handler)}`;
      throw invalid("bus.invalid", "the subscription", [{ pointer: "/handler", message }]);
    }
    checkOptions("bus.invalid", "the options of the subscription", options, {
      feature: checks.string,
      priority: checks.integer,
      signal: checks.signal,
    });
    const { feature, priority = 0, signal } = options;
    if (signal?.aborted) return () => {};
    const subscription = { topic, handler, feature, priority, number: undefined, end: () => unsubscribe() };
    if (this.#isAttached()) this.#subscribeInCore(this.#runtime.ready(), subscription);
    this.#subscriptions.add(subscription);
    this.#deliveries.clear();
    const unsubscribe = () => {
      unlisten?.();
      if (!this.#subscriptions.delete(subscription)) return;
      this.#deliveries.clear();
      if (this.#isAttached()) {
        this.#byNumber.delete(subscription.number);
        this.#runtime.ready().busUnsubscribe(this.#handle, subscription.number);
      }
    };
    const unlisten = signal && aborts.add(signal, unsubscribe);
    return unsubscribe;
  }

  /**
   * Tells everybody who listens, in order of priority. Resolves when all handlers have ended, with how many there were
   * and how many failed; a handler that fails stops nobody else.
   */
  async publish(topic, data, options = NO_OPTIONS) {
    this.#assertUsable();
    if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of publish", options, PUBLISH_OPTIONS);
    const loading = this.#attached();
    if (loading instanceof Promise) await this.#there(loading);
    return this.#deliver(topic, new BusEvent(topic, data, options));
  }

  /** Asks a feature to perform an action; the promise always settles, at the latest when the timeout is over. */
  async request(feature, action, params, options = NO_OPTIONS) {
    this.#assertUsable();
    if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of request", options, REQUEST_OPTIONS);
    if (typeof feature !== "string" || typeof action !== "string") {
      const message = `a request names a feature and an action as strings, not ${describe(feature)} and ${describe(action)}`;
      throw invalid("bus.invalid", "the request", [{ pointer: "", message }]);
    }
    const { signal, correlationId = uniqueId() } = options;
    let core = this.#attached();
    if (core instanceof Promise) {
      core = await this.#there(core, (reject) => {
        const late = () => reject(timedOut(feature, action, options.timeout ?? this.#requestTimeout, correlationId));
        const timer = setTimeout(late, roughly(options.timeout ?? this.#requestTimeout));
        const onAbort = () => reject(cancelled(feature, action, signal.reason, correlationId));
        if (signal?.aborted) onAbort();
        const unlisten = signal && aborts.add(signal, onAbort);
        return () => {
          clearTimeout(timer);
          unlisten?.();
        };
      });
    }
    const timeoutMs = milliseconds(core, options.timeout ?? this.#requestTimeout, "timeout");
    const { promise, resolve, reject } = withResolvers();
    const context = new CallContext(feature, action, correlationId, (_, isValue, answer) => end(isValue ? resolve : reject, answer));
    if (signal?.aborted) throw cancelled(feature, action, signal.reason, correlationId);
    const entry = this.#resolve(core, feature, action);
    const request = { feature, action, context, timeoutMs, number: core.requestBegin(this.#handle, timeoutMs, now()) };
    let unlisten;
    const end = (settle, value) => {
      if (request.ended) return;
      request.ended = true;
      unlisten?.();
      // First, so that not even a panic below keeps the caller waiting.
      settle(value);
      // The number may belong to another request by now.
      const open = this.#requests.get(request.number) === request;
      if (open) this.#requests.delete(request.number);
      if (this.#requests.size === 0) this.#alarm.rest(this.#mayRest);
      if (open) core.requestEnd(this.#handle, request.number, now());
    };
    /** Gives the request up: its handler is told to stop, and what it still answers is dropped. */
    request.fail = (error) => {
      end(reject, error);
      CallContext.abort(context, error);
    };
    this.#requests.set(request.number, request);
    this.#runtime.own(this);
    // Whoever called gets what is thrown below instead of this promise.
    promise.catch(() => {});
    this.#alarm.set(core.busDeadline(this.#handle));
    unlisten = signal && aborts.add(signal, () => request.fail(cancelled(feature, action, signal.reason, correlationId)));
    this.#invoke(entry, action, params, context);
    return promise;
  }

  /** Rejects what is under way, forgets everything, and refuses further use. */
  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    const error = disposed();
    for (const request of [...this.#requests.values()]) request.fail(error);
    this.#alarm.clear();
    for (const reject of [...this.#waiting]) reject(error);
    this.#features.clear();
    for (const { end } of [...this.#subscriptions]) end();
    this.#deliveries.clear();
    this.#byNumber.clear();
    if (this.#isAttached()) this.#runtime.free(this, "busFree", this.#handle);
    this.#handle = undefined;
    this.#runtime.disown(this);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    this.#alarm.clear();
    for (const request of requests) request.fail(error);
  }

  #assertUsable() {
    if (this.#disposed) throw disposed();
  }

  #isAttached() {
    return this.#handle !== undefined && this.#generation === this.#runtime.generation;
  }

  /** A promise of the core, knowing this bus, which ends with this bus, or when `giveUp` rejects it. */
  async #there(loading = this.#attached(), giveUp = () => () => {}) {
    if (!(loading instanceof Promise)) return loading;
    const { promise, resolve, reject } = withResolvers();
    this.#waiting.add(reject);
    const stop = giveUp(reject);
    loading.then(resolve, reject);
    try {
      await promise;
    } finally {
      this.#waiting.delete(reject);
      stop();
    }
    return this.#attached();
  }

  /** The core, knowing this bus: at once if it can be, otherwise a promise. */
  #attached() {
    this.#assertUsable();
    const core = this.#runtime.ready();
    if (core instanceof Promise) {
      return core.then(() => {
        this.#assertUsable();
        return this.#attached();
      });
    }
    if (!this.#isAttached()) this.#attach(core);
    return core;
  }

  /** Hands over all that was registered; also after a panic, to the fresh instance. */
  #attach(core) {
    const handle = core.busNew();
    // What was checked when it was given is taken by the core too; if it is not, nothing is half there.
    for (const { info } of this.#features.values()) registerInCore(core, handle, info);
    this.#handle = handle;
    this.#generation = this.#runtime.generation;
    this.#runtime.freeWhenUnused(this, "busFree", handle);
    this.#byNumber.clear();
    this.#deliveries.clear();
    for (const subscription of this.#subscriptions) this.#subscribeInCore(core, subscription);
    for (const act of this.#whenThere.splice(0)) act(core);
  }

  #subscribeInCore(core, subscription) {
    subscription.number = core.busSubscribe(this.#handle, subscription.topic, subscription.priority);
    this.#byNumber.set(subscription.number, subscription);
  }

  #resolve(core, feature, action) {
    this.#assertUsable();
    const entry = this.#features.get(feature);
    if (entry === undefined || !entry.handlers.has(action)) {
      // The core knows the names that come near.
      core.busResolve(this.#handle, feature, action);
    }
    return entry;
  }

  /** Calls a handler; its context is told once what it answered. */
  #invoke(entry, action, params, context) {
    entry.underWay += 1;
    // A handler that never answers is under way until its caller has given up.
    Cancellable.hold(context, entry);
    let answer, later;
    try {
      answer = entry.handlers.get(action).call(entry.actions, params, context);
      later = typeof answer?.then === "function";
    } catch (error) {
      answered(context, false, error);
      return;
    }
    // Not `answer.then` itself: a thenable may call back twice, or throw after it did.
    if (later) Promise.resolve(answer).then((value) => answered(context, true, value), (error) => answered(context, false, error));
    else answered(context, true, answer);
  }

  async #deliver(topic, event) {
    const handlers = this.#handlersOf(topic);
    const pending = [];
    let failed = 0;
    const fail = (subscription, error) => {
      failed += 1;
      this.#listenerFailed(error, { topic, feature: subscription.feature });
    };
    for (const subscription of handlers) {
      // One of those before may have ended it.
      if (!this.#subscriptions.has(subscription)) continue;
      const { handler } = subscription;
      try {
        const answer = handler(event);
        if (typeof answer?.then === "function") {
          pending.push(Promise.resolve(answer).catch((error) => fail(subscription, error)));
        }
      } catch (error) {
        fail(subscription, error);
      }
    }
    if (pending.length > 0) {
      const { promise, resolve, reject } = withResolvers();
      this.#waiting.add(reject);
      void Promise.all(pending).then(resolve);
      try {
        await promise;
      } finally {
        this.#waiting.delete(reject);
      }
    }
    return { delivered: handlers.length - failed, failed };
  }

  #handlersOf(topic) {
    const known = this.#deliveries.get(topic);
    if (known !== undefined) return known;
    if (typeof topic !== "string") {
      const message = `a topic is a string, not ${describe(topic)}`;
      throw invalid("bus.invalid", "the event", [{ pointer: "/topic", message }]);
    }
    const numbers = this.#attached().busDeliveries(this.#handle, topic);
    const handlers = Array.from(numbers, (number) => this.#byNumber.get(number));
    // Topics with an id in them would make this grow without end.
    if (this.#deliveries.size >= 1_000) this.#deliveries.clear();
    this.#deliveries.set(topic, handlers);
    return handlers;
  }

  /** A handler's failure is an event too; that of a handler of such events is dropped, or there would be no end. */
  #listenerFailed(error, details) {
    if (this.#disposed || details.topic === LISTENER_FAILED) return;
    // Nobody waits for this, and a core that stops meanwhile tells everybody else.
    this.#deliver(LISTENER_FAILED, new BusEvent(LISTENER_FAILED, { ...details, error })).catch(() => {});
  }

  #expire() {
    const core = this.#runtime.ready();
    if (core instanceof Promise || !this.#isAttached()) return;
    // All of them first: a handler that hears of its abort may begin a request, which gets one of these numbers.
    const expired = Array.from(core.requestsExpire(this.#handle, now()), (number) => this.#requests.get(number));
    for (const { number } of expired) this.#requests.delete(number);
    for (const request of expired) {
      const { feature, action, timeoutMs, context } = request;
      request.fail(timedOut(feature, action, `${timeoutMs} ms`, context.correlationId));
    }
    if (this.#isAttached()) this.#alarm.set(core.busDeadline(this.#handle));
  }
}

/** A feature, and what is under way in it. */
class Registered {
  underWay = 0;
  /** Waits until nothing is. */
  idle = undefined;

  constructor(info, actions, handlers) {
    this.info = info;
    this.actions = actions;
    this.handlers = handlers;
  }

  leave() {
    this.underWay -= 1;
    if (this.underWay === 0) this.idle?.resolve();
  }
}

/** Nobody awaits what comes of an answer here: of a panic, whoever waits has been told already. */
function answered(context, isValue, answer) {
  try {
    CallContext.answer(context, isValue, answer);
  } catch (error) {
    if (error?.code !== "internal.panic") throw error;
  }
}

function registerInCore(core, bus, { name, version, description, capabilities, actions }) {
  core.busRegister(bus, name, version, description, capabilities, actions);
}

/** Milliseconds of a duration while there is no core to read it; it has the last word once it is there. */
function roughly(duration) {
  if (typeof duration === "number") return Math.min(duration, 2 ** 31 - 1);
  const [, number, unit] = DURATION.exec(duration);
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  return Math.min(number * factor, 2 ** 31 - 1);
}

function timedOut(feature, action, time, correlationId) {
  const message = `\`${feature}.${action}\` did not answer within ${time}; give the request more time, or mend the feature`;
  return new RepflowError("bus.timeout", message, { correlationId });
}

function cancelled(feature, action, reason, correlationId) {
  return new RepflowError("bus.cancelled", `the request \`${feature}.${action}\` was cancelled`, { cause: reason, correlationId });
}

/** `Promise.withResolvers`, which Node 20 does not have. */
export function withResolvers() {
  let resolve, reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
