// Steps that are certain to follow begin without the core, which is told later: nobody can tell the difference.

import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";
import { test } from "node:test";

import { FeatureBus, WorkflowOrchestrator } from "./package.mjs";
import { random as randomOf } from "./random.mjs";
import { eventually } from "./world.mjs";

const SEEDS = 150;

const call = (id, more) => ({ id, call: "f.act", ...more });

/** A definition of calls, mostly plain ones: in a row, in a graph, in groups and in loops. */
function definitionOf(random) {
  let ids = 0;
  const below = (n) => Math.floor(random() * n);
  const list = (depth, isGraph) => Array.from({ length: 1 + below(depth === 0 ? 8 : 4) }, (_, place, first = ids - place) => {
    const step = call(`s${(ids += 1)}`, below(12) === 0 ? { retry: { maxAttempts: 2, delay: 0, jitter: "none" } } : below(4) === 0 ? { timeout: 10_000 + below(3) } : {});
    const before = Array.from({ length: place }, (_, at) => `s${first + at + 1}`).filter((id) => known.has(id) && below(2) === 0);
    known.add(step.id);
    if (isGraph) step.needs = before;
    if (depth > 1 || below(5) > 0) return step;
    const { id, needs } = step;
    const group = needs === undefined ? { id } : { id, needs };
    const steps = list(depth + 1, false);
    if (below(2) === 0) return { ...group, steps };
    return { ...group, forEach: [1, 2, 3, 4, 5].slice(below(4)), concurrency: 1 + below(3), steps: below(2) === 0 ? [call(`s${(ids += 1)}`)] : steps };
  });
  const known = new Set();
  return { id: "random", steps: list(0, below(2) === 0) };
}

/** Runs a definition; `onCall(handle, calls)` is told of each call. Each takes some turns, and few fail. */
async function runOf(definition, faults, options, onCall = () => {}) {
  const bus = new FeatureBus();
  let calls = 0;
  let handle;
  const act = async (_, { stepId }) => {
    calls += 1;
    const turns = (stepId.length * 7 + stepId.charCodeAt(1)) % 3;
    const fails = faults.has(calls);
    onCall(handle, calls);
    for (let turn = 0; turn < turns; turn += 1) await undefined;
    if (fails) throw new Error("on purpose");
    return stepId;
  };
  // A handler need not be asynchronous.
  const plain = (params, context) => (context.stepId.endsWith("3") && !faults.has(calls + 1) ? ((calls += 1), onCall(handle, calls), context.stepId) : act(params, context));
  bus.registerFeature({ name: "f", version: "1.0.0", actions: { act: plain } });
  const orchestrator = new WorkflowOrchestrator({ bus });
  await bus.discover();
  handle = orchestrator.start(definition, {}, options);
  const result = await handle.result.catch((error) => error);
  const { steps } = handle.status();
  return { outcome: result.output ?? result.code, calls, steps: withoutTimes(steps) };
}

const withoutTimes = (value) => JSON.parse(JSON.stringify(value, (key, it) => (key === "durationMs" || key === "error" ? typeof it : it)));

/** What is said of each step, in its order: of answers that come in the same moment, either may be the first. */
function byStep(events) {
  const steps = {};
  for (const { type, stepId, attempt, iteration } of events) (steps[[stepId, ...(iteration ?? [])]] ??= []).push(`${type} ${attempt}`);
  return steps;
}

