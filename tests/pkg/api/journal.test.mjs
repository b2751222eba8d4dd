// Journals: a run as plain data, from which it goes on, also in another process.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { project, run } from "../support.mjs";
import { repflowError } from "./package.mjs";
import { after, call, eventually, flow, storyOf, world } from "./world.mjs";

/** As it would come out of a store. */
const stored = (journal) => JSON.parse(JSON.stringify(journal));

/** Takes the journal of a run and ends the process that it ran in, as far as that can be had in one. */
function crash({ orchestrator, bus }, handle) {
  handle.result.catch(() => {});
  const journal = stored(handle.snapshot());
  orchestrator.dispose();
  bus.dispose();
  return journal;
}

test("what had completed is not done again, and what ran is", async () => {
  const before = world();
  const definition = flow([call("a", "echo", { with: { n: 1 } }), call("b", "gate"), call("c", "echo", { with: ["{{ steps.a.output.n }}", "{{ steps.b.output }}"] })]);
  const handle = before.orchestrator.start(definition, { name: "b" }, { correlationId: "request-7", priority: 3 });
  const journal = crash(before, handle);
  assert.equal(journal.version, 1);
  assert.equal(journal.runId, handle.id);
  assert.deepEqual(journal.definition, definition);

  const later = world();
  const told = [];
  const restored = later.orchestrator.restore(journal, { onEvent: (event) => told.push(event) });
  const all = [];
  const streamed = (async () => { for await (const event of restored.events()) all.push(event); })();
  assert.equal(restored.id, handle.id);
  assert.equal(restored.status().correlationId, "request-7");
  assert.equal(restored.status().priority, 3);
  await eventually(() => later.calls.length > 0);
  assert.deepEqual(later.calls, ["b"]);
  later.open("b");
  const { output, steps } = await restored.result;
  assert.deepEqual(output, [1, "b"]);
  assert.equal(steps.b.attempts, 2);
  await streamed;
  assert.deepEqual(storyOf(all), [
    "run.started", "step.started a", "attempt.started a", "step.completed a", "step.started b", "attempt.started b",
    "run.restored", "attempt.interrupted b", "attempt.started b", "step.completed b",
    "step.started c", "attempt.started c", "step.completed c", "run.completed",
  ]);
  assert.deepEqual(all.map(({ seq }) => seq), all.map((_, index) => index));
  // Who listens from the start of a restored run hears what happens from then on.
  assert.deepEqual(told.map(({ seq }) => seq), all.map(({ seq }) => seq).slice(6));
});

test("the idempotency key of an attempt that is made again is the same", async () => {
  const keys = [];
  const note = { note: (_, ctx) => { keys.push(ctx.idempotencyKey); return new Promise(() => {}); } };
  const before = world({}, note);
  const journal = crash(before, before.orchestrator.start(flow([call("a", "note")]), {}));
  const later = world({}, note);
  const restored = later.orchestrator.restore(journal);
  await eventually(() => keys.length === 2);
  assert.equal(keys[0], keys[1]);
  restored.cancel();
  await assert.rejects(restored.result, repflowError({ code: "run.cancelled" }));
});

test("a wait keeps its deadline, a signal that came is kept, and one that comes early too", async () => {
  const before = world();
  const steps = [{ id: "wait", wait: 60 }, { id: "one", wait: { signal: "go" } }, { id: "two", wait: { signal: "go" } }];
  const began = Date.now();
  const handle = before.orchestrator.start(flow(steps, { output: ["{{ steps.one.output }}", "{{ steps.two.output }}"] }), {});
  handle.signal("go", { n: 1 });
  await after(30);
  const journal = crash(before, handle);
  const later = world();
  const restored = later.orchestrator.restore(journal);
  restored.signal("go", 2);
  assert.deepEqual((await restored.result).output, [{ n: 1 }, 2]);
  const took = Date.now() - began;
  assert.ok(took >= 59, `${took}`);
  // Its deadline may be over by then.
  const late = world().orchestrator.restore(journal);
  late.signal("go", 3);
  assert.deepEqual((await late.result).output, [{ n: 1 }, 3]);
});

