// Undoing: when a run ends in vain, what had completed is undone, the last one first.

import assert from "node:assert/strict";
import { test } from "node:test";

import { repflowError } from "./package.mjs";
import { after, call, eventually, flow, storyOf, until, world } from "./world.mjs";

/** A step that can be undone by `world.undo`. */
const booked = (id, more = {}) => call(id, "book", { compensate: { call: "world.undo", ...more } });

function bookings(undo = () => {}) {
  const undone = [];
  const it = world({}, {
    book: (_, { stepId }) => `${stepId}-1`,
    undo: async (params, ctx) => {
      await undo(params, ctx);
      undone.push([ctx.stepId, params]);
    },
  });
  return { ...it, undone };
}

test("when a step fails, what had completed is undone in reverse, given what it had answered", async () => {
  const { orchestrator, undone } = bookings(() => after(3));
  const events = [];
  const definition = flow([booked("flight"), booked("hotel"), call("free", "echo"), call("pay", "fail"), booked("never")]);
  const handle = orchestrator.start(definition, {}, { onEvent: (event) => events.push(event) });
  await eventually(() => handle.status().status === "compensating");
  await assert.rejects(handle.result, (error) => {
    assert.deepEqual(error.compensation, { compensated: ["hotel", "flight"], notCompensated: [] });
    return repflowError({ code: "step.failed", stepId: "pay" })(error);
  });
  assert.deepEqual(undone, [["hotel", "hotel-1"], ["flight", "flight-1"]]);
  const story = storyOf(events);
  assert.deepEqual(story.slice(story.findIndex((it) => it === "run.compensating")), [
    "run.compensating",
    "compensation.started hotel undo", "attempt.started hotel undo", "compensation.completed hotel undo",
    "compensation.started flight undo", "attempt.started flight undo", "compensation.completed flight undo",
    "run.failed pay",
  ]);
  assert.equal(events.find(({ type }) => type === "run.compensating").reason, "failed");
  const { steps } = handle.status();
  assert.equal(steps.hotel.status, "compensated");
  assert.equal(steps.pay.status, "failed");
  assert.equal(steps.never.status, "pending");
});

test("what cannot be undone is told, and the others are undone all the same", async () => {
  const { orchestrator } = bookings((_, { stepId }) => { if (stepId === "hotel") throw new Error("no refund"); });
  const definition = flow([booked("flight"), booked("hotel", { retry: { maxAttempts: 2, delay: 1 } }), call("pay", "fail")]);
  await assert.rejects(orchestrator.executeWorkflow(definition, {}), (error) => {
    assert.deepEqual(error.compensation.compensated, ["flight"]);
    assert.deepEqual(error.compensation.notCompensated.map(({ stepId, error }) => [stepId, error.message]), [["hotel", "no refund"]]);
    assert.equal(error.message, "step `pay` failed: no");
    return true;
  });
});

test("undoing has retries of its own, its parameters, and no idempotency key of another", async () => {
  const keys = [];
  let n = 0;
  const { orchestrator, undone } = bookings((_, { attempt, idempotencyKey, runId, level }) => {
    keys.push(idempotencyKey.replace(runId, "run"));
    assert.equal(level, 0);
    assert.equal(attempt, ++n);
    if (n < 3) throw new Error("not yet");
  });
  const step = booked("flight", { with: { ticket: "{{ steps.flight.output }}", of: "{{ input.who }}" }, retry: { maxAttempts: 3, delay: 1 } });
  await assert.rejects(orchestrator.executeWorkflow(flow([step, call("pay", "fail")]), { who: "Ada" }));
  assert.deepEqual(undone, [["flight", { ticket: "flight-1", of: "Ada" }]]);
  assert.deepEqual(keys, Array(3).fill("run/flight/compensation"));
});

test("a cancelled run is undone before it ends, and so is one that takes too long", async () => {
  const { orchestrator, undone } = bookings();
  const reasons = [];
  const definition = flow([booked("flight"), call("wait", "never")]);
  const handle = orchestrator.start(definition, {}, { onEvent: ({ reason }) => reason && reasons.push(reason) });
  await eventually(() => handle.status().steps.wait.status === "running");
  handle.cancel("changed my mind");
  await assert.rejects(handle.result, (error) => {
    assert.equal(error.cause, "changed my mind");
    assert.deepEqual(error.compensation.compensated, ["flight"]);
    return repflowError({ code: "run.cancelled" })(error);
  });
  assert.equal(handle.status().status, "cancelled");
  const late = orchestrator.start({ ...definition, timeout: 10 }, {}, { onEvent: ({ reason }) => reason && reasons.push(reason) });
  await assert.rejects(late.result, (error) => {
    assert.deepEqual(error.compensation.compensated, ["flight"]);
    return repflowError({ code: "run.timeout" })(error);
  });
  assert.equal(undone.length, 2);
  assert.deepEqual(reasons, ["cancelled", "timed_out"]);
});

test("what runs when the undoing begins is told to stop first, and nothing else begins", async () => {
  const order = [];
  let waiting = 0;
  const { orchestrator } = world({}, {
    book: () => 1,
    undo: () => { order.push("undo"); },
    wait: (_, { signal }) => {
      waiting += 1;
      return until(signal).catch((reason) => { order.push(reason.code); });
    },
  });
  const handle = orchestrator.start(flow([booked("a"), { id: "p", parallel: [call("b", "wait"), call("c", "wait")] }, call("d", "echo")]), {});
  // That a step runs may be known a little before its handler is called.
  await eventually(() => waiting === 2);
  handle.cancel();
  handle.cancel("again");
  await assert.rejects(handle.result);
  assert.deepEqual(order.sort(), ["run.cancelled", "run.cancelled", "undo"]);
});

test("steps in a loop are undone for each item", async () => {
  const { orchestrator, undone } = bookings();
  const loop = { id: "each", forEach: [1, 2], concurrency: 1, steps: [call("book", "echo", { with: "{{ item }}", compensate: { call: "world.undo" } })] };
  await assert.rejects(orchestrator.executeWorkflow(flow([loop, call("pay", "fail")]), {}), (error) => {
    assert.deepEqual(error.compensation.compensated, ["book", "book"]);
    return true;
  });
  assert.deepEqual(undone, [["book", 2], ["book", 1]]);
});

test("a run without anything to undo says nothing of it, nor does one that ends well", async () => {
  const { orchestrator, undone } = bookings();
  await assert.rejects(orchestrator.executeWorkflow(flow([call("pay", "fail"), booked("a")]), {}), (error) => error.compensation === undefined);
  const { steps } = await orchestrator.executeWorkflow(flow([booked("a")]), {});
  assert.equal(steps.a.status, "completed");
  assert.deepEqual(Object.keys(steps), ["a"]);
  assert.deepEqual(undone, []);
});
