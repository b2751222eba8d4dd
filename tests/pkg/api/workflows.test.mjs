// Every kind of step, and what it gives.

import assert from "node:assert/strict";
import { test } from "node:test";

import { repflowError } from "./package.mjs";
import { after, call, eventually, flow, storyOf, world } from "./world.mjs";

test("a condition that does not hold skips the step, and those after it run", async () => {
  const { orchestrator, calls } = world();
  const steps = [call("a", "echo", { when: "input.yes && size(input.list) > 1" }), call("b", "echo", { when: "{{ input.no || !input.yes }}" }), call("c", "echo")];
  const input = { yes: true, no: false, list: [1, 2] };
  const { steps: results, output, degraded } = await orchestrator.executeWorkflow(flow(steps), input);
  assert.deepEqual(calls, ["a", "c"]);
  assert.equal(results.a.status, "completed");
  assert.equal(results.b.status, "skipped");
  assert.equal(results.b.output, null);
  assert.equal(results.b.attempts, 0);
  assert.equal(output, input);
  assert.equal(degraded, false);
});

test("a condition that is no boolean fails the step, and says where it is wrong", async () => {
  const { orchestrator, calls } = world();
  const run = orchestrator.executeWorkflow(flow([call("a", "echo", { when: "input.text" })]), { text: "yes" });
  await assert.rejects(run, (error) => {
    assert.equal(error.cause.code, "expression.failed");
    return repflowError({ code: "step.failed", kind: "validation", stepId: "a", workflowId: "flow" })(error);
  });
  assert.deepEqual(calls, []);
});

test("the first case that holds is taken, and its outputs are the step's", async () => {
  const { orchestrator, calls } = world();
  const choose = { id: "choose", switch: [
    { when: "input.a", steps: [call("one", "echo", { with: 1 })] },
    { when: "input.b", steps: [call("two", "echo", { with: 2 }), call("three", "echo", { with: 3 })] },
    { steps: [call("four", "echo", { with: 4 })] },
  ] };
  const outputOf = async (input, definition = flow([choose])) => (await orchestrator.executeWorkflow(definition, input)).output;
  assert.deepEqual(await outputOf({ a: true, b: true }), { one: 1 });
  assert.deepEqual(await outputOf({ a: false, b: true }), { two: 2, three: 3 });
  assert.deepEqual(await outputOf({ a: false, b: false }), { four: 4 });
  assert.deepEqual(calls, ["one", "two", "three", "four"]);
  const result = await orchestrator.executeWorkflow(flow([choose]), { a: true, b: false });
  assert.equal(result.steps.two.status, "skipped");
});

test("a switch of which no case holds gives null, one whose steps are all skipped gives their nulls", async () => {
  const { orchestrator } = world();
  const none = { id: "none", switch: [{ when: "input.no", steps: [call("one", "echo")] }] };
  const empty = { id: "empty", switch: [{ when: "input.yes", steps: [] }, { steps: [call("two", "echo")] }] };
  const skipped = { id: "skipped", switch: [{ when: "input.yes", steps: [call("three", "echo", { when: "input.no" })] }] };
  const { steps } = await orchestrator.executeWorkflow(flow([none, empty, skipped]), { yes: true, no: false });
  assert.equal(steps.none.output, null);
  assert.deepEqual(steps.empty.output, {});
  assert.deepEqual(steps.skipped.output, { three: null });
});

test("in each iteration of a loop its own case is chosen", async () => {
  const { orchestrator } = world();
  const choose = { id: "choose", switch: [
    { when: "item % 4 == 0", steps: [call("one", "echo", { with: "{{ item }}" })] },
    { when: "item % 4 == 1", steps: [] },
    { when: "item % 4 == 2", steps: [call("skipped", "echo", { when: "item < 0" })] },
  ] };
  const expected = [(item) => ({ one: item }), () => ({}), () => ({ skipped: null }), () => null];
  const items = Array.from({ length: 1_000 }, (_, index) => index);
  const { output } = await orchestrator.executeWorkflow(flow([{ id: "each", forEach: "{{ input }}", concurrency: 3, steps: [choose] }]), items);
  assert.deepEqual(output, items.map((item) => ({ choose: expected[item % 4](item) })));
});

