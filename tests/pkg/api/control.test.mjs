// What can be done to a run from outside: signals, pause, cancel; and what its handlers tell while they run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { repflowError } from "./package.mjs";
import { after, call, eventually, flow, until, world } from "./world.mjs";

const waiting = flow([{ id: "w", wait: { signal: "set-finished" } }, call("a", "echo", { with: "{{ steps.w.output }}" })]);

// ── Signals ──

test("a signal ends the wait for it, and what came with it is the step's output", async () => {
  const { orchestrator } = world();
  const events = [];
  const handle = orchestrator.start(waiting, {}, { onEvent: (event) => events.push(event) });
  await eventually(() => handle.status().steps.w.status === "waiting");
  const payload = { reps: 8 };
  assert.equal(handle.signal("set-finished", payload), true);
  assert.equal((await handle.result).output, payload);
  assert.equal(handle.signal("set-finished", payload), false);
  const received = events.find(({ type }) => type === "signal.received");
  assert.equal(received.signal, "set-finished");
  assert.equal(received.payload, payload);
});

test("signals that come early are kept, in their order, also before the run begins", async () => {
  const { orchestrator, open } = world({ maxConcurrentRuns: 1 });
  const first = orchestrator.start(flow([call("g", "gate")]), { name: "a" });
  const twice = flow([{ id: "one", wait: { signal: "go" } }, { id: "two", wait: { signal: "go" } }], { output: ["{{ steps.one.output }}", "{{ steps.two.output }}"] });
  const second = orchestrator.start(twice, {});
  assert.equal(second.signal("go", 1), true);
  assert.equal(second.signal("go", 2), true);
  assert.equal(second.status().status, "queued");
  open("a");
  await first.result;
  assert.deepEqual((await second.result).output, [1, 2]);
});

test("a signal that nobody waits for is refused, with the one that was meant", async () => {
  const { orchestrator } = world();
  const handle = orchestrator.start(waiting, {});
  assert.throws(() => handle.signal("set-finnished"), (error) => {
    assert.equal(error.problems[0].suggestion, "set-finished");
    return repflowError({ code: "run.no_such_signal", runId: handle.id })(error);
  });
  handle.signal("set-finished");
  assert.equal((await handle.result).output, null);
});

// ── Pause ──

test("nothing new begins in a paused run; what runs may end, and it goes on where it was", async () => {
  const { orchestrator, open, calls } = world();
  const events = [];
  const definition = flow([call("a", "gate"), call("b", "echo")]);
  const handle = orchestrator.start(definition, { name: "a" }, { onEvent: ({ type }) => events.push(type) });
  handle.pause();
  handle.pause();
  open("a");
  await after(10);
  assert.deepEqual(calls, ["a"]);
  assert.equal(handle.status().status, "paused");
  assert.equal(handle.status().steps.a.status, "completed");
  assert.deepEqual(orchestrator.list({ status: "paused" }).map(({ runId }) => runId), [handle.id]);
  handle.resume();
  assert.equal((await handle.result).status, "completed");
  assert.deepEqual(events.filter((type) => /paused|resumed/.test(type)), ["run.paused", "run.resumed"]);
});

test("a paused run can be cancelled, and ends when it takes too long", async () => {
  const { orchestrator, gates } = world();
  const definition = flow([call("a", "gate")]);
  const handle = orchestrator.start(definition, { name: "a" });
  handle.pause();
  handle.cancel();
  await assert.rejects(handle.result, repflowError({ code: "run.cancelled" }));
  const late = orchestrator.start({ ...definition, timeout: 10 }, { name: "a" });
  late.pause();
  await assert.rejects(late.result, repflowError({ code: "run.timeout" }));
  assert.equal(gates.size, 1);
});

test("a run that waits for its place can be paused: others go first until it is resumed", async () => {
  const { orchestrator, open, calls } = world({ maxConcurrentRuns: 1 });
  const start = (name) => orchestrator.start(flow([call("g", "gate")]), { name });
  const [a, b, c] = ["a", "b", "c"].map(start);
  b.pause();
  assert.equal(b.status().status, "paused");
  open("a");
  await a.result;
  await eventually(() => calls.length > 1);
  assert.deepEqual(calls, ["a", "c"]);
  b.resume();
  assert.equal(b.status().status, "queued");
  open("c");
  await c.result;
  open("b");
  assert.equal((await b.result).output, "b");
});

// ── Context ──

