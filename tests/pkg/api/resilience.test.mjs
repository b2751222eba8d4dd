// Policies of steps: what runs share, what they hear of it, and what outlives a run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeatureBus, WorkflowOrchestrator, repflowError } from "./package.mjs";

/** Opens at the first failure, and stays open. */
const TRIPS = { failureRate: 0.1, minCalls: 1, openFor: "1h" };

function world(actions, options) {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "world", version: "1.0.0", actions });
  return new WorkflowOrchestrator({ bus, ...options });
}

const one = (step, id = "one") => ({ id, steps: [{ id: "only", call: "world.act", ...step }] });
const once = { retry: { maxAttempts: 1 } };
const after = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
const never = () => new Promise(() => {});
const is = (code, more) => repflowError({ code, ...more });

/** The error of a step that was refused. */
const refusedBy = (code, check = () => {}) => (error) => {
  is("step.failed", { stepId: "only" })(error);
  is(code)(error.cause);
  assert.equal(error.kind, error.cause.kind);
  check(error.cause);
  return true;
};

test("a circuit breaker with a name is one for all runs of all workflows", async () => {
  let called = 0;
  const act = () => {
    called += 1;
    throw new Error("down");
  };
  const orchestrator = world({ act, other: act }, { policies: { api: { circuitBreaker: TRIPS } } });
  const told = [];
  for (const type of ["circuit.opened", "circuit.isolated", "circuit.half_opened", "circuit.closed"]) {
    orchestrator.on(type, ({ type, circuit, from, to, at }) => told.push([type, circuit, from, to, Number.isFinite(at)]));
  }
  const step = { ...once, circuitBreaker: "api" };
  await assert.rejects(orchestrator.executeWorkflow(one(step, "first"), {}), /down/);
  const second = one({ ...step, call: "world.other" }, "second");
  await assert.rejects(orchestrator.executeWorkflow(second, {}), refusedBy("circuit.open", ({ retryAfterMs }) => {
    assert.ok(retryAfterMs > 3_000_000 && retryAfterMs <= 3_600_000, `${retryAfterMs}`);
  }));
  assert.equal(called, 1);
  // One of its own knows nothing of it.
  await assert.rejects(orchestrator.executeWorkflow(one({ ...once, circuitBreaker: TRIPS }, "third"), {}), /down/);
  assert.deepEqual(told, [
    ["circuit.opened", "api", "closed", "open", true],
    ["circuit.opened", "third.only", "closed", "open", true],
  ]);
});

test("an error `slow_down` slows every step that has the rate limit of this name", async () => {
  let told = 0;
  const act = () => {
    told += 1;
    if (told === 1) throw Object.assign(new Error("too fast"), { code: "slow_down", status: 503 });
    return "through";
  };
  const orchestrator = world({ act, other: act }, { policies: { api: { rateLimit: {} } } });
  const step = { ...once, rateLimit: "api" };
  await assert.rejects(orchestrator.executeWorkflow(one(step, "first"), {}), /too fast/);
  const second = one({ ...step, call: "world.other" }, "second");
  assert.equal((await orchestrator.executeWorkflow(second, {})).output, "through");
  await assert.rejects(orchestrator.executeWorkflow(second, {}), refusedBy("rate_limit.exceeded"));
  // One of its own knows nothing of it.
  const third = one({ ...once, rateLimit: {} }, "third");
  for (let run = 0; run < 3; run += 1) assert.equal((await orchestrator.executeWorkflow(third, {})).output, "through");
});

test("by hand: isolate, lift, close; before the first run, too", async () => {
  const orchestrator = world({ act: () => "through" }, { policies: { api: { circuitBreaker: {} } } });
  const told = [];
  orchestrator.on("*", ({ type, circuit }) => type.startsWith("circuit") && told.push([type, circuit]));
  const run = () => orchestrator.executeWorkflow(one({ ...once, circuitBreaker: "api" }), {});
  const circuit = orchestrator.circuit("api");
  circuit.isolate();
  circuit.isolate();
  await assert.rejects(run(), refusedBy("circuit.open", ({ retryAfterMs, message }) => {
    assert.equal(retryAfterMs, undefined);
    assert.match(message, /isolated/);
  }));
  circuit.lift();
  await assert.rejects(run(), refusedBy("circuit.open"));
  circuit.lift();
  circuit.close();
  assert.equal((await run()).output, "through");
  assert.deepEqual(told[0], ["circuit.isolated", "api"]);
  assert.deepEqual(told.at(-1), ["circuit.closed", "api"]);
  // There is nothing by that name.
  orchestrator.circuit("nobody").isolate();
  orchestrator.dispose();
  assert.throws(() => circuit.isolate(), is("internal.disposed"));
});