test("a loop has an output for each item, in their order, however long each takes", async () => {
  const { orchestrator } = world({}, { slow: async ({ item, index }) => after(20 - 5 * index, `${index}:${item.name}`) });
  const loop = { id: "each", forEach: "{{ input.people }}", steps: [
    call("greet", "slow", { with: { item: "{{ item }}", index: "{{ index }}" } }),
    call("again", "echo", { with: "{{ steps.greet.output }}!" }),
  ] };
  const people = ["Ada", "Bob", "Cy"].map((name) => ({ name }));
  const result = await orchestrator.executeWorkflow(flow([loop]), { people });
  assert.deepEqual(result.output, ["Ada", "Bob", "Cy"].map((name, index) => ({ greet: `${index}:${name}`, again: `${index}:${name}!` })));
  assert.equal(result.steps.each.iterations.length, 3);
  assert.equal(result.steps.each.iterations[1].greet.output, "1:Bob");
  assert.equal(result.steps.each.iterations[1].greet.status, "completed");
  assert.equal(result.steps.greet, undefined);
});

test("items keep their identity, and a loop within a loop sees both", async () => {
  const seen = [];
  const { orchestrator } = world({}, { take: (params) => { seen.push(params); return params.of; } });
  const inner = { id: "inner", forEach: "{{ row.cells }}", as: "cell", steps: [call("take", "take", { with: { row: "{{ row }}", cell: "{{ cell }}", of: "{{ row.name }}{{ cell }}" } })] };
  const outer = { id: "outer", forEach: "{{ input }}", as: "row", concurrency: 1, steps: [inner, call("after", "echo", { with: "{{ steps.inner.output }}" })] };
  const rows = [{ name: "a", cells: [1, 2] }, { name: "b", cells: [] }, { name: "c", cells: [3] }];
  const events = [];
  const { output, steps } = await orchestrator.executeWorkflow(flow([outer]), rows, { onEvent: (event) => events.push(event) });
  assert.deepEqual(output.map(({ inner }) => inner), [[{ take: "a1" }, { take: "a2" }], [], [{ take: "c3" }]]);
  assert.deepEqual(output[0].after, output[0].inner);
  assert.ok(seen.every(({ row }) => rows.includes(row)));
  assert.equal(steps.outer.iterations[2].inner.iterations[0].take.output, "c3");
  const story = storyOf(events);
  assert.ok(story.includes("iteration.started outer/2"), `${story}`);
  assert.ok(story.includes("iteration.started inner/2/0"), `${story}`);
  assert.ok(story.includes("step.completed take/2/0"), `${story}`);
});

test("thousands of items in loops that run at once, of one item or many, stand where they belong", async () => {
  // Some answer at once, some after others have begun: so the iterations of the loops are mixed.
  const { orchestrator } = world({}, { own: async (params) => { if (params % 3 === 0) await null; if (params % 50 === 0) await after(1); return params; } });
  const steps = [call("own", "own", { with: "{{ cell }}" }), call("twice", "echo", { with: "{{ steps.own.output * 2 }}" })];
  const inner = { id: "inner", forEach: "{{ row }}", as: "cell", concurrency: 5, steps };
  const outer = { id: "outer", forEach: "{{ input }}", as: "row", concurrency: 7, steps: [inner, call("size", "echo", { with: "{{ size(row) }}" })] };
  const rows = Array.from({ length: 120 }, (_, row) => Array.from({ length: row % 10 === 0 ? 10 * row : row % 4 }, (_, cell) => 1_000 * row + cell));
  const given = (value) => ({ own: value, twice: 2 * value });
  const result = await orchestrator.executeWorkflow(flow([outer]), rows);
  assert.deepEqual(result.output, rows.map((row) => ({ inner: row.map(given), size: row.length })));
  const told = result.steps.outer.iterations.map(({ inner }) => inner.iterations.map(({ own, twice }) => ({ own: own.output, twice: twice.output })));
  assert.deepEqual(told, rows.map((row) => row.map(given)));
});

