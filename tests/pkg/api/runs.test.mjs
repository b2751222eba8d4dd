// The management of runs: status, lists, places and queues, retention, events, drain and dispose.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { project, run } from "../support.mjs";
import { FeatureBus, WorkflowOrchestrator, repflowError } from "./package.mjs";
import { after, eventually, until } from "./world.mjs";

/** An orchestrator over a feature `world`; `open(name)` lets `world.gate` with that name answer. */
function world(options, actions = {}) {
  const bus = new FeatureBus();
  const gates = new Map();
  const begun = [];
  const gate = ({ name }) => {
    begun.push(name);
    return new Promise((resolve) => gates.set(name, resolve));
  };
  const open = async (name) => {
    await eventually(() => gates.has(name));
    gates.get(name)(name);
  };
  bus.registerFeature({ name: "world", version: "1.0.0", actions: { gate, echo: (params) => params, ...actions } });
  return { bus, orchestrator: new WorkflowOrchestrator({ bus, ...options }), begun, open };
}

const gated = { id: "gated", steps: [{ id: "gate", call: "world.gate" }] };
const echo = { id: "echo", steps: [{ id: "echo", call: "world.echo" }] };
const never = { id: "never", steps: [{ id: "never", call: "world.never" }] };
const NEVER = { never: (_, { signal }) => until(signal) };

test("a result is plain data with its steps, short or long, also as a copy, as JSON and seen through a proxy", async () => {
  const { orchestrator } = world();
  for (const count of [1, 8, 9, 30]) {
    const steps = Array.from({ length: count }, (_, index) => ({ id: `s${index}`, call: "world.echo" }));
    const result = await orchestrator.executeWorkflow({ id: "many", steps }, 7);
    const seen = new Proxy(result, { get: (target, key, proxy) => Reflect.get(target, key, proxy) });
    for (const copy of [result, { ...result }, structuredClone(result), JSON.parse(JSON.stringify(result)), seen]) {
      assert.deepEqual(Object.keys(copy).sort(), Object.keys(result).sort());
      assert.deepEqual(Object.keys(copy.steps), steps.map(({ id }) => id));
      assert.deepEqual(copy.steps.s0, result.steps.s0);
    }
    assert.equal(result.steps, result.steps, "made once");
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
  }
});

test("a handle tells how its run stands, while it runs and afterwards", async () => {
  const { orchestrator, open } = world();
  const definition = { id: "two", steps: [{ id: "first", call: "world.echo" }, { id: "gate", call: "world.gate" }] };
  const handle = orchestrator.start(definition, { name: "a" }, { correlationId: "request-7", priority: 3 });
  await eventually(() => handle.status().steps.gate?.status === "running");
  const running = handle.status();
  assert.equal(running.status, "running");
  assert.equal(running.runId, handle.id);
  assert.equal(running.workflowId, "two");
  assert.equal(running.correlationId, "request-7");
  assert.equal(running.priority, 3);
  assert.equal(running.endedAt, null);
  assert.ok(running.durationMs >= 0 && Math.abs(running.startedAt - Date.now()) < 60_000);
  assert.equal(running.steps.first.status, "completed");
  assert.deepEqual(running.steps.first.output, { name: "a" });
  assert.equal(running.steps.gate.status, "running");
  open("a");
  await handle.result;
  const ended = handle.status();
  assert.equal(ended.status, "completed");
  assert.equal(ended.endedAt - ended.startedAt, ended.durationMs);
  assert.equal(ended.steps.gate.output, "a");
  // What was told before has not changed.
  assert.equal(running.status, "running");
  assert.equal(running.steps.gate.status, "running");
});