test("the circuit breaker of a step goes by the names of its workflow and itself", async () => {
  const orchestrator = world({ act: () => "through" });
  const run = () => orchestrator.executeWorkflow(one({ ...once, circuitBreaker: {} }), {});
  await run();
  orchestrator.circuit("one.only").isolate();
  await assert.rejects(run(), refusedBy("circuit.open"));
  // An isolation is ended by whoever isolated, not by closing.
  orchestrator.circuit("one.only").close();
  await assert.rejects(run(), refusedBy("circuit.open"));
  orchestrator.circuit("one.only").lift();
  assert.equal((await run()).output, "through");

  // One that no run has used yet, too.
  const fresh = world({ act: () => "through" });
  const first = () => fresh.executeWorkflow(one({ ...once, circuitBreaker: {} }), {});
  fresh.circuit("one.only").isolate();
  fresh.circuit("one.only").isolate();
  await assert.rejects(first(), refusedBy("circuit.open"));
  fresh.circuit("one.only").lift();
  await assert.rejects(first(), refusedBy("circuit.open"), "isolated twice");
  fresh.circuit("one.only").lift();
  assert.equal((await first()).output, "through");
});

test("a snapshot puts circuit breakers back where they were, also those that nobody has used since", async () => {
  const options = { policies: { api: { circuitBreaker: TRIPS }, spare: { circuitBreaker: TRIPS } } };
  const actions = { act: () => { throw new Error("down"); } };
  const first = world(actions, options);
  assert.deepEqual(first.snapshot(), {});
  const named = one({ ...once, circuitBreaker: "api" });
  const own = one({ ...once, circuitBreaker: TRIPS }, "own");
  for (const definition of [named, own]) await assert.rejects(first.executeWorkflow(definition, {}), /down/);
  const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
  first.dispose();

  const second = world(actions, { ...options, snapshot });
  assert.deepEqual(second.snapshot(), snapshot);
  await assert.rejects(second.executeWorkflow(named, {}), refusedBy("circuit.open"));
  assert.deepEqual(Object.keys(second.snapshot().circuits).sort(), Object.keys(snapshot.circuits).sort());
  await assert.rejects(second.executeWorkflow(own, {}), refusedBy("circuit.open"));
  assert.equal(second.snapshot().circuits.api.state, "open");
  for (const snapshot of [{ circuits: 7 }, { circuits: { api: 7 } }, { circuits: { api: { state: "ajar" } } }]) {
    const sound = world({ act: () => "fine" }, { ...options, snapshot });
    assert.equal((await sound.executeWorkflow(named, {})).output, "fine");
  }
});

test("options that are wrong are refused at once, with every problem", () => {
  const build = (options) => () => new WorkflowOrchestrator(options);
  const policies = {
    api: { circuitBreaker: { failureRate: 2, on: ["network"] } },
    "odd/name": { bulkhead: { maxConcurrent: 0 }, timeuot: 1 },
    fine: { rateLimit: { limit: 1 } },
  };
  assert.throws(build({ policies }), (error) => {
    const pointers = error.problems.map(({ pointer }) => pointer).sort();
    const at = ["/policies/api/circuitBreaker/failureRate", "/policies/api/circuitBreaker/on", "/policies/odd~1name/bulkhead/maxConcurrent"];
    assert.deepEqual(pointers, [...at, "/policies/odd~1name/timeuot"]);
    return is("config.invalid")(error);
  });
  for (const policies of [7, null, "api", { api: 7 }, { api: null }, { api: () => {} }]) assert.throws(build({ policies }), is("config.invalid"));
  for (const snapshot of [7, "x"]) assert.throws(build({ snapshot }), is("config.invalid"));
});

test("a step's policies that are wrong are problems of the definition", async () => {
  const orchestrator = world({ act: () => assert.fail("called") });
  const step = { totalTimeout: -1, circuitBreaker: { failureRate: 7 }, rateLimit: { per: 1 }, bulkhead: 3, hedge: { delay: "soon", with: "fallback" }, retry: { maxAttempts: 0 } };
  await assert.rejects(orchestrator.executeWorkflow(one(step), {}), (error) => {
    const pointers = error.problems.map(({ pointer }) => pointer.replace("/steps/0/", "")).sort();
    assert.deepEqual(pointers, ["bulkhead", "circuitBreaker/failureRate", "hedge/delay", "hedge/with", "rateLimit/per", "retry/maxAttempts", "totalTimeout"]);
    return is("workflow.invalid")(error);
  });
});

test("a hedge in a step: the loser's signal is aborted, the winner's value comes", async () => {
  const contexts = [];
  const orchestrator = world({
    act: (_, context) => {
      contexts.push(context);
      return context.attempt === 1 ? never() : "second";
    },
  });
  const { output, steps } = await orchestrator.executeWorkflow(one({ hedge: { delay: "5ms" } }), {});
  assert.equal(output, "second");
  assert.equal(steps.only.attempts, 2);
  assert.deepEqual(contexts.map(({ attempt, signal }) => [attempt, signal.aborted]), [[1, true], [2, false]]);
  assert.equal(contexts[0].signal.reason.code, "policy.cancelled");
});

test("cancelling a run reaches every attempt of a hedged step", async () => {
  const signals = [];
  let both;
  const hedged = new Promise((resolve) => (both = resolve));
  const orchestrator = world({
    act: (_, { attempt, signal }) => {
      signals.push(signal);
      if (attempt === 2) both();
      return never();
    },
  });
  const { result, cancel } = orchestrator.start(one({ hedge: { delay: "5ms" } }), {});
  await hedged;
  cancel("enough");
  await assert.rejects(result, is("run.cancelled", { cause: "enough" }));
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true]);
});

