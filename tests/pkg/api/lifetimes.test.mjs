// What ends while something else still runs: dispose, cancel, expiry and loading, at every unlucky moment.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";

import { project, run } from "../support.mjs";
import { FeatureBus, WorkflowOrchestrator, repflowError } from "./package.mjs";

function world(actions, options) {
  const bus = new FeatureBus(options);
  bus.registerFeature({ name: "world", version: "1.0.0", actions });
  return new WorkflowOrchestrator({ bus });
}

const one = (step) => ({ id: "one", steps: [{ id: "only", call: "world.act", ...step }] });
const after = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

test("an orchestrator that its listener disposes of does not touch another's run", async () => {
  const [first, second] = [world({ act: () => after(20, "first") }), world({ act: () => "second" })];
  const bystander = first.executeWorkflow(one({}), {});
  const doomed = second.executeWorkflow(one({}), {}, { onEvent: ({ type }) => type === "run.completed" && second.dispose() });
  assert.equal((await doomed).output, "second");
  assert.equal((await bystander).output, "first");
});

test("a request that begins while others expire is its own", async () => {
  const bus = new FeatureBus();
  let late;
  bus.registerFeature({
    name: "slow",
    version: "1.0.0",
    actions: {
      first: (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => {
        late = bus.request("slow", "quick", {}, { timeout: "5s" });
      })),
      second: () => new Promise(() => {}),
      quick: () => after(20, "in time"),
    },
  });
  const expired = ["first", "second"].map((action) => bus.request("slow", action, {}, { timeout: "20ms" }));
  for (const request of expired) await assert.rejects(request, repflowError({ code: "bus.timeout" }));
  assert.equal(await late, "in time");
});

test("events are told when they happen, also while nothing else does", async () => {
  const orchestrator = world({ act: () => after(1), long: () => after(60), fail: () => { throw new Error("no"); } });
  const told = [];
  const steps = [{ id: "p", parallel: [{ id: "short", call: "world.act" }, { id: "long", call: "world.long" }] }];
  const running = orchestrator.executeWorkflow({ id: "w", steps }, {}, { onEvent: (event) => told.push(event) });
  await after(30);
  assert.ok(told.some(({ type, stepId }) => type === "step.completed" && stepId === "short"));
  await running;
  const retry = one({ call: "world.fail", retry: { maxAttempts: 2, delay: 60, jitter: "none" } });
  const failing = orchestrator.executeWorkflow(retry, {}, { onEvent: (event) => told.push(event) });
  await after(20);
  assert.ok(told.some(({ type }) => type === "retry.scheduled"));
  await assert.rejects(failing);
});

test("what was cancelled before it was begun is not begun", async () => {
  const called = [];
  const orchestrator = world({
    act: ({ id }) => {
      called.push(id);
      if (id === 1) handle.cancel();
    },
    wait: () => after(5),
  });
  const parallel = [1, 2, 3].map((id) => ({ id: `s${id}`, call: "world.act", with: { id } }));
  const steps = [{ id: "wait", call: "world.wait" }, { id: "all", parallel }];
  const handle = orchestrator.start({ id: "w", steps }, {});
  await assert.rejects(handle.result, repflowError({ code: "run.cancelled" }));
  assert.deepEqual(called, [1]);
});

test("unregistering does not wait for a handler that nobody waits for", async () => {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "hung", version: "1.0.0", actions: { act: () => new Promise(() => {}) } });
  await assert.rejects(bus.request("hung", "act", {}, { timeout: "10ms" }), repflowError({ code: "bus.timeout" }));
  await bus.unregisterFeature("hung");
});