test("the status says how a run ended", async () => {
  const { orchestrator } = world({}, { ...NEVER, fail: () => { throw new Error("no"); } });
  const failing = { id: "failing", steps: [{ id: "fail", call: "world.fail" }] };
  const ends = {
    completed: orchestrator.start(echo, 1),
    failed: orchestrator.start(failing, {}),
    cancelled: orchestrator.start(never, {}),
    timed_out: orchestrator.start({ ...never, timeout: "10ms" }, {}),
  };
  ends.cancelled.cancel();
  for (const [status, handle] of Object.entries(ends)) {
    await handle.result.catch(() => {});
    assert.equal(handle.status().status, status);
  }
  const refused = orchestrator.start({ id: "wrong", steps: 7 }, {});
  await assert.rejects(refused.result, repflowError({ code: "workflow.invalid" }));
  assert.equal(refused.status().status, "failed");
  assert.equal(refused.status().startedAt, null);
});

test("runs are listed in the order of their start, and found by what they are", async () => {
  const { orchestrator, open } = world();
  const first = orchestrator.start(gated, { name: "a" }, { correlationId: "one" });
  const second = orchestrator.start(echo, 2, { correlationId: "two" });
  const third = orchestrator.start(gated, { name: "c" }, { correlationId: "two" });
  await second.result;
  const ids = (filter) => orchestrator.list(filter).map(({ runId }) => runId);
  assert.deepEqual(ids(), [first.id, second.id, third.id]);
  assert.deepEqual(ids({ status: "running" }), [first.id, third.id]);
  assert.deepEqual(ids({ status: ["completed", "failed"] }), [second.id]);
  assert.deepEqual(ids({ workflowId: "gated" }), [first.id, third.id]);
  assert.deepEqual(ids({ correlationId: "two", status: "running" }), [third.id]);
  assert.equal(orchestrator.get(third.id).id, third.id);
  assert.equal(orchestrator.get(second.id).status().status, "completed");
  assert.equal((await orchestrator.get(second.id).result).output, 2);
  assert.equal(orchestrator.get("nobody"), undefined);
  assert.throws(() => orchestrator.list({ status: "complete" }), (error) => {
    assert.equal(error.problems[0].suggestion, "completed");
    return repflowError({ code: "config.invalid" })(error);
  });
  open("a");
  open("c");
  await Promise.all([first.result, third.result]);
});

test("no more runs at once than may; the others wait by priority, then in the order of their start", async () => {
  const { orchestrator, begun, open } = world({ maxConcurrentRuns: 2 });
  const start = (name, priority) => orchestrator.start(gated, { name }, { priority });
  const handles = [start("a"), start("b"), start("low", -1), start("c"), start("high", 5), start("d", 0)];
  await eventually(() => begun.length === 2);
  assert.deepEqual(begun, ["a", "b"]);
  assert.deepEqual(handles.map((handle) => handle.status().status), ["running", "running", "queued", "queued", "queued", "queued"]);
  assert.equal(handles[2].status().startedAt, null);
  for (const name of ["a", "high", "c", "b", "d", "low"]) {
    const before = begun.length;
    await open(name);
    if (before < 6) await eventually(() => begun.length > before);
  }
  assert.deepEqual(begun, ["a", "b", "high", "c", "d", "low"]);
  await Promise.all(handles.map(({ result }) => result));
});

test("what is queued is limited, too, and a place that becomes free is used", async () => {
  const { orchestrator, open } = world({ maxConcurrentRuns: 1, maxQueuedRuns: 1 });
  const [first, second, third] = ["a", "b", "c"].map((name) => orchestrator.start(gated, { name }));
  await assert.rejects(third.result, repflowError({ code: "run.queue_full", kind: "rate_limited", retryable: true }));
  assert.equal(third.status().status, "failed");
  open("a");
  await first.result;
  const fourth = orchestrator.start(gated, { name: "d" });
  open("b");
  await second.result;
  open("d");
  assert.equal((await fourth.result).output, "d");
});

test("a definition that is wrong is refused at once, also when there is no place", async () => {
  const { orchestrator, open } = world({ maxConcurrentRuns: 1 });
  const first = orchestrator.start(gated, { name: "a" });
  await assert.rejects(orchestrator.executeWorkflow({ id: "wrong", steps: 7 }, {}), repflowError({ code: "workflow.invalid" }));
  open("a");
  await first.result;
});

