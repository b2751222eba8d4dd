// Who hears what: subscriptions, publishing, and what is remembered. The core knows the order; the loop is here.
//
// Publishing is the hot path of a bus: a delivery to a plain handler is one call, and what is counted is counted in place.

import { aborts } from "./aborts.js";
import { BusEvent } from "./bus-event.js";
import { Chain } from "./chain.js";
import { millisecondsOf, now } from "./clock.js";
import { Hearer } from "./call.js";
import { Cancellable, EventContext, traceOf } from "./context.js";
import { NO_OPTIONS, RepflowError, aDuration, aFlag, aSignal, aString, anInteger, checkOptions, describe, invalidAt, whole } from "./errors.js";
import { withResolvers } from "./feature.js";
import { FORMATS } from "./formats.js";
import { SINCE, isAfter } from "./history.js";
import { milliseconds } from "./runtime.js";
import { EventStream } from "./stream.js";
import { TOPIC, matcher } from "./topics.js";
import { Trace } from "./trace.js";

const SUBSCRIBE_OPTIONS = {
  feature: aString,
  priority: anInteger,
  signal: aSignal,
  once: aFlag,
  filter: [(filter) => ["string", "function"].includes(typeof filter), "a function, or an expression as text"],
  since: SINCE,
};
const { signal, filter, since } = SUBSCRIBE_OPTIONS;
const STREAM_OPTIONS = {
  limit: whole(1),
  overflow: [(value) => ["dropOldest", "dropNewest", "error"].includes(value), "`dropOldest`, `dropNewest` or `error`"],
  signal,
  filter,
  since,
};
/** What goes on from whoever caused it. */
export const PASSED_ON = { correlationId: aString, traceparent: aString, tracestate: aString };
const PUBLISH_OPTIONS = {
  ...PASSED_ON,
  source: [(source) => typeof source === "string" && source !== "" && FORMATS["uri-reference"](source), "a URI reference, such as the name of a feature"],
  priority: anInteger,
  expiresIn: aDuration,
};

/** Topics of our own. */
const LISTENER_FAILED = "repflow.listener.failed";
const RESERVED = /^(repflow\..*|feature\.(registered|replaced|unregistered|degraded|recovered)|alert\.(raised|cleared))$/;
const OURS = "repflow";

/** Of deliveries that take no time worth waiting for, every so many is timed: asking the clock is dearer than a handler. */
const TIMED_EVERY = 64;
/** How many topics are known at once: a few megabytes, and to forget one that is needed again costs six times as much as to know it. */
const MOST_TOPICS = 16_384;
/** How many events of one burst may have the time of the first of them. */
const TIME_SHARED_BY = 16;

/** Whether a handler is called for each event, and that is all. */
const isPlain = ({ once, feature, filter, isEnded }) => !once && feature === undefined && filter === undefined && !isEnded;

/** Who hears a topic now; their handlers, when they are all plain; and whether one of them wants a context. */
function take(known, hearers) {
  known.hearers = hearers;
  known.handlers = hearers.every((subscription) => subscription.isPlain) ? hearers.map(({ handler }) => handler) : undefined;
  // Most handlers take the event alone.
  known.takesContext = hearers.some(({ handler }) => handler.length !== 1);
  return known;
}

/** Who hears a topic. */
class Subscription {
  isEnded = false;
  /** The core's numbers for it, and for its filter. */
  coreId = undefined;
  filterNumber = undefined;
  /** What was published before it had heard all that was to be replayed. */
  missed = undefined;
  /** Ends listening to its signal. */
  unlisten = undefined;
  /** Those that subscribed before and after it. */
  previous = undefined;
  next = undefined;

  constructor(topic, handler, { feature, priority = 0, once = false, filter }) {
    this.topic = topic;
    this.handler = handler;
    this.feature = feature;
    this.priority = priority;
    this.once = once;
    this.filter = filter;
    this.isPlain = isPlain(this);
    this.seesEvent = typeof filter === "string" && /\bevent\b/.test(filter);
  }
}

