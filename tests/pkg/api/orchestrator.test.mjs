// Workflows of one's own, from data, over features in plain JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { FeatureBus, WorkflowOrchestrator, repflowError } from "./package.mjs";

/** An orchestrator over one feature `f`, whose actions these are. */
function orchestratorWith(actions) {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "f", version: "1.0.0", actions });
  return new WorkflowOrchestrator({ bus });
}

const until = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("steps run one after the other, and values pass between them by reference", async () => {
  const made = { weights: [10, 12] };
  const seen = [];
  const orchestrator = orchestratorWith({
    make: (params) => { seen.push(params); return made; },
    take: (params) => { seen.push(params); return "taken"; },
  });
  const result = await orchestrator.executeWorkflow(
    {
      id: "pass-on",
      steps: [
        { id: "make", call: "f.make", with: { name: "{{ input.name }}" } },
        { id: "take", call: "f.take", with: { it: "{{ steps.make.output }}", text: "for {{ input.name }}" } },
      ],
      output: { made: "{{ steps.make.output }}", said: "{{ steps.take.output }}" },
    },
    { name: "Ada" },
  );
  assert.deepEqual(seen[0], { name: "Ada" });
  assert.equal(seen[1].it, made);
  assert.equal(seen[1].text, "for Ada");
  assert.equal(result.status, "completed");
  assert.equal(result.workflowId, "pass-on");
  assert.equal(result.output.made, made);
  assert.equal(result.output.said, "taken");
  assert.equal(result.steps.make.output, made);
  assert.equal(result.steps.make.status, "completed");
  assert.equal(result.steps.make.attempts, 1);
  assert.ok(result.durationMs >= 0);
});

test("handlers are told which run and which step they work for", async () => {
  let ctx;
  const orchestrator = orchestratorWith({ act: (params, given) => { ctx = given; } });
  const definition = { id: "who", steps: [{ id: "only", call: "f.act" }] };
  const result = await orchestrator.executeWorkflow(definition, {}, { correlationId: "request-7" });
  const { runId, workflowId, stepId, attempt, correlationId } = ctx;
  const expected = { runId: result.runId, workflowId: "who", stepId: "only", attempt: 1, correlationId: "request-7" };
  assert.deepEqual({ runId, workflowId, stepId, attempt, correlationId }, expected);
  assert.ok(ctx.signal instanceof AbortSignal);
});

test("parallel steps keep to their limit", async () => {
  let [running, most] = [0, 0];
  const orchestrator = orchestratorWith({
    act: async () => {
      most = Math.max(most, ++running);
      await sleep(10);
      running -= 1;
    },
  });
  const parallel = ["a", "b", "c", "d", "e"].map((id) => ({ id, call: "f.act" }));
  await orchestrator.executeWorkflow({ id: "limit", steps: [{ id: "all", parallel, concurrency: 2 }] }, {});
  assert.equal(most, 2);
});

test("`needs` lets a step start as soon as what it waits for is there", async () => {
  const order = [];
  const orchestrator = orchestratorWith({ act: async ({ name, ms }) => { await sleep(ms); order.push(name); } });
  const step = (id, ms, needs) => ({ id, call: "f.act", with: { name: id, ms }, needs });
  const steps = [step("slow", 60, []), step("quick", 1, []), step("after-quick", 1, ["quick"])];
  await orchestrator.executeWorkflow({ id: "graph", steps }, {});
  assert.deepEqual(order, ["quick", "after-quick", "slow"]);
});

test("a step is tried again as often as it may be", async () => {
  let calls = 0;
  const orchestrator = orchestratorWith({
    act: () => {
      calls += 1;
      if (calls < 3) throw new Error("not yet");
      return "at last";
    },
  });
  const retry = { maxAttempts: 3, backoff: "exponential", delay: "1ms" };
  const definition = { id: "again", steps: [{ id: "act", call: "f.act", retry }] };
  const result = await orchestrator.executeWorkflow(definition, {});
  assert.equal(result.steps.act.attempts, 3);
  assert.equal(result.steps.act.output, "at last");
});

