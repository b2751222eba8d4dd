// Workflows within workflows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { repflowError } from "./package.mjs";
import { after, call, eventually, flow, until, world } from "./world.mjs";

const sub = (id, workflow, more = {}) => ({ id, workflow, ...more });

/** A world in which these are registered. */
const family = (templates, actions, options) => world({ templates, ...options }, actions);

test("a step runs a registered workflow, whose output is the step's", async () => {
  const child = flow([call("a", "echo", { with: { from: "{{ input.who }}" } })], { id: "child", parameters: { type: "object", properties: { who: { default: "nobody" } } } });
  const { orchestrator } = family([child]);
  const started = [];
  orchestrator.on("run.started", (event) => started.push(event));
  const handle = orchestrator.start(flow([sub("s", "child", { with: { who: "Ada" } }), sub("t", "child", { with: {} })]), {}, { correlationId: "request-7", priority: 2 });
  const { steps, output } = await handle.result;
  assert.deepEqual(steps.s.output, { from: "Ada" });
  assert.deepEqual(output, { from: "nobody" });
  const [parent, first, second] = orchestrator.list();
  assert.equal(parent.runId, handle.id);
  assert.equal(parent.parentRunId, undefined);
  assert.equal(first.parentRunId, handle.id);
  assert.equal(first.parentStepId, "s");
  assert.equal(first.correlationId, "request-7");
  assert.equal(first.priority, 2);
  assert.equal(second.workflowId, "child");
  assert.deepEqual(started.map(({ parentStepId }) => parentStepId), [undefined, "s", "t"]);
  assert.equal(orchestrator.get(first.runId).status().status, "completed");
});

test("a workflow that nobody registered is refused before the parent starts, with the one that was meant", async () => {
  const { orchestrator, calls } = family([flow([], { id: "progress-check" })]);
  for (const step of [sub("s", "progress-chek"), call("b", "echo", { fallback: [{ workflow: "progress-chek" }] })]) {
    await assert.rejects(orchestrator.executeWorkflow(flow([call("a", "echo"), step]), {}), (error) => {
      assert.equal(error.problems[0].suggestion, "progress-check");
      return repflowError({ code: "workflow.not_registered", kind: "validation" })(error);
    });
  }
  assert.deepEqual(calls, []);
});

test("a child's failure is that of the step, with the child's error as its cause", async () => {
  const why = new Error("the scales are broken");
  const child = flow([call("weigh", "weigh")], { id: "child" });
  const { orchestrator } = family([child], { weigh: () => { throw why; } });
  const handle = orchestrator.start(flow([sub("s", "child")]), {}, { correlationId: "request-7" });
  await assert.rejects(handle.result, (error) => {
    assert.match(error.message, /step `s` failed: the workflow `child` failed: step `weigh` failed: the scales are broken/);
    const attempt = error.cause;
    assert.equal(attempt.workflowId, "child");
    assert.equal(attempt.cause.stepId, "weigh");
    assert.equal(attempt.cause.cause, why);
    assert.equal(attempt.cause.correlationId, "request-7");
    assert.notEqual(attempt.cause.runId, handle.id);
    return repflowError({ code: "step.failed", stepId: "s", runId: handle.id })(error);
  });
  assert.equal(orchestrator.list({ workflowId: "child" })[0].status, "failed");
});

test("the policies of the step hold for the child: it is tried again, and has fallbacks", async () => {
  let n = 0;
  const flaky = flow([call("a", "flaky")], { id: "flaky" });
  const spare = flow([call("a", "echo", { with: "spare" })], { id: "spare" });
  const keys = [];
  const { orchestrator } = family([flaky, spare], { flaky: (_, ctx) => { keys.push(ctx.idempotencyKey); if (++n < 3) throw new Error("no"); return "at last"; } });
  const handle = orchestrator.start(flow([sub("s", "flaky", { retry: { maxAttempts: 3, delay: 1 } })]), {});
  const result = await handle.result;
  assert.equal(result.output, "at last");
  assert.equal(result.steps.s.attempts, 3);
  assert.equal(orchestrator.list({ workflowId: "flaky" }).length, 3);
  // Another run each time, but the same request.
  assert.deepEqual(keys, Array(3).fill(`${handle.id}/s/a`));
  n = -9;
  const fallen = await orchestrator.executeWorkflow(flow([sub("s", "flaky", { fallback: [{ workflow: "spare" }] })]), {});
  assert.equal(fallen.output, "spare");
  assert.equal(fallen.degraded, true);
  assert.equal(fallen.steps.s.level, 1);
});

test("a child that is degraded makes its parent so", async () => {
  const child = flow([call("a", "fail", { fallback: [{ value: 1 }] })], { id: "child" });
  const { orchestrator } = family([child]);
  const { degraded, steps } = await orchestrator.executeWorkflow(flow([sub("s", "child"), call("b", "echo")]), {});
  assert.equal(degraded, true);
  assert.equal(steps.s.degraded, true);
  assert.equal(steps.b.degraded, undefined);
});

