// How features are: checks, what requests show, and what is told of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeatureBus, RepflowError, repflowError } from "./package.mjs";
import { after, eventually, until } from "./world.mjs";

/** A bus with one feature `model`, whose `write` does what it is told to, and all that is told of its health. */
async function busWith(healthCheck, health, more = {}) {
  const bus = new FeatureBus({ health });
  await bus.discover();
  const told = [];
  for (const topic of ["feature.degraded", "feature.recovered"]) bus.subscribe(topic, ({ type, data }) => void told.push([type, data]));
  const act = (what) => {
    if (what === "fail") throw new Error("overloaded");
    if (what === "invalid") throw new RepflowError("input.invalid", "no text");
    if (what === "abort") throw new DOMException("stopped", "AbortError");
    return typeof what === "number" ? after(what) : what;
  };
  const actions = { write: act };
  bus.registerFeature({ name: "model", version: "1.2.0", actions, ...(healthCheck && { healthCheck }), ...more });
  const ask = async (what, times = 1) => {
    for (let count = 0; count < times; count += 1) await bus.request("model", "write", what).catch(() => {});
  };
  const status = async () => (await bus.discover({ name: "model" }))[0].health.status;
  const check = async () => (await bus.checkHealth("model")).model.status;
  return { bus, told, ask, status, check };
}
const degraded = (status, previous) => ["feature.degraded", status, previous];
const recovered = (previous) => ["feature.recovered", undefined, previous];
const storyOf = (told) => told.map(([type, { status, previous }]) => [type, status, previous]);

test("a check that fails degrades at first, then makes unhealthy, and recovers after so many good ones", async () => {
  let answer = true;
  const { told, check } = await busWith(() => answer, { failuresToUnhealthy: 3, successesToRecover: 2 });
  const statuses = [];
  for (answer of [true, false, false, false, false, true, true, true, false]) statuses.push(await check());
  assert.deepEqual(statuses, [
    "healthy", "degraded", "degraded", "unhealthy", "unhealthy", "unhealthy", "healthy", "healthy", "degraded",
  ]);
  assert.deepEqual(storyOf(told), [
    degraded("degraded", "healthy"), degraded("unhealthy", "degraded"), recovered("unhealthy"), degraded("degraded", "healthy"),
  ]);
  for (const [, { name, version }] of told) assert.deepEqual([name, version], ["model", "1.2.0"]);
});

test("a row that is interrupted begins again", async () => {
  let answer;
  const { check } = await busWith(() => answer, { failuresToUnhealthy: 2, successesToRecover: 2 });
  const statuses = [];
  for (answer of [false, "degraded", false, "healthy", false, false, "healthy", false, "healthy", "healthy"]) statuses.push(await check());
  assert.deepEqual(statuses, [
    "degraded", "degraded", "degraded", "degraded", "degraded", "unhealthy", "unhealthy", "unhealthy", "unhealthy", "healthy",
  ]);
});

test("a check says how it is in many ways", async () => {
  const ways = [
    [() => undefined, "healthy"], [() => true, "healthy"], [() => "healthy", "healthy"], [async () => ({ status: "healthy" }), "healthy"],
    [() => "degraded", "degraded"], [() => ({ status: "degraded", details: { queue: 9 } }), "degraded"],
    [() => false, "unhealthy"], [() => "unhealthy", "unhealthy"], [() => ({ status: "unhealthy" }), "unhealthy"],
    [() => { throw new Error("no"); }, "unhealthy"], [() => Promise.reject(new Error("no")), "unhealthy"],
    [({ signal }) => until(signal), "unhealthy"], [() => new Promise(() => {}), "unhealthy"],
    [() => "fine", "unhealthy"], [() => ({ status: 5 }), "unhealthy"],
  ];
  for (const [way, expected] of ways) {
    const { bus, check } = await busWith(way, { failuresToUnhealthy: 1, checkTimeout: "20ms" });
    assert.equal(await check(), expected, String(way));
    bus.dispose();
  }
});

test("what a check says is there to be read", async () => {
  let answer = { status: "degraded", details: { queue: 9 } };
  const { bus } = await busWith(() => answer);
  const before = (await bus.discover())[0].health;
  assert.deepEqual([before.status, before.checkedAt, before.details], ["healthy", undefined, undefined]);
  const { model } = await bus.checkHealth();
  assert.deepEqual([model.status, model.details], ["degraded", { queue: 9 }]);
  assert.ok(Date.parse(model.checkedAt) >= Date.parse(before.since));
  assert.ok(Date.parse(model.since) >= Date.parse(before.since));
  answer = { status: "degraded", details: { queue: 4 } };
  const again = (await bus.checkHealth("model")).model;
  assert.equal(again.since, model.since);
  assert.deepEqual(again.details, { queue: 4 });
});