test("at any moment: queued, before a retry, in a loop, paused, while undoing", async () => {
  const queued = world({ maxConcurrentRuns: 1 });
  queued.orchestrator.start(flow([call("g", "gate")]), { name: "a" }).result.catch(() => {});
  const waiting = queued.orchestrator.start(flow([{ id: "w", wait: { signal: "go" } }]), {});
  waiting.signal("go", "early");
  const inQueue = crash(queued, waiting);
  const fromQueue = world().orchestrator.restore(inQueue);
  assert.equal((await fromQueue.result).output, "early");
  // Two restarts, of which the first one was before it had its turn; and what is no data is refused there as anywhere.
  const first = world({ maxConcurrentRuns: 1 });
  first.orchestrator.start(flow([call("g", "gate")]), { name: "a" }).result.catch(() => {});
  const inLine = first.orchestrator.restore(inQueue);
  inLine.signal("go", "later");
  assert.deepEqual(inLine.snapshot().early, [["go", "early"], ["go", "later"]]);
  inLine.signal("go", () => {});
  assert.throws(() => inLine.snapshot(), (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer), ["/early/2/1"]);
    return error.code === "journal.invalid";
  });

  const failing = world();
  const retried = flow([call("a", "fail", { retry: { maxAttempts: 2, delay: 40, jitter: "none" } })]);
  const journal = crash(failing, failing.orchestrator.start(retried, {}));
  const mended = world({}, { fail: () => "mended" });
  const restored = mended.orchestrator.restore(journal);
  assert.deepEqual(mended.calls, []);
  assert.equal((await restored.result).steps.a.attempts, 2);

  const looping = world();
  const loop = { id: "each", forEach: "{{ input.items }}", concurrency: 1, steps: [
    call("a", "echo", { with: "{{ item }}" }), call("g", "gate", { with: { name: "{{ item }}" } }),
  ] };
  const inLoop = looping.orchestrator.start(flow([loop]), { items: ["x", "y", "z"] });
  looping.open("x");
  await eventually(() => looping.calls.length === 4);
  assert.deepEqual(looping.calls, ["a", "x", "a", "y"]);
  const next = world();
  const again = next.orchestrator.restore(crash(looping, inLoop));
  await eventually(() => next.calls.length > 0);
  assert.deepEqual(next.calls, ["y"]);
  next.open("y");
  await eventually(() => next.gates.has("z"));
  next.open("z");
  assert.deepEqual((await again.result).output, ["x", "y", "z"].map((it) => ({ a: it, g: it })));
  assert.deepEqual(next.calls, ["y", "a", "z"]);

  const pausing = world();
  const held = pausing.orchestrator.start(flow([call("g", "gate"), call("b", "echo")]), { name: "g" });
  held.pause();
  pausing.open("g");
  await eventually(() => held.status().steps.g.status === "completed");
  const quiet = world();
  const paused = quiet.orchestrator.restore(crash(pausing, held));
  await after(5);
  assert.equal(paused.status().status, "paused");
  assert.deepEqual(quiet.calls, []);
  paused.resume();
  assert.deepEqual((await paused.result).output, { name: "g" });

  const undoing = world();
  const booked = (id) => call(id, "echo", { with: id, compensate: { call: "world.gate", with: { name: `undo-${id}` } } });
  const saga = undoing.orchestrator.start(flow([booked("a"), booked("b"), call("pay", "fail", { with: { why: "no money" } })]), {});
  await eventually(() => undoing.gates.has("undo-b"));
  undoing.open("undo-b");
  await eventually(() => undoing.gates.has("undo-a"));
  const rest = world();
  const undone = rest.orchestrator.restore(crash(undoing, saga));
  await eventually(() => undone.status().status === "compensating");
  await eventually(() => rest.calls.length > 0);
  assert.deepEqual(rest.calls, ["undo-a"]);
  rest.open("undo-a");
  await assert.rejects(undone.result, (error) => {
    assert.deepEqual(error.compensation.compensated, ["b", "a"]);
    assert.equal(error.cause.message, "no money");
    return repflowError({ code: "step.failed", stepId: "pay" })(error);
  });
});

