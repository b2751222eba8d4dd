// FeatureBus: features call each other, and tell what happened.

import { Asking } from "./asking.js";
import { isObject } from "./definition.js";
import { NO_OPTIONS, aCount, aDuration, checkOptions, disposed, notLoaded, whole } from "./errors.js";
import { Hearing } from "./hearing.js";
import { History } from "./history.js";
import { Link } from "./link.js";
import { Meters } from "./meters.js";
import { Registry } from "./registry.js";
import { Waits } from "./waits.js";

const BUS_OPTIONS = {
  requestTimeout: aDuration,
  maxDepth: whole(1, 250),
  history: [isObject, "an object with `maxEvents` and `maxBytes`"],
  health: [isObject, "an object"],
};
const HISTORY_OPTIONS = { maxEvents: aCount, maxBytes: aCount };

/** How the orchestrator reaches what only it needs of a bus. */
export const internals = Symbol("repflow.bus");

export class FeatureBusBase {
  /** What its parts, the orchestrator, contexts of handlers and `insight.js` know of a bus. */
  [internals];
  #link;
  #waits;
  #hearing;
  #asking;
  #registry;
  #watch = undefined;

  constructor(runtime, options = {}) {
    checkOptions("config.invalid", "the options of FeatureBus", options, BUS_OPTIONS);
    const { history = {}, health, maxDepth = 100, requestTimeout = 30_000 } = options;
    checkOptions("config.invalid", "the `history` of FeatureBus", history, HISTORY_OPTIONS);
    const link = new Link(runtime, this, (core) => {
      this.#registry.attach(core);
      this.#hearing.attach(core);
    });
    const waits = new Waits(link, this);
    const hub = { runtime, link, waits, requestTimeout, meters: new Meters(), history: new History(history) };
    const hearing = new Hearing(hub, maxDepth);
    const asking = new Asking(hub);
    const registry = new Registry(hub, health);
    this[internals] = Object.assign(hub, {
      features: registry.features,
      healthOptions: registry.healthOptions,

      featureOf: (name, details) => registry.featureOf(name, details),
      statusOf: (feature) => registry.statusOf(feature),
      judge: (...found) => registry.judge(...found),
      record: (call, hasFailed, error, at) => registry.record(call, hasFailed, error, at),
      checkHealth: () => this.#checkHealth(),
      request: (...request) => asking.request(...request),
      requestStream: (...request) => asking.requestStream(...request),
      publish: (...event) => hearing.publish(...event),
      tell: (topic, data) => hearing.tell(topic, data),
      listenerFailed: (error, details) => hearing.listenerFailed(error, details),
      asking,
      /** The action that a step asks for. */
      find: (target) => {
        link.assertUsable();
        return registry.find(target);
      },
      /** Publishes for a step. Every handler has been called when this returns; the asynchronous ones are nobody's concern. */
      emit: (topic, data, source, correlationId, trace) => {
        link.assertUsable();
        const told = hearing.emit(topic, data, source, { correlationId, trace });
        if (told instanceof Promise) told.catch(() => {});
      },
    });
    this.#link = link;
    this.#waits = waits;
    this.#hearing = hearing;
    this.#asking = asking;
    this.#registry = registry;
  }

  /** Adds a feature: a name, a version, and actions. A newer version of one that is there takes its place. */
  registerFeature(feature) {
    this.#registry.register(feature);
  }

  /**
   * Removes a feature. New requests are refused at once; resolves when those under way have ended, which after `grace` they are
   * made to.
   */
  unregisterFeature(name, options) {
    return this.#registry.unregister(name, options);
  }

  /** What is there, by name: all of it, or what fits the filter. */
  async discover(filter = NO_OPTIONS) {
    // The features of the core are there when it is.
    const [{ discover }] = await Promise.all([this.#insight(), this.#link.there()]);
    return discover(this[internals], filter);
  }

  /** Hears a topic or a pattern; returns a function that ends it. */
  subscribe(topic, handler, options) {
    return this.#hearing.subscribe(topic, handler, options);
  }

  /**
   * Tells everybody who listens, in order of priority. Resolves when all handlers have ended, with how many heard it, how many
   * did not want it, and how many failed; a handler that fails stops nobody else.
   */
  publish(topic, data, options) {
    return this.#hearing.publish(topic, data, options);
  }

  /** The events of a topic or a pattern, from now on, as they come. */
  stream(topic, options) {
    return this.#hearing.stream(topic, options);
  }

  /** Asks a feature to perform an action; the promise always settles, at the latest when the timeout is over. */
  request(feature, action, params, options) {
    return this.#asking.request(feature, action, params, options);
  }

  /** As `request`, for an answer that comes in parts. The timeout is for each of them. */
  requestStream(feature, action, params, options) {
    return this.#asking.requestStream(feature, action, params, options);
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
    const [{ checkHealth }] = await Promise.all([this.#insight(), this.#link.there()]);
    return checkHealth(this[internals], name);
  }

  /** Raises an alert when a figure goes beyond a threshold; resolves with a function that ends it. */
  async addAlert(rule, handler) {
    return (await this.#watching()).addAlert(rule, handler);
  }

  /** Rejects what is under way, forgets everything, and refuses further use. */
  dispose() {
    if (this.#link.isDisposed) return;
    this.#link.isDisposed = true;
    const error = disposed();
    this.#watch?.stop();
    this.#waits.fail(error);
    this.#registry.dispose();
    this.#hearing.dispose();
    this[internals].history.clear();
    this.#link.dispose(error);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    this.#waits.fail(error);
  }

  /** What is only looked at now and then is loaded when it is first asked for. */
  async #insight() {
    this.#link.assertUsable();
    const insight = await import("./insight.js").catch(notLoaded("insight.js"));
    this.#link.assertUsable();
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
