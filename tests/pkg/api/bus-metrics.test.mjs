// What the bus has counted: topics, features and actions, and who talks with whom.

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";

import { FeatureBus, RepflowError, WorkflowOrchestrator } from "./package.mjs";
import { after, until } from "./world.mjs";

const feature = (name, actions, more = {}) => ({ name, version: "1.0.0", actions, ...more });
const edgesOf = ({ graph }) => graph.edges.map(({ from, to, kind, count, errors }) => `${from} ${kind} ${to} ${count}/${errors}`).sort();
const own = (edges) => edges.filter((edge) => !edge.includes("topic:feature.registered"));
const isLatency = ({ p50, p90, p95, p99, max, mean }) => {
  for (const value of [p50, p90, p95, p99, max, mean]) assert.ok(Number.isFinite(value) && value >= 0, `${value}`);
  assert.ok(p50 <= p90 && p90 <= p95 && p95 <= p99 && mean <= max);
  // Buckets are an eighth of an octave wide.
  assert.ok(p99 <= max * 1.15, `${p99} of ${max}`);
};

test("a bus that nobody uses has counted nothing", async () => {
  const began = Date.now();
  const { since, topics, features, history, graph } = await new FeatureBus().metrics();
  assert.ok(Math.abs(Date.parse(since) - began) < 60_000);
  assert.deepEqual([topics, features, graph], [{}, {}, { nodes: [], edges: [] }]);
  assert.deepEqual([history.events, history.evicted], [0, 0]);
});

test("what becomes of events is counted by topic", async () => {
  const bus = new FeatureBus();
  bus.subscribe("set.done", () => {});
  bus.subscribe("set.*", () => after(2));
  bus.subscribe("set.done", () => {}, { filter: ({ data }) => data > 1 });
  bus.subscribe("set.done", ({ data }) => { if (data === 3) throw new Error("no"); });
  for (const data of [1, 2, 3]) await bus.publish("set.done", data);
  await bus.publish("rest.over", 1);
  const { topics } = await bus.metrics();
  const { perSecond, latency_ms, ...counts } = topics["set.done"];
  assert.deepEqual(counts, { published: 3, delivered: 10, filtered: 1, failed: 1 });
  assert.ok(perSecond > 0);
  isLatency(latency_ms);
  assert.ok(latency_ms.max >= 1);
  assert.deepEqual([topics["rest.over"].published, topics["rest.over"].delivered], [1, 0]);
});

test("what becomes of requests is counted by feature and action", async () => {
  const bus = new FeatureBus();
  bus.registerFeature(feature("model", {
    write: () => after(2, "text"),
    fail: () => { throw new TypeError("secret of ada"); },
    refuse: () => { throw new RepflowError("bulkhead.full", "secret"); },
    slow: (_, { signal }) => until(signal),
  }));
  const ask = (action, options) => bus.request("model", action, {}, options).catch(() => {});
  for (let count = 0; count < 4; count += 1) await ask("write");
  await ask("fail");
  await ask("fail");
  await ask("refuse");
  await ask("slow", { timeout: "20ms" });
  const controller = new AbortController();
  const given = ask("slow", { signal: controller.signal });
  await turn();
  const during = (await bus.metrics()).features.model;
  assert.deepEqual([during.inFlight, during.actions.slow.inFlight], [1, 1]);
  controller.abort();
  await given;
  const { model } = (await bus.metrics()).features;
  const counts = ({ requests, errors, timeouts, cancelled, late, inFlight }) => ({ requests, errors, timeouts, cancelled, late, inFlight });
  assert.deepEqual(counts(model.actions.write), { requests: 4, errors: 0, timeouts: 0, cancelled: 0, late: 0, inFlight: 0 });
  assert.deepEqual(counts(model.actions.fail), { requests: 2, errors: 2, timeouts: 0, cancelled: 0, late: 0, inFlight: 0 });
  const { late: _, ...slow } = counts(model.actions.slow);
  assert.deepEqual(slow, { requests: 2, errors: 1, timeouts: 1, cancelled: 1, inFlight: 0 });
  const { late, ...whole } = counts(model);
  assert.deepEqual(whole, { requests: 9, errors: 4, timeouts: 1, cancelled: 1, inFlight: 0 });
  assert.ok(Math.abs(model.actions.fail.errorRate - 1) < 1e-9 && model.actions.write.errorRate === 0);
  assert.ok(model.errorRate > 0.4 && model.errorRate <= 0.5, `${model.errorRate}`);
  isLatency(model.latency_ms);
  isLatency(model.actions.write.latency_ms);
  assert.ok(model.actions.slow.latency_ms.max >= 15);
  // Of errors only what says nothing of persons.
  assert.equal(model.actions.refuse.lastError.code, "bulkhead.full");
  assert.ok(Number.isFinite(Date.parse(model.actions.fail.lastError.at)));
  assert.equal(model.actions.write.lastError, undefined);
  assert.ok(!JSON.stringify(await bus.metrics()).includes("secret"));
  assert.deepEqual(JSON.parse(JSON.stringify(model)), model, "plain data");
});