test("why steps failed is kept: of those that may, of fallbacks, and of a cancellation", async () => {
  const before = world();
  const definition = flow([
    call("a", "fail", { onError: "continue", with: { why: "first" } }),
    call("b", "fail", { fallback: [{ value: 1 }], with: { why: "second" } }),
    call("g", "gate", { compensate: { call: "world.echo" } }),
  ]);
  const handle = before.orchestrator.start(definition, { name: "g" });
  const later = world();
  const restored = later.orchestrator.restore(crash(before, handle));
  later.open("g");
  const { degraded, steps } = await restored.result;
  assert.equal(degraded, true);
  assert.equal(steps.a.error.cause.message, "first");
  assert.equal(steps.a.error.code, "step.failed");
  assert.deepEqual(steps.b.failures.map(({ level, error }) => [level, error.message]), [[0, "second"]]);
  assert.equal(steps.b.output, 1);

  const cancelling = world();
  const undo = { call: "world.gate", with: { name: "undo" } };
  const stopped = cancelling.orchestrator.start(flow([call("a", "echo", { compensate: undo }), call("n", "never")]), {});
  stopped.cancel({ by: "Ada" });
  const rest = world();
  const undone = rest.orchestrator.restore(crash(cancelling, stopped));
  rest.open("undo");
  await assert.rejects(undone.result, (error) => {
    assert.deepEqual(error.compensation.compensated, ["a"]);
    return repflowError({ code: "run.cancelled" })(error);
  });
});

test("what a log tells of, a journal and a status have the values of, also between two steps that go on at once", async () => {
  const steps = [
    call("kept", "count", { cache: { ttl: "1m" } }),
    call("falls", "fail", { fallback: [{ value: 1 }] }),
    call("fails", "fail", { onError: "continue" }),
    call("looks", "look"),
  ];
  const definition = flow([{ id: "w", wait: 1 }, { id: "all", parallel: steps }]);
  let count = 0;
  let handle, journal, status;
  const actions = {
    count: () => (count += 1),
    // What came of those before it waits behind it.
    look: () => {
      status = handle?.status();
      journal = handle && stored(handle.snapshot());
    },
  };
  const before = world({}, actions);
  await before.orchestrator.executeWorkflow(definition, {});
  handle = before.orchestrator.start(definition, {});
  const result = await handle.result;
  const restored = await world({}, { ...actions, look: () => {} }).orchestrator.restore(journal).result;
  assert.equal(count, 1);
  for (const { degraded, steps: { kept, falls, fails } } of [status, result, restored]) {
    assert.equal(degraded, true);
    assert.equal(kept.output, 1);
    assert.deepEqual(falls.failures.map(({ level, error }) => [level, error.message]), [[0, "no"]]);
    assert.equal(fails.error.cause.message, "no");
  }
});

test("whoever looks while attempts are told that their time is up finds out why each failed, and each is told once", async () => {
  const told = [];
  const looks = [];
  let handle;
  const hang = (_, { stepId, signal }) => new Promise(() => signal.addEventListener("abort", () => {
    told.push([stepId, signal.reason.code]);
    const { steps: { a, b }, degraded } = handle.status();
    const failed = [a, b].filter(({ status }) => status === "failed").map(({ error }) => error.message);
    looks.push([degraded, failed, Object.values(stored(handle.snapshot()).errors).map(({ message }) => message)]);
  }));
  const hanging = (id) => call(id, "hang", { timeout: 20, onError: "continue" });
  handle = world({}, { hang }).orchestrator.start(flow([{ id: "all", parallel: [hanging("a"), hanging("b")] }, { id: "w", wait: 1 }]), {});
  const { steps } = await handle.result;
  assert.deepEqual(told.sort(), [["a", "step.timeout"], ["b", "step.timeout"]]);
  const messages = [steps.a, steps.b].map(({ error }) => error.message);
  for (const message of messages) assert.match(message, /did not end within 20 ms; give it a longer `timeout`/);
  // Mostly both have failed by then, of which the second is yet to be told.
  for (const [degraded, failed, kept] of looks) {
    assert.equal(degraded, true);
    assert.ok(failed.length > 0);
    assert.deepEqual(kept, failed);
    assert.deepEqual(failed.filter((message) => !messages.includes(message)), []);
  }
});