test("checks are asked on an interval", async () => {
  let checks = 0;
  const { bus, status } = await busWith(() => {
    checks += 1;
    return checks < 3;
  }, { interval: "20ms", failuresToUnhealthy: 2 });
  await bus.request("model", "write", "text");
  await eventually(() => checks >= 5);
  assert.equal(await status(), "unhealthy");
  bus.dispose();
  const atEnd = checks;
  await after(60);
  assert.ok(checks <= atEnd + 1, "a bus that is disposed of checks nothing");
});

test("to check one that is not there is told", async () => {
  const { bus } = await busWith(() => true);
  await assert.rejects(bus.checkHealth("modle"), (error) => /`model`/.test(error.message) && repflowError({ code: "bus.no_such_feature" })(error));
});

test("errors in the window degrade and make unhealthy, and a level is left only well below it", async () => {
  const { told, ask, status } = await busWith(undefined, { minRequests: 10, window: "10m" });
  await ask("fail", 9);
  assert.equal(await status(), "healthy", "fewer requests than it takes");
  await ask("fail");
  assert.equal(await status(), "unhealthy");
  // Ten errors: above a quarter until there are 40 requests, above a twentieth until there are 200.
  await ask("text", 29);
  assert.equal(await status(), "unhealthy");
  await ask("text", 2);
  assert.equal(await status(), "degraded");
  await ask("text", 158);
  assert.equal(await status(), "degraded");
  await ask("text", 3);
  assert.equal(await status(), "healthy");
  assert.deepEqual(storyOf(told), [degraded("unhealthy", "healthy"), degraded("degraded", "unhealthy"), recovered("degraded")]);
});

test("a rate that reaches the threshold is enough", async () => {
  const { ask, status } = await busWith(undefined, { minRequests: 10, window: "10m" });
  await ask("text", 9);
  await ask("fail");
  assert.equal(await status(), "degraded");
});

test("slow requests degrade, too", async () => {
  const { ask, status } = await busWith(undefined, { minRequests: 4, slow: "800ms", window: "10m" });
  await ask(0, 2);
  await Promise.all([ask(1_000), ask(1_000)]);
  assert.equal(await status(), "degraded");
});

test("what is the caller's fault counts for nothing", async () => {
  const { bus, ask, status } = await busWith(undefined, { minRequests: 2, window: "10m" });
  await ask("invalid", 10);
  await ask("abort", 10);
  for (let count = 0; count < 10; count += 1) {
    const controller = new AbortController();
    const request = bus.request("model", "write", 1_000, { signal: controller.signal });
    controller.abort();
    await assert.rejects(request);
  }
  assert.equal(await status(), "healthy");
});

test("when all is forgotten, it is healthy again", async () => {
  const { told, ask, status } = await busWith(undefined, { minRequests: 2, window: "1s" });
  await ask("fail", 5);
  const patience = Date.now() + 20_000;
  while ((await status()) !== "healthy" && Date.now() < patience) await after(10);
  assert.equal(await status(), "healthy");
  assert.equal(told.at(-1)[0], "feature.recovered");
});

test("the worse of both is what counts", async () => {
  let answer = "degraded";
  const { ask, check } = await busWith(() => answer, { minRequests: 2, window: "10m" });
  assert.equal(await check(), "degraded");
  await ask("fail", 4);
  assert.equal(await check(), "unhealthy");
  answer = true;
  await check();
  assert.equal(await check(), "unhealthy");
});

test("who asked for it fails fast, others are served", async () => {
  let answer = false;
  const { bus, check } = await busWith(() => answer, { failuresToUnhealthy: 2 });
  const fast = () => bus.request("model", "write", "text", { failFast: true });
  await check();
  assert.equal(await fast(), "text", "degraded is good enough");
  await check();
  await assert.rejects(fast(), repflowError({ code: "bus.unavailable", retryable: true }));
  await assert.rejects(bus.requestStream("model", "write", "text", { failFast: true }).next(), repflowError({ code: "bus.unavailable" }));
  assert.equal(await bus.request("model", "write", "text"), "text");
  answer = true;
  await check();
  await check();
  assert.equal(await fast(), "text");
});

