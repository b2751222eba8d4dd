// What can be read of a bus: who is there, what was published, what has been counted.

import { now } from "./clock.js";
import { HEALTH_STATUSES } from "./bus.js";
import { checkOptions, checks } from "./errors.js";
import { missing } from "./feature.js";
import { isAfter } from "./history.js";
import { TOPIC, matcher } from "./topics.js";
import { RANGE, satisfies } from "./versions.js";
import { checkNow } from "./watch.js";

const areTexts = (value) => typeof value === "string" || checks.strings[0](value);
const asList = (value) => (Array.isArray(value) ? value : [value]);
const isTime = [(time) => ["string", "number"].includes(typeof time) || time instanceof Date, 'the id of an event, a date, milliseconds, or "start"'];
const DISCOVER = {
  name: checks.string,
  capability: [areTexts, "a capability or a list of them"],
  health: [(value) => areTexts(value) && asList(value).every((status) => HEALTH_STATUSES.includes(status)), "one of `healthy`, `degraded` and `unhealthy`, or a list of them"],
  version: [(range) => typeof range === "string" && RANGE.test(range), "a version such as `1.2.0`, `^1.2.0`, `~1.2.0` or `>=1.2.0`"],
};
const QUERY = {
  topic: [(topic) => typeof topic === "string" && TOPIC.test(topic), "a topic or a pattern"],
  feature: checks.string,
  correlationId: checks.string,
  since: isTime,
  until: [(time) => typeof time === "number" || time instanceof Date, "a date or milliseconds"],
  limit: [(value) => Number.isInteger(value) && value >= 1, "a whole number, 1 or more"],
};

const rfc3339 = (at) => new Date(at).toISOString();
const byName = (a, b) => (a.info.name < b.info.name ? -1 : 1);
/** Without what is not known. */
const known = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** How healthy a feature is. */
function healthOf(bus, feature) {
  const status = HEALTH_STATUSES[bus.statusOf(feature)];
  const { since, checkedAt, details, reason } = feature.health;
  return known({ status, since: rfc3339(since), checkedAt: checkedAt && rfc3339(checkedAt), details, reason });
}

/** Descriptions of the features that fit. */
export function discover(bus, filter) {
  checkOptions("bus.invalid", "the filter", filter, DISCOVER);
  const { name, capability = [], health, version } = filter;
  const at = now();
  return [...bus.features.values()]
    .sort(byName)
    .filter(({ info }) => name === undefined || info.name === name)
    .filter(({ info }) => asList(capability).every((each) => info.capabilities.includes(each)))
    .filter(({ info }) => version === undefined || satisfies(info.version, version))
    .map((feature) => {
      const actions = [...feature.actions].map(([name, { description, input, output }]) => known({ name, description, input, output }));
      const requestsPerSecond = bus.meters.features.get(feature.name)?.rate.perSecond(at) ?? 0;
      const load = { inFlight: feature.underWay, requestsPerSecond };
      return { ...structuredClone(feature.info), loaded: feature.isLoaded, actions, health: healthOf(bus, feature), load };
    })
    .filter((found) => health === undefined || asList(health).includes(found.health.status));
}

/** The events that a query asks for, oldest first; those that have expired are not told any more. */
export function queried(bus, query) {
  checkOptions("bus.invalid", "the query", query, QUERY);
  const { topic, feature, correlationId, since = "start", until = Infinity, limit = Infinity } = query;
  const [fits, isLater] = [topic === undefined ? () => true : matcher(topic), isAfter(bus.history, since)];
  const at = now();
  const found = [...bus.history].filter(
    (event) =>
      fits(event.type) &&
      (feature === undefined || event.source === feature) &&
      (correlationId === undefined || event.correlationid === correlationId) &&
      isLater(event) &&
      event.at <= until &&
      !(event.expiresAt <= at),
  );
  return found.slice(-Math.min(limit, found.length) || found.length);
}

/** The same as text: an event in JSON on each line. */
export const exported = (bus, query) => queried(bus, query).map((event) => `${JSON.stringify(event)}\n`).join("");

const SHARES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 };

function latencyOf({ latency }) {
  if (latency.count === 0) return undefined;
  const shares = Object.entries(SHARES).map(([name, share]) => [name, latency.percentile(share)]);
  return { ...Object.fromEntries(shares), max: latency.max, mean: latency.sum / latency.count };
}

function actionOf(meter, inFlight, at) {
  const { requests, errors, timeouts, cancelled, late, rate, lastError } = meter;
  return known({
    requests, errors, timeouts, cancelled, late, inFlight,
    errorRate: rate.errorRate(at),
    perSecond: rate.perSecond(at),
    latency_ms: latencyOf(meter),
    lastError: lastError && { code: lastError.code, at: rfc3339(lastError.at) },
  });
}

/** All that has been counted. */
export function metricsOf(bus) {
  const at = now();
  const { meters, history } = bus;
  const topics = [...meters.topics].map(([name, meter]) => {
    const { published, delivered, filtered, failed, rate } = meter;
    return [name, known({ published, delivered, filtered, failed, perSecond: rate.perSecond(at), latency_ms: latencyOf(meter) })];
  });
  const features = [...meters.features].map(([name, meter]) => {
    const calls = [...(bus.features.get(name)?.calls ?? [])];
    const own = [...meters.actions.values()].filter(({ feature }) => feature === name);
    const actions = own.map((it) => [it.action, actionOf(it, calls.filter((call) => call.meter === it).length, at)]);
    return [name, { ...actionOf(meter, calls.length, at), actions: Object.fromEntries(actions) }];
  });
  return {
    since: rfc3339(meters.since),
    topics: Object.fromEntries(topics),
    features: Object.fromEntries(features),
    history: known({ events: history.length, bytes: history.bytes, evicted: history.evicted }),
    graph: graphOf(bus),
  };
}

/** Who talks to whom: callers and features that ask, publish and listen. */
function graphOf({ meters, features }) {
  const nodes = new Map();
  const edges = [];
  const node = (kind, name) => {
    const id = kind === "feature" ? name : `${kind}:${name}`;
    nodes.set(id, { id, kind });
    return id;
  };
  // Who asks or publishes may be a feature, or a workflow, or the app.
  const party = (name) => node(features.has(name) || meters.features.has(name) ? "feature" : "caller", name);
  for (const [name, { callers }] of meters.features) {
    for (const [caller, { count, errors }] of callers) edges.push({ from: party(caller), to: node("feature", name), kind: "request", count, errors });
  }
  for (const [name, { publishers, hearers }] of meters.topics) {
    const topic = node("topic", name);
    for (const [source, { count, errors }] of publishers) edges.push({ from: party(source), to: topic, kind: "publish", count, errors });
    for (const [feature, { count, errors }] of hearers) edges.push({ from: topic, to: node("feature", feature), kind: "deliver", count, errors });
  }
  return { nodes: [...nodes.values()], edges };
}

/** Checks now how healthy the features are, or one of them. */
export async function checkHealth(bus, name) {
  const features = name === undefined ? [...bus.features.values()].sort(byName) : [bus.features.get(name) ?? missing("bus.no_such_feature", "there is no feature", name, bus.features.keys())];
  await Promise.all(features.map((feature) => feature.healthCheck && checkNow(bus, feature)));
  return Object.fromEntries(features.map((feature) => [feature.name, healthOf(bus, feature)]));
}