test("a child is cancelled with its parent, and told why, also when the attempt takes too long", async () => {
  const reasons = [];
  const child = flow([call("a", "wait")], { id: "child" });
  const { orchestrator, calls } = family([child], { wait: (_, { signal }) => until(signal).catch((reason) => { reasons.push([reason.code, reason.cause.code]); }) });
  const handle = orchestrator.start(flow([sub("s", "child")]), {});
  await eventually(() => calls.length === 1);
  handle.cancel("enough");
  await assert.rejects(handle.result, repflowError({ code: "run.cancelled" }));
  await assert.rejects(orchestrator.executeWorkflow(flow([sub("s", "child", { timeout: 100 })]), {}), repflowError({ code: "step.timeout" }));
  await orchestrator.drain();
  assert.deepEqual(reasons, [["run.cancelled", "run.cancelled"], ["run.cancelled", "step.timeout"]]);
  assert.deepEqual(orchestrator.list({ workflowId: "child" }).map(({ status }) => status), ["cancelled", "cancelled"]);
});

test("pause and resume reach the children", async () => {
  const child = flow([call("a", "gate"), call("b", "echo")], { id: "child" });
  const { orchestrator, open, calls } = family([child]);
  const handle = orchestrator.start(flow([sub("s", "child")]), { name: "a" });
  await eventually(() => calls.length === 1);
  handle.pause();
  open("a");
  await after(5);
  assert.deepEqual(orchestrator.list().map(({ status }) => status), ["paused", "paused"]);
  assert.deepEqual(calls, ["a"]);
  handle.resume();
  await handle.result;
});

test("children need no place of their own, or their parents would wait for ever", async () => {
  const child = flow([call("a", "echo")], { id: "child" });
  const { orchestrator } = family([child], {}, { maxConcurrentRuns: 1, maxQueuedRuns: 1 });
  const parallel = ["s", "t"].map((id) => sub(id, "child"));
  const runs = [1, 2].map((n) => orchestrator.executeWorkflow(flow([{ id: "p", parallel }]), n));
  assert.deepEqual((await Promise.all(runs)).map(({ output }) => output), [{ s: 1, t: 1 }, { s: 2, t: 2 }]);
});

test("workflows that run themselves come to an end", async () => {
  const { orchestrator, calls } = family([flow([call("a", "echo"), sub("s", "endless")], { id: "endless" })]);
  await assert.rejects(orchestrator.executeWorkflow(flow([sub("s", "endless")]), {}), (error) => {
    let root = error;
    while (root.cause !== undefined) root = root.cause;
    return repflowError({ code: "workflow.invalid" })(root) && /nested more than 32 deep/.test(root.message);
  });
  assert.equal(calls.length, 31);
});

test("what a child is given is checked, and its refusal is no reason to try again", async () => {
  const child = flow([call("a", "echo")], { id: "child", parameters: { type: "object", required: ["who"] } });
  const { orchestrator } = family([child]);
  await assert.rejects(orchestrator.executeWorkflow(flow([sub("s", "child", { with: {}, retry: { maxAttempts: 3, delay: 1 } })]), {}), (error) => {
    assert.equal(error.cause.cause.code, "input.invalid");
    return repflowError({ attempts: 1, kind: "validation" })(error);
  });
});

test("a child is undone by itself when it fails, and by its step when its parent does", async () => {
  const undone = [];
  const child = flow([call("book", "echo", { with: "{{ input.what }}", compensate: { call: "world.undo" } }), call("maybe", "maybe")], { id: "child" });
  const { orchestrator } = family([child], { undo: (what, { stepId }) => { undone.push([stepId, what]); }, maybe: ({ bad }) => { if (bad) throw new Error("bad"); return "ok"; } });
  await assert.rejects(orchestrator.executeWorkflow(flow([sub("s", "child")]), { what: "flight", bad: true }));
  assert.deepEqual(undone, [["book", "flight"]]);
  const definition = flow([sub("s", "child", { compensate: { call: "world.undo", with: "all of it" } }), call("pay", "fail")]);
  await assert.rejects(orchestrator.executeWorkflow(definition, { what: "hotel" }), (error) => {
    assert.deepEqual(error.compensation.compensated, ["s"]);
    return true;
  });
  assert.deepEqual(undone.at(-1), ["s", "all of it"]);
});

test("what runs beside a step that fails is told to stop, also where that ends the run well", async () => {
  const child = flow([call("slow", "gate", { with: { name: "slow" } }), call("charge", "echo")], { id: "child" });
  const siblings = [sub("kid", "child"), call("hangs", "hangs", { timeout: "10s" }), call("fails", "fail")];
  for (const group of [{ parallel: siblings }, { steps: siblings.map((step) => ({ ...step, needs: [] })) }]) {
    for (const onEvent of [undefined, () => {}]) {
      let signal;
      const hangs = (_, ctx) => {
        signal = ctx.signal;
        return new Promise(() => {});
      };
      const { bus, orchestrator, calls, open } = family([child], { hangs });
      const definition = flow([{ id: "group", onError: "continue", ...group }]);
      await orchestrator.executeWorkflow(definition, {}, { onEvent });
      await orchestrator.drain();
      assert.equal(signal.aborted, true);
      assert.deepEqual(orchestrator.list().map(({ status }) => status), ["completed", "cancelled"]);
      await open("slow");
      await after(1);
      assert.ok(!calls.includes("charge"));
      assert.equal((await bus.metrics()).features.world.actions.hangs.inFlight, 0);
    }
  }
});