test("whether somebody hears of it or not, a run comes to the same", async (t) => {
  // Time stands still. Where a slice of it ends, in one run and not in the other, what would follow is put off; and of what is under
  // way when something fails, more or less has been done then.
  let time = performance.now();
  let isOver = () => false;
  t.mock.method(performance, "now", () => (time += isOver() ? 10 : 0));
  let looked = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const random = randomOf(seed);
    const definition = definitionOf(random);
    const faults = new Set(random() < 0.3 ? [1 + Math.floor(random() * 6)] : []);
    const events = [];
    const heard = await runOf(definition, faults, { onEvent: (event) => events.push(event) });

    const unheard = await runOf(definition, faults, {});
    assert.deepEqual(unheard, heard, `seed ${seed}`);
    if (faults.size === 0) {
      isOver = () => random() < 0.02;
      assert.deepEqual(await runOf(definition, faults, {}), heard, `seed ${seed}, in slices`);
      isOver = () => false;
    }

    // Somebody begins to hear of it in the midst of it, and is told all.
    const at = 1 + Math.floor(random() * heard.calls);
    const seen = [];
    let stream;
    const joined = await runOf(definition, faults, {}, (handle, calls) => {
      if (calls !== at || handle === undefined) return;
      stream = (async () => {
        for await (const event of handle.events()) seen.push(event);
      })();
    });
    assert.deepEqual(joined, heard, `seed ${seed}, heard from call ${at} on`);
    if (stream === undefined) continue;
    await stream;
    assert.deepEqual(byStep(seen), byStep(events), `seed ${seed}, heard from call ${at} on`);
    looked += 1;
  }
  assert.ok(looked > SEEDS / 3, `${looked} of ${SEEDS} were looked at`);
});

/** An orchestrator with a feature `f` whose actions are given. */
function world(actions) {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "f", version: "1.0.0", actions });
  return { bus, orchestrator: new WorkflowOrchestrator({ bus }) };
}

const row = (length, more = () => ({})) => Array.from({ length }, (_, at) => call(`s${at}`, more(at)));

test("wherever it is, its status, its journal and its list say so", async (t) => {
  // Time stands still, so the first step begins within `start`, before there is a handle to ask.
  const time = performance.now();
  t.mock.method(performance, "now", () => time);
  let handle;
  const seen = [];
  const { orchestrator } = world({
    act: async (_, { stepId }) => {
      if (handle === undefined) return stepId;
      const { steps, status } = handle.status();
      const completed = Object.values(steps).filter((step) => step.status === "completed").length;
      seen.push([stepId, status, completed, steps[stepId].status, handle.snapshot().log.length > 0]);
      return stepId;
    },
  });
  await orchestrator.executeWorkflow({ id: "first", steps: row(1) }, {});
  handle = orchestrator.start({ id: "row", steps: row(6) }, {});
  await handle.result;
  assert.deepEqual(seen, Array.from({ length: 5 }, (_, at) => [`s${at + 1}`, "running", at + 1, "running", true]));
});

test("a pause and an end are heeded between two steps that nobody hears of", async () => {
  for (const [act, calls] of [["pause", 4], ["cancel", 4]]) {
    let handle;
    let made = 0;
    const { orchestrator } = world({
      act: async () => {
        made += 1;
        if (made === 4) handle[act]();
        return made;
      },
    });
    handle = orchestrator.start({ id: "row", steps: row(10) }, {});
    handle.result.catch(() => {});
    await eventually(() => made >= calls);
    await after(20);
    assert.equal(made, calls, act);
    if (act === "pause") {
      assert.equal(handle.status().status, "paused");
      handle.resume();
      assert.equal((await handle.result).output, 10);
    } else {
      await assert.rejects(handle.result, { code: "run.cancelled" });
      assert.equal(handle.status().steps.s4.status, "pending");
    }
  }
});

test("time limits are kept: of the step that follows, and of one that has less time than the one before", async () => {
  const hangs = { act: (_, { stepId, signal }) => (stepId === "s3" ? new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))) : Promise.resolve(stepId)) };
  for (const timeouts of [() => 60, (at) => (at === 3 ? 30 : 10_000), (at) => (at < 3 ? undefined : 40)]) {
    const { orchestrator } = world(hangs);
    const began = performance.now();
    const failed = orchestrator.executeWorkflow({ id: "row", steps: row(6, (at) => (timeouts(at) ? { timeout: timeouts(at) } : {})) }, {});
    await assert.rejects(failed, { code: "step.timeout", stepId: "s3" });
    assert.ok(performance.now() - began < 5_000);
  }
});