test("handlers tell of their progress and write a log, which comes among the events in its place", async () => {
  const { orchestrator } = world({}, {
    act: async (_, { progress, log }) => {
      progress({ done: 1 });
      await after(2);
      log.info("half", { of: "it" });
      log.warn("careful");
      progress({ done: 2 });
    },
  });
  const handle = orchestrator.start(flow([call("a", "act")]), {});
  const notes = [];
  for await (const { type, stepId, attempt, seq, data, level, message, fields } of handle.events()) {
    if (type === "step.progress") notes.push([seq, stepId, attempt, data.done]);
    if (type === "step.logged") notes.push([seq, stepId, attempt, level, message, fields?.of]);
  }
  // The stream began after the first one had been told to nobody.
  assert.deepEqual(notes.map(([, ...note]) => note), [["a", 1, "info", "half", "it"], ["a", 1, "warn", "careful", undefined], ["a", 1, 2]]);
  assert.ok(notes.every(([seq], at) => at === 0 || seq > notes[at - 1][0]));
});

test("who listens hears of progress before the step has ended", async () => {
  let finish;
  const { orchestrator } = world({}, { act: (_, { progress }) => { progress("at once"); return new Promise((resolve) => { finish = resolve; }); } });
  const heard = [];
  orchestrator.on("step.progress", ({ data }) => heard.push(data));
  const run = orchestrator.executeWorkflow(flow([call("a", "act")]), {});
  await eventually(() => heard.length > 0);
  assert.deepEqual(heard, ["at once"]);
  finish();
  await run;
});

test("what an attempt says that is over is dropped", async () => {
  const late = [];
  const { orchestrator } = world({}, {
    act: ({ kind }, ctx) => {
      late.push(ctx);
      if (kind === "throws" && ctx.attempt === 1) throw new Error("no");
      return kind === "hangs" && ctx.attempt === 1 ? new Promise(() => {}) : after(10, "done");
    },
  });
  for (const kind of ["throws", "hangs"]) {
    late.length = 0;
    const heard = [];
    const definition = flow([call("a", "act", { timeout: kind === "hangs" ? 20 : "10s", retry: { maxAttempts: 2, delay: 1 } })]);
    const run = orchestrator.executeWorkflow(definition, { kind }, { onEvent: ({ type, data }) => type === "step.progress" && heard.push(data) });
    while (late.length < 2) await after(1);
    late[0].progress("late");
    late[1].progress("in time");
    await run;
    late[1].progress("later still");
    late[1].log.info("later still");
    assert.deepEqual(heard, ["in time"]);
  }
});

test("the idempotency key is the same for all attempts of a step, and another one for each step, item and run", async () => {
  const keys = [];
  let n = 0;
  const { orchestrator } = world({}, {
    act: (_, ctx) => {
      keys.push(ctx.idempotencyKey.replace(ctx.runId, "run"));
      if (++n === 1) throw new Error("no");
    },
  });
  const definition = flow([
    call("a", "act", { retry: { maxAttempts: 2, delay: 1 } }),
    { id: "outer", forEach: [1, 2], concurrency: 1, steps: [{ id: "inner", forEach: [1], steps: [call("b", "act")] }] },
    call("c", "act", { idempotencyKey: "{{ run.id }}:{{ input.order }}" }),
  ]);
  await orchestrator.executeWorkflow(definition, { order: 7 });
  assert.deepEqual(keys, ["run/a", "run/a", "run/b/0/0", "run/b/1/0", "run:7"]);
});

test("a handler's context says all that it is", async () => {
  let ctx;
  const { orchestrator } = world({}, { act: (_, given) => { ctx = given; return until(given.signal); } });
  const handle = orchestrator.start(flow([call("a", "act")]), {}, { correlationId: "request-7" });
  const { feature, action, runId, workflowId, stepId, attempt, level, correlationId } = ctx;
  assert.deepEqual({ feature, action, runId, workflowId, stepId, attempt, level, correlationId }, {
    feature: "world", action: "act", runId: handle.id, workflowId: "flow", stepId: "a", attempt: 1, level: 0, correlationId: "request-7",
  });
  handle.cancel("stop");
  await assert.rejects(handle.result);
  assert.equal(ctx.signal.reason.cause, "stop");
});

test("the numbers of events have no gaps, whoever listens", async () => {
  const { orchestrator } = world({}, { act: (_, { progress }) => { progress(1); progress(2); } });
  const events = [];
  await orchestrator.executeWorkflow(flow([call("a", "act"), call("b", "act")]), {}, { onEvent: ({ seq }) => events.push(seq) });
  assert.deepEqual(events, events.map((_, index) => index));
});
