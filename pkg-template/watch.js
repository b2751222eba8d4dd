// What is looked after while a bus is in use: how healthy its features are, and whether figures are beyond what is allowed.

import { HEALTH_STATUSES } from "./feature.js";
import { MAX_DELAY_MS, millisecondsOf, now, weakly } from "./clock.js";
import { RepflowError, aCount, aDuration, aString, assertValid, describe, hasFields, matching, problemsOf, quoted } from "./errors.js";
import { figuresOf } from "./figures.js";
import { hear } from "./listeners.js";
import { TOPIC } from "./topics.js";

const UNHEALTHY = 2;

/** How often alerts are looked at. */
const LOOK_MS = 1_000;

const percentile = (share) => ({ latency }) => latency.percentile(share);
const METRICS = {
  errorRate: ({ errorRate }) => errorRate,
  p50: percentile(0.5),
  p95: percentile(0.95),
  p99: percentile(0.99),
  perSecond: ({ perSecond }) => perSecond,
  failed: ({ failed }) => failed,
};

const isNumber = [Number.isFinite, "a number"];
const RULE = {
  name: [...aString, true],
  metric: [(metric) => Object.hasOwn(METRICS, metric), `one of ${quoted(Object.keys(METRICS))}`, true],
  above: isNumber,
  below: isNumber,
  feature: aString,
  action: aString,
  topic: [(topic) => matching(TOPIC)(topic) && !/[*>]/.test(topic), "a topic without wildcards"],
  minRequests: aCount,
  coolDown: aDuration,
};

/** The checks of features that are under way. */
const running = new WeakMap();

/**
 * Has a feature check its health, or joins the check that is under way; resolves when the result has been taken. Its time
 * limit keeps the process alive when somebody waits for it.
 */
export function check(bus, feature, isAwaited) {
  let run = running.get(feature);
  if (run === undefined) {
    run = begin(bus, feature);
    running.set(feature, run);
    run.done = run.done.finally(() => running.delete(feature));
  }
  if (isAwaited) run.timer.ref?.();
  return run.done;
}

function begin(bus, feature) {
  const { checkTimeout } = bus.registry.healthOptions;
  const controller = new AbortController();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const error = new RepflowError("bus.timeout", `it did not end within ${checkTimeout} ms`);
      reject(error);
      controller.abort(error);
    }, Math.min(checkTimeout, MAX_DELAY_MS));
    timer.unref?.();
  });
  const { healthCheck } = feature;
  const answer = new Promise((resolve) => resolve(healthCheck({ signal: controller.signal })));
  const done = Promise.race([answer, late])
    .then(judgement, (error) => [UNHEALTHY, undefined, `the health check failed: ${reasonOf(error)}`])
    .then((judged) => {
      clearTimeout(timer);
      // It may have left, or been replaced, meanwhile.
      if (bus.features.get(feature.info.name) === feature) bus.registry.judge(feature, ...judged);
    });
  return { done, timer };
}

/** Not the message of somebody else: who knows what is in there. */
const reasonOf = (error) => (error instanceof RepflowError ? error.message : String(error?.code ?? error?.name ?? typeof error));

/** What a check found: a place in `HEALTH_STATUSES`, details, and why it is not healthy. */
function judgement(answer) {
  const { status, details } = hasFields(answer) ? answer : { status: answer };
  const said = typeof status === "boolean" ? (status ? 0 : UNHEALTHY) : HEALTH_STATUSES.indexOf(status === undefined ? "healthy" : status);
  if (said === 0) return [said, details];
  if (said > 0) return [said, details, `the health check answered ${describe(status)}`];
  const expected = "`healthy`, `degraded`, `unhealthy`, a boolean, or an object with such a `status`";
  return [UNHEALTHY, details, `the health check answered ${describe(status)} instead of ${expected}`];
}

