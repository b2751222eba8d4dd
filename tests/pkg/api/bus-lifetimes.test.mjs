// A bus that nobody uses any more keeps neither its process nor its memory, and one that ends leaves nobody waiting.

import assert from "node:assert/strict";
import { test } from "node:test";

import { project, run } from "../support.mjs";
import { FeatureBus, repflowError } from "./package.mjs";
import { until } from "./world.mjs";

const node = async (t, script) => {
  const directory = await project(t, import.meta.url);
  return (await run(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], directory)).trim().split("\n");
};

test("checks, alerts, streams and subscriptions keep no process", async (t) => {
  const lines = await node(t, `
    import { FeatureBus } from "repflow";
    const bus = new FeatureBus({ health: { interval: "10m" }, history: { maxEvents: 10 } });
    bus.registerFeature({ name: "coach", version: "1.0.0", actions: { plan: () => "plan" }, healthCheck: () => true });
    await bus.addAlert({ name: "fails", metric: "errorRate", above: 0.5, feature: "coach" });
    bus.subscribe(">", () => {}, { since: "start" });
    const stream = bus.stream(">");
    stream.next().then(() => stream.next());
    console.log(await bus.request("coach", "plan", {}));
    await bus.publish("done", 1, { expiresIn: "10m" });
    console.log(Object.keys(await bus.checkHealth()).join());
  `);
  assert.deepEqual(lines, ["plan", "coach"]);
});

test("a request that is under way keeps its process until its timeout", async (t) => {
  const lines = await node(t, `
    import { FeatureBus } from "repflow";
    const bus = new FeatureBus();
    bus.registerFeature({ name: "coach", version: "1.0.0", actions: {
      never: () => new Promise(() => {}),
      async *parts() { yield 1; await new Promise(() => {}); },
    } });
    bus.request("coach", "never", {}, { timeout: "50ms" }).catch(({ code }) => console.log(code));
    const stream = bus.requestStream("coach", "parts", {}, { timeout: "50ms" });
    await stream.next();
    stream.next().catch(({ code }) => console.log(code));
  `);
  assert.deepEqual(lines, ["bus.timeout", "bus.timeout"]);
});

test("a bus that nobody has is collected, with all that belongs to it", async (t) => {
  const [gone] = await node(t, `
    import { FeatureBus } from "repflow";
    const gone = new Set();
    const registry = new FinalizationRegistry((name) => gone.add(name));
    const { signal } = new AbortController();
    const feature = (name) => ({ name, version: "1.0.0", actions: { act: () => {} }, healthCheck: () => true });
    const make = {
      unused: () => new FeatureBus(),
      used: async () => {
        const bus = new FeatureBus();
        bus.registerFeature(feature("coach"));
        bus.subscribe("a", () => {}, { filter: "data > 1" });
        await bus.request("coach", "act", {});
        await bus.publish("a", 1);
        return bus;
      },
      watched: async () => {
        const bus = new FeatureBus({ health: { interval: "10ms" } });
        bus.registerFeature(feature("coach"));
        await bus.addAlert({ name: "busy", metric: "perSecond", above: 1, feature: "coach" }, () => bus.metrics());
        await bus.checkHealth();
        await bus.request("coach", "act", {});
        return bus;
      },
      disposed: async () => {
        const bus = new FeatureBus();
        bus.registerFeature(feature("coach"));
        bus.subscribe("a", () => {}, { signal });
        bus.stream("a", { signal });
        await bus.publish("a", 1);
        bus.dispose();
        return bus;
      },
    };
    for (const [name, each] of Object.entries(make)) await (async () => registry.register(await each(), name))();
    for (let round = 0; round < 300 && gone.size < 4; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
    }
    console.log([...gone].sort().join());
    console.log(signal.aborted);
  `);
  assert.equal(gone, "disposed,unused,used,watched");
});

test("dispose leaves nobody waiting, and refuses what comes after", async () => {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "coach", version: "1.0.0", actions: {
    wait: (_, { signal }) => until(signal),
    async *parts(_, { signal }) { yield 1; await until(signal); },
  }, limits: { bulkhead: { maxConcurrent: 2, maxQueue: 5 } } });
  bus.registerFeature({ name: "lazy", version: "1.0.0", load: () => new Promise(() => {}) });
  bus.subscribe("a", () => new Promise(() => {}));
  const parts = bus.requestStream("coach", "parts", {});
  await parts.next();
  const waiting = [
    bus.request("coach", "wait", {}), bus.request("coach", "wait", {}), bus.request("lazy", "act", {}), parts.next(), bus.publish("a", 1),
    bus.unregisterFeature("coach"),
  ];
  bus.dispose();
  bus.dispose();
  const disposed = repflowError({ code: "internal.disposed" });
  const outcomes = await Promise.allSettled(waiting);
  for (const [at, { status, reason }] of outcomes.entries()) {
    // What was under way in the feature has ended, so its leaving may have come to an end, too.
    if (at === 5 && status === "fulfilled") continue;
    assert.equal(status, "rejected", `${at}`);
    disposed(reason);
  }
  assert.throws(() => bus.subscribe("a", () => {}), disposed);
  assert.throws(() => bus.stream("a"), disposed);
  assert.throws(() => bus.registerFeature({ name: "b", version: "1.0.0", actions: {} }), disposed);
  const later = [
    bus.publish("a", 1), bus.request("coach", "wait", {}), bus.requestStream("coach", "wait", {}).next(), bus.discover(), bus.history(),
    bus.exportHistory(), bus.metrics(), bus.checkHealth(), bus.unregisterFeature("coach"),
    bus.addAlert({ name: "busy", metric: "perSecond", above: 1, feature: "coach" }),
  ];
  for (const promise of later) await assert.rejects(promise, disposed);
});
