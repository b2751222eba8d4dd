// What can be read of a bus, and what is looked after: discovery, metrics, health checks, alerts, and versions.
//
// These are the modules of the facade on their own, around a bus that is made of what they need of one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mock, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { History } from "../../../pkg-template/history.js";
import { checkHealth, discover, exported, exportHistory, metricsOf, queried } from "../../../pkg-template/insight.js";
import { Meters } from "../../../pkg-template/meters.js";
import { RANGE, satisfies } from "../../../pkg-template/ranges.js";
import { VERSION, compareVersions } from "../../../pkg-template/versions.js";
import { HEALTH_STATUSES } from "../../../pkg-template/feature.js";
import { Watch } from "../../../pkg-template/watch.js";

const START = 1_800_000_000_000;
const MINUTE = 60_000;

function madeBus({ features = [], interval = 1_000, checkTimeout = 500 } = {}) {
  const told = [];
  const judged = [];
  return {
    told,
    judged,
    features: new Map(features.map((feature) => [feature.info.name, feature])),
    meters: new Meters(),
    history: new History(),
    hearing: {
      tell: (topic, data) => void told.push([topic, data]),
      listenerFailed: (error, details) => void told.push(["repflow.listener.failed", { ...details, error: error.message }]),
    },
    registry: {
      healthOptions: { interval, checkTimeout },
      statusOf: ({ status }) => status,
      judge: (feature, status, details, reason) => {
        feature.status = status;
        Object.assign(feature.health, { checkedAt: START + 1, details, reason });
        judged.push([feature.info.name, HEALTH_STATUSES[status]]);
      },
    },
  };
}

function madeFeature(name, { version = "1.0.0", capabilities = [], actions = {}, status = 0, healthCheck, isLoaded = true, underWay = 0 } = {}) {
  const info = { name, version, description: `does ${name}`, capabilities, metadata: { team: "x" } };
  return { info, actions: new Map(Object.entries(actions)), isLoaded, underWay, status, health: { since: START }, healthCheck };
}

const names = (list) => list.map(({ name }) => name);
const refusal = (act) => {
  try {
    act();
  } catch (error) {
    assert.equal(error.code, "bus.invalid", error.stack);
    return error.problems;
  }
  return assert.fail("nothing was thrown");
};

// ── Versions

test("versions have the precedence that semver.org gives them", () => {
  // Each comes before all that follow.
  const sorted = [
    "0.0.0", "0.0.1", "0.1.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-99999999999999999998", "1.0.0-99999999999999999999",
    "1.0.0--", "1.0.0-A", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.1.0", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-a", "1.0.2", "1.0.10", "1.2.0", "1.10.0", "2.0.0", "10.0.0",
    "9007199254740993.0.0", "9007199254740994.0.0",
  ];
  for (const [at, version] of sorted.entries()) {
    assert.match(version, VERSION);
    for (const [other, against] of sorted.entries()) {
      assert.equal(compareVersions(version, against), Math.sign(at - other), `${version} and ${against}`);
    }
  }
  assert.equal(compareVersions("1.0.0+build.1", "1.0.0+build.2"), 0);
  assert.equal(compareVersions("1.0.0-rc.1+a-b", "1.0.0+c"), -1);
});