/** The subscriptions of one bus, and what is published on it. */
export class Hearing {
  #hub;
  #link;
  #waits;
  #maxDepth;
  /** In the order of subscribing; each knows its number in the core. */
  #subscriptions = new Chain();
  #byNumber = new Map();
  /** By topic: who hears it, until subscriptions change, and what has been counted. */
  #topics = new Map();
  #streams = new Set();
  /** How many events are being delivered, one because of the other. */
  #depth = 0;
  #count = 0;
  /** When it was last asked what time it is, and how many have been told that since. */
  #at = 0;
  #burst = 0;
  #endBurst = () => {
    this.#burst = 0;
  };

  constructor(hub, maxDepth) {
    this.#hub = hub;
    this.#link = hub.link;
    this.#waits = hub.waits;
    this.#maxDepth = maxDepth;
  }

  /** Hands the subscriptions to a core that does not know them. */
  attach(core) {
    this.#byNumber.clear();
    for (const subscription of this.#subscriptions.all()) {
      subscription.filterNumber = undefined;
      this.#subscribeInCore(core, subscription);
    }
    this.#forgetHearers(">");
  }

  dispose() {
    for (const end of this.#streams) end();
    for (const subscription of this.#subscriptions.all()) this.#unsubscribe(subscription);
    this.#topics.clear();
    this.#byNumber.clear();
  }

  subscribe(topic, handler, options = NO_OPTIONS) {
    this.#link.assertUsable();
    checkTopic(topic);
    if (typeof handler !== "function") {
      const message = `the handler must be a function, not ${describe(handler)}`;
      throw invalidAt("bus.invalid", "the subscription", "/handler", message);
    }
    if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of the subscription", options, SUBSCRIBE_OPTIONS);
    const { signal, filter, since } = options;
    if (signal?.aborted) return () => {};
    const subscription = new Subscription(topic, handler, options);
    // Where the core can be there at once, it says now what is wrong with an expression.
    const core = typeof filter === "string" ? this.#link.attached() : undefined;
    if (core instanceof Promise) core.catch(() => {});
    else if (core !== undefined) subscription.filterNumber = core.filterNew(filter);
    const end = () => this.#unsubscribe(subscription);
    subscription.unlisten = signal && aborts.add(signal, end);
    if (since !== undefined) {
      const [fits, isLater] = [matcher(topic), isAfter(this.#hub.history, since)];
      const remembered = [...this.#hub.history].filter((event) => fits(event.type) && isLater(event));
      subscription.missed = [];
      subscription.isPlain = false;
      queueMicrotask(() => this.#replay(subscription, remembered));
    }
    this.#subscribe(subscription);
    return end;
  }

  stream(topic, options = NO_OPTIONS) {
    this.#link.assertUsable();
    checkTopic(topic);
    checkOptions("bus.invalid", "the options of the stream", options, STREAM_OPTIONS);
    const { signal, limit = 256, overflow, ...rest } = options;
    const stop = () => {
      unlisten?.();
      unsubscribe?.();
      this.#streams.delete(end);
    };
    const stream = new EventStream(stop, limit, overflow);
    const end = () => {
      stream.end();
      stop();
    };
    const unlisten = signal && aborts.add(signal, end);
    const unsubscribe = signal?.aborted ? undefined : this.subscribe(topic, (event) => stream.push([event]), rest);
    if (signal?.aborted) end();
    else this.#streams.add(end);
    return stream;
  }

  #subscribe(subscription) {
    if (this.#link.isAttached) this.#subscribeInCore(this.#link.core, subscription);
    this.#subscriptions.add(subscription);
    this.#forgetHearers(subscription.topic);
  }

  #subscribeInCore(core, subscription) {
    const { topic, priority, filter } = subscription;
    try {
      if (typeof filter === "string") subscription.filterNumber ??= core.filterNew(filter);
    } catch (error) {
      // It was given before the core was there to say so.
      this.#unsubscribe(subscription);
      this.listenerFailed(error, { topic, feature: subscription.feature });
      return;
    }
    subscription.coreId = core.busSubscribe(this.#link.coreHandle, topic, priority);
    this.#byNumber.set(subscription.coreId, subscription);
  }

  #unsubscribe(subscription) {
    if (subscription.isEnded) return;
    subscription.isEnded = true;
    subscription.isPlain = false;
    subscription.unlisten?.();
    this.#subscriptions.remove(subscription);
    this.#forgetHearers(subscription.topic);
    if (!this.#link.isAttached) return;
    const core = this.#link.core;
    if (subscription.filterNumber !== undefined) core.filterFree(subscription.filterNumber);
    if (subscription.coreId === undefined) return;
    this.#byNumber.delete(subscription.coreId);
    core.busUnsubscribe(this.#link.coreHandle, subscription.coreId);
  }

  /** Of a topic, or of all that a pattern may fit. */
  #forgetHearers(pattern) {
    const topics = /[*>]/.test(pattern) ? this.#topics.values() : [this.#topics.get(pattern)];
    for (const topic of topics) if (topic !== undefined) topic.hearers = topic.handlers = undefined;
  }

  /** First what is remembered, then what came meanwhile, also because of that; from then on what comes. */
  #replay(subscription, remembered) {
    const { missed, topic } = subscription;
    for (const event of remembered) {
      if (subscription.isEnded) break;
      if (!(event.expiresAt <= now())) this.#hear(subscription, event);
    }
    for (let round = 0; missed.length > 0; round += 1) {
      for (const { event, resolve, reject } of missed.splice(0)) {
        if (subscription.isEnded) resolve();
        else if (round === this.#maxDepth) reject(tooDeep(topic, round));
        else this.#hear(subscription, event, resolve, reject);
      }
    }
    subscription.missed = undefined;
    subscription.isPlain = isPlain(subscription);
    this.#forgetHearers(topic);
  }

  /** The topic, who hears it in which order, and what has been counted. Whether it is reserved, is for who sees it first to say. */
  #topicOf(topic, known = this.#topics.get(topic), isReserved = false) {
    if (known === undefined) {
      if (typeof topic !== "string") checkTopic(topic);
      // Topics with an id in them would make this grow without end.
      if (this.#topics.size >= MOST_TOPICS) this.#topics.clear();
      const hearers = this.#hearersOf(topic);
      known = { hearers: undefined, handlers: undefined, takesContext: false, isReserved, meter: this.#hub.meters.topic(topic) };
      this.#topics.set(topic, take(known, hearers));
    }
    return known.hearers === undefined ? take(known, this.#hearersOf(topic)) : known;
  }

  #hearersOf(topic) {
    const numbers = this.#link.attached().busDeliveries(this.#link.coreHandle, topic);
    return Array.from(numbers, (number) => this.#byNumber.get(number));
  }

  publish(topic, data, options = NO_OPTIONS, by) {
    try {
      this.#link.assertUsable();
      if (options !== NO_OPTIONS) checkOptions("bus.invalid", "the options of publish", options, PUBLISH_OPTIONS);
      const core = this.#link.attached();
      if (core instanceof Promise) return this.#link.there(core).then(() => this.publish(topic, data, options, by));
      const source = options.source ?? by?.feature ?? OURS;
      const told = this.emit(topic, data, source, options === NO_OPTIONS && by === undefined ? undefined : more(options, by));
      return Promise.resolve(told);
    } catch (error) {
      const rejected = Promise.reject(error);
      if (error.code === "bus.too_deep") {
        // Who publishes within a handler seldom waits, and this has to be seen.
        rejected.catch(() => {});
        queueMicrotask(() => this.listenerFailed(error, { topic }));
      }
      return rejected;
    }
  }

  emit(topic, data, source, more) {
    const known = this.#topics.get(topic);
    // What the bus has published is known here, and is reserved all the same.
    if (typeof topic === "string" && (known?.isReserved ?? RESERVED.test(topic))) {
      throw invalidAt("bus.invalid", "the event", "/topic", `only the bus itself publishes \`${topic}\`; take another topic`);
    }
    return this.#deliver(this.#topicOf(topic, known), topic, data, source, more);
  }

  /** Publishes for a step. Every handler has been called when this returns; the asynchronous ones are nobody's concern. */
  emitFor(topic, data, source, correlationId, trace) {
    this.#link.assertUsable();
    const told = this.emit(topic, data, source, { correlationId, trace });
    if (told instanceof Promise) told.catch(() => {});
  }

  /** Calls who hears a topic, in order. What came of it, or a promise of that when one of them takes its time. */
  #deliver(known, topic, data, source, more) {
    if (this.#depth >= this.#maxDepth) throw tooDeep(topic, this.#depth);
    const at = this.#time();
    const { hearers, handlers, takesContext, meter } = known;
    const event = new BusEvent(topic, data, source, at, (this.#count += 1), more);
    this.#hub.history.add(event);
    meter.publish(source, at);
    const began = meter.published % TIMED_EVERY === 0 ? now() : undefined;
    let [delivered, filtered, failed] = [0, 0, 0];
    let pending;
    let context = takesContext ? new EventContext(new Hearer(this.#hub, event, undefined)) : undefined;
    let place = 0;
    this.#depth += 1;
    // Plain handlers are called, and that is all, until one of them changes who hears this.
    for (; handlers !== undefined && place < handlers.length && handlers === known.handlers; place += 1) {
      const handler = handlers[place];
      try {
        const answer = handler(event, context);
        if (typeof answer?.then === "function") (pending ??= []).push({ answer, subscription: hearers[place] });
        else delivered += 1;
      } catch (error) {
        failed += 1;
        this.#failed(meter, topic, undefined, error);
      }
    }
    for (; place < hearers.length; place += 1) {
      const subscription = hearers[place];
      const { feature, missed } = subscription;
      // One of those before may have ended it.
      if (subscription.isEnded) continue;
      try {
        if (subscription.filter !== undefined && !this.#passes(subscription, event)) {
          filtered += 1;
          continue;
        }
        if (subscription.isEnded) continue;
        let answer;
        if (missed !== undefined) {
          answer = new Promise((resolve, reject) => missed.push({ event, resolve, reject }));
        } else {
          if (subscription.once) this.#unsubscribe(subscription);
          if (context !== undefined && feature !== context.feature) context = new EventContext(new Hearer(this.#hub, event, feature));
          answer = subscription.handler(event, context);
        }
        if (typeof answer?.then === "function") {
          (pending ??= []).push({ answer, subscription });
          continue;
        }
        delivered += 1;
        if (feature !== undefined) meter.hear(feature, false);
      } catch (error) {
        failed += 1;
        this.#failed(meter, topic, feature, error);
      }
    }
    this.#depth -= 1;
    const result = { delivered, filtered, failed };
    if (pending !== undefined) return this.#settled(topic, meter, result, pending);
    meter.end(delivered, filtered, failed, began === undefined ? undefined : now() - began, at);
    return result;
  }

  /**
   * The time of what is published now. In a burst, the clock is only asked now and then: that is dearer than a handler. What is
   * published in different tasks never shares a time because of this.
   */
  #time() {
    if (this.#burst === 0) {
      this.#at = now();
      queueMicrotask(this.#endBurst);
    }
    this.#burst = (this.#burst + 1) % TIME_SHARED_BY;
    return this.#at;
  }

  /** Whether a subscription wants an event. */
  #passes({ filter, filterNumber, seesEvent }, event) {
    if (filterNumber === undefined) return filter(event);
    return this.#link.core.filterHolds(filterNumber, event.data, seesEvent ? event.toJSON() : undefined);
  }

  /** Delivers one event to one subscription by itself; `resolve` and `reject` tell whoever published it. */
  #hear(subscription, event, resolve, reject = (error) => this.listenerFailed(error, { topic: event.type, feature: subscription.feature })) {
    const { feature, handler, filter, once } = subscription;
    try {
      // What came meanwhile has passed the filter already.
      if (resolve === undefined && filter !== undefined && !this.#passes(subscription, event)) return;
      if (once) this.#unsubscribe(subscription);
      const answer = handler(event, new EventContext(new Hearer(this.#hub, event, feature)));
      if (resolve !== undefined) resolve(answer);
      else if (typeof answer?.then === "function") Promise.resolve(answer).catch(reject);
    } catch (error) {
      reject(error);
    }
  }

  #failed(meter, topic, feature, error) {
    if (feature !== undefined) meter.hear(feature, true);
    this.listenerFailed(error, { topic, feature });
  }

  /** What came of it when all handlers have ended, or when their time is over. */
  #settled(topic, meter, result, pending) {
    const began = now();
    const { promise, resolve, reject } = withResolvers();
    const core = this.#link.attached();
    const open = new Set(pending);
    const end = () => {
      this.#waits.end(waiting);
      const at = now();
      meter.end(result.delivered, result.filtered, result.failed, at - began, at);
      resolve(result);
    };
    const waiting = {
      late: () => {
        const message = `a handler of \`${topic}\` did not end within the bus's \`requestTimeout\`; do long work without being waited for`;
        for (const { subscription: { feature } } of open) this.#failed(meter, topic, feature, new RepflowError("bus.timeout", message));
        result.failed += open.size;
        open.clear();
        end();
      },
      fail: (error) => {
        open.clear();
        reject(error);
        this.#waits.end(waiting);
      },
    };
    this.#waits.begin(waiting, milliseconds(core, this.#hub.requestTimeout, "requestTimeout"));
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
            this.listenerFailed(error, { topic, feature });
            return;
          }
          result.failed += 1;
          this.#failed(meter, topic, feature, error);
          if (open.size === 0) end();
        },
      ).catch(() => {});
    }
    return promise;
  }

  /** Publishes a topic of our own, when what happens now is over. */
  tell(topic, data) {
    const tell = () => {
      if (this.#link.isDisposed) return;
      try {
        const told = this.#deliver(this.#topicOf(topic, undefined, true), topic, data, OURS);
        if (told instanceof Promise) told.catch(() => {});
      } catch {
        // A core that stops meanwhile tells everybody who waits.
      }
    };
    this.#link.whenThere(() => queueMicrotask(tell));
  }

  /** A handler's failure is an event too; that of a handler of such events is dropped, or there would be no end. */
  listenerFailed(error, { topic, feature, ...details }) {
    if (this.#link.isDisposed || topic === LISTENER_FAILED) return;
    this.tell(LISTENER_FAILED, { ...(topic !== undefined && { topic }), ...(feature !== undefined && { feature }), ...details, error });
  }
}

/** The event because of which a handler acts; none when it is no handler of events. */
const eventOf = (by) => by && Cancellable.workOf(by).event;

/** What an event has from its options, and from the handler that publishes it. */
function more(options, by) {
  const { correlationId = by?.correlationId, traceparent, tracestate, priority, expiresIn } = options;
  const trace = by === undefined ? traceparent && new Trace(traceparent, tracestate) : traceOf(by);
  const expiresAt = expiresIn === undefined ? undefined : now() + millisecondsOf(expiresIn);
  return { correlationId, causationId: eventOf(by)?.id, trace, priority, expiresAt };
}

function tooDeep(topic, depth) {
  const message = `\`${topic}\` is told because of ${depth} events that are still being delivered; do handlers publish in a circle? If not, raise \`maxDepth\``;
  return new RepflowError("bus.too_deep", message);
}

function checkTopic(topic) {
  if (typeof topic === "string" && TOPIC.test(topic)) return;
  const message = `${describe(topic)} is not a topic; a topic is names between dots, such as \`workout.generated\`, and a subscription may use \`*\` for one name and \`>\` at the end for the rest`;
  throw invalidAt("bus.invalid", "the topic", "/topic", message);
}