test("who talks with whom is a graph, whose ends are all there", async () => {
  const bus = new FeatureBus();
  bus.registerFeature(feature("model", { write: ({ fail }) => { if (fail) throw new Error("no"); } }));
  bus.registerFeature(feature("coach", { plan: async (params, ctx) => {
    await ctx.request("model", "write", params).catch(() => {});
    await ctx.publish("plan.made", {});
  } }));
  bus.registerFeature(feature("screen", { show: () => {} }));
  let hears = 0;
  bus.subscribe("plan.*", () => { hears += 1; if (hears === 2) throw new Error("dark"); }, { feature: "screen" });
  bus.subscribe("plan.made", () => {});
  await bus.request("coach", "plan", {});
  await bus.request("coach", "plan", { fail: true });
  await bus.request("coach", "plan", {}, { source: "button" });
  await bus.publish("plan.made", {}, { source: "sensor" });
  const orchestrator = new WorkflowOrchestrator({ bus });
  await orchestrator.executeWorkflow({ id: "evening", steps: [{ id: "ask", call: "model.write" }] }, {});

  const metrics = await bus.metrics();
  const edges = own(edgesOf(metrics)).filter((edge) => !edge.includes("repflow.listener.failed"));
  assert.deepEqual(edges, [
    "caller:app request coach 2/0",
    "caller:button request coach 1/0",
    "caller:evening request model 1/0",
    "caller:sensor publish topic:plan.made 1/0",
    "coach publish topic:plan.made 3/0",
    "coach request model 3/1",
    "topic:plan.made deliver screen 4/1",
  ]);
  const { nodes } = metrics.graph;
  const ids = new Set(nodes.map(({ id }) => id));
  assert.equal(ids.size, nodes.length);
  for (const { from, to } of metrics.graph.edges) assert.ok(ids.has(from) && ids.has(to), `${from} ${to}`);
  const kinds = Object.fromEntries(nodes.map(({ id, kind }) => [id, kind]));
  assert.deepEqual(
    [kinds.model, kinds["caller:app"], kinds["caller:evening"], kinds["topic:plan.made"]],
    ["feature", "caller", "caller", "topic"],
  );
  orchestrator.dispose();
});

test("steps of a workflow are requests, and what they emit is an event", async () => {
  const bus = new FeatureBus();
  bus.registerFeature(feature("model", { write: () => "text", fail: () => { throw new Error("no"); } }));
  const orchestrator = new WorkflowOrchestrator({ bus });
  const steps = [{ id: "one", call: "model.write" }, { id: "two", call: "model.fail", retry: { maxAttempts: 3, delay: 1 } }, { id: "tell", emit: "told" }];
  await orchestrator.executeWorkflow({ id: "flow", steps }, {}).catch(() => {});
  const { features, topics } = await bus.metrics();
  assert.deepEqual([features.model.actions.write.requests, features.model.actions.fail.requests, features.model.actions.fail.errors], [1, 3, 3]);
  assert.ok((topics.told?.published ?? 0) <= 1);
  orchestrator.dispose();
});

test("more topics than can be told apart are counted together", async () => {
  const bus = new FeatureBus();
  for (let n = 0; n < 1_200; n += 1) await bus.publish(`user.${n}`, n);
  const { topics } = await bus.metrics();
  const names = Object.keys(topics);
  assert.ok(names.length <= 1_001, `${names.length}`);
  assert.equal(names.reduce((sum, name) => sum + topics[name].published, 0), 1_200);
  assert.ok(topics["(other)"].published >= 200);
});

test("names that objects have themselves are names like others", async () => {
  const bus = new FeatureBus();
  for (const name of ["constructor", "__proto__", "toString"]) {
    bus.registerFeature(feature(name, { hasOwnProperty: () => name }));
    assert.equal(await bus.request(name, "hasOwnProperty", {}), name);
    await bus.publish(name, 1);
  }
  const { features, topics } = await bus.metrics();
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.equal(Object.getOwnPropertyDescriptor(features, name)?.value.requests, 1, name);
    assert.equal(Object.getOwnPropertyDescriptor(topics, name)?.value.published, 1, name);
  }
  assert.deepEqual((await bus.discover()).map(({ name }) => name), ["__proto__", "constructor", "toString"]);
});

test("a feature that has left is still in the record, and one that comes again goes on", async () => {
  const bus = new FeatureBus();
  bus.registerFeature(feature("model", { write: () => "text" }));
  await bus.request("model", "write", {});
  await bus.unregisterFeature("model");
  assert.equal((await bus.metrics()).features.model.requests, 1);
  bus.registerFeature(feature("model", { write: () => "text" }));
  await bus.request("model", "write", {});
  assert.equal((await bus.metrics()).features.model.requests, 2);
});