test("what is no version is known", () => {
  const wrong = ["1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "v1.0.0", "1.0.0 ", "1.0.0-ä", "1.0.0.0", ""];
  assert.deepEqual(wrong.filter((version) => VERSION.test(version)), []);
  const noRange = ["^1", "~1.2", "> 1.0.0", ">1.0.0", "<=1.0.0", "^^1.0.0", "1.x", "*", "1.0.0 || 2.0.0"];
  assert.deepEqual(noRange.filter((range) => RANGE.test(range)), []);
});

test("ranges hold what they say", () => {
  const table = {
    "1.2.3": [["1.2.3", "1.2.3+build"], ["1.2.4", "1.2.2", "1.2.3-rc.1"]],
    "^1.2.3": [["1.2.3", "1.2.4", "1.10.0"], ["1.2.2", "2.0.0", "0.9.9", "1.2.3-rc.1", "1.3.0-rc.1", "2.0.0-rc.1"]],
    "^0.2.3": [["0.2.3", "0.2.9"], ["0.3.0", "0.2.2", "1.0.0"]],
    "^0.0.3": [["0.0.3"], ["0.0.4", "0.0.2", "0.1.0"]],
    "^0.0.0": [["0.0.0"], ["0.0.1"]],
    "~1.2.3": [["1.2.3", "1.2.9"], ["1.3.0", "1.2.2", "2.2.3"]],
    "~0.0.1": [["0.0.1", "0.0.9"], ["0.1.0"]],
    ">=1.2.3": [["1.2.3", "1.3.0", "20.0.0"], ["1.2.2", "0.9.0", "1.2.3-rc.1", "2.0.0-rc.1"]],
    "^1.2.3-rc.1": [["1.2.3-rc.1", "1.2.3-rc.10", "1.2.3", "1.9.0"], ["1.2.3-beta", "1.2.4-rc.2", "2.0.0"]],
    ">=1.2.3-rc.1": [["1.2.3-rc.2", "3.0.0"], ["1.2.3-rc.0", "3.0.0-rc.1"]],
  };
  for (const [range, [inside, outside]] of Object.entries(table)) {
    assert.match(range, RANGE);
    assert.deepEqual(inside.filter((version) => !satisfies(version, range)), [], `${range} should hold all of them`);
    assert.deepEqual(outside.filter((version) => satisfies(version, range)), [], `${range} should hold none of them`);
  }
});

// ── Discovery

test("features are described, by name", () => {
  const schema = { type: "object" };
  const plan = { handler: () => {}, description: "makes a plan", input: schema, output: undefined };
  const bus = madeBus({ features: [madeFeature("planner", { actions: { plan }, underWay: 2 }), madeFeature("coach", { isLoaded: false, status: 1 })] });
  bus.features.get("coach").health = { since: START, checkedAt: START + 5, details: { up: false }, reason: "slow" };
  const [coach, planner] = discover(bus);
  assert.deepEqual(coach, {
    name: "coach", version: "1.0.0", description: "does coach", capabilities: [], metadata: { team: "x" }, loaded: false, actions: [],
    health: { status: "degraded", since: "2027-01-15T08:00:00.000Z", checkedAt: "2027-01-15T08:00:00.005Z", details: { up: false }, reason: "slow" },
    load: { inFlight: 0, requestsPerSecond: 0 },
  });
  assert.deepEqual(planner.actions, [{ name: "plan", description: "makes a plan", input: schema }]);
  assert.deepEqual([planner.loaded, planner.load.inFlight], [true, 2]);
  // What is given away is a copy.
  planner.capabilities.push("flight");
  planner.metadata.team = "y";
  assert.deepEqual(discover(bus)[1].capabilities, []);
  assert.equal(discover(bus)[1].metadata.team, "x");
});

test("features are found by all that is asked for", () => {
  const bus = madeBus({
    features: [
      madeFeature("a", { version: "1.2.0", capabilities: ["read", "write"] }),
      madeFeature("b", { version: "1.3.0", capabilities: ["read"], status: 1 }),
      madeFeature("c", { version: "2.0.0", capabilities: ["write"], status: 2 }),
    ],
  });
  const found = (filter) => names(discover(bus, filter)).join("");
  assert.equal(found({}), "abc");
  assert.equal(found({ name: "b" }), "b");
  assert.equal(found({ capability: "read" }), "ab");
  assert.equal(found({ capability: ["read", "write"] }), "a");
  assert.equal(found({ capability: [] }), "abc");
  assert.equal(found({ health: "healthy" }), "a");
  assert.equal(found({ health: ["degraded", "unhealthy"] }), "bc");
  assert.equal(found({ version: "^1.2.0" }), "ab");
  assert.equal(found({ version: "2.0.0" }), "c");
  assert.equal(found({ version: ">=1.3.0", capability: "write", health: "unhealthy" }), "c");
  assert.equal(found({ name: "nobody" }), "");
});

test("a filter is refused with every problem", () => {
  const problems = refusal(() => discover(madeBus(), { name: 1, capability: [2], health: "fine", version: "1.x", colour: "red" }));
  assert.deepEqual(problems.map(({ pointer }) => pointer), ["/name", "/capability", "/health", "/version", "/colour"]);
});

// ── History and metrics

test("the history is exported as lines of JSON", () => {
  const bus = madeBus();
  assert.equal(exported(bus), "");
  for (const type of ["a", "b", "a"]) bus.history.add({ type, at: START, data: { text: "one\ntwo" }, toJSON: () => ({ type, data: "one\ntwo" }) });
  assert.equal(exported(bus, { topic: "b" }), '{"type":"b","data":"one\\ntwo"}\n');
  assert.equal(exportHistory(queried(bus)).split("\n").length, 4);
  refusal(() => queried(bus, { topic: "a..b" }));
});

test("metrics tell of topics, features, the history, and who talks to whom", () => {
  const bus = madeBus({ features: [madeFeature("coach"), madeFeature("idle"), madeFeature("planner")] });
  const { meters } = bus;
  const plan = meters.action("planner", "plan");
  const check = meters.action("planner", "check");
  for (const [meter, caller, error, at] of [
    [plan, "coach", undefined, START],
    [plan, "app", Object.assign(new Error("secret"), { code: "bus.timeout" }), START + 10],
    [check, "coach", new RangeError("secret"), START + 20],
    [check, "coach", new DOMException("secret", "AbortError"), START + 30],
  ]) {
    meter.begin(caller, at);
    meter.end(caller, error, 1.024, at);
  }
  check.begin("coach", START + 40);
  check.late += 1;
  const made = meters.topic("workout.made");
  made.publish("coach", START);
  made.hear("planner", false);
  made.hear("idle", true);
  made.end(1, 3, 1, 2.048, START);
  meters.topic("quiet");
  bus.history.add({ type: "quiet" });

  const { since, topics, features, history, graph } = metricsOf(bus, START + 1_000);
  assert.match(since, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  // Nothing took longer, so that the percentiles are exact, as these are the beginnings of buckets.
  const latency = (ms) => ({ p50: ms, p90: ms, p95: ms, p99: ms, max: ms, mean: ms });
  assert.deepEqual(topics, {
    "workout.made": { published: 1, delivered: 1, filtered: 3, failed: 1, perSecond: 1, latency_ms: latency(2.048) },
    quiet: { published: 0, delivered: 0, filtered: 0, failed: 0, perSecond: 0 },
  });
  assert.deepEqual(Object.keys(features), ["coach", "idle", "planner"]);
  const none = { requests: 0, errors: 0, timeouts: 0, cancelled: 0, late: 0, inFlight: 0, errorRate: 0, perSecond: 0 };
  assert.deepEqual(features.idle, { ...none, actions: {} });
  const { actions, perSecond, ...planner } = features.planner;
  assert.deepEqual(planner, {
    requests: 5, errors: 2, timeouts: 1, cancelled: 1, late: 1, inFlight: 1, errorRate: 2 / 3, latency_ms: latency(1.024),
    lastError: { code: "RangeError", at: "2027-01-15T08:00:00.020Z" },
  });
  assert.ok(perSecond > 2.9 && perSecond < 3.1, `${perSecond}`);
  assert.deepEqual(actions.plan, {
    ...none, requests: 2, errors: 1, timeouts: 1, errorRate: 0.5, perSecond: 2, latency_ms: latency(1.024),
    lastError: { code: "bus.timeout", at: "2027-01-15T08:00:00.010Z" },
  });
  assert.deepEqual([actions.check.cancelled, actions.check.inFlight], [1, 1]);
  assert.deepEqual(history, { events: 1, evicted: 0 });
  assert.deepEqual(graph, {
    nodes: [
      { id: "coach", kind: "feature" },
      { id: "idle", kind: "feature" },
      { id: "planner", kind: "feature" },
      { id: "caller:app", kind: "caller" },
      { id: "topic:workout.made", kind: "topic" },
      { id: "topic:quiet", kind: "topic" },
    ],
    edges: [
      { from: "coach", to: "planner", kind: "request", count: 4, errors: 1 },
      { from: "caller:app", to: "planner", kind: "request", count: 1, errors: 1 },
      { from: "coach", to: "topic:workout.made", kind: "publish", count: 1, errors: 0 },
      { from: "topic:workout.made", to: "planner", kind: "deliver", count: 1, errors: 0 },
      { from: "topic:workout.made", to: "idle", kind: "deliver", count: 1, errors: 1 },
    ],
  });
  assert.equal(JSON.stringify(metricsOf(bus)).includes("secret"), false);
});

test("what is beyond the thousand, and names that objects have already, are told of as well", () => {
  const bus = madeBus();
  for (let count = 0; count < 1_001; count += 1) bus.meters.action(count === 0 ? "__proto__" : "coach", `action-${count}`).begin("app", START);
  const { features } = metricsOf(bus, START);
  assert.equal(features["(other)"].actions["(other)"].requests, 1);
  assert.equal(Object.getOwnPropertyDescriptor(features, "__proto__").value.requests, 1);
});

test("bytes are told when they count", () => {
  const bus = madeBus();
  bus.history = new History({ maxBytes: 10_000 });
  bus.history.add({ data: "xx" });
  assert.deepEqual(metricsOf(bus).history, { events: 1, bytes: 204, evicted: 0 });
});

// ── Health checks

test("a health check says in many ways how healthy its feature is", async () => {
  const answers = {
    healthy: [undefined, true, "healthy", { status: "healthy", details: 1 }, { status: true }, Promise.resolve(), {}],
    degraded: ["degraded", { status: "degraded" }, Promise.resolve("degraded")],
    unhealthy: [false, "unhealthy", { status: "unhealthy" }, { status: false }, null, 0, "fine", { status: "ok" }, Promise.reject(new Error("no"))],
  };
  for (const [expected, given] of Object.entries(answers)) {
    for (const answer of given) {
      const bus = madeBus({ features: [madeFeature("coach", { healthCheck: () => answer })] });
      const { coach } = await checkHealth(bus, "coach");
      assert.equal(coach.status, expected, `${String(answer)} should be ${expected}`);
      assert.equal(coach.reason === undefined, expected === "healthy");
    }
  }
});

test("a health check that throws says why, and one with details says what", async () => {
  const bus = madeBus({
    features: [
      madeFeature("thrower", { healthCheck: () => { throw new Error("no disk"); } }),
      madeFeature("detailed", { healthCheck: () => ({ status: "degraded", details: { queue: 9 } }) }),
      madeFeature("silent"),
    ],
  });
  const found = await checkHealth(bus);
  assert.deepEqual(Object.keys(found), ["detailed", "silent", "thrower"]);
  assert.equal(found.thrower.reason, "the health check failed: Error");
  assert.deepEqual(found.detailed.details, { queue: 9 });
  assert.deepEqual(found.silent, { status: "healthy", since: "2027-01-15T08:00:00.000Z" });
  assert.deepEqual(bus.judged.map(([name]) => name).sort(), ["detailed", "thrower"]);
});

test("a health check that hangs is unhealthy, and told so", async () => {
  const aborted = [];
  const healthCheck = ({ signal }) => new Promise(() => signal.addEventListener("abort", () => aborted.push(signal.reason.message)));
  const bus = madeBus({ features: [madeFeature("coach", { healthCheck })], checkTimeout: 10 });
  const { coach } = await checkHealth(bus, "coach");
  assert.deepEqual([coach.status, coach.reason], ["unhealthy", "the health check failed: it did not end within 10 ms"]);
  assert.deepEqual(aborted, ["it did not end within 10 ms"]);
});

test("a health check that has ended in time is left in peace", async (t) => {
  mocked(t);
  const signals = [];
  const bus = madeBus({ features: [madeFeature("coach", { healthCheck: ({ signal }) => void signals.push(signal) })] });
  await checkHealth(bus);
  mock.timers.tick(MINUTE);
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false]);
});