test("children go on with their parent, where they were", async () => {
  const child = flow([call("a", "echo", { with: 1 }), call("g", "gate", { with: { name: "g" } })], { id: "child", output: ["{{ steps.a.output }}", "{{ steps.g.output }}"] });
  const before = world({ templates: [child] });
  const handle = before.orchestrator.start(flow([{ id: "s", workflow: "child" }, call("z", "echo", { with: "{{ steps.s.output }}" })]), {});
  const childId = before.orchestrator.list({ workflowId: "child" })[0].runId;
  await eventually(() => before.calls.includes("g"));
  const later = world({ templates: [child] });
  const restored = later.orchestrator.restore(crash(before, handle));
  await eventually(() => later.calls.length > 0);
  assert.deepEqual(later.calls, ["g"]);
  assert.equal(later.orchestrator.list({ workflowId: "child" })[0].runId, childId);
  later.open("g");
  assert.deepEqual((await restored.result).output, [1, "g"]);
});

test("a child that was given up, and undoes what it did, goes on with that", async () => {
  const undo = { call: "world.gate", with: { name: "undo" } };
  const child = flow([call("a", "echo", { compensate: undo }), call("n", "never")], { id: "child" });
  const before = world({ templates: [child] });
  const handle = before.orchestrator.start(flow([{ id: "s", workflow: "child", timeout: 5, onError: "continue" }, { id: "w", wait: { signal: "go" } }]), {});
  await eventually(() => before.gates.has("undo"));
  assert.equal(before.orchestrator.list({ workflowId: "child" })[0].status, "compensating");
  const later = world({ templates: [child] });
  const restored = later.orchestrator.restore(crash(before, handle));
  await eventually(() => later.calls.length > 0);
  assert.deepEqual(later.calls, ["undo"]);
  later.open("undo");
  restored.signal("go", 1);
  assert.equal((await restored.result).output, 1);
  await later.orchestrator.drain();
  assert.equal(later.orchestrator.list({ workflowId: "child" })[0].status, "cancelled");
});

test("a journal of a journal is one, also of a run that waits for its place", async () => {
  const before = world();
  const handle = before.orchestrator.start(flow([call("a", "echo", { with: 1 }), { id: "w", wait: { signal: "go" } }]), {});
  const second = world();
  const again = second.orchestrator.restore(crash(before, handle));
  const third = world({ maxConcurrentRuns: 1 });
  third.orchestrator.start(flow([call("g", "gate")]), { name: "x" }).result.catch(() => {});
  const waiting = third.orchestrator.restore(crash(second, again));
  assert.equal(waiting.status().status, "queued");
  waiting.signal("go", "at last");
  const last = world();
  const end = await last.orchestrator.restore(crash(third, waiting)).result;
  assert.equal(end.output, "at last");
  assert.equal(end.steps.a.output, 1);
  assert.deepEqual(last.calls, []);
});

test("a run goes on in another process", async (t) => {
  const before = world();
  const definition = flow([call("a", "echo", { with: { n: 1 } }), { id: "w", wait: { signal: "go" } }, call("c", "echo", { with: { a: "{{ steps.a.output.n }}", w: "{{ steps.w.output }}" } })]);
  const handle = before.orchestrator.start(definition, {});
  const journal = crash(before, handle);
  const directory = await project(t, import.meta.url);
  await writeFile(join(directory, "journal.json"), JSON.stringify(journal));
  const script = `
    import { readFileSync } from "node:fs";
    import { FeatureBus, WorkflowOrchestrator } from "repflow";
    const bus = new FeatureBus();
    const calls = [];
    bus.registerFeature({ name: "world", version: "1.0.0", actions: { echo: (params, { stepId }) => { calls.push(stepId); return params; } } });
    const handle = new WorkflowOrchestrator({ bus }).restore(JSON.parse(readFileSync("journal.json", "utf8")));
    handle.signal("go", "from here");
    const { output, runId } = await handle.result;
    console.log(JSON.stringify({ output, runId, calls }));
  `;
  const said = JSON.parse(await run(process.execPath, ["--input-type=module", "-e", script], directory));
  assert.deepEqual(said, { output: { a: 1, w: "from here" }, runId: handle.id, calls: ["c"] });
});

// ── What is refused ──