test("the total timeout of a step counts its attempts and delays", async () => {
  let signal;
  const orchestrator = world({
    act: (_, context) => {
      signal = context.signal;
      if (context.attempt === 1) throw new Error("no");
      return never();
    },
  });
  const step = { totalTimeout: "300ms", timeout: "1h", retry: { maxAttempts: 9, delay: 1, jitter: "none" } };
  await assert.rejects(orchestrator.executeWorkflow(one(step), {}), (error) => {
    assert.match(error.message, /totalTimeout/);
    return is("step.timeout", { stepId: "only", attempts: 2, kind: "timeout" })(error);
  });
  assert.ok(signal.aborted);
});

test("bulkheads and rate limits with a name are for all runs", async () => {
  const policies = { narrow: { bulkhead: { maxConcurrent: 2, maxQueue: 3 } }, slow: { rateLimit: { limit: 1, per: "1h" } } };
  let [running, most] = [0, 0];
  const orchestrator = world({
    act: async () => {
      most = Math.max(most, (running += 1));
      await after(2);
      running -= 1;
    },
    quick: () => "through",
  }, { policies });
  const run = (step) => orchestrator.executeWorkflow(one({ ...once, ...step }), {});
  const outcomes = await Promise.allSettled(Array.from({ length: 7 }, () => run({ bulkhead: "narrow" })));
  const refused = outcomes.filter(({ status }) => status === "rejected");
  assert.equal(most, 2);
  assert.equal(refused.length, 2);
  for (const { reason } of refused) refusedBy("bulkhead.full")(reason);

  assert.equal((await run({ rateLimit: "slow", call: "world.quick" })).output, "through");
  await assert.rejects(run({ rateLimit: "slow", call: "world.quick" }), refusedBy("rate_limit.exceeded", ({ retryAfterMs }) => {
    assert.ok(retryAfterMs > 3_000_000, `${retryAfterMs}`);
  }));
});

test("what an error is to a step: its `classify` rows, and `retry.on`", async () => {
  const attempts = {};
  const orchestrator = world({
    act: ({ name, error }) => {
      attempts[name] = (attempts[name] ?? 0) + 1;
      throw Object.assign(new Error(name), error);
    },
  });
  const retry = { maxAttempts: 3, delay: 0, jitter: "none" };
  const run = (name, error, step) => assert.rejects(orchestrator.executeWorkflow(one(step, name), { name, error }), new RegExp(name));
  await run("busy", { status: 503 }, { retry });
  await run("wrong", { status: 400 }, { retry });
  await run("wrong-for-us", { status: 400 }, { retry: { ...retry, on: [400] } });
  await run("row", { code: "E_SHED" }, { retry, classify: [{ code: "E_SHED", kind: "validation" }] });
  assert.deepEqual(attempts, { busy: 3, wrong: 1, "wrong-for-us": 3, row: 1 });
});

test("policies are what they were when the orchestrator was made", async () => {
  const policies = { api: { circuitBreaker: { ...TRIPS } } };
  const orchestrator = world({ act: () => { throw new Error("down"); } }, { policies });
  policies.api.circuitBreaker.minCalls = 100;
  const definition = one({ ...once, circuitBreaker: "api" });
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), /down/);
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), refusedBy("circuit.open"));
});

test("a listener of the breaker may move it, or dispose of everything", async () => {
  const policies = { api: { circuitBreaker: TRIPS } };
  const actions = { act: ({ fine }) => { if (!fine) throw new Error("down"); return "fine"; } };
  const definition = one({ ...once, circuitBreaker: "api" });
  const forgiving = world(actions, { policies });
  forgiving.on("circuit.opened", () => forgiving.circuit("api").close());
  await assert.rejects(forgiving.executeWorkflow(definition, {}), /down/);
  assert.equal((await forgiving.executeWorkflow(definition, { fine: true })).output, "fine");

  const doomed = world(actions, { policies });
  doomed.on("circuit.opened", () => doomed.dispose());
  await assert.rejects(doomed.executeWorkflow(definition, {}), is("internal.disposed"));
  await assert.rejects(doomed.executeWorkflow(definition, {}), is("internal.disposed"));
});

test("a name that nobody has defined is a problem of the definition; a circuit breaker has the usual figures", async () => {
  const orchestrator = world({ act: () => "fine" }, { policies: { api: { bulkhead: { maxConcurrent: 2 } } } });
  const step = { rateLimit: "api", bulkhead: "api", circuitBreaker: "nobody", retry: { budget: "apis" } };
  await assert.rejects(orchestrator.executeWorkflow(one(step), {}), (error) => {
    assert.equal(error.code, "workflow.invalid");
    assert.deepEqual(error.problems.map(({ pointer }) => pointer), ["/steps/0/rateLimit", "/steps/0/retry/budget"]);
    return true;
  });
  const result = await orchestrator.executeWorkflow(one({ bulkhead: "api", circuitBreaker: "nobody" }), {});
  assert.equal(result.output, "fine");
});