test("who asks while a check is under way gets its result", async () => {
  let [count, finish] = [0, undefined];
  const healthCheck = () => {
    count += 1;
    return new Promise((resolve) => (finish = resolve));
  };
  const bus = madeBus({ features: [madeFeature("coach", { healthCheck })] });
  const both = Promise.all([checkHealth(bus), checkHealth(bus, "coach")]);
  finish("degraded");
  assert.deepEqual((await both).map(({ coach }) => coach.status), ["degraded", "degraded"]);
  assert.deepEqual([count, bus.judged.length], [1, 1]);
  const again = checkHealth(bus);
  finish(true);
  assert.equal((await again).coach.status, "healthy");
  assert.equal(count, 2);
});

test("what a feature says that has left is not heeded", async () => {
  let finish;
  const feature = madeFeature("coach", { healthCheck: () => new Promise((resolve) => (finish = resolve)) });
  const bus = madeBus({ features: [feature] });
  const asked = checkHealth(bus);
  bus.features.set("coach", madeFeature("coach", { version: "2.0.0" }));
  finish(false);
  await asked;
  assert.deepEqual(bus.judged, []);
});

test("a feature that is not there is missed, with the one that was meant", async () => {
  const bus = madeBus({ features: [madeFeature("coach"), madeFeature("planner")] });
  await assert.rejects(checkHealth(bus, "coahc"), { code: "bus.no_such_feature", message: "there is no feature `coahc`; did you mean `coach`?" });
  await assert.rejects(checkHealth(bus, "zebra"), { message: "there is no feature `zebra`; there are `coach`, `planner`" });
  await assert.rejects(checkHealth(bus, 7), { code: "bus.no_such_feature" });
  await assert.rejects(checkHealth(madeBus(), "coach"), { message: "there is no feature `coach`; there is none" });
});