test("a loop has more items than room is made for before they are there", async () => {
  const { orchestrator } = world();
  const input = Array.from({ length: 25_000 }, (_, index) => index);
  const { output } = await orchestrator.executeWorkflow(flow([{ id: "each", forEach: "{{ input }}", concurrency: 10, steps: [call("item", "echo", { with: "{{ item }}" })] }]), input);
  assert.deepEqual(output, input.map((item) => ({ item })));
});

test("as many iterations at once as may be, and a literal list is a list", async () => {
  let [running, most] = [0, 0];
  const { orchestrator } = world({}, { act: async () => { most = Math.max(most, ++running); await after(5); running -= 1; } });
  const loop = { id: "each", forEach: [1, "{{ input }}", 3, 4, 5], concurrency: 2, steps: [call("act", "act"), call("item", "echo", { with: "{{ item }}" })] };
  const { output } = await orchestrator.executeWorkflow(flow([loop]), 2);
  assert.equal(most, 2);
  assert.deepEqual(output.map(({ item }) => item), [1, 2, 3, 4, 5]);
});

test("a loop over something else than a list fails, and over nothing gives nothing", async () => {
  const { orchestrator } = world();
  const loop = flow([{ id: "each", forEach: "{{ input.list }}", steps: [call("a", "echo")] }]);
  assert.deepEqual((await orchestrator.executeWorkflow(loop, { list: [] })).output, []);
  await assert.rejects(orchestrator.executeWorkflow(loop, { list: "abc" }), (error) => {
    assert.match(error.message, /must give a list, not `abc`/);
    return repflowError({ code: "step.failed", stepId: "each" })(error);
  });
});

test("a wait takes its time, and gives null", async () => {
  const { orchestrator } = world();
  const began = Date.now();
  const steps = [
    { id: "short", wait: 15 },
    { id: "given", wait: { duration: "{{ input.ms }}" } },
    { id: "instant", wait: { until: "{{ input.until }}" } },
  ];
  const { output, steps: results } = await orchestrator.executeWorkflow(flow(steps), { ms: "15ms", until: began + 60 });
  assert.equal(output, null);
  assert.ok(Date.now() >= began + 59);
  assert.ok(results.short.durationMs >= 14);
});

test("an event is published when its step comes, and no asynchronous handler is waited for", async () => {
  const { bus, orchestrator } = world();
  const heard = [];
  bus.subscribe("workout.*", (event) => { heard.push(event); return new Promise(() => {}); });
  bus.subscribe("workout.done", () => { throw new Error("not my problem"); });
  const definition = flow([{ id: "tell", emit: "workout.done", with: { who: "{{ input.who }}" } }, call("after", "echo", { with: "{{ steps.tell.status }}" })]);
  const { output, steps } = await orchestrator.executeWorkflow(definition, { who: "Ada" }, { correlationId: "request-7" });
  assert.equal(output, "completed");
  assert.equal(steps.tell.output, null);
  assert.equal(heard.length, 1);
  assert.deepEqual(heard[0].data, { who: "Ada" });
  assert.equal(heard[0].correlationid, "request-7");
  assert.equal(heard[0].source, "flow");
});

test("a topic that is none fails its step", async () => {
  const { orchestrator } = world();
  await assert.rejects(orchestrator.executeWorkflow(flow([{ id: "tell", emit: "a..b" }]), {}), (error) => {
    if (error.code === "workflow.invalid") return true;
    return repflowError({ code: "step.failed", stepId: "tell", kind: "validation" })(error);
  });
});

test("of the steps that wait for a turn, those with the higher priority go first", async () => {
  const { orchestrator, calls } = world();
  const parallel = [["a", 0], ["b", -1], ["c", 5]].map(([id, priority]) => call(id, "echo", { priority }));
  await orchestrator.executeWorkflow(flow([{ id: "p", parallel, concurrency: 1 }]), {});
  assert.equal(calls.at(-1), "b");
  assert.ok(calls.indexOf("c") < calls.indexOf("b"));
});