test("a workflow that is not what it was is refused, with every difference", async () => {
  const before = world();
  const definition = flow([{ id: "w", wait: { signal: "go" }, description: "old" }]);
  const journal = crash(before, before.orchestrator.start(definition, {}));
  const changed = { ...definition, timeout: "1m", steps: [{ id: "w", wait: { signal: "stop" } }] };
  const { orchestrator } = world();
  const refused = (restore) => assert.throws(restore, (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer).sort(), ["/steps/0/description", "/steps/0/wait/signal", "/timeout"]);
    const signal = error.problems.find(({ pointer }) => pointer === "/steps/0/wait/signal");
    assert.match(signal.message, /it was `"go"`, and is `"stop"`/);
    return repflowError({ code: "journal.definition_changed", runId: journal.runId })(error);
  });
  refused(() => orchestrator.restore(journal, { definition: changed }));
  const registered = world({ templates: [changed] }).orchestrator;
  refused(() => registered.restore(journal));
  // The same in another order is the same.
  const same = { steps: definition.steps, id: definition.id };
  const handle = registered.restore(journal, { definition: same });
  handle.signal("go");
  await handle.result;
});

test("a child whose workflow is not what it was is refused, too", () => {
  const child = flow([call("g", "gate")], { id: "child" });
  const before = world({ templates: [child] });
  const journal = crash(before, before.orchestrator.start(flow([{ id: "s", workflow: "child" }]), { name: "g" }));
  const later = world({ templates: [{ ...child, version: "2.0.0" }] });
  assert.throws(() => later.orchestrator.restore(journal), repflowError({ code: "journal.definition_changed", workflowId: "child" }));
});

test("a journal that was changed, or is none, is refused, and what is wrong is said", async () => {
  const before = world();
  const journal = crash(before, before.orchestrator.start(flow([call("a", "echo"), call("g", "gate")]), { name: "g" }));
  const { orchestrator } = world();
  const problemsOf = (changes) => {
    try {
      orchestrator.restore({ ...stored(journal), ...changes });
    } catch (error) {
      repflowError({ code: "journal.invalid" })(error);
      return error.problems.map(({ pointer, message }) => `${pointer} ${message}`).join("\n");
    }
    assert.fail("it was taken");
  };
  assert.match(problemsOf({ input: { name: "h" } }), /\/checksum .*changed/);
  assert.match(problemsOf({ log: journal.log.slice(6) }), /\/checksum/);
  assert.match(problemsOf({ log: journal.log.slice(1) }), /\/log .*six to an event/);
  assert.match(problemsOf({ version: 2 }), /\/version .*must be 1/);
  assert.match(problemsOf({ outputs: [] }), /\/outputs/);
  assert.throws(() => orchestrator.restore("journal"), repflowError({ code: "journal.invalid" }));
  assert.throws(() => orchestrator.restore({}), (error) => error.problems.length > 10);
});

test("a run is active only once", async () => {
  const { orchestrator, open } = world();
  const handle = orchestrator.start(flow([call("g", "gate")]), { name: "g" });
  assert.throws(() => orchestrator.restore(handle.snapshot()), (error) => /is active here/.test(error.message) && repflowError({ code: "journal.invalid" })(error));
  open("g");
  await handle.result;
  assert.throws(() => handle.snapshot(), (error) => /has ended/.test(error.message) && repflowError({ code: "journal.invalid" })(error));
});

test("values that are no plain data are refused, with the steps whose they are", async () => {
  const { orchestrator, gates } = world({}, { date: () => new Date(), map: () => ({ deep: [new Map()] }), nan: () => NaN });
  const steps = [call("a", "date"), call("b", "echo", { with: 1 }), call("c", "map"), call("d", "nan"), call("g", "gate", { with: { name: "g" } })];
  const handle = orchestrator.start(flow(steps), { act: () => {} });
  await eventually(() => gates.has("g"));
  assert.throws(() => handle.snapshot(), (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer), ["/input/act", "/steps/a/output", "/steps/c/output/deep/0", "/steps/d/output"]);
    return repflowError({ code: "journal.invalid" })(error);
  });
  handle.result.catch(() => {});
  orchestrator.dispose();
});

test("a journal is what the run was, whatever becomes of the values", async () => {
  const value = { n: 1 };
  const { orchestrator } = world({}, { make: () => value });
  const handle = orchestrator.start(flow([call("a", "make"), call("g", "gate", { with: { name: "g" } })]), {});
  await eventually(() => handle.status().steps.a.status === "completed");
  const journal = handle.snapshot();
  value.n = 2;
  assert.deepEqual(journal.outputs, { 0: { n: 1 } });
  handle.cancel();
  await assert.rejects(handle.result);
});
