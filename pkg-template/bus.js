// FeatureBus: features call each other, and tell what happened.

import { aborts } from "./aborts.js";
import { BusEvent } from "./bus-event.js";
import { Alarm, MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { Cancellable, CallContext, EventContext, Participant } from "./context.js";
import { isObject } from "./definition.js";
import { RepflowError, checkOptions, checks, describe, disposed, invalid, textOf } from "./errors.js";
import { Registered, drained, judged, unavailable, withResolvers } from "./feature.js";
import { History, SINCE, isAfter } from "./history.js";
import { uniqueId } from "./ids.js";
import { Meters } from "./meters.js";
import { missing } from "./nearest.js";
import { PolicyBase } from "./policy.js";
import { milliseconds, unattended } from "./runtime.js";
import { EventStream } from "./stream.js";
import { TOPIC, matcher } from "./topics.js";
import { Trace } from "./trace.js";
import { compareVersions } from "./versions.js";

const DEFAULT_TIMEOUT_MS = 30_000;
const NO_OPTIONS = Object.freeze({});
const isCount = [(value) => Number.isInteger(value) && value >= 0, "a whole number, 0 or more"];
const isRate = [(value) => value > 0 && value <= 1, "a part of the calls, above 0 and at most 1"];
const BUS_OPTIONS = {
  requestTimeout: checks.duration,
  maxDepth: [(value) => Number.isInteger(value) && value >= 1 && value <= 1_000, "a whole number from 1 to 1000"],
  history: [isObject, "an object with `maxEvents` and `maxBytes`"],
  health: [isObject, "an object"],
};
const HISTORY_OPTIONS = { maxEvents: isCount, maxBytes: isCount };
/** What the core is told of health, in this order, with what holds when nothing is said. */
const HEALTH = {
  window: ["60s", checks.duration],
  minRequests: [10, isCount],
  degradedErrorRate: [0.1, isRate],
  unhealthyErrorRate: [0.5, isRate],
  slow: ["5s", checks.duration],
  degradedSlowRate: [0.5, isRate],
  unhealthySlowRate: [0.9, isRate],
  recovery: [0.5, isRate],
  failuresToUnhealthy: [3, isCount],
  successesToRecover: [2, isCount],
};
const HEALTH_OPTIONS = {
  ...Object.fromEntries(Object.entries(HEALTH).map(([key, [, check]]) => [key, check])),
  interval: checks.duration,
  checkTimeout: checks.duration,
};
/** How healthy a feature may be, by the core's numbers; a test holds the two lists against each other. */
export const HEALTH_STATUSES = ["healthy", "degraded", "unhealthy"];
const UNHEALTHY = 2;

const SUBSCRIBE_OPTIONS = {
  feature: checks.string,
  priority: checks.integer,
  signal: checks.signal,
  once: checks.flag,
  filter: [(filter) => ["string", "function"].includes(typeof filter), "a function, or an expression as text"],
  since: SINCE,
};
const { signal, filter, since } = SUBSCRIBE_OPTIONS;
const STREAM_OPTIONS = {
  limit: [(value) => Number.isInteger(value) && value >= 1, "a whole number, 1 or more"],
  overflow: [(value) => ["dropOldest", "dropNewest", "error"].includes(value), "`dropOldest`, `dropNewest` or `error`"],
  signal,
  filter,
  since,
};
const PASSED_ON = { correlationId: checks.string, traceparent: checks.string, tracestate: checks.string };
const PUBLISH_OPTIONS = {
  ...PASSED_ON,
  source: [(source) => typeof source === "string" && /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/.test(source), "a URI reference, such as the name of a feature"],
  priority: checks.integer,
  expiresIn: checks.duration,
};
const REQUEST_OPTIONS = { ...PASSED_ON, timeout: checks.duration, signal, source: checks.string, failFast: checks.flag };

/** Topics of our own. */
const LISTENER_FAILED = "repflow.listener.failed";
const RESERVED = /^(repflow\..*|feature\.(registered|replaced|unregistered|degraded|recovered)|alert\.(raised|cleared))$/;
const OURS = "repflow";

/** Of deliveries that take no time worth waiting for, every so many is timed: asking the clock is dearer than a handler. */
const TIMED_EVERY = 64;

/** How the orchestrator reaches what only it needs of a bus. */
export const internals = Symbol("repflow.bus");

/** Who hears a topic. */
class Subscription {
  isEnded = false;
  /** The core's numbers for it, and for its filter. */
  number = undefined;
  filterNumber = undefined;

  constructor(topic, handler, { feature, priority = 0, once = false, filter }) {
    this.topic = topic;
    this.handler = handler;
    this.feature = feature;
    this.priority = priority;
    this.once = once;
    this.filter = filter;
    // Most handlers take the event alone, and are spared a context.
    this.takesContext = handler.length !== 1;
    /** Whether its handler is called with the event, and that is all. */
    this.isPlain = !this.takesContext && !once && feature === undefined && filter === undefined;
    this.seesEvent = typeof filter === "string" && /\bevent\b/.test(filter);
  }
}

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

export class FeatureBusBase {
  #runtime;
  #requestTimeout;
  #maxDepth;
  /** The core's number for this bus, in the generation that gave it. */
  #handle = undefined;
  #generation = 0;
  #disposed = false;
  /** By name: what was given, and what is under way. */
  #features = new Map();
  /** In the order of subscribing; each knows its number in the core. */
  #subscriptions = new Set();
  #byNumber = new Map();
  /** By topic: who hears it, until subscriptions change, and what has been counted. */
  #topics = new Map();
  #streams = new Set();
  /** What waits for answers, by its number. */
  #waitingFor = new Map();
  #alarm = new Alarm(() => unattended(() => this.#expire()));
  #mayRest = () => {
    if (this.#waitingFor.size > 0) return false;
    this.#runtime.disown(this);
    return true;
  };
  /** What waits for the core to be there; each is called once with it. */
  #whenThere = [];
  /** Rejects what waits for the core when this bus is disposed of. */
  #waiting = new Set();
  /** How many events are being delivered, one because of the other. */
  #depth = 0;
  #published = 0;
  #history;
  #meters = new Meters();
  #healthNumbers;
  #watch = undefined;

  /** For the orchestrator, whose steps are requests whose time the planner keeps, and for what is read of a bus. */
  [internals];

  constructor(runtime, options = {}) {
    checkOptions("config.invalid", "the options of FeatureBus", options, BUS_OPTIONS);
    const { history = {}, health = {}, maxDepth = 100, requestTimeout = DEFAULT_TIMEOUT_MS } = options;
    checkOptions("config.invalid", "the `history` of FeatureBus", history, HISTORY_OPTIONS);
    checkOptions("config.invalid", "the `health` of FeatureBus", health, HEALTH_OPTIONS);
    this.#runtime = runtime;
    this.#requestTimeout = requestTimeout;
    this.#maxDepth = maxDepth;
    this.#history = new History(history);
    const numbers = Object.entries(HEALTH).map(([key, [usual]]) => millisecondsOf(health[key] ?? usual));
    this.#healthNumbers = Float64Array.from(numbers);
    this[internals] = {
      runtime,
      attached: () => this.#attached(),
      there: (giveUp) => this.#there(undefined, giveUp),
      requestTimeout,
      has: (feature) => this.#features.has(feature),
      whenThere: (act) => {
        if (this.#isAttached()) act(this.#runtime.ready());
        else this.#whenThere.push(act);
      },
      /** Performs the action of a step, whose context is told how it ended. */
      call: (core, feature, action, params, context) => {
        this.#assertUsable();
        this.#invoke(this.#featureOf(feature), action, params, context, context.workflowId);
      },
      /** Publishes for a step. Every handler has been called when this returns; the asynchronous ones are nobody's concern. */
      emit: (topic, data, source, correlationId, trace) => {
        this.#assertUsable();
        const told = this.#tellAll(topic, data, source, { correlationId, trace });
        if (told instanceof Promise) told.catch(() => {});
      },
      listenerFailed: (error, details) => this.#listenerFailed(error, details),
      request: (...request) => this.#request(...request),
      requestStream: (...request) => this.#requestStream(...request),
      publish: (...event) => this.#publish(...event),
      record: (call, hasFailed, error) => this.#record(call, hasFailed, error),
      features: this.#features,
      meters: this.#meters,
      history: this.#history,
      healthOptions: {
        interval: millisecondsOf(health.interval ?? "30s"),
        checkTimeout: millisecondsOf(health.checkTimeout ?? "5s"),
      },
      tell: (topic, data) => this.#tell(topic, data),
      statusOf: (feature) => this.#statusOf(feature),
      judge: (feature, status, details, reason) => this.#judge(feature, status, details, reason),
    };
  }

  /** Adds a feature: a name, a version, and actions. A newer version of one that is there takes its place. */
  registerFeature(given) {
    this.#assertUsable();
    const feature = new Registered(given, now(), (limits) => new PolicyBase(this.#runtime, limits));
    const { name, version } = feature.info;
    const before = this.#features.get(name);
    const previous = before?.info.version;
    if (before !== undefined && compareVersions(version, previous) <= 0) {
      const message = `a feature \`${name}\` is registered already, in version ${previous}; a newer version takes its place, and for another one unregister it first`;
      throw new RepflowError("bus.feature_exists", message);
    }
    if (before !== undefined) this.#remove(before);
    if (this.#isAttached()) this.#add(this.#runtime.ready(), feature);
    this.#features.set(name, feature);
    if (before === undefined) this.#tell("feature.registered", { name, version });
    else this.#tell("feature.replaced", { name, version, previous });
  }

  /**
   * Removes a feature. New requests are refused at once; resolves when those under way have ended, which after `grace` they are
   * made to.
   */
  async unregisterFeature(name, options = NO_OPTIONS) {
    this.#assertUsable();
    checkOptions("bus.invalid", "the options of unregisterFeature", options, { grace: checks.duration });
    const feature = this.#featureOf(name);
    const { version } = feature.info;
    this.#features.delete(name);
    const gone = this.#remove(feature);
    this.#tell("feature.unregistered", { name, version });
    if (options.grace !== undefined && feature.underWay > 0) {
      const over = withResolvers();
      const timer = setTimeout(over.resolve, Math.min(millisecondsOf(options.grace), MAX_DELAY_MS));
      await Promise.race([gone, over.promise]);
      clearTimeout(timer);
      const message = `the feature \`${name}\` was unregistered, and what was under way did not end within the time of grace`;
      for (const { context } of [...feature.calls]) CallContext.giveUp(context, unavailable(message, { correlationId: context.correlationId }));
    }
    await gone;
  }

  /** What is there, by name: all of it, or what fits the filter. */
  async discover(filter = NO_OPTIONS) {
    // The features of the core are there when it is.
    const [{ discover }] = await Promise.all([this.#insight(), this.#there()]);
    return discover(this[internals], filter);
  }

  /** Hears a topic or a pattern; returns a function that ends it. */
  subscribe(topic, handler, options = NO_OPTIONS) {
    this.#assertUsable();
    checkTopic(topic);
    if (typeof handler !== "function") {
      const message = `the handler must be a function, not ${describe(handler)}`;
      throw invalid("bus.invalid", "the subscription", [{ pointer: "/handler", message }]);
    }
    checkOptions("bus.invalid", "the options of the subscription", options, SUBSCRIBE_OPTIONS);
    const { signal, filter, since } = options;
    if (signal?.aborted) return () => {};
    const subscription = new Subscription(topic, handler, options);
    // Where the core can be there at once, it says now what is wrong with an expression.
    const core = typeof filter === "string" ? this.#attached() : undefined;
    if (core instanceof Promise) core.catch(() => {});
    else if (core !== undefined) subscription.filterNumber = core.filterNew(filter);
    const unlisten = signal && aborts.add(signal, () => subscription.end());
    subscription.end = () => {
      unlisten?.();
      this.#unsubscribe(subscription);
    };
    if (since === undefined) this.#subscribe(subscription);
    else queueMicrotask(() => this.#replay(subscription, since));
    return () => subscription.end();
  }

  /**
   * Tells everybody who listens, in order of priority. Resolves when all handlers have ended, with how many heard it, how many
   * did not want it, and how many failed; a handler that fails stops nobody else.
   */
  publish(topic, data, options = NO_OPTIONS) {
    return this.#publish(topic, data, options);
  }

  /** The events of a topic or a pattern, from now on, as they come. */
  stream(topic, options = NO_OPTIONS) {
    this.#assertUsable();
    checkTopic(topic);
    checkOptions("bus.invalid", "the options of the stream", options, STREAM_OPTIONS);
    const { signal, limit = 256, overflow, ...rest } = options;
    const stop = () => {
      unlisten?.();
      unsubscribe?.();
      this.#streams.delete(stream);
    };
    const stream = new EventStream(stop, limit, overflow);
    const end = () => {
      stream.end();
      stop();
    };
    const unlisten = signal && aborts.add(signal, end);
    const unsubscribe = signal?.aborted ? undefined : this.subscribe(topic, (event) => stream.push([event]), rest);
    if (signal?.aborted) end();
    else this.#streams.add(stream);
    return stream;
  }

  /** Asks a feature to perform an action; the promise always settles, at the latest when the timeout is over. */
  request(feature, action, params, options = NO_OPTIONS) {
    return this.#request(feature, action, params, options);
  }

  /** As `request`, for an answer that comes in parts. The timeout is for each of them. */
  requestStream(feature, action, params, options = NO_OPTIONS) {
    return this.#requestStream(feature, action, params, options);
  }

  /** What was published lately. */
  async history(query = NO_OPTIONS) {
    return (await this.#insight()).queried(this[internals], query);
  }

  /** The same as lines of JSON, each a CloudEvent. */
  async exportHistory(query = NO_OPTIONS) {
    return (await this.#insight()).exported(this[internals], query);
  }

  /** Counts, latencies, and who talks to whom. */
  async metrics() {
    return (await this.#insight()).metricsOf(this[internals]);
  }

  /** Checks the health of all features, or of one, now. */
  async checkHealth(name) {
    const [{ checkHealth }] = await Promise.all([this.#insight(), this.#there()]);
    return checkHealth(this[internals], name);
  }

  /** Raises an alert when a figure goes beyond a threshold; resolves with a function that ends it. */
  async addAlert(rule, handler) {
    return (await this.#watching()).addAlert(rule, handler);
  }

  /** Rejects what is under way, forgets everything, and refuses further use. */
  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    const error = disposed();
    this.#watch?.stop();
    for (const waiting of [...this.#waitingFor.values()]) waiting.fail(error);
    this.#alarm.clear();
    for (const reject of [...this.#waiting]) reject(error);
    for (const { limits } of this.#features.values()) limits?.dispose();
    this.#features.clear();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    for (const subscription of [...this.#subscriptions]) subscription.end();
    this.#topics.clear();
    this.#byNumber.clear();
    this.#history.clear();
    if (this.#isAttached()) this.#runtime.free(this, "busFree", this.#handle);
    this.#handle = undefined;
    this.#runtime.disown(this);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    const waiting = [...this.#waitingFor.values()];
    this.#waitingFor.clear();
    this.#alarm.clear();
    for (const each of waiting) each.fail(error);
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
    this.#handle = core.busNew();
    this.#generation = this.#runtime.generation;
    this.#runtime.freeWhenUnused(this, "busFree", this.#handle);
    for (const feature of this.#features.values()) this.#add(core, feature);
    this.#byNumber.clear();
    for (const subscription of this.#subscriptions) {
      subscription.filterNumber = undefined;
      this.#subscribeInCore(core, subscription);
    }
    for (const act of this.#whenThere.splice(0)) act(core);
  }

  /** The core judges the health of a feature from now on. */
  #add(core, feature) {
    feature.number = core.healthNew(this.#handle, this.#healthNumbers);
    if (feature.healthCheck !== undefined) this.#checkHealth();
  }

  /** A feature takes no more requests; resolves when what is under way has ended. */
  async #remove(feature) {
    if (this.#isAttached() && feature.number !== undefined) this.#runtime.ready().healthFree(this.#handle, feature.number);
    feature.number = undefined;
    await feature.idle();
    feature.limits?.dispose();
  }

  #featureOf(name) {
    return this.#features.get(name) ?? missing("bus.no_such_feature", "there is no feature", name, this.#features.keys());
  }

  #subscribe(subscription) {
    if (this.#isAttached()) this.#subscribeInCore(this.#runtime.ready(), subscription);
    this.#subscriptions.add(subscription);
    this.#forgetHearers();
  }

  #subscribeInCore(core, subscription) {
    const { topic, priority, filter } = subscription;
    try {
      if (typeof filter === "string") subscription.filterNumber ??= core.filterNew(filter);
    } catch (error) {
      // It was given before the core was there to say so.
      subscription.end();
      this.#listenerFailed(error, { topic, feature: subscription.feature });
      return;
    }
    subscription.number = core.busSubscribe(this.#handle, topic, priority);
    this.#byNumber.set(subscription.number, subscription);
  }

  #unsubscribe(subscription) {
    if (subscription.isEnded) return;
    subscription.isEnded = true;
    subscription.isPlain = false;
    this.#subscriptions.delete(subscription);
    this.#forgetHearers();
    if (!this.#isAttached()) return;
    const core = this.#runtime.ready();
    if (subscription.filterNumber !== undefined) core.filterFree(subscription.filterNumber);
    if (subscription.number === undefined) return;
    this.#byNumber.delete(subscription.number);
    core.busUnsubscribe(this.#handle, subscription.number);
  }

  #forgetHearers() {
    for (const topic of this.#topics.values()) topic.hearers = undefined;
  }

  /** First what is remembered, and what is published because of that; then what comes. */
  #replay(subscription, since) {
    const { topic, feature } = subscription;
    const [fits, isLater] = [matcher(topic), isAfter(this.#history, since)];
    const history = this.#history;
    let number = history.evicted;
    for (let round = 0; number < history.evicted + history.length; round += 1) {
      if (round === this.#maxDepth) {
        this.#listenerFailed(tooDeep(topic, round), { topic, feature });
        break;
      }
      const end = history.evicted + history.length;
      for (; number < end; number = Math.max(number + 1, history.evicted)) {
        if (subscription.isEnded || this.#disposed) return;
        const event = history.numbered(number);
        if (fits(event.type) && isLater(event) && !(event.expiresAt <= now())) this.#hear(subscription, event);
      }
    }
    if (!subscription.isEnded && !this.#disposed) this.#subscribe(subscription);
  }

  /** The topic, who hears it in which order, and what has been counted. */
  #topicOf(topic) {
    let known = this.#topics.get(topic);
    if (known === undefined) {
      if (typeof topic !== "string") {
        throw invalid("bus.invalid", "the event", [{ pointer: "/topic", message: `a topic is a string, not ${describe(topic)}` }]);
      }
      // Topics with an id in them would make this grow without end.
      if (this.#topics.size >= 1_000) this.#topics.clear();
      known = { hearers: this.#hearersOf(topic), meter: this.#meters.topic(topic) };
      this.#topics.set(topic, known);
    }
    known.hearers ??= this.#hearersOf(topic);
    return known;
  }

  #hearersOf(topic) {
    const numbers = this.#attached().busDeliveries(this.#handle, topic);
    return Array.from(numbers, (number) => this.#byNumber.get(number));
  }

  #publish(topic, data, options = NO_OPTIONS, by) {
    try {
      this.#assertUsable();
      if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of publish", options, PUBLISH_OPTIONS);
      const core = this.#attached();
      if (core instanceof Promise) return this.#there(core).then(() => this.#publish(topic, data, options, by));
      const source = options.source ?? by?.feature ?? OURS;
      const told = this.#tellAll(topic, data, source, options === NO_OPTIONS && by === undefined ? undefined : more(options, by));
      return told instanceof Promise ? told : Promise.resolve(told);
    } catch (error) {
      const rejected = Promise.reject(error);
      if (error.code === "bus.too_deep") {
        // Who publishes within a handler seldom waits, and this has to be seen.
        rejected.catch(() => {});
        queueMicrotask(() => this.#listenerFailed(error, { topic }));
      }
      return rejected;
    }
  }

  #tellAll(topic, data, source, more) {
    if (!this.#topics.has(topic) && RESERVED.test(topic)) {
      throw invalid("bus.invalid", "the event", [{ pointer: "/topic", message: `only the bus itself publishes \`${topic}\`; take another topic` }]);
    }
    return this.#deliver(this.#topicOf(topic), topic, data, source, more);
  }

  /** Calls who hears a topic, in order. What came of it, or a promise of that when one of them takes its time. */
  #deliver(known, topic, data, source, more) {
    if (this.#depth >= this.#maxDepth) throw tooDeep(topic, this.#depth);
    const at = now();
    const { hearers, meter } = known;
    const event = new BusEvent(topic, data, source, at, (this.#published += 1), more);
    this.#history.add(event);
    meter.publish(source, at);
    const result = { delivered: 0, filtered: 0, failed: 0 };
    let pending;
    let context;
    this.#depth += 1;
    for (let place = 0; place < hearers.length; place += 1) {
      const subscription = hearers[place];
      const { feature } = subscription;
      try {
        let answer;
        if (subscription.isPlain) {
          answer = subscription.handler(event);
        } else {
          // One of those before may have ended it.
          if (subscription.isEnded) continue;
          if (subscription.filter !== undefined && !this.#passes(subscription, event)) {
            result.filtered += 1;
            continue;
          }
          if (subscription.once) subscription.end();
          if (context === undefined || feature !== context.feature) context = new EventContext(this[internals], event, feature);
          answer = subscription.handler(event, context);
        }
        if (typeof answer?.then === "function") {
          (pending ??= []).push({ answer, subscription });
          continue;
        }
        result.delivered += 1;
        if (feature !== undefined) meter.hear(feature, false);
      } catch (error) {
        this.#failed(result, meter, topic, feature, error);
      }
    }
    this.#depth -= 1;
    if (pending !== undefined) return this.#settled(topic, meter, at, result, pending);
    const ms = meter.published % TIMED_EVERY === 0 ? now() - at : undefined;
    meter.end(result.delivered, result.filtered, result.failed, ms, at);
    return result;
  }

  /** Whether a subscription wants an event. */
  #passes({ filter, filterNumber, seesEvent }, event) {
    if (filterNumber === undefined) return filter(event);
    return this.#runtime.ready().filterHolds(filterNumber, event.data, seesEvent ? event.toJSON() : undefined);
  }

  /** Delivers one event to one subscription, outside of the order. */
  #hear(subscription, event) {
    const { feature, handler } = subscription;
    const failed = (error) => this.#listenerFailed(error, { topic: event.type, feature });
    try {
      if (typeof subscription.filter === "string") this.#attached();
      if (subscription.filter !== undefined && !this.#passes(subscription, event)) return;
      if (subscription.once) subscription.end();
      const answer = handler(event, new EventContext(this[internals], event, feature));
      if (typeof answer?.then === "function") Promise.resolve(answer).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #failed(result, meter, topic, feature, error) {
    result.failed += 1;
    if (feature !== undefined) meter.hear(feature, true);
    this.#listenerFailed(error, { topic, feature });
  }

  /** What came of it when all handlers have ended, or when their time is over. */
  #settled(topic, meter, began, result, pending) {
    const { promise, resolve, reject } = withResolvers();
    const core = this.#attached();
    const open = new Set(pending);
    const end = () => {
      this.#waitNoMore(core, waiting);
      const at = now();
      meter.end(result.delivered, result.filtered, result.failed, at - began, at);
      resolve(result);
    };
    const waiting = {
      late: () => {
        const message = `a handler of \`${topic}\` did not end within the bus's \`requestTimeout\`; do long work without being waited for`;
        for (const { subscription: { feature } } of open) this.#failed(result, meter, topic, feature, new RepflowError("bus.timeout", message));
        open.clear();
        end();
      },
      fail: (error) => {
        open.clear();
        reject(error);
        this.#waitNoMore(core, waiting);
      },
    };
    this.#waitFor(core, waiting, milliseconds(core, this.#requestTimeout, "requestTimeout"));
    for (const one of pending) {
      const { feature } = one.subscription;
      Promise.resolve(one.answer).then(
        () => {
          if (!open.delete(one)) return;
          result.delivered += 1;
          if (feature !== undefined) meter.hear(feature, false);
          if (open.size === 0) end();
        },
        (error) => {
          if (!open.delete(one)) {
            this.#listenerFailed(error, { topic, feature });
            return;
          }
          this.#failed(result, meter, topic, feature, error);
          if (open.size === 0) end();
        },
      ).catch(() => {});
    }
    return promise;
  }

  /** Publishes a topic of our own, when what happens now is over. */
  #tell(topic, data) {
    const tell = () => {
      if (this.#disposed) return;
      if (!this.#isAttached()) {
        this.#whenThere.push(tell);
        return;
      }
      try {
        const told = this.#deliver(this.#topicOf(topic), topic, data, OURS);
        if (told instanceof Promise) told.catch(() => {});
      } catch {
        // A core that stops meanwhile tells everybody who waits.
      }
    };
    if (this.#isAttached()) queueMicrotask(tell);
    else this.#whenThere.push(() => queueMicrotask(tell));
  }

  /** A handler's failure is an event too; that of a handler of such events is dropped, or there would be no end. */
  #listenerFailed(error, { topic, feature, ...details }) {
    if (this.#disposed || topic === LISTENER_FAILED) return;
    this.#tell(LISTENER_FAILED, { ...(topic !== undefined && { topic }), ...(feature !== undefined && { feature }), ...details, error });
  }

  #request(feature, action, params, options = NO_OPTIONS, by) {
    try {
      const core = this.#ready(feature, action, options);
      const open = (core) => this.#open(core, feature, action, params, options, by).promise;
      return core instanceof Promise ? core.then(open) : open(core);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *#requestStream(feature, action, params, options = NO_OPTIONS, by) {
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
    this.#assertUsable();
    if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of request", options, REQUEST_OPTIONS);
    if (typeof feature !== "string" || typeof action !== "string") {
      const message = `a request names a feature and an action as strings, not ${describe(feature)} and ${describe(action)}`;
      throw invalid("bus.invalid", "the request", [{ pointer: "", message }]);
    }
    const core = this.#attached();
    if (!(core instanceof Promise)) return core;
    const { timeout = this.#requestTimeout, signal, correlationId } = options;
    return this.#there(core, (reject) => {
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
    const timeoutMs = milliseconds(core, options.timeout ?? this.#requestTimeout, "timeout");
    const { promise, resolve, reject } = withResolvers();
    const trace = by === undefined ? new Trace(options.traceparent, options.tracestate) : Participant.traceOf(by);
    const context = new CallContext(feature, action, correlationId, trace, (_, isValue, answer) =>
      isValue ? end(resolve, answer) : end(reject, asTyped(feature, action, answer, correlationId)),
    );
    const aborted = signals.find((signal) => signal?.aborted);
    if (aborted !== undefined) throw cancelled(feature, action, aborted.reason, correlationId);
    const registered = this.#featureOf(feature);
    if (registered.isLoaded) registered.actionOf(action);
    if (failFast && this.#statusOf(registered) === UNHEALTHY) {
      throw unavailable(`the feature \`${feature}\` is unhealthy, and the request is to fail fast then`, { correlationId });
    }
    let unlisten;
    const end = (settle, value) => {
      if (request.hasEnded) return;
      request.hasEnded = true;
      for (const stop of unlisten ?? []) stop?.();
      // First, so that not even a panic below keeps the caller waiting.
      settle(value);
      this.#waitNoMore(core, request);
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
      pause: () => this.#waitNoMore(core, request),
      resume: () => !request.hasEnded && this.#waitFor(this.#attached(), request, timeoutMs),
    };
    // Whoever called gets what is thrown below instead of this promise.
    promise.catch(() => {});
    this.#waitFor(core, request, timeoutMs);
    unlisten = signals.map((signal) => signal && aborts.add(signal, () => request.fail(cancelled(feature, action, signal.reason, correlationId))));
    if (sink !== undefined) CallContext.pour(context, sink);
    this.#invoke(registered, action, params, context, source);
    return request;
  }

  /** Has `waiting.late()` called when the time is over, and `waiting.fail(error)` when it never will be. */
  #waitFor(core, waiting, timeoutMs) {
    waiting.number = core.requestBegin(this.#handle, timeoutMs, now());
    this.#waitingFor.set(waiting.number, waiting);
    this.#runtime.own(this);
    this.#alarm.set(core.busDeadline(this.#handle));
  }

  #waitNoMore(core, waiting) {
    // The number may belong to another one by now.
    const isOpen = this.#waitingFor.get(waiting.number) === waiting;
    if (isOpen) this.#waitingFor.delete(waiting.number);
    if (this.#waitingFor.size === 0) this.#alarm.rest(this.#mayRest);
    if (isOpen) core.requestEnd(this.#handle, waiting.number, now());
  }

  #expire() {
    const core = this.#runtime.ready();
    if (core instanceof Promise || !this.#isAttached()) return;
    // All of them first: a handler that hears of its abort may begin a request, which gets one of these numbers.
    const expired = Array.from(core.requestsExpire(this.#handle, now()), (number) => this.#waitingFor.get(number));
    for (const { number } of expired) this.#waitingFor.delete(number);
    for (const waiting of expired) waiting.late();
    if (this.#isAttached()) this.#alarm.set(core.busDeadline(this.#handle));
  }

  /** Calls a handler; its context is told once what it answered. */
  #invoke(feature, action, params, context, caller) {
    const call = new Call(this[internals], feature, this.#meters.action(feature.name, action), caller, context);
    Participant.join(context, this[internals]);
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
      if (feature.healthCheck !== undefined) this.#checkHealth();
    }
    const { handler, input, output } = feature.actionOf(action);
    const what = `of \`${feature.name}.${action}\``;
    const given = input === undefined ? params : await judged(input, params, "input.invalid", `the input ${what}`);
    const perform = () => {
      const answer = handler.call(feature.receiver, given, context);
      return answer?.[Symbol.toStringTag] === "AsyncGenerator" ? drained(answer, call) : answer;
    };
    const answer = await (feature.limits === undefined ? perform() : feature.limits.execute(perform, { signal: context.signal }));
    return output === undefined ? answer : judged(output, answer, "output.invalid", `the output ${what}`);
  }

  /** Counts an action that has ended, and has the core judge its feature. */
  #record({ feature, meter, caller, began, firstAt }, hasFailed, error) {
    const at = now();
    const took = (firstAt ?? at) - began;
    meter.end(caller, hasFailed ? error ?? "undefined" : undefined, took, at);
    if (hasFailed && saysNothing(error)) return;
    if (feature.number === undefined || !this.#isAttached()) return;
    this.#heed(feature, this.#runtime.ready().healthRecord(this.#handle, feature.number, hasFailed, took, at), "requests");
  }

  #statusOf(feature) {
    if (feature.number !== undefined && this.#isAttached()) {
      this.#heed(feature, this.#runtime.ready().healthStatus(this.#handle, feature.number, now()), "time");
    }
    return feature.status;
  }

  /** Takes what a check found. */
  #judge(feature, status, details, reason) {
    const at = now();
    Object.assign(feature.health, { checkedAt: at, details, reason });
    if (feature.number === undefined || !this.#isAttached()) return;
    this.#heed(feature, this.#runtime.ready().healthChecked(this.#handle, feature.number, status, at), "check");
  }

  /** Tells when the health of a feature has changed. */
  #heed(feature, status, reason) {
    if (status === feature.status) return;
    const previous = HEALTH_STATUSES[feature.status];
    const { name, version } = feature.info;
    feature.status = status;
    feature.health.since = now();
    if (reason !== "check") feature.health.reason = status === 0 ? undefined : reason;
    if (status === 0) this.#tell("feature.recovered", { name, version, previous });
    else this.#tell("feature.degraded", { name, version, status: HEALTH_STATUSES[status], previous, reason });
  }

  /** What is only looked at now and then is loaded when it is first asked for. */
  async #insight() {
    this.#assertUsable();
    const insight = await import("./insight.js").catch((cause) => {
      throw new RepflowError("internal.load_failed", `\`insight.js\` of the package could not be loaded: ${textOf(cause)}`, { cause });
    });
    this.#assertUsable();
    return insight;
  }

  async #watching() {
    const { Watch } = await this.#insight();
    return (this.#watch ??= new Watch(this[internals]));
  }

  /** Health is checked from now on; without what does that, requests alone tell. */
  #checkHealth() {
    this.#watching().then((watch) => watch.checkHealth(), () => {});
  }
}

/** What an event has from its options, and from the handler that publishes it. */
function more(options, by) {
  const { correlationId = by?.correlationId, traceparent, tracestate, priority, expiresIn } = options;
  const trace = by === undefined ? traceparent && new Trace(traceparent, tracestate) : Participant.traceOf(by);
  const expiresAt = expiresIn === undefined ? undefined : now() + millisecondsOf(expiresIn);
  return { correlationId, causationId: EventContext.eventOf(by)?.id, trace, priority, expiresAt };
}

function tooDeep(topic, depth) {
  const message = `\`${topic}\` would be told because of ${depth} events that are still being delivered; do handlers publish in a circle? Publish later, or raise \`maxDepth\``;
  return new RepflowError("bus.too_deep", message);
}

/** What its caller did wrong or did not want any more, and what it was not asked at all, say nothing about a feature. */
const saysNothing = (error) =>
  error?.kind === "validation" || error?.kind === "cancelled" || error?.name === "AbortError" || /^(bulkhead|rate_limit)\./.test(error?.code);

function checkTopic(topic) {
  if (typeof topic === "string" && TOPIC.test(topic)) return;
  const message = `${describe(topic)} is not a topic; a topic is names between dots, such as \`workout.generated\`, and a subscription may use \`*\` for one name and \`>\` at the end for the rest`;
  throw invalid("bus.invalid", "the subscription", [{ pointer: "/topic", message }]);
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
