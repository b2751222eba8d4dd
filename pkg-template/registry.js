// Who is there, and how healthy. The core judges health; the rest is known here, since it must be there before the core is.

import { MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { CallContext } from "./context.js";
import { NO_OPTIONS, RepflowError, checkOptions, checks } from "./errors.js";
import { HEALTH_STATUSES, Registered, unavailable, withResolvers } from "./feature.js";
import { missing } from "./nearest.js";
import { PolicyBase } from "./policy.js";
import { compareVersions } from "./versions.js";

export const isCount = [(value) => Number.isInteger(value) && value >= 0, "a whole number, 0 or more"];
const isRate = [(value) => value > 0 && value <= 1, "a part of the calls, above 0 and at most 1"];
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

/** The features of one bus. */
export class Registry {
  /** By name. */
  features = new Map();
  #hub;
  #link;
  #healthNumbers;

  constructor(hub, health = NO_OPTIONS) {
    checkOptions("config.invalid", "the `health` of FeatureBus", health, HEALTH_OPTIONS);
    this.#hub = hub;
    this.#link = hub.link;
    this.#healthNumbers = Float64Array.from(Object.entries(HEALTH), ([key, [usual]]) => millisecondsOf(health[key] ?? usual));
    /** How often health is checked, and how long that may take, in milliseconds. */
    this.healthOptions = {
      interval: millisecondsOf(health.interval ?? "30s"),
      checkTimeout: millisecondsOf(health.checkTimeout ?? "5s"),
    };
  }

  /** Has a core that does not know the features judge their health. */
  attach(core) {
    for (const feature of this.features.values()) this.#add(core, feature);
  }

  dispose() {
    for (const { limits } of this.features.values()) limits?.dispose();
    this.features.clear();
  }

  register(given) {
    this.#link.assertUsable();
    const feature = new Registered(given, now(), (limits) => new PolicyBase(this.#link.runtime, limits));
    const { name, version } = feature.info;
    const before = this.features.get(name);
    const previous = before?.info.version;
    if (before !== undefined && compareVersions(version, previous) <= 0) {
      const message = `a feature \`${name}\` is registered already, in version ${previous}; a newer version takes its place, and for another one unregister it first`;
      throw new RepflowError("bus.feature_exists", message);
    }
    if (before !== undefined) void this.#remove(before);
    if (this.#link.isAttached) this.#add(this.#link.core, feature);
    this.features.set(name, feature);
    if (before === undefined) this.#hub.tell("feature.registered", { name, version });
    else this.#hub.tell("feature.replaced", { name, version, previous });
  }

  async unregister(name, options = NO_OPTIONS) {
    this.#link.assertUsable();
    checkOptions("bus.invalid", "the options of unregisterFeature", options, { grace: checks.duration });
    const feature = this.featureOf(name);
    const { version } = feature.info;
    this.features.delete(name);
    const gone = this.#remove(feature);
    this.#hub.tell("feature.unregistered", { name, version });
    if (options.grace !== undefined && feature.underWay > 0) {
      const over = withResolvers();
      const timer = setTimeout(over.resolve, Math.min(millisecondsOf(options.grace), MAX_DELAY_MS));
      await Promise.race([gone, over.promise]);
      clearTimeout(timer);
      const message = `the feature \`${name}\` was unregistered, and its time of grace is over`;
      for (const { context } of [...feature.calls]) CallContext.giveUp(context, unavailable(message, { correlationId: context.correlationId }));
    }
    await gone;
  }

  /** The core judges the health of a feature from now on. */
  #add(core, feature) {
    feature.number = core.healthNew(this.#link.handle, this.#healthNumbers);
    if (feature.healthCheck !== undefined) this.#hub.checkHealth();
  }

  /** A feature takes no more requests; resolves when what is under way has ended. */
  async #remove(feature) {
    if (this.#link.isAttached && feature.number !== undefined) this.#link.core.healthFree(this.#link.handle, feature.number);
    feature.number = undefined;
    await feature.idle();
    feature.limits?.dispose();
  }

  featureOf(name, details) {
    return this.features.get(name) ?? missing("bus.no_such_feature", "there is no feature", name, this.features.keys(), details);
  }

  /** Counts an action that has ended, and has the core judge its feature. */
  record({ feature, meter, caller, began, firstAt }, hasFailed, error) {
    const at = now();
    const took = (firstAt ?? at) - began;
    let counts = true;
    try {
      meter.end(caller, hasFailed ? error ?? "undefined" : undefined, took, at);
      counts = !hasFailed || !saysNothing(error);
    } catch {
      // A getter that throws tells nothing.
    }
    if (!counts) return;
    if (feature.number === undefined || !this.#link.isAttached) return;
    this.#heed(feature, this.#link.core.healthRecord(this.#link.handle, feature.number, hasFailed, took, at), "requests");
  }

  statusOf(feature) {
    if (feature.number !== undefined && this.#link.isAttached) {
      this.#heed(feature, this.#link.core.healthStatus(this.#link.handle, feature.number, now()), "time");
    }
    return feature.status;
  }

  /** Takes what a check found. */
  judge(feature, status, details, reason) {
    const at = now();
    Object.assign(feature.health, { checkedAt: at, details, reason });
    if (feature.number === undefined || !this.#link.isAttached) return;
    this.#heed(feature, this.#link.core.healthChecked(this.#link.handle, feature.number, status, at), "check");
  }

  /** Tells when the health of a feature has changed. */
  #heed(feature, status, reason) {
    if (status === feature.status) return;
    const previous = HEALTH_STATUSES[feature.status];
    const { name, version } = feature.info;
    feature.status = status;
    feature.health.since = now();
    if (reason !== "check") feature.health.reason = status === 0 ? undefined : reason;
    if (status === 0) this.#hub.tell("feature.recovered", { name, version, previous });
    else this.#hub.tell("feature.degraded", { name, version, status: HEALTH_STATUSES[status], previous, reason });
  }
}

/** What its caller did wrong or did not want any more, and what it was not asked at all, say nothing about a feature. */
const saysNothing = (error) =>
  error?.kind === "validation" || error?.kind === "cancelled" || error?.name === "AbortError" || /^(bulkhead|rate_limit)\./.test(error?.code);

function checkTopic(topic) {
  if (typeof topic === "string" && TOPIC.test(topic)) return;
  const message = `${describe(topic)} is not a topic; a topic is names between dots, such as \`workout.generated\`, and a subscription may use \`*\` for one name and \`>\` at the end for the rest`;
  throw invalid("bus.invalid", "the subscription", [{ pointer: "/topic", message }]);
}