test("options of health that are wrong are refused", () => {
  const wrong = [
    { interval: "soon" }, { minRequests: -1 }, { degradedErrorRate: 2 }, { recovery: -1 }, { window: 0 }, { failuresToUnhealthy: 1.5 },
    { tpyo: 1 }, 5,
  ];
  for (const health of wrong) {
    assert.throws(() => new FeatureBus({ health }), repflowError({ code: "config.invalid" }), JSON.stringify(health));
  }
});

// ── Alerts

test("an alert is raised once, and cleared when the number is back", async () => {
  const { bus, ask } = await busWith();
  const told = [];
  const called = [];
  bus.subscribe("alert.*", ({ type, data, source }) => void told.push([type, data, source]));
  const rule = { name: "model fails", metric: "errorRate", above: 0.3, feature: "model", minRequests: 4, coolDown: "10m" };
  await bus.addAlert(rule, (event) => void called.push(event.type));
  await ask("fail", 3);
  await after(1_300);
  assert.deepEqual(told, [], "too few requests");
  await ask("fail");
  await eventually(() => told.length === 1);
  const [type, data, source] = told[0];
  assert.deepEqual([type, source], ["alert.raised", "repflow"]);
  assert.deepEqual(data, { rule: "model fails", metric: "errorRate", value: 1, threshold: 0.3, feature: "model" });
  await ask("text", 16);
  await eventually(() => told.length === 2);
  assert.deepEqual([told[1][0], told[1][1].rule, told[1][1].value], ["alert.cleared", "model fails", 0.2]);
  await ask("fail", 30);
  await after(1_500);
  assert.equal(told.length, 2, "not again within the cool-down");
  assert.deepEqual(called, ["alert.raised", "alert.cleared"]);
  bus.dispose();
});

test("a topic, a latency and a number that is too low may be looked at, and a rule ends", async () => {
  const { bus, ask } = await busWith();
  const raised = [];
  bus.subscribe("alert.raised", ({ data }) => void raised.push(data.rule));
  bus.subscribe("set.done", () => { throw new Error("deaf"); });
  await bus.addAlert({ name: "deaf", metric: "failed", above: 2, topic: "set.done" });
  await bus.addAlert({ name: "slow", metric: "p95", above: 10, feature: "model", action: "write" });
  await bus.addAlert({ name: "idle", metric: "perSecond", below: 1_000, feature: "model" });
  await bus.addAlert({ name: "busy", metric: "perSecond", above: 1_000, feature: "model" });
  const end = await bus.addAlert({ name: "ended", metric: "failed", above: 0, topic: "set.done" });
  end();
  end();
  await ask(30, 2);
  for (let count = 0; count < 3; count += 1) await bus.publish("set.done", {});
  await eventually(() => raised.length >= 3);
  assert.deepEqual(raised.sort(), ["deaf", "idle", "slow"]);
  bus.dispose();
});

test("a handler of alerts that throws stops nobody", async () => {
  const { bus, ask } = await busWith();
  const raised = [];
  const failures = [];
  bus.subscribe("alert.raised", ({ data }) => void raised.push(data.rule));
  bus.subscribe("repflow.listener.failed", ({ data }) => void failures.push(data.error.message));
  const rule = { metric: "errorRate", above: 0.5, feature: "model" };
  await bus.addAlert({ ...rule, name: "first" }, () => { throw new Error("no pager"); });
  await bus.addAlert({ ...rule, name: "second" });
  await ask("fail");
  await eventually(() => raised.length === 2);
  await eventually(() => failures.length === 1);
  assert.deepEqual(failures, ["no pager"]);
  bus.dispose();
});

test("a rule that is wrong is refused", async () => {
  const bus = new FeatureBus();
  const rule = { name: "fails", metric: "errorRate", above: 0.5, feature: "model" };
  const wrong = [
    { name: undefined }, { metric: "speed" }, { above: undefined }, { below: 1 }, { feature: undefined }, { topic: "a" }, { above: "high" },
    { feature: undefined, action: "write" }, { feature: undefined, topic: "a.*" }, { minRequests: -1 }, { coolDown: "soon" }, { tpyo: 1 },
  ];
  for (const change of wrong) {
    const given = Object.fromEntries(Object.entries({ ...rule, ...change }).filter(([, value]) => value !== undefined));
    await assert.rejects(bus.addAlert(given), repflowError({ code: "bus.invalid" }), JSON.stringify(given));
  }
  await assert.rejects(bus.addAlert(rule, "handler"), repflowError({ code: "bus.invalid" }));
});