test("calls of all runs with the same key keep to their limit", async () => {
  const most = {};
  const running = {};
  const { orchestrator } = world({}, { act: async ({ user }) => {
    running[user] = (running[user] ?? 0) + 1;
    most[user] = Math.max(most[user] ?? 0, running[user]);
    await after(5);
    running[user] -= 1;
  } });
  const definition = flow([{ id: "p", parallel: ["a", "b"].map((id) => call(id, "act")) }], { concurrency: { key: "{{ input.user }}", perKey: 1 } });
  await Promise.all(["Ada", "Ada", "Bob"].map((user) => orchestrator.executeWorkflow(definition, { user })));
  assert.deepEqual(most, { Ada: 1, Bob: 1 });
});

test("an answer that is kept is not asked for again, by what the step is given or by a key", async () => {
  let asked = 0;
  const { orchestrator } = world({}, { ask: (params) => ({ n: ++asked, params }) });
  const definition = flow([call("ask", "ask", { with: { q: "{{ input.q }}" }, cache: { ttl: "1m" } })]);
  const run = async (input, of = definition) => (await orchestrator.executeWorkflow(of, input)).output;
  const first = await run({ q: 1 });
  assert.equal(await run({ q: 1, other: true }), first);
  assert.equal((await run({ q: 2 })).n, 2);
  const keyed = flow([call("ask", "ask", { with: { q: "{{ input.q }}" }, cache: { ttl: "1m", key: "{{ input.user }}" } })], { id: "keyed" });
  assert.equal(await run({ q: 1, user: "Ada" }, keyed), await run({ q: 2, user: "Ada" }, keyed));
  await assert.rejects(run({ q: 1 }, keyed), repflowError({ code: "step.failed", kind: "validation" }));
  assert.equal(asked, 3);
});

test("an answer whose time is over is asked for again", async () => {
  let asked = 0;
  const { orchestrator } = world({}, { ask: () => ++asked });
  const definition = flow([call("ask", "ask", { cache: { ttl: 10 } })]);
  await orchestrator.executeWorkflow(definition, 1);
  await after(20);
  assert.equal((await orchestrator.executeWorkflow(definition, 1)).output, 2);
});

test("steps that ask for the same at the same time share the answer, or the failure", async () => {
  const { orchestrator, open, shut, calls } = world();
  const definition = flow([call("ask", "gate", { singleFlight: true })]);
  const runs = Array.from({ length: 3 }, () => orchestrator.executeWorkflow(definition, { name: "a" }));
  await after(5);
  const value = {};
  open("a", value);
  for (const run of runs) assert.equal((await run).output, value);
  const failing = Array.from({ length: 3 }, () => orchestrator.executeWorkflow(definition, { name: "b" }));
  await after(5);
  const why = new Error("no");
  shut("b", why);
  for (const run of failing) await assert.rejects(run, (error) => error.cause === why && repflowError({ code: "step.failed" })(error));
  assert.deepEqual(calls, ["a", "b"]);
});

test("when the one that others wait for is cancelled, another one asks", async () => {
  const { orchestrator, open, calls } = world();
  const definition = flow([call("ask", "gate", { singleFlight: true })]);
  const leader = orchestrator.start(definition, { name: "a" });
  const other = orchestrator.start(definition, { name: "a" });
  // On a slow machine the host may have its turn before the call is made.
  await eventually(() => calls.length === 1);
  leader.cancel();
  await assert.rejects(leader.result, repflowError({ code: "run.cancelled" }));
  await eventually(() => calls.length === 2);
  open("a");
  assert.equal((await other.result).output, "a");
});

// ── Input and output ──

test("the input is checked against `parameters`, and defaults are filled in, before anything starts", async () => {
  const { orchestrator, calls } = world();
  const parameters = { type: "object", properties: { weeks: { type: "integer", default: 8 }, goal: { enum: ["strength", "power"] } }, required: ["goal"] };
  const definition = flow([call("a", "echo", { with: "{{ parameters.weeks }} {{ input.goal }}" })], { parameters });
  assert.equal((await orchestrator.executeWorkflow(definition, { goal: "power" })).output, "8 power");
  calls.length = 0;
  await assert.rejects(orchestrator.executeWorkflow(definition, { goal: "fame", weeks: 1.5 }), (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer).sort(), ["/goal", "/weeks"]);
    return repflowError({ code: "input.invalid", kind: "validation" })(error);
  });
  await assert.rejects(orchestrator.executeWorkflow({ ...definition, parameters: { type: "objekt" }, steps: [{ id: "a" }] }, {}), (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer), ["/parameters/type", "/steps/0"]);
    return repflowError({ code: "workflow.invalid" })(error);
  });
  assert.deepEqual(calls, []);
});