test("a run that waits for its place can be cancelled, by its handle or its signal, and never begins", async () => {
  const { orchestrator, begun, open } = world({ maxConcurrentRuns: 1 });
  const controller = new AbortController();
  const first = orchestrator.start(gated, { name: "a" });
  const byHandle = orchestrator.start(gated, { name: "b" });
  const bySignal = orchestrator.start(gated, { name: "c" }, { signal: controller.signal });
  const last = orchestrator.start(gated, { name: "d" });
  byHandle.cancel("not now");
  controller.abort("nor this");
  await assert.rejects(byHandle.result, (error) => error.cause === "not now" && repflowError({ code: "run.cancelled" })(error));
  await assert.rejects(bySignal.result, (error) => error.cause === "nor this" && repflowError({ code: "run.cancelled" })(error));
  assert.equal(byHandle.status().status, "cancelled");
  open("a");
  await first.result;
  open("d");
  await last.result;
  assert.deepEqual(begun, ["a", "d"]);
});

test("thousands that wait begin one after the other, also when they end as they begin", async () => {
  const { orchestrator, open } = world({ maxConcurrentRuns: 1 });
  const first = orchestrator.start(gated, { name: "a" });
  const rest = Array.from({ length: 20_000 }, (_, n) => orchestrator.executeWorkflow(echo, n));
  open("a");
  await first.result;
  assert.deepEqual((await Promise.all(rest)).map(({ output }) => output), Array.from({ length: 20_000 }, (_, n) => n));
});

test("runs that have ended are kept by count", async () => {
  const { orchestrator } = world({ retention: { count: 2 } });
  const handles = [];
  for (let n = 0; n < 4; n += 1) {
    handles.push(orchestrator.start(echo, n));
    await handles[n].result;
  }
  assert.deepEqual(orchestrator.list().map(({ runId }) => runId), handles.slice(2).map(({ id }) => id));
  assert.equal(orchestrator.get(handles[0].id), undefined);
  // The handle still tells how it ended, but not how each step did.
  assert.equal(handles[0].status().status, "completed");
  assert.deepEqual(handles[0].status().steps, {});
  assert.equal(handles[3].status().steps.echo.output, 3);
});

test("of runs that are not kept, nothing is known by their id", async () => {
  const { orchestrator, open } = world({ retention: { count: 0 } });
  const handle = orchestrator.start(gated, { name: "a" });
  assert.equal(orchestrator.get(handle.id).id, handle.id);
  open("a");
  await handle.result;
  assert.equal(orchestrator.get(handle.id), undefined);
  assert.deepEqual(handle.status().steps, {});
});

test("those that are kept are the last ones by count and age, however many came before", async () => {
  const { orchestrator } = world({ retention: { count: 3, age: 60 } });
  const known = () => orchestrator.list().map(({ runId }) => runId);
  const ids = [];
  for (let n = 0; n < 8; n += 1) {
    const handle = orchestrator.start(echo, n);
    ids.push(handle.id);
    await handle.result;
    assert.deepEqual(known(), ids.slice(-3));
  }
  await after(40);
  const later = orchestrator.start(echo, 8);
  await later.result;
  await after(40);
  assert.deepEqual(known(), [later.id]);
  assert.equal(orchestrator.get(ids.at(-1)), undefined);
  await after(40);
  assert.deepEqual(known(), []);
});

test("runs that have ended are kept by age", async () => {
  const { orchestrator } = world({ retention: { age: 20 } });
  const handle = orchestrator.start(echo, 1);
  await handle.result;
  assert.equal(orchestrator.list().length, 1);
  await after(40);
  assert.equal(orchestrator.list().length, 0);
  assert.equal(orchestrator.get(handle.id), undefined);
  const none = world({ retention: { age: 0, count: 0 } }).orchestrator;
  await none.executeWorkflow(echo, 1);
  assert.deepEqual(none.list(), []);
});

