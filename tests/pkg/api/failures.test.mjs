// What goes wrong: policies of a step, fallbacks, `onError`, and the errors that tell of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RepflowError, repflowError } from "./package.mjs";
import { after, call, flow, storyOf, until, world } from "./world.mjs";

test("an error says where, how often, of what kind, and why; what a handler threw is its cause, as it was thrown", async () => {
  class Overload extends Error {
    name = "Overload";
    status = 503;
  }
  const thrown = new Overload("busy", { cause: new Error("deeper") });
  const { orchestrator } = world({}, { act: () => { throw thrown; } });
  const definition = flow([call("a", "act", { retry: { maxAttempts: 2, delay: 1 } })]);
  const handle = orchestrator.start(definition, {}, { correlationId: "request-7" });
  await assert.rejects(handle.result, (error) => {
    assert.ok(error instanceof RepflowError);
    assert.equal(error.cause, thrown);
    assert.ok(error.cause instanceof Overload);
    assert.match(error.message, /step `a` failed after 2 attempts: busy/);
    assert.equal(error.compensation, undefined);
    return repflowError({ code: "step.failed", severity: "error", runId: handle.id, workflowId: "flow", stepId: "a", attempts: 2, correlationId: "request-7" })(error);
  });
  assert.equal(handle.status().steps.a.error.cause, thrown);
});

test("a typed error keeps its kind when it is wrapped", async () => {
  const { bus, orchestrator } = world();
  await assert.rejects(orchestrator.executeWorkflow(flow([{ id: "a", call: "nobody.act" }]), {}), (error) => {
    assert.equal(error.cause.code, "bus.no_such_feature");
    return repflowError({ code: "step.failed", kind: "unavailable" })(error);
  });
  bus.dispose();
});

test("fallbacks are asked in turn, and the result says which answered and why the others did not", async () => {
  const { orchestrator, calls } = world({}, { second: ({ why }) => { throw new Error(`second ${why}`); } });
  const fallback = [{ call: "world.second" }, { call: "world.echo", with: { said: "{{ input.why }}" } }, { value: "never reached" }];
  const events = [];
  const definition = flow([call("a", "fail", { fallback }), call("b", "echo", { with: "{{ steps.a.output }}" })]);
  const { output, steps, degraded } = await orchestrator.executeWorkflow(definition, { why: "first" }, { onEvent: (event) => events.push(event) });
  assert.deepEqual(output, { said: "first" });
  assert.equal(degraded, true);
  assert.equal(steps.a.degraded, true);
  assert.equal(steps.a.level, 2);
  assert.equal(steps.a.attempts, 3);
  assert.deepEqual(steps.a.failures.map(({ level, error }) => [level, error.message]), [[0, "first"], [1, "second first"]]);
  assert.equal(steps.b.degraded, undefined);
  assert.equal(calls.length, 4);
  assert.deepEqual(events.filter(({ type }) => type === "fallback.started").map(({ level, stepId }) => [level, stepId]), [[1, "a"], [2, "a"]]);
});

test("a value is the last resort, and may be a template", async () => {
  const { orchestrator } = world();
  const definition = flow([call("a", "fail", { fallback: [{ value: { sorry: "{{ input.name }}" } }] })]);
  assert.deepEqual((await orchestrator.executeWorkflow(definition, { name: "Ada" })).output, { sorry: "Ada" });
  const nothing = flow([call("a", "fail", { fallback: [{ value: null }] })]);
  assert.equal((await orchestrator.executeWorkflow(nothing, {})).output, null);
});

test("when every fallback fails, the error has all of them, and the first is the cause", async () => {
  const { orchestrator } = world();
  const definition = flow([call("a", "fail", { with: { why: "first" }, fallback: [{ call: "world.fail", with: { why: "second" } }] })]);
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), (error) => {
    assert.equal(error.cause.message, "first");
    assert.deepEqual(error.errors.map(({ message }) => message), ["first", "second"]);
    return repflowError({ code: "step.failed", stepId: "a" })(error);
  });
});

test("a handler is told which level it answers for", async () => {
  const levels = [];
  const { orchestrator } = world({}, { act: (_, { level, attempt }) => { levels.push([level, attempt]); throw new Error("no"); } });
  const definition = flow([call("a", "act", { retry: { maxAttempts: 2, delay: 1 }, fallback: [{ call: "world.act" }, { value: 1 }] })]);
  await orchestrator.executeWorkflow(definition, {});
  assert.deepEqual(levels.slice(0, 3), [[0, 1], [0, 2], [1, 3]]);
});

test("a step that may fail is no failure of the run: its output is null, and the run is degraded", async () => {
  const { orchestrator, calls } = world();
  const definition = flow([call("a", "fail", { with: { why: "so what" }, onError: "continue" }), call("b", "echo", { with: ["{{ steps.a.output }}", "{{ steps.a.status }}"] })]);
  const { output, steps, degraded, status } = await orchestrator.executeWorkflow(definition, {});
  assert.deepEqual(output, [null, "failed"]);
  assert.equal(status, "completed");
  assert.equal(degraded, true);
  assert.equal(steps.a.status, "failed");
  assert.equal(steps.a.output, null);
  assert.equal(steps.a.degraded, true);
  assert.equal(steps.a.error.code, "step.failed");
  assert.equal(steps.a.error.cause.message, "so what");
  assert.deepEqual(calls, ["a", "b"]);
});