/** Calls `act(owner)` every so often, until the timer is cleared or the owner collected; keeps neither it nor the process. */
function every(ms, owner, act) {
  // No closure here: it might hold the owner.
  const held = { owner: weakly(owner), act, timer: undefined };
  held.timer = setInterval(ring, Math.min(ms, MAX_DELAY_MS), held);
  held.timer.unref?.();
  return held.timer;
}

function ring({ owner, act, timer }) {
  const it = owner.deref();
  if (it === undefined) clearInterval(timer);
  else act(it);
}

const look = (watch) => watch.look();
const checkAll = (watch) => watch.checkAll();

/** Looks after one bus. */
export class Watch {
  #bus;
  #clock;
  #alerts = new Set();
  #looks = undefined;
  #checks = undefined;

  constructor(bus, clock = now) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** From now on, health is checked; the first time when the interval is over. */
  checkHealth() {
    this.#checks ??= every(this.#bus.registry.healthOptions.interval, this, checkAll);
  }

  /** Tells when a figure is beyond a threshold; returns a function that ends it. */
  addAlert(rule, handler) {
    const problems = problemsOf(rule, RULE);
    const { above, below, feature, action, topic } = rule ?? {};
    const must = (holds, pointer, message) => holds || problems.push({ pointer, message });
    must((above === undefined) !== (below === undefined), "", "an alert has one threshold, `above` or `below`");
    must((feature === undefined) !== (topic === undefined), "", "an alert is about a `feature`, perhaps with an `action`, or about a `topic`");
    must(action === undefined || feature !== undefined, "/action", "an `action` needs the `feature` that has it");
    must(handler === undefined || typeof handler === "function", "", `the handler must be a function, not ${describe(handler)}`);
    assertValid("bus.invalid", "the alert", problems);
    const alert = { rule: { ...rule }, handler, isRaised: false, raisedAt: -Infinity };
    this.#alerts.add(alert);
    this.#looks ??= every(LOOK_MS, this, look);
    return () => {
      this.#alerts.delete(alert);
      if (this.#alerts.size === 0) this.#looks = clearInterval(this.#looks);
    };
  }

  stop() {
    this.#alerts.clear();
    this.#looks = clearInterval(this.#looks);
    this.#checks = clearInterval(this.#checks);
  }

  /** Has all features that can check their health. */
  checkAll() {
    for (const feature of this.#bus.features.values()) {
      // What goes wrong with the core, whoever waits for it is told.
      if (feature.healthCheck !== undefined) check(this.#bus, feature).catch(() => {});
    }
  }

  /** Raises alerts whose figures are beyond the threshold, and clears those whose figures are back. */
  look() {
    const at = this.#clock();
    const { topics } = this.#bus.meters;
    const features = this.#bus.meters.byFeature();
    for (const alert of this.#alerts) {
      const { name, metric, above, below, feature, action, topic, minRequests = 1, coolDown = "5m" } = alert.rule;
      const actions = (features.get(feature) ?? []).filter(([name]) => action === undefined || name === action);
      const meters = topic === undefined ? actions.map(([, meter]) => meter) : [topics.get(topic)].filter(Boolean);
      const figures = figuresOf(meters, at);
      const value = METRICS[metric](figures);
      const isBeyond = figures.count >= minRequests && (above === undefined ? value < below : value > above);
      if (isBeyond === alert.isRaised || (isBeyond && at < alert.raisedAt + millisecondsOf(coolDown))) continue;
      alert.isRaised = isBeyond;
      if (isBeyond) alert.raisedAt = at;
      const type = isBeyond ? "alert.raised" : "alert.cleared";
      const told = { rule: name, metric, value: value ?? 0, threshold: above ?? below };
      for (const [key, it] of Object.entries({ feature, action, topic })) if (it !== undefined) told[key] = it;
      this.#bus.hearing.tell(type, told);
      if (alert.handler !== undefined) hear(alert.handler, { type, ...told }, (error) => this.#bus.hearing.listenerFailed(error, { topic: type, feature }));
    }
  }
}