test("drain takes no new runs, and resolves when all have ended, queued ones too", async () => {
  const { orchestrator, open, begun } = world({ maxConcurrentRuns: 1 });
  const [first, second] = ["a", "b"].map((name) => orchestrator.start(gated, { name }));
  let drained = false;
  const draining = orchestrator.drain().then(() => { drained = true; });
  assert.throws(() => orchestrator.start(echo, 1), repflowError({ code: "internal.disposed" }));
  await assert.rejects(orchestrator.executeWorkflow(echo, 1), repflowError({ code: "internal.disposed" }));
  open("a");
  await first.result;
  await eventually(() => begun.length === 2);
  assert.equal(drained, false);
  assert.deepEqual(begun, ["a", "b"]);
  open("b");
  await second.result;
  await draining;
  await orchestrator.drain();
  assert.equal(orchestrator.list().length, 2);
});

test("dispose rejects what runs and what waits, and `using` does it by itself", async () => {
  const { orchestrator, begun } = world({ maxConcurrentRuns: 1 });
  const results = ["a", "b"].map((name) => orchestrator.start(gated, { name }).result);
  await eventually(() => begun.length > 0);
  orchestrator.dispose();
  for (const result of results) await assert.rejects(result, repflowError({ code: "internal.disposed" }));
  assert.deepEqual(begun, ["a"]);
  assert.throws(() => orchestrator.on("*", () => {}), repflowError({ code: "internal.disposed" }));
  if (Symbol.dispose === undefined) return;
  const other = world();
  other.orchestrator[Symbol.dispose]();
  assert.throws(() => other.orchestrator.start(echo, 1), repflowError({ code: "internal.disposed" }));
  const third = world();
  const last = third.orchestrator.start(gated, { name: "a" });
  const disposing = third.orchestrator[Symbol.asyncDispose]();
  third.open("a");
  await disposing;
  assert.equal((await last.result).output, "a");
  assert.throws(() => third.orchestrator.on("*", () => {}), repflowError({ code: "internal.disposed" }));
});

test("options that are wrong are refused with every problem", () => {
  const options = { maxConcurrentRuns: 0, maxQueuedRuns: -1, retention: 7 };
  assert.throws(() => new WorkflowOrchestrator(options), (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer), ["/maxConcurrentRuns", "/maxQueuedRuns", "/retention"]);
    return repflowError({ code: "config.invalid" })(error);
  });
  assert.throws(() => new WorkflowOrchestrator({ retention: { age: "soon" } }), repflowError({ code: "config.invalid" }));
  const { orchestrator } = world();
  assert.throws(() => orchestrator.start(echo, 1, { priority: 1.5 }), repflowError({ code: "config.invalid" }));
});

// ── Events ──

const typesOf = async (events) => {
  const types = [];
  for await (const { type, seq } of events) {
    assert.equal(seq, types.length);
    types.push(type);
  }
  return types;
};

const STORY = ["run.started", "step.started", "attempt.started", "step.completed", "run.completed"];

test("events come from the first on, whenever they were asked for, and end after the last one", async () => {
  const { orchestrator, open } = world();
  const handle = orchestrator.start(gated, { name: "a" });
  const early = typesOf(handle.events());
  await after(5);
  const late = typesOf(handle.events());
  const again = typesOf(orchestrator.get(handle.id).events());
  open("a");
  await handle.result;
  for (const types of await Promise.all([early, late, again])) assert.deepEqual(types, STORY);
  // They are gone with the run.
  assert.deepEqual(await typesOf(handle.events()), []);
});

