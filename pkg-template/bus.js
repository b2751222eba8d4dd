// FeatureBus: features call each other, and tell what happened.

import { Asking } from "./asking.js";
import { isObject } from "./definition.js";
import { aCount, aDuration, checkOptions, disposed, notLoaded, whole } from "./errors.js";
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
  #hub;
  #watch = undefined;

  constructor(runtime, options = {}) {
    checkOptions("config.invalid", "the options of FeatureBus", options, BUS_OPTIONS);
    const { history = {}, health, maxDepth = 100, requestTimeout = 30_000 } = options;
    checkOptions("config.invalid", "the `history` of FeatureBus", history, HISTORY_OPTIONS);
    const link = new Link(runtime, this, (core) => {
      this.#hub.registry.attach(core);
      this.#hub.hearing.attach(core);
    });
    const waits = new Waits(link, this);
    const hub = { runtime, link, waits, requestTimeout, meters: new Meters(), history: new History(history) };
    hub.hearing = new Hearing(hub, maxDepth);
    hub.asking = new Asking(hub);
    hub.registry = new Registry(hub, health);
    hub.features = hub.registry.features;
    hub.checkHealth = () => this.#checkHealth();
    this[internals] = this.#hub = hub;
  }

  /** Adds a feature: a name, a version, and actions. A newer version of one that is there takes its place. */
  registerFeature(feature) {
    this.#hub.registry.register(feature);
  }

  /**
   * Removes a feature. New requests are refused at once; resolves when those under way have ended, which after `grace` they are
   * made to.
   */
  unregisterFeature(name, options) {
    return this.#hub.registry.unregister(name, options);
  }

  /** What is there, by name: all of it, or what fits the filter. */
  async discover(filter) {
    // The features of the core are there when it is.
    const [{ discover }] = await Promise.all([this.#insight(), this.#hub.link.there()]);
    return discover(this.#hub, filter);
  }

  /** Hears a topic or a pattern; returns a function that ends it. */
  subscribe(topic, handler, options) {
    return this.#hub.hearing.subscribe(topic, handler, options);
  }

  /**
   * Tells everybody who listens, in order of priority. Resolves when all handlers have ended, with how many heard it, how many
   * did not want it, and how many failed; a handler that fails stops nobody else.
   */
  publish(topic, data, options) {
    return this.#hub.hearing.publish(topic, data, options);
  }

  /** The events of a topic or a pattern, from now on, as they come. */
  stream(topic, options) {
    return this.#hub.hearing.stream(topic, options);
  }

  /** Asks a feature to perform an action; the promise always settles, at the latest when the timeout is over. */
  request(feature, action, params, options) {
    return this.#hub.asking.request(feature, action, params, options);
  }

  /** As `request`, for an answer that comes in parts. The timeout is for each of them. */
  requestStream(feature, action, params, options) {
    return this.#hub.asking.requestStream(feature, action, params, options);
  }

  /** What was published lately. */
  async history(query) {
    return (await this.#insight()).queried(this.#hub, query);
  }

  /** The same as lines of JSON, each a CloudEvent. */
  async exportHistory(query) {
    return (await this.#insight()).exported(this.#hub, query);
  }

  /** Counts, latencies, and who talks to whom. */
  async metrics() {
    return (await this.#insight()).metricsOf(this.#hub);
  }

  /** Checks the health of all features, or of one, now. */
  async checkHealth(name) {
    const [{ checkHealth }] = await Promise.all([this.#insight(), this.#hub.link.there()]);
    return checkHealth(this.#hub, name);
  }

  /** Raises an alert when a figure goes beyond a threshold; resolves with a function that ends it. */
  async addAlert(rule, handler) {
    return (await this.#watching()).addAlert(rule, handler);
  }

  /** Rejects what is under way, forgets everything, and refuses further use. */
  dispose() {
    if (this.#hub.link.isDisposed) return;
    this.#hub.link.isDisposed = true;
    const error = disposed();
    this.#watch?.stop();
    this.#hub.waits.fail(error);
    this.#hub.registry.dispose();
    this.#hub.hearing.dispose();
    this.#hub.history.clear();
    this.#hub.link.dispose(error);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    this.#hub.waits.fail(error);
  }

  /** What is only looked at now and then is loaded when it is first asked for. */
  async #insight() {
    this.#hub.link.assertUsable();
    const insight = await import("./insight.js").catch(notLoaded("insight.js"));
    this.#hub.link.assertUsable();
    return insight;
  }

  async #watching() {
    const { Watch } = await this.#insight();
    return (this.#watch ??= new Watch(this.#hub));
  }

  /** Health is checked from now on; without what does that, requests alone tell. */
  #checkHealth() {
    this.#watching().then((watch) => watch.checkHealth(), () => {});
  }
}
