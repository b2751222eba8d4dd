// What can be read of a bus: who is there, what was published, what has been counted.

import { HEALTH_STATUSES, described } from "./feature.js";
import { now } from "./clock.js";
import { aString, checkOptions, matching, strings } from "./errors.js";
import { Latencies, figuresOf } from "./figures.js";
import { missing } from "./nearest.js";
import { select } from "./query.js";
import { RANGE, satisfies } from "./ranges.js";
import { check } from "./watch.js";

export { Watch } from "./watch.js";

const asList = (value) => (Array.isArray(value) ? value : [value]);
const areTexts = (value) => strings[0](asList(value));
const FILTER = {
  name: aString,
  capability: [areTexts, "a capability, or a list of them"],
  health: [(value) => asList(value).every((status) => HEALTH_STATUSES.includes(status)), "`healthy`, `degraded` or `unhealthy`, or a list of them"],
  version: [matching(RANGE), "a version such as `1.2.0`, alone or after `^`, `~` or `>=`"],
};

const rfc3339 = (at) => at && new Date(at).toISOString();
/** Without what is not known. */
const known = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
const byName = ({ info: { name } }, { info: { name: other } }) => (name < other ? -1 : 1);

function healthOf(bus, feature) {
  const status = HEALTH_STATUSES[bus.registry.statusOf(feature)];
  const { since, checkedAt, details, reason } = feature.health;
  return known({ status, since: rfc3339(since), checkedAt: rfc3339(checkedAt), details, reason });
}

/** Descriptions of the features that fit a filter, by name. */
export function discover(bus, filter = {}) {
  checkOptions("bus.invalid", "the filter", filter, FILTER);
  const { name, capability = [], health = HEALTH_STATUSES, version } = filter;
  const [at, metered] = [now(), bus.meters.byFeature()];
  return [...bus.features.values()]
    .filter(
      ({ info }) =>
        (name === undefined || info.name === name) &&
        asList(capability).every((each) => info.capabilities.includes(each)) &&
        (version === undefined || satisfies(info.version, version)),
    )
    .sort(byName)
    .map((feature) => {
      const { info, actions, isLoaded, underWay } = feature;
      const meters = (metered.get(info.name) ?? []).map(([, meter]) => meter);
      return {
        ...structuredClone(info),
        loaded: isLoaded,
        actions: [...actions].map(([name, { description, ...action }]) => {
          const { input, output } = action[described] ?? action;
          return known({ name, description, input, output });
        }),
        health: healthOf(bus, feature),
        load: { inFlight: underWay, requestsPerSecond: figuresOf(meters, at).perSecond },
      };
    })
    .filter(({ health: { status } }) => asList(health).includes(status));
}

/** The remembered events that fit a query, the oldest first. */
export const queried = (bus, query = {}) => select(bus.history, query, now());

/** Events as lines of JSON, each a CloudEvent. */
export const exportHistory = (events) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

export const exported = (bus, query) => exportHistory(queried(bus, query));

/** All that has been counted. */
export function metricsOf(bus, at = now()) {
  const { meters, history } = bus;
  const metered = new Map([...bus.features.keys()].map((name) => [name, []]));
  for (const [name, actions] of meters.byFeature()) metered.set(name, actions);
  return {
    since: rfc3339(meters.since ?? at),
    topics: fromMap(meters.topics, ({ published, delivered, filtered, failed, rate, latency }) =>
      known({ published, delivered, filtered, failed, perSecond: rate.perSecond(at), latency_ms: new Latencies(latency.generations(at)).summary() }),
    ),
    features: fromMap(metered, (actions) => ({
      ...together(actions.map(([, meter]) => meter), at),
      actions: fromMap(actions, (meter) => together([meter], at)),
    })),
    history: known({ events: history.length, bytes: history.bytes, evicted: history.evicted }),
    graph: graphOf(meters, metered),
  };
}

const fromMap = (entries, view) => Object.fromEntries([...entries].map(([name, it]) => [name, view(it)]));

/** What the meters of some actions have counted. */
function together(meters, at) {
  const sum = (key) => meters.reduce((total, meter) => total + meter[key], 0);
  const { errorRate, perSecond, latency } = figuresOf(meters, at);
  const [last] = meters.map(({ lastError }) => lastError).filter(Boolean).sort((a, b) => b.at - a.at);
  return known({
    ...Object.fromEntries(["requests", "errors", "timeouts", "cancelled", "late", "inFlight"].map((key) => [key, sum(key)])),
    errorRate,
    perSecond,
    latency_ms: latency.summary(),
    lastError: last && { code: last.code, at: rfc3339(last.at) },
  });
}

/** Who asks whom, and who publishes and hears what; `metered` are the actions by the names of the features. */
function graphOf({ topics }, metered) {
  const nodes = new Map();
  const edges = new Map();
  const node = (kind, name) => {
    const id = kind === "feature" ? name : `${kind}:${name}`;
    nodes.set(id, { id, kind });
    return id;
  };
  // Who asks or publishes may be a feature, a workflow, or the app.
  const party = (name) => node(metered.has(name) ? "feature" : "caller", name);
  const join = (from, to, kind, { count, errors }) => {
    const key = JSON.stringify([from, to, kind]);
    const edge = edges.get(key) ?? { from, to, kind, count: 0, errors: 0 };
    edge.count += count;
    edge.errors += errors;
    edges.set(key, edge);
  };
  for (const [name, actions] of metered) {
    const feature = node("feature", name);
    for (const [, { callers }] of actions) for (const [caller, tally] of callers) join(party(caller), feature, "request", tally);
  }
  for (const [name, { publishers, hearers }] of topics) {
    const topic = node("topic", name);
    for (const [source, tally] of publishers) join(party(source), topic, "publish", tally);
    for (const [feature, tally] of hearers) join(topic, party(feature), "deliver", tally);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** Checks the health of all features now, or of one; how each of them is, by name. */
export async function checkHealth(bus, name) {
  const { features } = bus;
  if (name !== undefined && !features.has(name)) missing("bus.no_such_feature", "there is no feature", name, features.keys());
  const asked = name === undefined ? [...features.values()].sort(byName) : [features.get(name)];
  await Promise.all(asked.map((feature) => feature.healthCheck && check(bus, feature, true)));
  return Object.fromEntries(asked.map((feature) => [feature.info.name, healthOf(bus, feature)]));
}