// ── What is looked after

/** Lets promises that are settled have their turns. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const mocked = (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
};

test("health is checked every interval, of the features that are there", async (t) => {
  mocked(t);
  let count = 0;
  const bus = madeBus({ features: [madeFeature("silent"), madeFeature("coach", { healthCheck: () => void (count += 1) })] });
  const watch = new Watch(bus);
  mock.timers.tick(5_000);
  assert.equal(count, 0, "nothing happens unless it is asked for");
  const counts = [];
  const tick = async () => {
    mock.timers.tick(1_000);
    await settled();
    counts.push(count);
  };
  watch.checkHealth();
  watch.checkHealth();
  assert.equal(count, 0);
  await tick();
  await tick();
  bus.features.delete("coach");
  await tick();
  bus.features.set("planner", madeFeature("planner", { healthCheck: () => void (count += 10) }));
  await tick();
  watch.stop();
  await tick();
  assert.deepEqual(counts, [1, 2, 2, 12, 12]);
});

/** A bus, a watch, and what happens as time goes on. */
function watched(rule, handler) {
  const bus = madeBus();
  let at = START;
  const watch = new Watch(bus, () => at);
  const off = watch.addAlert(rule, handler);
  /** Looks some milliseconds later; what was told meanwhile. */
  const later = (ms) => {
    at += ms;
    watch.look();
    return bus.told.splice(0).map(([topic]) => topic);
  };
  const request = (feature, action, error, ms = 5) => {
    const meter = bus.meters.action(feature, action);
    meter.begin("app", at);
    meter.end("app", error, ms, at);
  };
  return { bus, watch, off, later, request };
}