test("a step that fails for good fails the run, and says why", async () => {
  const why = new Error("the scales are broken");
  const orchestrator = orchestratorWith({ act: () => { throw why; } });
  const run = orchestrator.executeWorkflow({ id: "fails", steps: [{ id: "weigh", call: "f.act" }] }, {});
  await assert.rejects(run, (error) => {
    assert.equal(error.cause, why);
    assert.ok(error.runId);
    return repflowError({ code: "step.failed", stepId: "weigh", retryable: false })(error);
  });
});

test("a step that takes too long is a timeout, and its handler is told", async () => {
  let told = false;
  const orchestrator = orchestratorWith({
    act: (params, { signal }) => {
      signal.addEventListener("abort", () => { told = true; });
      return new Promise(() => {});
    },
  });
  const definition = { id: "late", steps: [{ id: "act", call: "f.act", timeout: "30ms" }] };
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), repflowError({ code: "step.timeout", stepId: "act" }));
  assert.ok(told);
});

test("a run can be cancelled, and what runs is told", async () => {
  let told = false;
  const orchestrator = orchestratorWith({
    act: (params, { signal }) => until(signal).catch((reason) => { told = true; throw reason; }),
    never: () => assert.fail("a step started after the run was cancelled"),
  });
  const controller = new AbortController();
  const steps = [{ id: "act", call: "f.act" }, { id: "never", call: "f.never" }];
  const run = orchestrator.executeWorkflow({ id: "stop", steps }, {}, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(run, repflowError({ code: "run.cancelled", kind: "cancelled" }));
  assert.ok(told);
});

test("a run handle gives the result, or cancels", async () => {
  const orchestrator = orchestratorWith({ act: () => 7, wait: (params, { signal }) => until(signal) });
  const handle = (call) => orchestrator.start({ id: "handled", steps: [{ id: "act", call }] }, {});
  const good = await handle("f.act");
  assert.equal((await good.result).steps.act.output, 7);
  const stopped = await handle("f.wait");
  setTimeout(() => stopped.cancel("no time"), 20);
  await assert.rejects(stopped.result, repflowError({ code: "run.cancelled" }));
});

test("a run tells its story while it runs", async () => {
  const events = [];
  const orchestrator = orchestratorWith({ act: () => 1 });
  const definition = { id: "told", steps: [{ id: "act", call: "f.act" }] };
  const onEvent = (event) => events.push(event);
  const result = await orchestrator.executeWorkflow(definition, {}, { onEvent });
  assert.ok(events.length >= 4, `run and step, start and end: ${JSON.stringify(events)}`);
  for (const event of events) {
    assert.equal(typeof event.type, "string");
    assert.equal(event.runId, result.runId);
  }
  assert.ok(events.some((event) => event.stepId === "act"));
});

test("a definition that is wrong is refused whole, with every problem, and nothing starts", async () => {
  const orchestrator = orchestratorWith({ act: () => assert.fail("a step of a refused definition started") });
  const definition = {
    id: "wrong",
    steps: [
      { id: "a", call: "f.act", need: ["b"] },
      { id: "a", call: "f.act", timeout: "soon" },
      { id: "c", call: "f.act", needs: ["nobody"] },
    ],
  };
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), (error) => {
    assert.ok(error.problems.length >= 4, JSON.stringify(error.problems));
    for (const problem of error.problems) {
      assert.match(problem.pointer, /^\/steps\/\d/);
      assert.equal(typeof problem.message, "string");
    }
    const typo = error.problems.find((problem) => problem.pointer === "/steps/0/need");
    assert.match(`${typo?.message} ${typo?.suggestion}`, /needs/);
    return repflowError({ code: "workflow.invalid", kind: "validation", retryable: false })(error);
  });
});

test("many runs at once do not mix", async () => {
  const orchestrator = orchestratorWith({ act: async ({ n }) => { await sleep(n % 7); return n; } });
  const definition = { id: "many", steps: [{ id: "act", call: "f.act", with: { n: "{{ input.n }}" } }] };
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const results = await Promise.all(numbers.map((n) => orchestrator.executeWorkflow(definition, { n })));
  assert.deepEqual(results.map((result) => result.steps.act.output), numbers);
  assert.equal(new Set(results.map((result) => result.runId)).size, 100);
});
