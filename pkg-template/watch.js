// What is looked after while a bus is in use: the health checks of its features, and alerts.

import { MAX_DELAY_MS, millisecondsOf, now } from "./clock.js";
import { checks, describe, invalid, problemsOf } from "./errors.js";
import { hear } from "./listeners.js";

/** How often alerts are looked at. */
const LOOK_MS = 1_000;

const isNumber = [(value) => Number.isFinite(value), "a number"];
/** What an alert may be about: each takes a meter and the time. */
const METRICS = {
  errorRate: ({ rate }, at) => rate.errorRate(at),
  perSecond: ({ rate }, at) => rate.perSecond(at),
  failed: ({ rate }, at) => rate.errors(at),
  p50: ({ latency }) => latency.percentile(0.5),
  p95: ({ latency }) => latency.percentile(0.95),
  p99: ({ latency }) => latency.percentile(0.99),
};
const RULE = {
  name: [...checks.string, true],
  metric: [(metric) => Object.hasOwn(METRICS, metric), `one of ${Object.keys(METRICS).map((name) => `\`${name}\``).join(", ")}`, true],
  above: isNumber,
  below: isNumber,
  feature: checks.string,
  action: checks.string,
  topic: checks.string,
  minRequests: [(value) => Number.isInteger(value) && value >= 0, "a whole number, 0 or more"],
  coolDown: checks.duration,
};

/** What a health check answered: its status as a number of `HEALTH_STATUSES`, and what else it said. */
function judgement(answer) {
  const status = typeof answer === "object" && answer !== null ? answer.status : answer;
  const place = ["healthy", "degraded", "unhealthy"].indexOf(status ?? "healthy");
  if (place >= 0) return [place, answer?.details];
  if (typeof status === "boolean") return [status ? 0 : 2, answer?.details];
  return [2, undefined, `the check answered ${describe(status)} instead of a status`];
}

/** Checks the health of a feature now, unless that is under way; resolves when the result has been taken. */
export function checkNow(bus, feature) {
  return (feature.checking ??= check(bus, feature).finally(() => {
    feature.checking = undefined;
  }));
}

async function check(bus, feature) {
  const controller = new AbortController();
  const { checkTimeout } = bus.healthOptions;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`the check did not end within ${checkTimeout} ms`);
      controller.abort(error);
      reject(error);
    }, Math.min(checkTimeout, MAX_DELAY_MS));
    timer.unref?.();
  });
  try {
    const [status, details, reason] = judgement(await Promise.race([feature.healthCheck({ signal: controller.signal }), late]));
    bus.judge(feature, status, details, reason);
  } catch (error) {
    bus.judge(feature, 2, undefined, typeof error?.code === "string" ? error.code : String(error?.name ?? "Error"));
  } finally {
    clearTimeout(timer);
  }
}

/** Calls back every so often, without keeping the process or the owner alive. */
function every(ms, owner, act) {
  const held = typeof WeakRef === "function" ? new WeakRef(owner) : { deref: () => owner };
  const timer = setInterval(() => {
    const there = held.deref();
    if (there === undefined) clearInterval(timer);
    else act(there);
  }, Math.min(ms, MAX_DELAY_MS));
  timer.unref?.();
  return timer;
}

/** Looks after one bus. */
export class Watch {
  #bus;
  #alerts = new Set();
  #checks = undefined;
  #looks = undefined;

  constructor(bus) {
    this.#bus = bus;
  }

  /** Health checks are made from now on. */
  checkHealth() {
    this.#checks ??= every(this.#bus.healthOptions.interval, this, (watch) => {
      for (const feature of watch.#bus.features.values()) if (feature.healthCheck !== undefined) void checkNow(watch.#bus, feature);
    });
  }

  addAlert(rule, handler) {
    const problems = problemsOf(rule, RULE);
    const { above, below, feature, action, topic } = rule ?? {};
    if (problems.length === 0) {
      if ((above === undefined) === (below === undefined)) problems.push({ pointer: "", message: "an alert has one threshold, `above` or `below`" });
      if ((feature === undefined) === (topic === undefined)) problems.push({ pointer: "", message: "an alert is about a `feature`, perhaps with an `action`, or about a `topic`" });
      if (action !== undefined && feature === undefined) problems.push({ pointer: "/action", message: "an `action` needs the `feature` that has it" });
    }
    if (handler !== undefined && typeof handler !== "function") problems.push({ pointer: "", message: `the handler must be a function, not ${describe(handler)}` });
    if (problems.length > 0) throw invalid("bus.invalid", "the alert", problems);
    const alert = { rule: { ...rule }, handler, isRaised: false, raisedAt: -Infinity };
    this.#alerts.add(alert);
    this.#looks ??= every(LOOK_MS, this, (watch) => watch.look(now()));
    return () => {
      this.#alerts.delete(alert);
      if (this.#alerts.size > 0) return;
      clearInterval(this.#looks);
      this.#looks = undefined;
    };
  }

  /** Raises and clears alerts. */
  look(at) {
    for (const alert of this.#alerts) {
      const { name: rule, metric, above, below, feature, action, topic, minRequests = 1, coolDown = "5m" } = alert.rule;
      const meter = this.#meterOf(feature, action, topic);
      const value = meter === undefined || meter.rate.count(at) < minRequests ? undefined : METRICS[metric](meter, at);
      const isBeyond = value !== undefined && (above === undefined ? value < below : value > above);
      if (isBeyond === alert.isRaised) continue;
      // One that has just been raised, and cleared, is not raised again so soon.
      if (isBeyond && at < alert.raisedAt + millisecondsOf(coolDown)) continue;
      alert.isRaised = isBeyond;
      if (isBeyond) alert.raisedAt = at;
      const told = { rule, metric, value, threshold: above ?? below };
      for (const [key, name] of Object.entries({ feature, action, topic })) if (name !== undefined) told[key] = name;
      this.#bus.tell(isBeyond ? "alert.raised" : "alert.cleared", told);
      if (alert.handler !== undefined) hear(alert.handler, { type: isBeyond ? "alert.raised" : "alert.cleared", ...told }, (error) => this.#bus.listenerFailed(error, { alert: rule }));
    }
  }

  #meterOf(feature, action, topic) {
    const { topics, actions, features } = this.#bus.meters;
    if (topic !== undefined) return topics.get(topic);
    return action === undefined ? features.get(feature) : actions.get(`${feature}.${action}`);
  }

  stop() {
    clearInterval(this.#checks);
    clearInterval(this.#looks);
    this.#alerts.clear();
  }
}