test("events of a run that waits for its place come once it has begun", async () => {
  const { orchestrator, open } = world({ maxConcurrentRuns: 1 });
  const first = orchestrator.start(gated, { name: "a" });
  const second = orchestrator.start(gated, { name: "b" });
  const cancelled = orchestrator.start(gated, { name: "c" });
  const [types, none] = [typesOf(second.events()), typesOf(cancelled.events())];
  cancelled.cancel();
  await assert.rejects(cancelled.result);
  assert.deepEqual(await none, []);
  open("a");
  await first.result;
  open("b");
  assert.deepEqual(await types, STORY);
});

test("who stops to listen hears nothing more, and is nobody's burden", async () => {
  const { orchestrator, open } = world();
  const handle = orchestrator.start(gated, { name: "a" });
  const heard = [];
  for await (const { type } of handle.events()) {
    heard.push(type);
    if (type === "attempt.started") break;
  }
  assert.deepEqual(heard, STORY.slice(0, 3));
  const events = handle.events();
  const waiting = [events.next(), events.next(), events.next(), events.next()];
  assert.equal((await waiting[0]).value.type, "run.started");
  await events.return();
  assert.deepEqual(await waiting[3], { value: undefined, done: true });
  assert.deepEqual(await events.next(), { value: undefined, done: true });
  open("a");
  await handle.result;
});

test("who hears a run in the middle gets no event twice, and nobody misses one", async () => {
  const { orchestrator, open } = world();
  const [told, all] = [[], []];
  const handle = orchestrator.start(gated, { name: "a" }, { onEvent: ({ type }) => told.push(type) });
  const stream = typesOf(handle.events());
  const silent = orchestrator.start(gated, { name: "b" });
  orchestrator.on("*", ({ runId, type }) => all.push([runId, type]));
  open("a");
  open("b");
  await Promise.all([handle.result, silent.result]);
  assert.deepEqual(told, STORY);
  assert.deepEqual(await stream, STORY);
  // Who hears all runs hears what happens from then on.
  for (const id of [handle.id, silent.id]) {
    assert.deepEqual(all.filter(([runId]) => runId === id).map(([, type]) => type), STORY.slice(3));
  }
});

test("an event that does not exist is refused, with the one that was meant", () => {
  const { orchestrator } = world();
  assert.throws(() => orchestrator.on("run.complete", () => {}), (error) => {
    assert.equal(error.problems[0].suggestion, "run.completed");
    return repflowError({ code: "config.invalid" })(error);
  });
});

test("a run can be asked for its events and its status before the core is loaded", async (t) => {
  const directory = join(await project(t, import.meta.url), "node_modules/repflow");
  const slim = await import(pathToFileURL(join(directory, "entry-slim.js")).href);
  let arrive;
  slim.initialize(new Promise((resolve) => (arrive = resolve)));
  const bus = new slim.FeatureBus();
  bus.registerFeature({ name: "world", version: "1.0.0", actions: { echo: (params) => params } });
  const orchestrator = new slim.WorkflowOrchestrator({ bus, maxConcurrentRuns: 1 });
  const handle = orchestrator.start(echo, 1);
  const second = orchestrator.start(echo, 2);
  assert.equal(handle.status().status, "queued");
  assert.equal(handle.status().workflowId, "echo");
  assert.equal(orchestrator.list({ status: "queued" }).length, 2);
  const types = typesOf(handle.events());
  arrive(await readFile(join(directory, "core.wasm")));
  assert.equal((await second.result).output, 2);
  assert.deepEqual(await types, STORY);
});

// ── What is given ──

test("a definition that JSON would change is refused with every place, and nothing starts", async () => {
  const { orchestrator } = world({}, { echo: () => assert.fail("a step of a refused definition started") });
  const circular = {};
  circular.self = circular;
  const definition = {
    id: "not-data",
    steps: [{ id: "a", call: "world.echo", with: { f: () => 1, n: NaN, big: 1n, map: new Map(), list: [undefined], circular, "a/b": Symbol("x") } }],
  };
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), (error) => {
    const pointers = error.problems.map(({ pointer }) => pointer.replace("/steps/0/with", ""));
    assert.deepEqual(pointers, ["/f", "/n", "/big", "/map", "/list/0", "/circular/self", "/a~1b"]);
    return repflowError({ code: "workflow.invalid" })(error);
  });
  for (const nothing of [undefined, null, 7, () => {}]) {
    await assert.rejects(orchestrator.executeWorkflow(nothing, {}), repflowError({ code: "workflow.invalid" }));
  }
});