test("whatever time they have, steps of a graph wait for all that they need", async () => {
  for (const [a, b, d] of [[10_000, 1_000, 5_000], [1_000, 10_000, 5_000], [undefined, 1_000, 2_000], [1_000, 1_000, 1_000]]) {
    let story = [];
    const { orchestrator } = world({
      // What is wrong is found out afterwards: of a call that should not have been, nobody would hear that it failed.
      act: async (_, { stepId }) => {
        story.push(`${stepId} begins`);
        if (stepId === "a") await after(2);
        story.push(`${stepId} ends`);
      },
    });
    const step = (id, timeout, needs) => call(id, timeout === undefined ? { needs } : { needs, timeout });
    // The first ones take so long that the host has its turn in between.
    for (let time = 0; time < 20; time += 1) {
      story = [];
      await orchestrator.executeWorkflow({ id: "graph", steps: [step("a", a, []), step("b", b, []), step("d", d, ["a", "b"])] }, {});
      assert.deepEqual(story.slice(0, 4).sort(), ["a begins", "a ends", "b begins", "b ends"]);
      assert.deepEqual(story.slice(4), ["d begins", "d ends"]);
    }
  }
});

test("a long row of steps lets the host have its turn", async () => {
  const { orchestrator } = world({ act: async () => 1 });
  const run = orchestrator.executeWorkflow({ id: "row", steps: row(20_000) }, {});
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  await run;
  clearInterval(timer);
  assert.ok(turns > 0, "no timer rang while the steps ran");
});

test("a definition that is frozen is what it was; one that is frozen with a getter is read", async () => {
  const { orchestrator } = world({ act: async (params) => params });
  const frozen = (value) => {
    if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
    return Object.freeze(value);
  };
  const definition = frozen({ id: "row", steps: [call("a", { with: { n: 1 } })] });
  for (let time = 0; time < 5; time += 1) assert.deepEqual((await orchestrator.executeWorkflow(definition, {})).output, { n: 1 });

  const shallow = Object.freeze({ id: "row", steps: [call("a", { with: { n: 1 } })] });
  for (let n = 1; n < 6; n += 1) {
    shallow.steps[0].with.n = n;
    assert.deepEqual((await orchestrator.executeWorkflow(shallow, {})).output, { n });
  }

  let read = 0;
  const step = Object.freeze({ id: "a", call: "f.act", get with() { return { n: (read += 1) }; } });
  const withGetter = Object.freeze({ id: "row", steps: Object.freeze([step]) });
  const outputs = [];
  for (let time = 0; time < 5; time += 1) outputs.push((await orchestrator.executeWorkflow(withGetter, {})).output.n);
  assert.ok(outputs.every((n, at) => at === 0 || n > outputs[at - 1]), `${outputs}`);
});

test("whoever leaves with a time of grace gives up calls of runs, and of requests whose reader takes its time", async () => {
  const aborted = [];
  const hang = (name) => (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => aborted.push(name)));
  const { bus, orchestrator } = world({
    act: hang("run"),
    ask: hang("request"),
    parts: async function* (_, { signal }) {
      signal.addEventListener("abort", () => aborted.push("stream"));
      yield 1;
      yield 2;
    },
  });
  const run = orchestrator.executeWorkflow({ id: "row", steps: row(2) }, {});
  const request = bus.request("f", "ask", {});
  const stream = bus.requestStream("f", "parts", {});
  await stream.next();
  const settled = Promise.allSettled([run, request]);
  await bus.unregisterFeature("f", { grace: 5 });
  const [{ reason: failed }, { reason: refused }] = await settled;
  assert.equal(failed.code, "step.failed");
  assert.equal(refused.code, "bus.unavailable");
  assert.deepEqual(aborted.sort(), ["request", "run", "stream"]);
});