test("an alert is raised once, cleared when it is back, and cools down", (t) => {
  const heard = [];
  const rule = { name: "fails", metric: "errorRate", above: 0.5, feature: "coach", coolDown: "5m" };
  const { bus, watch, later, request } = watched(rule, ({ type, value }) => void heard.push([type, value]));
  t.after(() => watch.stop());
  rule.above = 0;
  assert.deepEqual(later(1_000), [], "nothing has been asked yet");
  request("coach", "plan", undefined);
  request("coach", "plan", new Error("no"));
  assert.deepEqual(later(0), [], "the threshold itself is not beyond");
  request("coach", "check", new Error("no"));
  request("planner", "plan", undefined);
  watch.look();
  assert.deepEqual(bus.told.splice(0), [["alert.raised", { rule: "fails", metric: "errorRate", value: 2 / 3, threshold: 0.5, feature: "coach" }]]);
  assert.deepEqual(later(1_000), [], "it is raised already");
  assert.deepEqual(later(MINUTE), ["alert.cleared"]);
  request("coach", "plan", new Error("no"));
  assert.deepEqual(later(0), [], "it cools down");
  assert.deepEqual(later(3.9 * MINUTE), []);
  request("coach", "plan", new Error("no"));
  assert.deepEqual(later(0), []);
  assert.deepEqual(later(7_000), ["alert.raised"]);
  assert.deepEqual(heard, [["alert.raised", 2 / 3], ["alert.cleared", 0], ["alert.raised", 1]]);
});

