// A deliberate panic, in a build that has one: everything in flight is rejected, and the next call works.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { says, service, stream } from "../ai/service.mjs";
import { project, tarball } from "../support.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));
const directory = await project({ after: (work) => cleanUp.push(work) }, import.meta.url, tarball("REPFLOW_FAULT_TARBALL"));
const { AdvancedWorkflowIntegration, FeatureBus, ModelClient, WorkflowOrchestrator, policy } = await import(
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
    assert.deepEqual(await coach.bus.publish("news", {}), { delivered: 2, filtered: 0, failed: 0 });
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

test("runs within runs are rejected too, and those that wait for their turn have it afterwards", async () => {
  const coach = await integration();
  const { bus } = coach;
  bus.registerFeature(patient());
  const orchestrator = new WorkflowOrchestrator({
    bus,
    maxConcurrentRuns: 1,
    templates: [{ id: "child", steps: [{ id: "wait", call: "patient.wait", timeout: "1h" }] }],
  });
  const parent = orchestrator.start({ id: "parent", steps: [{ id: "s", workflow: "child", timeout: "1h" }] }, {});
  const [{ runId }] = orchestrator.list({ workflowId: "child" });
  const child = orchestrator.get(runId);
  const events = (async () => { for await (const { type } of parent.events()) if (type === "run.failed") return type; })();
  const answer = { id: "answer", steps: [{ id: "a", call: "patient.answer" }] };
  const queued = orchestrator.start(answer, "in its turn");
  const held = orchestrator.start(answer, "after a pause");
  held.pause();
  await assert.rejects(bus.request("fault-injection", "panic", {}), isPanic);
  await assert.rejects(parent.result, isPanic);
  await assert.rejects(child.result, isPanic);
  assert.equal(await events, "run.failed");
  assert.equal((await queued.result).output, "in its turn");
  assert.equal(held.status().status, "paused");
  held.resume();
  assert.equal((await held.result).output, "after a pause");
});

test("a run that waited for its turn hears of the next panic, and its feature may go before that", async () => {
  const coach = await integration();
  const { bus } = coach;
  const waits = { id: "waits", steps: [{ id: "wait", call: "patient.wait", timeout: "1h" }] };
  for (const goesBefore of [false, true]) {
    bus.registerFeature(patient());
    const orchestrator = new WorkflowOrchestrator({ bus, maxConcurrentRuns: 1 });
    const [first, second] = [orchestrator.start(waits, 1), orchestrator.start(waits, 2)];
    await assert.rejects(bus.request("fault-injection", "panic", {}), isPanic);
    await assert.rejects(first.result, isPanic);
    assert.equal(second.status().steps.wait.status, "running");
    if (goesBefore) {
      await bus.unregisterFeature("patient", { grace: "10ms" });
      await assert.rejects(second.result, { code: "step.failed" });
    } else {
      await assert.rejects(bus.request("fault-injection", "panic", {}), isPanic);
      await assert.rejects(second.result, isPanic);
      await bus.unregisterFeature("patient");
    }
    bus.registerFeature(patient());
    const answers = { id: "answers", steps: [{ id: "answer", call: "patient.answer" }] };
    assert.equal((await orchestrator.executeWorkflow(answers, "its place is free")).output, "its place is free");
    await bus.unregisterFeature("patient");
  }
});

test("what a run had yet to begin when the core was lost begins in no other run", async () => {
  const coach = await integration();
  const { bus } = coach;
  const began = [];
  let panics = false;
  bus.registerFeature({
    name: "noting",
    version: "1.0.0",
    actions: {
      first: async (input) => began.push(`first of ${input}`),
      // Long enough for what follows to wait for the host's turn.
      busy: (input) => {
        began.push(`busy of ${input}`);
        if (!panics) return;
        panics = false;
        const end = performance.now() + 6;
        while (performance.now() < end);
        bus.request("fault-injection", "panic", {}).catch(() => {});
      },
      last: (input) => began.push(`last of ${input}`),
    },
  });
  const step = (id, ...needs) => ({ id, call: `noting.${id}`, needs });
  const graph = { id: "graph", steps: [step("first"), step("busy", "first"), step("last", "first")] };
  const orchestrator = new WorkflowOrchestrator({ bus, maxConcurrentRuns: 1 });
  // The first of all may wait for the host's turn itself.
  await orchestrator.executeWorkflow(graph, 0);
  began.length = 0;
  panics = true;
  const [lost, next] = [orchestrator.executeWorkflow(graph, 1), orchestrator.executeWorkflow(graph, 2)];
  await assert.rejects(lost, isPanic);
  await next;
  assert.deepEqual(began, ["first of 1", "busy of 1", "first of 2", "busy of 2", "last of 2"]);
});

test("the journal of a run outlives the core", async () => {
  const coach = await integration();
  coach.bus.registerFeature(patient());
  const { orchestrator } = coach;
  const steps = [{ id: "a", call: "patient.answer", with: 1 }, { id: "w", wait: { signal: "go" } }];
  const handle = orchestrator.start({ id: "waits", steps, output: ["{{ steps.a.output }}", "{{ steps.w.output }}"] }, {});
  const journal = handle.snapshot();
  await assert.rejects(coach.bus.request("fault-injection", "panic", {}), isPanic);
  await assert.rejects(handle.result, isPanic);
  const restored = orchestrator.restore(journal);
  restored.signal("go", 2);
  assert.deepEqual((await restored.result).output, [1, 2]);
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

// ── Policies ──

/** Opens at the first failure, and stays open. */
const TRIPS = { failureRate: 0.1, minCalls: 1, openFor: "1h" };
const never = () => new Promise(() => {});
const down = () => {
  throw new Error("down");
};

for (const fault of ["panic", "overflow"]) {
  test(`${fault}: every call under a policy is rejected, wherever it is, and its function told`, async () => {
    const { bus } = await integration();
    const { signal } = new AbortController();
    const signals = [];
    const hang = (context) => {
      signals.push(context.signal);
      return never();
    };
    const retried = policy({ retry: { delay: "1h", maxDelay: "1h", jitter: "none" } });
    const queued = policy({ bulkhead: { maxConcurrent: 1, maxQueue: 5 }, timeout: "1h" });
    const shared = policy({ singleFlight: true });
    const limited = policy({ rateLimit: { limit: 1, per: "1h", maxWait: "2h" } });
    await limited.execute(() => "first");
    const inFlight = [
      retried.execute(down, { signal }),
      queued.execute(hang, { signal }),
      queued.execute(hang, { signal }),
      shared.execute(hang, { key: "k", signal }),
      limited.execute(hang, { signal }),
    ];
    const culprit = bus.request("fault-injection", fault, {});
    for (const promise of [...inFlight, culprit]) await assert.rejects(promise, isPanic);
    assert.equal(signals.length, 2);
    for (const { aborted, reason } of signals) {
      assert.ok(aborted);
      assert.equal(reason.code, "internal.panic");
    }
    assert.equal(getEventListeners(signal, "abort").length, 0);
    for (const guarded of [retried, queued, limited]) {
      assert.equal(await guarded.execute(() => "again"), "again");
      assert.equal(guarded.stats().inFlight, 0);
    }
    assert.equal(await shared.execute(() => "again", { key: "k" }), "again");
  });
}

test("a circuit breaker that was open is open after a panic, that of a policy and that of a step", async () => {
  const { bus } = await integration();
  const guarded = policy({ circuitBreaker: TRIPS });
  await assert.rejects(guarded.execute(down), /down/);
  const isolated = policy({ circuitBreaker: {} });
  isolated.circuit.isolate();
  bus.registerFeature({ name: "world", version: "1.0.0", actions: { act: down, wait: never } });
  const orchestrator = new WorkflowOrchestrator({ bus, policies: { api: { circuitBreaker: TRIPS } } });
  const step = (circuitBreaker, id) => ({ id, steps: [{ id: "only", call: "world.act", circuitBreaker, retry: { maxAttempts: 1 } }] });
  const definitions = [step("api", "named"), step(TRIPS, "own")];
  for (const definition of definitions) await assert.rejects(orchestrator.executeWorkflow(definition, {}), /down/);

  for (let round = 0; round < 2; round += 1) {
    await assert.rejects(bus.request("fault-injection", "panic", {}), isPanic);
    await assert.rejects(guarded.execute(() => assert.fail("called")), { code: "circuit.open" });
    await assert.rejects(isolated.execute(() => assert.fail("called")), { code: "circuit.open" });
    for (const definition of definitions) {
      await assert.rejects(orchestrator.executeWorkflow(definition, {}), ({ cause }) => cause.code === "circuit.open");
    }
  }
  // Twice, without a call in between that would make a breaker anew.
  for (let round = 0; round < 2; round += 1) await assert.rejects(bus.request("fault-injection", "panic", {}), isPanic);
  assert.equal(guarded.snapshot().circuit.state, "open");
  assert.deepEqual(Object.keys(orchestrator.snapshot().circuits).sort(), ["api", "own.only"]);
  isolated.circuit.lift();
  isolated.circuit.close();
  assert.equal(await isolated.execute(() => "through"), "through");
});

test("a panic inside of a function, a fallback, a predicate, a listener: the call is rejected, and what comes of it", async () => {
  const { bus } = await integration();
  const panic = () => bus.request("fault-injection", "panic", {}).catch(() => {});
  const options = {
    function: {},
    fallback: { fallback: () => { panic(); return "late"; } },
    predicate: { retry: { on: () => { panic(); return true; } } },
    listener: {},
  };
  for (const [where, each] of Object.entries(options)) {
    const guarded = policy({ bulkhead: { maxConcurrent: 3 }, ...each });
    const bystanders = [guarded.execute(never), guarded.execute(never)];
    let after;
    if (where === "listener") guarded.on("attempt.started", panic, { signal: AbortSignal.timeout(1_000) });
    const call = guarded.execute(() => {
      if (where === "function" || where === "listener") panic();
      // The core is lost by now; this begins in the next one.
      if (where === "function") after = guarded.execute(() => "begun within");
      if (where === "fallback" || where === "predicate") throw new Error("no");
      return "late";
    });
    for (const promise of [call, ...bystanders]) await assert.rejects(promise, isPanic, where);
    if (after !== undefined) assert.equal(await after, "begun within");
    if (where !== "listener") assert.equal(await guarded.execute(() => where).catch((error) => error.code), where);
    guarded.dispose();
  }
});

test("who hears of the panic by a signal may call again at once, also from among other calls that begin", async () => {
  const { bus } = await integration();
  const guarded = policy({ bulkhead: { maxConcurrent: 10 } });
  const begun = [];
  const again = [];
  const hang = ({ signal }) => new Promise(() => {
    signal.addEventListener("abort", () => {
      for (const name of ["a", "b", "c"]) again.push(guarded.execute(() => name));
    });
  });
  // What is begun within a function is performed together, after it.
  const outer = guarded.execute(() => {
    begun.push(guarded.execute(hang));
    begun.push(guarded.execute(() => {
      bus.request("fault-injection", "panic", {}).catch(() => {});
      return "late";
    }));
    begun.push(guarded.execute(() => assert.fail("begun in a core that is lost")));
  });
  const ends = await Promise.allSettled([outer, ...begun]);
  assert.equal(ends[0].status, "fulfilled", "it had its answer before the others began");
  for (const end of ends.slice(1)) assert.ok(isPanic(end.reason));
  assert.deepEqual(await Promise.all(again), ["a", "b", "c"]);
});

/** What ends the wasm of the engine, which has the policies, and the one that reads what models answer. */
const ends = {
  engine: async (fault) => (await integration()).bus.request("fault-injection", fault, {}),
  "model client": async (fault, models) => (await (await ModelClient.ready(models)).runtime.ready()).injectFault(fault),
};

for (const [part, fault] of Object.keys(ends).flatMap((part) => [[part, "panic"], [part, "overflow"]])) {
  test(`${part}, ${fault}: a model's answer that is being read is given up, and the next question is answered`, async (t) => {
    const { baseUrl, exchanges } = await service(t, ({ number }, response) => {
      const text = says.responses.stream(["Hel", "lo"]);
      if (number > 1) return stream(response, text);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(text.slice(0, text.length / 2));
    });
    const models = new ModelClient({ baseUrl, apiKey: "k", model: "m", budgets: { day: { calls: 2 } } });
    const asked = models.stream({ messages: [{ role: "user", content: "?" }] });
    assert.equal((await asked.next()).value.text, "Hel");
    await assert.rejects(ends[part](fault, models), isPanic);
    await assert.rejects(asked.answer, isPanic);
    while (!exchanges[0].isGone()) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await models.stream({ messages: [{ role: "user", content: "?" }] }).answer).text, "Hello");
    // What was spent outlived the core.
    await assert.rejects(models.complete({ messages: [{ role: "user", content: "?" }] }), { code: "ai.budget_exceeded" });
  });
}

for (const fault of ["panic", "overflow"]) {
  test(`${fault} of the coach: no workflow is touched by it, and its next answer is right`, async () => {
    const coach = new AdvancedWorkflowIntegration();
    const waiting = coach.orchestrator.start({ id: "waits", steps: [{ id: "go", wait: { signal: "go" } }] });
    const before = await coach.quickWorkoutSetup(request);
    await assert.rejects(coach.bus.request("coach-fault-injection", fault, {}), isPanic);
    assert.deepEqual(await coach.quickWorkoutSetup(request), before);
    waiting.signal("go");
    assert.equal((await waiting.result).status, "completed");
  });
}