test("a definition that was given often and is changed then runs as it is now", async () => {
  const { orchestrator } = world();
  const given = () => ({ id: "w", steps: [{ ...structuredClone(echo.steps[0]), with: { list: [1, { deep: 2 }], text: "a" } }] });
  const changes = {
    "a value deep inside": (definition) => { definition.steps[0].with.list[1].deep = 3; },
    "a field that comes": (definition) => { definition.steps[0].with.more = null; },
    "a field that goes": (definition) => { delete definition.steps[0].with.text; },
    "another name for it": ({ steps: [step] }) => { step.with = { list: step.with.list, other: "a" }; },
    "a list that is shorter": (definition) => { definition.steps[0].with.list.pop(); },
    "a list for an object": (definition) => { definition.steps[0].with = []; },
    "what says itself how it looks as JSON": (definition) => { definition.steps[0].with.toJSON = () => 7; },
    "an object of the same fields that does": ({ steps: [step] }) => {
      step.with = Object.assign(Object.create({ constructor: Object, toJSON: () => 8 }), step.with);
    },
    "null for text": (definition) => { definition.steps[0].with.text = null; },
  };
  for (const [what, change] of Object.entries(changes)) {
    const definition = given();
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual((await orchestrator.executeWorkflow(definition, 0)).output, given().steps[0].with, what);
    }
    change(definition);
    const { steps: [step] } = JSON.parse(JSON.stringify(definition));
    for (let round = 0; round < 3; round += 1) assert.deepEqual((await orchestrator.executeWorkflow(definition, 0)).output, step.with, what);
  }
  const definition = given();
  for (let round = 0; round < 3; round += 1) await orchestrator.executeWorkflow(definition, 0);
  definition.steps[0].with.list = new Map();
  await assert.rejects(orchestrator.executeWorkflow(definition, 0), repflowError({ code: "workflow.invalid" }));
});

test("what the caller changes after the start is not what runs, unless it was frozen before", async () => {
  const { orchestrator } = world();
  const definition = structuredClone(echo);
  const run = orchestrator.executeWorkflow(definition, 1);
  definition.steps[0].call = "world.gone";
  assert.equal((await run).output, 1);
  await assert.rejects(orchestrator.executeWorkflow(definition, 1), repflowError({ code: "step.failed" }));
  const frozen = Object.freeze({ ...echo, steps: Object.freeze(echo.steps.map(Object.freeze)) });
  for (let round = 0; round < 3; round += 1) assert.equal((await orchestrator.executeWorkflow(frozen, round)).output, round);
});

// ── Nothing leaks ──

test("one listener on a signal, however many runs, requests, subscriptions and listeners share it", async () => {
  const { bus, orchestrator } = world({}, NEVER);
  const controller = new AbortController();
  const { signal } = controller;
  const warned = [];
  const warn = (warning) => warned.push(warning.name);
  process.on("warning", warn);
  const runs = Array.from({ length: 30 }, () => orchestrator.executeWorkflow(never, {}, { signal }));
  const requests = Array.from({ length: 30 }, () => bus.request("world", "never", {}, { signal }));
  for (let n = 0; n < 30; n += 1) {
    bus.subscribe("topic", () => {}, { signal });
    orchestrator.on("*", () => {}, { signal });
  }
  assert.equal(getEventListeners(signal, "abort").length, 1);
  await orchestrator.executeWorkflow(echo, 1, { signal });
  controller.abort();
  for (const run of runs) await assert.rejects(run, repflowError({ code: "run.cancelled" }));
  for (const request of requests) await assert.rejects(request, repflowError({ code: "bus.cancelled" }));
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await after(0);
  process.off("warning", warn);
  assert.deepEqual(warned, []);
});