test("dispose ends what waits for listeners, and leaves nothing on a signal", async () => {
  const bus = new FeatureBus();
  const { signal } = new AbortController();
  bus.subscribe("topic", () => new Promise(() => {}), { signal });
  const orchestrator = new WorkflowOrchestrator({ bus });
  orchestrator.on("*", () => {}, { signal });
  const published = bus.publish("topic", {});
  await after(5);
  bus.dispose();
  orchestrator.dispose();
  await assert.rejects(published, repflowError({ code: "internal.disposed" }));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("an action is what it was when it was registered", async () => {
  const bus = new FeatureBus();
  const actions = { act() { return [this === actions, "registered"]; } };
  bus.registerFeature({ name: "world", version: "1.0.0", actions });
  const own = actions;
  own.act = undefined;
  assert.deepEqual(await bus.request("world", "act", {}), [true, "registered"]);
});

test("data of another realm, or without a prototype, is data", async () => {
  const orchestrator = world({ act: (params) => params });
  const foreign = runInContext("({ list: [{ name: 'foreign' }] })", createContext({}));
  const bare = Object.assign(Object.create(null), { name: "bare" });
  const definition = one({ with: { foreign: "{{ input.foreign.list[0].name }}", bare: "{{ input.bare.name }}" } });
  const { output } = await orchestrator.executeWorkflow(definition, { foreign, bare });
  assert.deepEqual(output, { foreign: "foreign", bare: "bare" });
});

test("whatever a handler throws is an error of the run", async () => {
  const thrown = [Symbol("x"), Object.create(null), undefined, null, { get retryable() { throw new Error("no"); } }];
  const orchestrator = world({ act: ({ index }) => { throw thrown[index]; } });
  for (const index of thrown.keys()) {
    await assert.rejects(orchestrator.executeWorkflow(one({}), { index }), (error) => {
      assert.equal(error.cause, thrown[index]);
      return repflowError({ code: "step.failed", stepId: "only" })(error);
    });
  }
});

test("a runtime without finalizers, messages and immediates runs long workflows, too", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    for (const name of ["FinalizationRegistry", "MessageChannel", "setImmediate"]) delete globalThis[name];
    const { FeatureBus, WorkflowOrchestrator } = await import("repflow");
    const bus = new FeatureBus();
    bus.registerFeature({ name: "world", version: "1.0.0", actions: { act: () => "done" } });
    const steps = Array.from({ length: 5_000 }, (_, index) => ({ id: "s" + index, call: "world.act" }));
    console.log((await new WorkflowOrchestrator({ bus }).executeWorkflow({ id: "long", steps }, {})).output);
    bus.dispose();
  `;
  assert.match(await run(process.execPath, ["--input-type=module", "-e", script], directory), /^done$/m);
});

test("tasks are posted to the scheduler of the host, whatever a script of the page calls by that name", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    const { runInThisContext } = await import("node:vm");
    const { setImmediate } = globalThis;
    delete globalThis.setImmediate;
    let posted = 0;
    globalThis.scheduler = { postTask: (act) => new Promise((resolve) => { posted += 1; setImmediate(() => resolve(act())); }) };
    runInThisContext("const scheduler = { tasks: [] }");
    const { FeatureBus, WorkflowOrchestrator } = await import("repflow");
    const bus = new FeatureBus();
    const busy = async (item) => { for (const began = performance.now(); performance.now() - began < 1;); return item; };
    bus.registerFeature({ name: "world", version: "1.0.0", actions: { busy } });
    const steps = [{ id: "each", forEach: "{{ input }}", concurrency: 3, steps: [{ id: "act", call: "world.busy", with: "{{ item }}" }] }];
    const { output } = await new WorkflowOrchestrator({ bus }).executeWorkflow({ id: "busy", steps }, Array.from({ length: 30 }, (_, item) => item));
    console.log(output.every(({ act }, item) => act === item) && posted > 2 ? "done" : posted);
    bus.dispose();
  `;
  assert.match(await run(process.execPath, ["--input-type=module", "-e", script], directory), /^done$/m);
});

/** The slim entry of a copy of its own, so that its core has not been loaded. */
async function slim(t) {
  const directory = join(await project(t, import.meta.url), "node_modules/repflow");
  return { directory, ...(await import(pathToFileURL(join(directory, "entry-slim.js")).href)) };
}

test("a core that never comes keeps nobody waiting beyond what they asked for", async (t) => {
  const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, initialize } = await slim(t);
  initialize(new Promise(() => {}), new Promise(() => {}));
  const bus = new FeatureBus();
  const controller = new AbortController();
  const code = (code) => (error) => error.code === code;
  await assert.rejects(bus.request("a", "b", {}, { timeout: "10ms" }), code("bus.timeout"));
  const aborted = bus.request("a", "b", {}, { signal: controller.signal });
  const orchestrator = new WorkflowOrchestrator({ bus });
  const run = orchestrator.executeWorkflow({ id: "w", steps: [] }, {}, { signal: controller.signal });
  const workout = new AdvancedWorkflowIntegration({ orchestrator }).generateComprehensiveWorkout({}, { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, code("bus.cancelled"));
  await assert.rejects(run, code("run.cancelled"));
  await assert.rejects(workout, code("run.cancelled"));
  const waiting = [bus.discover(), bus.publish("topic", {}), orchestrator.executeWorkflow({ id: "w", steps: [] }, {})];
  orchestrator.dispose();
  bus.dispose();
  for (const promise of waiting) await assert.rejects(promise, code("internal.disposed"));
});

test("a coach that never comes keeps nobody waiting who does not need it, nor beyond what they asked for", async (t) => {
  const { directory, FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, initialize } = await slim(t);
  initialize(await readFile(join(directory, "core.wasm")), new Promise(() => {}));
  const plain = new WorkflowOrchestrator();
  assert.equal((await plain.executeWorkflow({ id: "w", steps: [] }, {})).status, "completed");
  const bus = new FeatureBus();
  const coach = new AdvancedWorkflowIntegration({ bus });
  const code = (code) => (error) => error.code === code;
  await assert.rejects(coach.generateComprehensiveWorkout({}, { signal: AbortSignal.timeout(20) }), code("run.cancelled"));
  await assert.rejects(bus.request("a", "b", {}, { timeout: "10ms" }), code("bus.timeout"));
  bus.dispose();
});

test("a core that could not be loaded can be given again", async (t) => {
  const { directory, FeatureBus, initialize } = await slim(t);
  const bus = new FeatureBus();
  await assert.rejects(bus.discover(), (error) => error.code === "config.invalid" && /initialize/.test(error.message));
  initialize(new Uint8Array([1, 2, 3]));
  await assert.rejects(bus.discover(), (error) => error.code === "internal.load_failed" && error.retryable);
  initialize(await readFile(join(directory, "core.wasm")));
  assert.deepEqual(await bus.discover(), []);
});

function withResolvers() {
  let resolve;
  return { promise: new Promise((settle) => (resolve = settle)), resolve };
}

const aborts = (signal) => getEventListeners(signal, "abort").length;

test("a call that waits for the core can be given up, and leaves nothing behind", async (t) => {
  const { directory, policy, initialize } = await slim(t);
  const code = (code) => (error) => error.code === code;
  const { promise: bytes, resolve: arrive } = withResolvers();
  initialize(bytes);
  const guarded = policy({ fallback: () => "fallback" });
  const controller = new AbortController();
  let called = 0;
  const given = guarded.execute(() => (called += 1), { signal: controller.signal });
  const kept = guarded.execute(() => (called += 10), { signal: new AbortController().signal });
  controller.abort("changed my mind");
  await assert.rejects(given, (error) => error.cause === "changed my mind" && code("policy.cancelled")(error));
  assert.equal(aborts(controller.signal), 0);

  const doomed = policy({});
  const { signal } = new AbortController();
  const waiting = doomed.execute(() => (called += 100), { signal });
  doomed.dispose();
  await assert.rejects(waiting, code("internal.disposed"));
  assert.equal(aborts(signal), 0);
  assert.deepEqual(doomed.stats(), { calls: 0, inFlight: 0 });

  const isolated = policy({ circuitBreaker: {} });
  isolated.circuit.isolate();
  // What only the core can see is found out by the first call.
  const wrong = policy({ timeout: -1 });
  const refused = wrong.execute(() => (called += 1_000));
  assert.throws(() => policy({ fallback: 7 }), code("config.invalid"));

  arrive(await readFile(join(directory, "core.wasm")));
  assert.equal(await kept, 10);
  await assert.rejects(refused, (error) => error.problems[0].pointer === "/timeout" && code("config.invalid")(error));
  await assert.rejects(wrong.execute(() => (called += 1_000)), code("config.invalid"));
  await assert.rejects(isolated.execute(() => (called += 1_000)), code("circuit.open"));
  assert.equal(await guarded.execute(() => { throw new Error("no"); }), "fallback");
  assert.equal(called, 10);
});

test("a process ends when its policies are idle, and not before their calls have", async (t) => {
  const directory = await project(t, import.meta.url);
  const node = async (script, kind = "module") => {
    const began = performance.now();
    const output = await run(process.execPath, ["--expose-gc", `--input-type=${kind}`, "-e", script], directory);
    return [output.trim().split("\n"), performance.now() - began];
  };
  const LONG = `{
    retry: { maxAttempts: 2, delay: 1 }, timeout: "10m", totalTimeout: "10m", rateLimit: { limit: 10, per: "10m" },
    circuitBreaker: { openFor: "10m" }, bulkhead: { maxConcurrent: 1, maxWait: "10m" }, hedge: { delay: "10m" },
    cache: { ttl: "10m" },
  }`;
  const [idle, took] = await node(`
    import { policy } from "repflow";
    const guarded = policy(${LONG});
    console.log(await guarded.execute(() => "done", { key: "k" }));
    console.log(await guarded.execute(() => new Promise((resolve) => setTimeout(resolve, 5, "later")), { key: "l" }));
  `);
  assert.deepEqual(idle, ["done", "later"]);
  // Only "not ten minutes" is claimed.
  assert.ok(took < 60_000, `${took}`);

  // Nothing but the policy keeps these processes: a delay, a place in a queue, a timeout, a turn.
  const [busy] = await node(`
    import { policy } from "repflow";
    const retried = policy({ retry: { maxAttempts: 2, delay: 50, jitter: "none" } });
    retried.execute(({ attempt }) => { if (attempt === 1) throw new Error("no"); return "retried"; }).then(console.log);
    const timed = policy({ timeout: 100 });
    timed.execute(() => "at once").then(() => new Promise((resolve) => setTimeout(resolve, 20)))
      .then(() => timed.execute(() => new Promise(() => {}))).catch((error) => console.log(error.code));
    const limited = policy({ rateLimit: { limit: 1, per: 150, maxWait: "10s" } });
    limited.execute(() => "turn");
    limited.execute(() => console.log("turn"));
  `);
  assert.deepEqual(busy.sort(), ["policy.timeout", "retried", "turn"]);

  const [required] = await node(`
    const { policy, RepflowError } = require("repflow");
    policy({ timeout: "10m" }).execute(({ attempt }) => "attempt " + attempt).then(console.log);
    try { policy({ timeout: 0 }) } catch (error) { console.log(error instanceof RepflowError, error.code); }
  `, "commonjs");
  assert.deepEqual(required, ["true config.invalid", "attempt 1"]);
});

test("what nobody has any more is collected: idle, opened, disposed of, or held by its own timers", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    import { policy } from "repflow";
    const gone = new Set();
    const registry = new FinalizationRegistry((name) => gone.add(name));
    const { signal } = new AbortController();
    const fail = () => { throw new Error("no"); };
    const make = {
      unused: () => policy({ timeout: "10m" }),
      idle: async () => {
        const guarded = policy({ timeout: "10m", cache: { ttl: "10m" } });
        // Long enough for the timer to be set.
        await guarded.execute(() => new Promise((resolve) => setTimeout(resolve, 2, "value")), { key: "k", signal });
        return guarded;
      },
      listened: async () => {
        const guarded = policy({ retry: { maxAttempts: 1 } });
        guarded.on("*", () => guarded.stats());
        await guarded.execute(fail, { signal }).catch(() => {});
        return guarded;
      },
      open: async () => {
        const guarded = policy({ circuitBreaker: { minCalls: 1, openFor: "10m" } });
        await guarded.execute(fail).catch(() => {});
        return guarded;
      },
      disposed: async () => {
        const guarded = policy({ timeout: "10m" });
        guarded.execute(() => new Promise(() => {}), { signal }).catch(() => {});
        guarded.dispose();
        return guarded;
      },
    };
    for (const [name, each] of Object.entries(make)) await (async () => registry.register(await each(), name))();
    for (let round = 0; round < 100 && gone.size < Object.keys(make).length; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
    }
    console.log([...gone].sort().join());
    console.log(signal.aborted);
  `;
  const output = await run(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], directory);
  assert.equal(output.split("\n")[0], "disposed,idle,listened,open,unused");
});

test("what a cache let go of is collected", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    import { policy } from "repflow";
    const gone = new Set();
    const registry = new FinalizationRegistry((name) => gone.add(name));
    const guarded = policy({ cache: { ttl: "10m", maxBytes: 1_000 } });
    const ask = (key) => guarded.execute(() => {
      const value = { text: "x".repeat(400) };
      registry.register(value, key);
      return value;
    }, { key });
    for (const key of ["first", "second"]) await ask(key).then(() => undefined);
    for (let round = 0; round < 100 && !gone.has("first"); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
    }
    console.log([...gone].join());
    guarded.clearCache();
    for (let round = 0; round < 100 && !gone.has("second"); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
    }
    console.log([...gone].join());
    await guarded.execute(() => "still there", { key: "third" }).then(console.log);
  `;
  const output = await run(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], directory);
  assert.deepEqual(output.trim().split("\n"), ["first", "first,second", "still there"]);
});

test("why an attempt failed is collected once another one has answered, though the run is kept", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    import { FeatureBus, WorkflowOrchestrator } from "repflow";
    const gone = new Set();
    const registry = new FinalizationRegistry((name) => gone.add(name));
    const bus = new FeatureBus();
    const flaky = (_, { attempt }) => {
      if (attempt === 2) return "there";
      const error = new Error("on purpose");
      registry.register(error, "the error");
      throw error;
    };
    bus.registerFeature({ name: "f", version: "1.0.0", actions: { flaky, open: () => new Promise(() => {}) } });
    const orchestrator = new WorkflowOrchestrator({ bus });
    const steps = [{ id: "a", call: "f.flaky", retry: { maxAttempts: 2, delay: 0 } }, { id: "b", call: "f.open" }];
    const handle = orchestrator.start({ id: "w", steps });
    handle.result.catch(() => {});
    for (let round = 0; round < 100 && gone.size === 0; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
    }
    console.log([...gone].join(), handle.status().status);
    handle.cancel();
  `;
  const output = await run(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], directory);
  assert.equal(output.trim(), "the error running");
});