test("a group that may fail has the error of the step that failed in it, and what ran beside is stopped", async () => {
  const told = [];
  const { orchestrator } = world({}, { wait: (_, { signal }) => until(signal).catch((reason) => { told.push(reason.code); throw reason; }) });
  const group = { id: "g", parallel: [call("a", "fail"), call("b", "wait"), call("c", "wait")], onError: "continue" };
  const { steps } = await orchestrator.executeWorkflow(flow([group, call("d", "echo", { with: 1 })]), {});
  assert.equal(steps.g.status, "failed");
  assert.equal(steps.g.error.stepId, "a");
  assert.equal(steps.b.status, "cancelled");
  assert.ok(told.every((code) => code === "step.cancelled"), `${told}`);
  assert.equal(steps.d.output, 1);
});

test("a failing step stops what runs beside it, and what has not begun never does", async () => {
  const reasons = [];
  const { orchestrator, calls } = world({}, {
    wait: (_, { signal }) => until(signal).catch((reason) => { reasons.push(reason.code); }),
    late: async () => { await after(10); throw new Error("late"); },
  });
  const parallel = [call("a", "wait"), call("b", "late"), call("c", "wait")];
  await assert.rejects(orchestrator.executeWorkflow(flow([{ id: "p", parallel }, call("never", "echo")]), {}), repflowError({ stepId: "b" }));
  assert.deepEqual(reasons, ["step.failed", "step.failed"]);
  assert.deepEqual(calls.sort(), ["a", "b", "c"]);
});

test("a failure within an iteration says which one, and stops the others", async () => {
  const { orchestrator } = world({}, { pick: ({ item }) => { if (item === 2) throw new Error("two"); return item; } });
  const loop = { id: "each", forEach: [1, 2, 3], concurrency: 1, steps: [call("pick", "pick", { with: { item: "{{ item }}" } })] };
  await assert.rejects(orchestrator.executeWorkflow(flow([loop]), {}), (error) => {
    assert.deepEqual(error.iteration, [1]);
    return repflowError({ code: "step.failed", stepId: "pick" })(error);
  });
  const allowed = { ...loop, steps: [{ ...loop.steps[0], onError: "continue" }] };
  const { output, steps } = await orchestrator.executeWorkflow(flow([allowed]), {});
  assert.deepEqual(output, [{ pick: 1 }, { pick: null }, { pick: 3 }]);
  assert.equal(steps.each.iterations[1].pick.error.cause.message, "two");
});

test("each bound is an error of its own: an attempt, a step with all its attempts, a group, a run, a signal", async () => {
  const { orchestrator } = world();
  const errorOf = (steps, more) => orchestrator.executeWorkflow(flow(steps, more), {}).catch((error) => [error.code, error.stepId]);
  assert.deepEqual(await errorOf([call("a", "never", { timeout: 10 })]), ["step.timeout", "a"]);
  assert.deepEqual(await errorOf([call("a", "fail", { totalTimeout: 10, retry: { maxAttempts: 9, delay: "1h", maxDelay: "1h", jitter: "none" } })]), ["step.failed", "a"]);
  assert.deepEqual(await errorOf([call("a", "never", { totalTimeout: 10 })]), ["step.timeout", "a"]);
  assert.deepEqual(await errorOf([{ id: "g", steps: [call("a", "never")], timeout: 10 }]), ["step.timeout", "g"]);
  assert.deepEqual(await errorOf([{ id: "e", forEach: [1], steps: [call("a", "never")], timeout: 10 }]), ["step.timeout", "e"]);
  assert.deepEqual(await errorOf([call("a", "never")], { timeout: 10 }), ["run.timeout", undefined]);
  assert.deepEqual(await errorOf([{ id: "w", wait: { signal: "go", timeout: 10 } }]), ["step.timeout", "w"]);
});

test("policies hold in their order, outermost first: total timeout, cache, fallback, retry, timeout, call", async () => {
  const events = [];
  let n = 0;
  const { orchestrator } = world({}, { slow: (_, { signal }) => (++n > 2 ? "late" : until(signal)) });
  const step = call("a", "slow", {
    totalTimeout: "10s", cache: { ttl: "1m" }, retry: { maxAttempts: 2, delay: 1 }, timeout: 10, fallback: [{ call: "world.slow" }],
  });
  const { output, steps } = await orchestrator.executeWorkflow(flow([step]), {}, { onEvent: (event) => events.push(event) });
  assert.equal(output, "late");
  assert.equal(steps.a.level, 1);
  assert.deepEqual(storyOf(events).filter((it) => !it.startsWith("run") && !it.startsWith("timer")).map((it) => it.split(" ")[0]), [
    "step.started", "attempt.started", "attempt.timed_out", "retry.scheduled", "attempt.started", "attempt.timed_out",
    "fallback.started", "attempt.started", "step.completed",
  ]);
  // The answer of a fallback is not kept.
  n = 5;
  assert.equal((await orchestrator.executeWorkflow(flow([step]), {})).steps.a.level, undefined);
});

test("a step that waits for a signal that does not come can be allowed to fail", async () => {
  const { orchestrator } = world();
  const definition = flow([{ id: "w", wait: { signal: "go", timeout: 10 }, onError: "continue" }, call("a", "echo", { with: "went on" })]);
  const { output, steps } = await orchestrator.executeWorkflow(definition, {});
  assert.equal(output, "went on");
  assert.equal(steps.w.error.code, "step.timeout");
});