test("100,000 runs leave memory where it was after the first 10,000", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    import { FeatureBus, WorkflowOrchestrator } from "repflow";
    const bus = new FeatureBus();
    bus.registerFeature({ name: "world", version: "1.0.0", actions: {
      act: (params) => ({ big: new Array(100).fill(params.n) }),
      later: async () => 1,
      fail: () => { throw new Error("no"); },
    } });
    const orchestrator = new WorkflowOrchestrator({ bus });
    const { signal } = new AbortController();
    const definition = (call) => ({ id: "w", steps: [{ id: "a", call: "world.act", with: { n: "{{ input.n }}" } }, { id: "b", call }] });
    const [good, later, bad] = ["world.act", "world.later", "world.fail"].map(definition);
    good.steps[1].with = later.steps[1].with = bad.steps[1].with = { n: 1 };
    async function runs(from, to) {
      for (let n = from; n < to; n += 1) {
        if (n % 10 === 0) {
          const handle = orchestrator.start(later, { n }, { signal });
          const seen = (async () => { for await (const event of handle.events()) if (event.type === "run.completed") return event; })();
          await handle.result;
          await seen;
        } else if (n % 10 === 1) {
          await orchestrator.executeWorkflow(bad, { n }, { signal }).catch(() => {});
        } else {
          await orchestrator.executeWorkflow(n % 10 === 2 ? { ...good } : good, { n }, { signal });
        }
      }
    }
    const used = async () => {
      for (let round = 0; round < 5; round += 1) { await new Promise((resolve) => setTimeout(resolve, 5)); globalThis.gc(); }
      const { heapUsed, arrayBuffers, external } = process.memoryUsage();
      return heapUsed + external;
    };
    await runs(0, 10_000);
    const before = await used();
    await runs(10_000, 100_000);
    console.log((await used()) - before);
  `;
  const grown = Number(await run(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], directory));
  // Ten bytes for each run would be 900,000.
  assert.ok(grown < 600_000, `${grown} bytes`);
});

test("with 10,000 runs active the thread is never held for long, and none starves", async () => {
  const { orchestrator } = world({}, { soon: async () => {}, now: () => 1 });
  const steps = Array.from({ length: 10 }, (_, n) => ({ id: `s${n}`, call: n % 2 === 0 ? "world.soon" : "world.now" }));
  const pauses = [];
  let last = performance.now();
  const watch = setInterval(() => {
    const now = performance.now();
    pauses.push(now - last);
    last = now;
  }, 1);
  const runs = Array.from({ length: 10_000 }, () => orchestrator.executeWorkflow({ id: "many", steps }, {}));
  last = performance.now();
  await Promise.all(runs);
  clearInterval(watch);
  // A few milliseconds, and now and then a garbage collection; the machine may be busy with other things, too.
  pauses.sort((a, b) => a - b);
  assert.ok(pauses.length >= 20, `${pauses.length} turns of others`);
  assert.ok(pauses[Math.floor(pauses.length * 0.8)] < 30, `${pauses.map(Math.round)} ms`);
});

test("thousands of answers that come at once do not hold the thread, and none is too late because of that", async () => {
  let all;
  const together = new Promise((resolve) => (all = resolve));
  const { orchestrator } = world({}, { wait: () => together.then(() => {}) });
  const definition = { id: "together", steps: [{ id: "a", call: "world.wait", timeout: "10s" }, { id: "b", call: "world.echo" }] };
  const runs = Array.from({ length: 20_000 }, (_, n) => orchestrator.executeWorkflow(definition, n));
  await after(100);
  let turns = 0;
  const watch = setInterval(() => { turns += 1; }, 1);
  all();
  const results = await Promise.all(runs);
  clearInterval(watch);
  assert.ok(turns >= 5, `${turns} turns of others`);
  assert.ok(results.every(({ output }, n) => output === n));
});
