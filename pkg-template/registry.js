// Who is there, and how healthy. The core judges health; the rest is known here, since it must be there before the core is.

import { giveUp } from "./call.js";
import { MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { NO_OPTIONS, RepflowError, aCount, aDuration, checkOptions } from "./errors.js";
import { HEALTH_STATUSES, Registered, foundIn, unavailable, withResolvers } from "./feature.js";
import { missing } from "./nearest.js";
import { PolicyBase } from "./policy.js";
import { compareVersions } from "./versions.js";

const isRate = [(value) => value > 0 && value <= 1, "a part of the calls, above 0 and at most 1"];
/** What the core is told of health, in this order, with what holds when nothing is said. */
const HEALTH = {
  window: [60_000, aDuration],
  minRequests: [10, aCount],
  degradedErrorRate: [0.1, isRate],
  unhealthyErrorRate: [0.5, isRate],
  slow: [5_000, aDuration],
  degradedSlowRate: [0.5, isRate],
  unhealthySlowRate: [0.9, isRate],
  recovery: [0.5, isRate],
  failuresToUnhealthy: [3, aCount],
  successesToRecover: [2, aCount],
};
const HEALTH_OPTIONS = {
  ...Object.fromEntries(Object.entries(HEALTH).map(([key, [, check]]) => [key, check])),
  interval: aDuration,
  checkTimeout: aDuration,
};

/** The features of one bus. */
export class Registry {
  /** By name. */
  features = new Map();
  #hub;
  #link;
  #healthNumbers;
  /** Another number whenever features come or go. */
  #epoch = 1;
  /** The window of the core in milliseconds, and a tenth of it as the core has it; and when a call is slow. */
  #windowMs;
  #tenthUs;
  #slowMs;

  constructor(hub, health = NO_OPTIONS) {
    checkOptions("config.invalid", "the `health` of FeatureBus", health, HEALTH_OPTIONS);
    this.#hub = hub;
    this.#link = hub.link;
    this.#healthNumbers = Float64Array.from(Object.entries(HEALTH), ([key, [usual]]) => millisecondsOf(health[key] ?? usual));
    this.#windowMs = millisecondsOf(health.window ?? HEALTH.window[0]);
    this.#tenthUs = Math.max(Math.floor(this.#windowMs * 100), 1);
    this.#slowMs = millisecondsOf(health.slow ?? HEALTH.slow[0]);
    /** How often health is checked, and how long that may take, in milliseconds. */
    this.healthOptions = {
      interval: millisecondsOf(health.interval ?? 30_000),
      checkTimeout: millisecondsOf(health.checkTimeout ?? 5_000),
    };
  }

  /** Has a core that does not know the features judge their health. */
  attach(core) {
    for (const feature of this.features.values()) this.#add(core, feature);
  }

  dispose() {
    this.#epoch += 1;
    for (const { limits } of this.features.values()) limits?.dispose();
    this.features.clear();
  }

  register(given) {
    this.#link.assertUsable();
    const feature = new Registered(this.#hub, given, now(), (limits) => new PolicyBase(this.#link.runtime, limits));
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
    this.#epoch += 1;
    if (before === undefined) this.#hub.hearing.tell("feature.registered", { name, version });
    else this.#hub.hearing.tell("feature.replaced", { name, version, previous });
  }

  async unregister(name, options = NO_OPTIONS) {
    this.#link.assertUsable();
    checkOptions("bus.invalid", "the options of unregisterFeature", options, { grace: aDuration });
    const feature = this.featureOf(name);
    const { version } = feature.info;
    this.features.delete(name);
    this.#epoch += 1;
    const gone = this.#remove(feature);
    this.#hub.hearing.tell("feature.unregistered", { name, version });
    if (options.grace !== undefined && feature.underWay > 0) {
      const over = withResolvers();
      const timer = setTimeout(over.resolve, Math.min(millisecondsOf(options.grace), MAX_DELAY_MS));
      await Promise.race([gone, over.promise]);
      clearTimeout(timer);
      const message = `the feature \`${name}\` was unregistered, and its time of grace is over`;
      for (const call of feature.calls()) giveUp(call, unavailable(message, { correlationId: call.of.correlationId }));
    }
    await gone;
  }

  /** The core judges the health of a feature from now on. */
  #add(core, feature) {
    feature.coreId = core.healthNew(this.#link.coreHandle, this.#healthNumbers);
    feature.untold = 0;
    if (feature.healthCheck !== undefined) this.#hub.checkHealth();
  }

  /** A feature takes no more requests; resolves when what is under way has ended. */
  async #remove(feature) {
    if (this.#link.isAttached && feature.coreId !== undefined) this.#link.core.healthFree(this.#link.coreHandle, feature.coreId);
    feature.coreId = undefined;
    await feature.idle();
    feature.limits?.dispose();
  }

  /**
   * The action that a step asks for, and its feature: looked up again only when features came or went. One that is yet to be
   * loaded, or is not there, is for `invoke` to deal with.
   */
  find(target) {
    this.#link.assertUsable();
    if (target.found !== undefined && target.epoch === this.#epoch) return target.found;
    const feature = this.featureOf(target.feature);
    const found = foundIn(feature, target.action);
    if (found.known !== undefined) {
      target.found = found;
      target.epoch = this.#epoch;
    }
    return found;
  }

  featureOf(name, details) {
    return this.features.get(name) ?? missing("bus.no_such_feature", "there is no feature", name, this.features.keys(), details);
  }

  /** Counts an action that has ended, and has the core judge its feature. */
  record(call, hasFailed, error, at) {
    const { feature } = call;
    const took = (call.firstAt ?? at) - call.began;
    try {
      call.meter.end(call.of.caller, hasFailed ? error ?? "undefined" : undefined, took, at);
      if (hasFailed && saysNothing(error)) return;
    } catch {
      // A getter that throws tells nothing.
    }
    if (feature.coreId === undefined || !this.#link.isAttached) return;
    if (!hasFailed && took <= this.#slowMs && this.#isSpotless(feature, at)) {
      // The window of the core counts by tenths: within one of them, it does not matter when it is told.
      const us = at * 1_000 + 0.5;
      if (us >= feature.tellBy) {
        this.#tell(feature);
        feature.tellBy = (Math.floor(us / this.#tenthUs) + 1) * this.#tenthUs;
      }
      feature.untold += 1;
      feature.untoldAt = at;
      return;
    }
    if (hasFailed || took > this.#slowMs) feature.blemishedAt = at;
    this.#tell(feature);
    this.#heed(feature, this.#link.core.healthRecord(this.#link.coreHandle, feature.coreId, hasFailed, took, at), "requests");
  }

  /**
   * Whether one more call that ended well changes nothing of how healthy a feature is: it is healthy, and in the window there is
   * neither an error nor a slow call that it could make the rate of. Most calls are of this kind, and the core is told of many
   * of them at once.
   */
  #isSpotless(feature, at) {
    return feature.status === 0 && at - feature.blemishedAt > this.#windowMs;
  }

  /** Tells the core of the calls that it has not been told of. */
  #tell(feature) {
    if (feature.untold === 0) return;
    this.#link.core.healthRecordGood(this.#link.coreHandle, feature.coreId, feature.untold, feature.untoldAt);
    feature.untold = 0;
  }

  statusOf(feature) {
    if (feature.coreId !== undefined && this.#link.isAttached) {
      this.#tell(feature);
      this.#heed(feature, this.#link.core.healthStatus(this.#link.coreHandle, feature.coreId, now()), "time");
    }
    return feature.status;
  }

  /** Takes what a check found. */
  judge(feature, status, details, reason) {
    const at = now();
    Object.assign(feature.health, { checkedAt: at, details, reason });
    if (feature.coreId === undefined || !this.#link.isAttached) return;
    this.#tell(feature);
    this.#heed(feature, this.#link.core.healthChecked(this.#link.coreHandle, feature.coreId, status, at), "check");
  }

  /** Tells when the health of a feature has changed. */
  #heed(feature, status, reason) {
    if (status === feature.status) return;
    const previous = HEALTH_STATUSES[feature.status];
    const { name, version } = feature.info;
    feature.status = status;
    feature.health.since = now();
    if (reason !== "check") feature.health.reason = status === 0 ? undefined : reason;
    if (status === 0) this.#hub.hearing.tell("feature.recovered", { name, version, previous });
    else this.#hub.hearing.tell("feature.degraded", { name, version, status: HEALTH_STATUSES[status], previous, reason });
  }
}

/** What its caller did wrong or did not want any more, and what it was not asked at all, say nothing about a feature. */
const saysNothing = (error) =>
  error?.kind === "validation" || error?.kind === "cancelled" || error?.name === "AbortError" || (error?.code && /^(bulkhead|rate_limit)\./.test(error.code));
