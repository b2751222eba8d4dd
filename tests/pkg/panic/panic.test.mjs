// A deliberate panic, in a build that has one: everything in flight is rejected, and the next call works.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { project, tarball } from "../support.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));
const directory = await project({ after: (work) => cleanUp.push(work) }, import.meta.url, tarball("REPFLOW_FAULT_TARBALL"));
const { AdvancedWorkflowIntegration, FeatureBus, WorkflowOrchestrator } = await import(
  pathToFileURL(join(directory, "entry.mjs")).href
);

const request = {
  userId: "user123", duration: 30, focus: "strength", equipment: ["dumbbells", "bench"], fitnessLevel: "intermediate",
};

/** An integration whose bus has the coach's features, and with them the one that panics. */
async function integration() {
  const integration = new AdvancedWorkflowIntegration();
  await integration.generateComprehensiveWorkout(request);
  return integration;
}

const patient = (signals = []) => ({
  name: "patient",
  version: "1.0.0",
  actions: {
    wait: (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
    answer: (params) => params,
  },
});

const isPanic = (error) => {
  assert.equal(error.code, "internal.panic");
  assert.equal(error.kind, "internal");
  assert.equal(error.severity, "critical");
  assert.equal(error.retryable, true);
  return true;
};

for (const [fault, message] of [["panic", /injected fault/], ["overflow", /stack/i]]) {
  test(`${fault}: what is in flight is rejected with a typed error`, async () => {
    const coach = await integration();
    const other = new FeatureBus();
    const signals = [];
    coach.bus.registerFeature(patient(signals));
    other.registerFeature(patient(signals));
    const definition = { id: "waits", steps: [{ id: "wait", call: "patient.wait", timeout: "1h" }] };
    const backingOff = {
      id: "backs-off",
      steps: [{ id: "fail", call: "patient.nothing", timeout: "1h", retry: { maxAttempts: 2, delay: "1h", maxDelay: "1h" } }],
    };
    const inFlight = [
      coach.orchestrator.executeWorkflow(definition, {}),
      new WorkflowOrchestrator({ bus: other }).executeWorkflow(definition, {}),
      coach.bus.request("patient", "wait", {}, { timeout: "1h" }),
      other.request("patient", "wait", {}, { timeout: "1h" }),
    ];
    // One that ends before the panic is not touched by it.
    await assert.rejects(coach.orchestrator.executeWorkflow(backingOff, {}), { code: "step.failed" });

    const culprit = coach.bus.request("fault-injection", fault, {});
    for (const promise of [...inFlight, culprit]) {
      await assert.rejects(promise, (error) => isPanic(error) && message.test(error.message));
    }
    assert.equal(signals.length, 4);
    for (const signal of signals) assert.ok(signal.aborted, "a handler was not told to stop");
  });

  test(`${fault}: the next call works, with everything that was registered`, async () => {
    const coach = await integration();
    const heard = [];
    coach.bus.registerFeature(patient());
    coach.bus.subscribe("news", () => heard.push("low"), { priority: 1 });
    coach.bus.subscribe("news", () => heard.push("high"), { priority: 2 });
    const before = await coach.generateComprehensiveWorkout({ ...request, seed: 7 });

    await assert.rejects(coach.bus.request("fault-injection", fault, {}), isPanic);

    const params = { the: "same object" };
    assert.equal(await coach.bus.request("patient", "answer", params), params);
    assert.deepEqual(await coach.bus.publish("news", {}), { delivered: 2, failed: 0 });
    assert.deepEqual(heard, ["high", "low"]);
    const { output } = await coach.orchestrator.executeWorkflow(
      { id: "again", steps: [{ id: "answer", call: "patient.answer" }] },
      params,
    );
    assert.equal(output, params);
    assert.deepEqual(await coach.generateComprehensiveWorkout({ ...request, seed: 7 }), before);
  });
}

test("a panic inside of a run rejects that run too, and the run after it completes", async () => {
  const coach = await integration();
  const definition = { id: "dies", steps: [{ id: "die", call: "fault-injection.panic", retry: { maxAttempts: 5 } }] };
  await assert.rejects(coach.orchestrator.executeWorkflow(definition, {}), isPanic);
  coach.bus.registerFeature(patient());
  const { output } = await coach.orchestrator.executeWorkflow(
    { id: "lives", steps: [{ id: "live", call: "patient.answer" }] },
    "alive",
  );
  assert.equal(output, "alive");
});

test("whoever listens to a run hears of its end, also when the core is lost", async () => {
  const coach = await integration();
  coach.bus.registerFeature(patient());
  const told = [];
  const run = coach.orchestrator.executeWorkflow(
    { id: "waits", steps: [{ id: "wait", call: "patient.wait", timeout: "1h" }] },
    {},
    { onEvent: ({ seq, type }) => told.push([seq, type]) },
  );
  await assert.rejects(coach.bus.request("fault-injection", "panic", {}), isPanic);
  await assert.rejects(run, isPanic);
  assert.deepEqual(told.at(-1), [told.length - 1, "run.failed"]);
});

test("panic after panic", async () => {
  const coach = await integration();
  for (let round = 0; round < 20; round += 1) {
    await assert.rejects(coach.bus.request("fault-injection", "panic", {}), isPanic);
  }
  assert.equal((await coach.generateComprehensiveWorkout(request)).status, "ok");
});

test("what was disposed of before a panic stays so", async () => {
  const coach = await integration();
  const bus = new FeatureBus();
  bus.registerFeature(patient());
  await bus.request("patient", "answer", {});
  bus.dispose();
  await assert.rejects(coach.bus.request("fault-injection", "panic", {}), isPanic);
  await assert.rejects(bus.request("patient", "answer", {}), { code: "internal.disposed" });
});

test("two entries share the core: a panic by one rejects what the other has in flight, and both go on", async () => {
  const slim = await import(pathToFileURL(join(directory, "slim.mjs")).href);
  const coach = await integration();
  const bus = new slim.FeatureBus();
  bus.registerFeature(patient());
  const inFlight = bus.request("patient", "wait", {}, { timeout: "1h" });
  const run = new slim.WorkflowOrchestrator({ bus }).executeWorkflow(
    { id: "waits", steps: [{ id: "wait", call: "patient.wait", timeout: "1h" }] },
    {},
  );
  await assert.rejects(coach.bus.request("fault-injection", "panic", {}), isPanic);
  await assert.rejects(inFlight, isPanic);
  await assert.rejects(run, isPanic);
  assert.equal(await bus.request("patient", "answer", "alive"), "alive");
});