test("an alert looks at every metric, of a feature, an action or a topic", (t) => {
  const outcomes = [
    [{ metric: "p50", above: 90, feature: "coach" }, true],
    [{ metric: "p50", above: 110, feature: "coach" }, false],
    [{ metric: "p95", above: 190, feature: "coach" }, true],
    [{ metric: "p99", below: 210, feature: "coach" }, true],
    [{ metric: "p99", below: 190, feature: "coach" }, false],
    [{ metric: "p99", above: 110, feature: "coach", action: "fast" }, false],
    [{ metric: "failed", above: 0, feature: "coach" }, true],
    [{ metric: "failed", above: 0, feature: "coach", action: "fast" }, false],
    [{ metric: "perSecond", above: 2.9, feature: "coach" }, true],
    [{ metric: "perSecond", below: 3.1, feature: "coach", minRequests: 4 }, false],
    [{ metric: "failed", above: 0, topic: "workout.made" }, true],
    [{ metric: "errorRate", above: 0.4, topic: "workout.made" }, true],
    [{ metric: "p50", above: 0, topic: "workout.made" }, false],
    [{ metric: "perSecond", below: 5, topic: "quiet" }, false],
    [{ metric: "perSecond", below: 5, topic: "quiet", minRequests: 0 }, true],
  ];
  for (const [rule, isRaised] of outcomes) {
    const { bus, watch, later, request } = watched({ name: "it", ...rule });
    t.after(() => watch.stop());
    request("coach", "fast", undefined, 100);
    request("coach", "fast", undefined, 100);
    request("coach", "slow", new Error("no"), 200);
    const meter = bus.meters.topic("workout.made");
    for (const failed of [0, 2]) {
      meter.publish("app", START);
      meter.end(1, 0, failed, undefined, START);
    }
    assert.equal(later(0).length > 0, isRaised, JSON.stringify(rule));
  }
});

test("a handler of alerts that fails stops nobody", async (t) => {
  const { bus, watch, later, request } = watched({ name: "a", metric: "failed", above: 0, feature: "coach" }, () => { throw new Error("thrown"); });
  t.after(() => watch.stop());
  watch.addAlert({ name: "b", metric: "failed", above: 0, feature: "coach" }, () => Promise.reject(new Error("rejected")));
  request("coach", "plan", new Error("no"));
  assert.deepEqual(later(0), ["alert.raised", "repflow.listener.failed", "alert.raised"]);
  await settled();
  assert.deepEqual(bus.told, [["repflow.listener.failed", { topic: "alert.raised", feature: "coach", error: "rejected" }]]);
});