/** A Standard Schema by a function that judges, at once or later. */
const schema = (judge) => ({ "~standard": { version: 1, vendor: "test", validate: judge } });
const toNumber = schema((value) => (Number.isNaN(Number(value)) ? { issues: [{ message: "no number", path: ["n"] }] } : { value: Number(value) }));
const later = (schema_) => schema(async (value) => { await after(2); return schema_["~standard"].validate(value); });

for (const [when, number] of [["at once", toNumber], ["later", later(toNumber)]]) {
  test(`validators of a run and of its steps judge ${when}, and what they make of values takes their place`, async () => {
    const { orchestrator } = world({}, { text: (n) => `${n}0` });
    const definition = flow([call("a", "text"), call("b", "text", { with: "{{ steps.a.output }}" })]);
    const schemas = { input: number, output: number, steps: { a: { output: number }, b: { input: number } } };
    const { output, steps } = await orchestrator.executeWorkflow(definition, "7", { schemas });
    assert.equal(steps.a.output, 70);
    assert.equal(output, 700);
    await assert.rejects(orchestrator.executeWorkflow(definition, "x", { schemas }), (error) => {
      assert.equal(error.problems[0].pointer, "/n");
      return repflowError({ code: "input.invalid" })(error);
    });
  });

  test(`an output that its validator refuses ${when} is worth another attempt, that of the run is the run's failure`, async () => {
    let n = 0;
    const { orchestrator } = world({}, { flaky: () => (++n < 3 ? "x" : "3"), bad: () => "x" });
    const retried = flow([call("a", "flaky", { retry: { maxAttempts: 3, delay: 1 } })]);
    const good = await orchestrator.executeWorkflow(retried, {}, { schemas: { steps: { a: { output: number } } } });
    assert.equal(good.output, 3);
    assert.equal(good.steps.a.attempts, 3);
    const events = [];
    const run = orchestrator.executeWorkflow(flow([call("a", "bad")]), {}, { schemas: { output: number }, onEvent: ({ type }) => events.push(type) });
    await assert.rejects(run, repflowError({ code: "output.invalid", workflowId: "flow" }));
    assert.equal(events.at(-1), "run.failed");
  });
}

test("a validator of a step that is not there is refused", async () => {
  const { orchestrator, calls } = world();
  const run = orchestrator.executeWorkflow(flow([call("weigh", "echo")]), {}, { schemas: { steps: { wiegh: { output: toNumber } } } });
  await assert.rejects(run, (error) => {
    assert.deepEqual(error.problems.map(({ pointer, suggestion }) => [pointer, suggestion]), [["/steps/wiegh", "weigh"]]);
    return repflowError({ code: "config.invalid" })(error);
  });
  assert.deepEqual(calls, []);
});

// ── Templates ──

test("a workflow is made of a template, and runs", async () => {
  const { orchestrator } = world({ templates: [{ id: "greeting", parameters: { type: "object", properties: { name: { type: "string" }, word: { type: "string", default: "Hello" } }, required: ["name"] }, steps: [call("a", "echo", { with: "{{ parameters.word }}, {{ parameters.name }}{{ input.mark }}" })] }] });
  const definition = orchestrator.createWorkflowFromTemplate("greeting", { name: "Ada" });
  assert.equal(definition.parameters, undefined);
  assert.equal((await orchestrator.executeWorkflow(definition, { mark: "!" })).output, "Hello, Ada!");
  assert.throws(() => orchestrator.createWorkflowFromTemplate("greting", {}), repflowError({ code: "workflow.not_registered" }));
  assert.throws(() => orchestrator.createWorkflowFromTemplate("greeting", {}), repflowError({ code: "input.invalid" }));
  assert.equal(orchestrator.registerTemplate(flow([], { id: "other" })), "other");
});