test("alerts are looked at every second while there are any", (t) => {
  mocked(t);
  const { bus, watch, off, request } = watched({ name: "it", metric: "failed", above: 0, feature: "coach", coolDown: 1 });
  request("coach", "plan", new Error("no"));
  mock.timers.tick(999);
  assert.equal(bus.told.length, 0);
  mock.timers.tick(1);
  assert.equal(bus.told.length, 1);
  watch.addAlert({ name: "other", metric: "failed", above: 0, feature: "coach" });
  off();
  off();
  mock.timers.tick(1_000);
  assert.deepEqual(bus.told.map(([, { rule }]) => rule), ["it", "other"]);
  watch.stop();
  request("coach", "plan", new Error("no"));
  // Whoever looked now would fail.
  delete bus.meters;
  mock.timers.tick(10_000);
  assert.equal(bus.told.length, 2);
});

test("a rule is copied, and refused with every problem", () => {
  const watch = new Watch(madeBus());
  const pointers = (rule, handler) => refusal(() => watch.addAlert(rule, handler)).map(({ pointer }) => pointer);
  const rule = { name: "it", metric: "failed", above: 0, feature: "coach" };
  assert.deepEqual(pointers({ name: 1, metric: "p42", above: "1", below: NaN, action: "plan", minRequests: -1, coolDown: "soon", colour: "red" }, "handler"), [
    "/name", "/metric", "/above", "/below", "/minRequests", "/coolDown", "/colour", "", "", "/action", "",
  ]);
  assert.deepEqual(pointers({ ...rule, name: undefined, metric: undefined }), ["", ""]);
  assert.deepEqual(pointers({ ...rule, above: undefined }), [""]);
  assert.deepEqual(pointers({ ...rule, below: 1 }), [""]);
  assert.deepEqual(pointers({ ...rule, topic: "a.b" }), [""]);
  assert.deepEqual(pointers({ ...rule, feature: undefined, topic: "a.*" }), ["/topic"]);
  assert.deepEqual(pointers({ ...rule, feature: undefined, topic: "a.b", action: "plan" }), ["/action"]);
});

test("neither a health check nor an alert keeps a bus", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const dropped = () => {
    const bus = madeBus({ features: [madeFeature("coach", { healthCheck: () => true })] });
    const watch = new Watch(bus);
    watch.checkHealth();
    watch.addAlert({ name: "it", metric: "failed", above: 0, feature: "coach" });
    return new WeakRef(bus);
  };
  const bus = dropped();
  for (let round = 0; round < 20 && bus.deref() !== undefined; round += 1) {
    await settled();
    gc();
  }
  assert.equal(bus.deref(), undefined);
});

/** What a process prints that runs `script` with a feature whose health check hangs, after it has ended by itself. */
function printed(script, checkTimeout) {
  const modules = ["meters", "watch", "insight"].map((name) => JSON.stringify(new URL(`../../../pkg-template/${name}.js`, import.meta.url)));
  const text = `
    import { Meters } from ${modules[0]};
    import { Watch } from ${modules[1]};
    import { checkHealth } from ${modules[2]};
    const coach = { info: { name: "coach" }, health: { since: 0 }, healthCheck: () => (console.log("checked"), new Promise(() => {})) };
    const bus = {
      features: new Map([["coach", coach]]),
      meters: new Meters(),
      registry: {
        healthOptions: { interval: 10, checkTimeout: ${checkTimeout} },
        judge: (feature, status) => (feature.status = status),
        statusOf: ({ status }) => status,
      },
    };
    const watch = (globalThis.kept = new Watch(bus));
    ${script}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", text], { timeout: 20_000, encoding: "utf8" });
}

test("neither a health check, not even one that hangs, nor an alert keeps the process", () => {
  const script = 'watch.checkHealth(); watch.addAlert({ name: "it", metric: "failed", above: 0, feature: "coach" }); watch.checkAll();';
  assert.equal(printed(script, 1e9), "checked\n");
});

test("a health check that somebody waits for does, as long as it may take", () => {
  const script = "watch.checkAll(); console.log((await checkHealth(bus)).coach.status);";
  assert.equal(printed(script, 50), "checked\nunhealthy\n");
});
