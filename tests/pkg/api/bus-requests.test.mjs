// Requests: near names, timeouts, giving up, causes, late answers, and answers in parts.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { stat } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";

import { FeatureBus, RepflowError, WorkflowOrchestrator, repflowError } from "./package.mjs";
import { after, eventually, until } from "./world.mjs";

const busOf = (actions, options) => {
  const bus = new FeatureBus(options);
  bus.registerFeature({ name: "coach", version: "1.0.0", actions });
  return bus;
};
const aborts = (signal) => getEventListeners(signal, "abort").length;
async function partsOf(stream, most = Infinity) {
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
    if (parts.length === most) break;
  }
  return parts;
}
/** Parts and what is returned. */
async function all(stream) {
  const parts = [];
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return [parts, value];
    parts.push(value);
  }
}

test("a name that is not there is refused at once, with the nearest one", async () => {
  const bus = busOf({ analyzeProfile: () => {}, plan: () => {} });
  const cases = [
    ["coahc", "plan", "bus.no_such_feature", /`coach`/], ["coach", "analyseProfile", "bus.no_such_action", /`analyzeProfile`/],
    ["constructor", "plan", "bus.no_such_feature", /constructor/], ["coach", "toString", "bus.no_such_action", /toString/],
    ["coach", "__proto__", "bus.no_such_action", /__proto__/],
  ];
  for (const [feature, action, code, message] of cases) {
    const check = (error) => {
      assert.match(error.message, message);
      return repflowError({ code, retryable: false, correlationId: "c" })(error);
    };
    await assert.rejects(bus.request(feature, action, {}, { correlationId: "c" }), check);
    await assert.rejects(bus.requestStream(feature, action, {}, { correlationId: "c" }).next(), check);
  }
});

test("what is wrong with a request is told", async () => {
  const bus = busOf({ plan: () => {} });
  const invalid = repflowError({ code: "bus.invalid" });
  await assert.rejects(bus.request(5, "plan"), invalid);
  await assert.rejects(bus.request("coach", undefined), invalid);
  for (const options of [{ timeout: "soon" }, { timeout: -1 }, { signal: {} }, { failFast: "yes" }, { source: 5 }, { tpyo: 1 }]) {
    await assert.rejects(bus.request("coach", "plan", {}, options), invalid, JSON.stringify(options));
  }
});

test("what a handler throws is the cause, and an error of ours comes as it is", async () => {
  const reason = new TypeError("no weights");
  const ours = new RepflowError("bus.unavailable", "closed on Sundays");
  const bus = busOf({
    atOnce: () => { throw reason; },
    later: async () => { throw reason; },
    ours: async () => { throw ours; },
    text: () => Promise.reject("just text"),
    nothing: () => Promise.reject(),
  });
  for (const action of ["atOnce", "later"]) {
    await assert.rejects(bus.request("coach", action, {}, { correlationId: "c" }), (error) => {
      assert.equal(error.cause, reason);
      assert.match(error.message, /no weights/);
      return repflowError({ code: "bus.failed", correlationId: "c" })(error);
    });
  }
  await assert.rejects(bus.request("coach", "ours", {}), (error) => error === ours);
  await assert.rejects(bus.request("coach", "text", {}), (error) => error.cause === "just text" && error.code === "bus.failed");
  await assert.rejects(bus.request("coach", "nothing", {}), (error) => "cause" in error && error.code === "bus.failed");
});

test("an error goes through nested requests with all its causes", async () => {
  const reason = new Error("disk");
  const bus = busOf({ outer: (_, ctx) => ctx.request("coach", "inner", {}), inner: () => { throw reason; } });
  await assert.rejects(bus.request("coach", "outer", {}), (error) => {
    let last = error;
    while (last.cause !== undefined) last = last.cause;
    return last === reason && error.code === "bus.failed";
  });
});

test("a timeout aborts the handler, and its late answer is dropped and counted", async () => {
  let open, aborted;
  const bus = busOf({
    slow: (_, { signal }) => new Promise((resolve) => {
      open = resolve;
      signal.addEventListener("abort", () => { aborted = signal.reason; });
    }),
  });
  await assert.rejects(bus.request("coach", "slow", {}, { timeout: "20ms" }), repflowError({ code: "bus.timeout", retryable: true }));
  assert.equal(aborted.code, "bus.timeout");
  const coach = async () => (await bus.metrics()).features.coach;
  assert.deepEqual([(await coach()).late, (await coach()).timeouts], [0, 1]);
  open("too late");
  await turn();
  assert.deepEqual([(await coach()).late, (await coach()).timeouts, (await coach()).errors], [1, 1, 1]);
});

test("who gives up is told so, with the reason, and the handler hears it", async () => {
  const bus = busOf({ slow: (_, { signal }) => until(signal) });
  const controller = new AbortController();
  const request = bus.request("coach", "slow", {}, { signal: controller.signal });
  const never = bus.request("coach", "slow", {}, { signal: AbortSignal.abort("before") });
  await assert.rejects(never, (error) => error.cause === "before" && repflowError({ code: "bus.cancelled" })(error));
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await assert.rejects(request, (error) => error.cause === reason && repflowError({ code: "bus.cancelled", kind: "cancelled" })(error));
  assert.equal(aborts(controller.signal), 0);
  const answered = new AbortController();
  const quick = busOf({ plan: () => "plan" });
  await quick.request("coach", "plan", {}, { signal: answered.signal });
  assert.equal(aborts(answered.signal), 0);
});

test("a nested request ends with the one that asked it", async () => {
  const seen = [];
  const bus = busOf({
    outer: (_, ctx) => ctx.request("coach", "inner", {}),
    inner: (_, { signal }) => {
      signal.addEventListener("abort", () => seen.push("inner"));
      return new Promise(() => {});
    },
  });
  const controller = new AbortController();
  const request = bus.request("coach", "outer", {}, { signal: controller.signal });
  await turn();
  controller.abort();
  await assert.rejects(request, repflowError({ code: "bus.cancelled" }));
  await eventually(() => seen.length === 1);
  const { coach } = (await bus.metrics()).features;
  assert.deepEqual([coach.cancelled, coach.errors, coach.inFlight], [2, 0, 0]);
});

// ── Answers in parts

test("parts come as they are made, and the value at the end", async () => {
  const bus = busOf({
    async *write({ words }) {
      for (const word of words) yield word;
      return words.length;
    },
    async *silent() {},
    plain: () => "whole",
  });
  assert.deepEqual(await all(bus.requestStream("coach", "write", { words: ["a", "b"] })), [["a", "b"], 2]);
  assert.deepEqual(await all(bus.requestStream("coach", "silent", {})), [[], undefined]);
  assert.deepEqual(await partsOf(bus.requestStream("coach", "plain", {})), ["whole"]);
  assert.equal(await bus.request("coach", "write", { words: ["a", "b"] }), 2);
  assert.deepEqual(await bus.request("coach", "silent", {}), []);
});

test("without a value at the end, a request is answered with the list of parts", async () => {
  const bus = busOf({ async *write() { yield 1; yield 2; } });
  assert.deepEqual(await bus.request("coach", "write", {}), [1, 2]);
});

test("to leave the loop ends the generator, and its signal", async () => {
  const seen = [];
  const bus = busOf({
    async *count(_, { signal }) {
      try {
        for (let n = 1; ; n += 1) yield n;
      } finally {
        seen.push(signal);
      }
    },
  });
  assert.deepEqual(await partsOf(bus.requestStream("coach", "count", {}), 3), [1, 2, 3]);
  await eventually(() => seen.length === 1 && seen[0].aborted);
  const { coach } = (await bus.metrics()).features;
  assert.deepEqual([coach.inFlight, coach.errors], [0, 0]);
  await bus.unregisterFeature("coach");
});

test("a generator goes on when the next part is wanted, and not before", async () => {
  const made = [];
  const bus = busOf({ async *count() { for (let n = 1; n < 100; n += 1) { made.push(n); yield n; } } });
  const stream = bus.requestStream("coach", "count", {});
  await turn();
  assert.deepEqual(made, [], "it asks when it is first read");
  await stream.next();
  await stream.next();
  await after(5);
  assert.ok(made.length <= 3, `${made}`);
  await stream.return();
});

test("a time that was over while the thread was held is told, whatever begins before the host's timers have their turn", async () => {
  const bus = busOf({ never: () => new Promise(() => {}) });
  const late = assert.rejects(bus.request("coach", "never", {}, { timeout: 30 }), repflowError({ code: "bus.timeout" }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  // What reads a file comes back right before such tasks as tell the core of the next request.
  await new Promise((resolve) => {
    stat(".", () => {
      const end = performance.now() + 60;
      while (performance.now() < end);
      bus.request("coach", "never", {}, { timeout: "1h" }).catch(() => {});
      resolve();
    });
  });
  await Promise.race([late, new Promise((_, reject) => setTimeout(reject, 10_000, new Error("it was not told")).unref())]);
  bus.dispose();
});

test("the timeout is for each part, and not for a reader who takes time", async () => {
  const bus = busOf({
    async *slow(_, { signal }) {
      yield 1;
      yield 2;
      await until(signal);
    },
  });
  const stream = bus.requestStream("coach", "slow", {}, { timeout: "1s" });
  assert.equal((await stream.next()).value, 1);
  await after(1_500);
  assert.equal((await stream.next()).value, 2);
  await assert.rejects(stream.next(), repflowError({ code: "bus.timeout" }));
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test("many parts may take longer together than the timeout of one", async () => {
  const bus = busOf({ async *steady() { for (let n = 0; n < 6; n += 1) { await after(30); yield n; } } });
  assert.equal((await partsOf(bus.requestStream("coach", "steady", {}, { timeout: "2s" }))).length, 6);
});

test("an error in the middle comes after the parts before it", async () => {
  const reason = new Error("out of words");
  const bus = busOf({ async *write() { yield "a"; yield "b"; throw reason; } });
  const parts = [];
  await assert.rejects(async () => {
    for await (const part of bus.requestStream("coach", "write", {})) parts.push(part);
  }, (error) => error.cause === reason && repflowError({ code: "bus.failed" })(error));
  assert.deepEqual(parts, ["a", "b"]);
  await assert.rejects(bus.request("coach", "write", {}), (error) => error.cause === reason);
});

test("parts can be given up by a signal, before and in between, and end with the bus", async () => {
  const actions = { async *write(_, { signal }) { yield "a"; await until(signal); } };
  const bus = busOf(actions);
  await assert.rejects(bus.requestStream("coach", "write", {}, { signal: AbortSignal.abort() }).next(), repflowError({ code: "bus.cancelled" }));
  const controller = new AbortController();
  const stream = bus.requestStream("coach", "write", {}, { signal: controller.signal });
  assert.equal((await stream.next()).value, "a");
  const next = stream.next();
  controller.abort("enough");
  await assert.rejects(next, (error) => error.cause === "enough" && repflowError({ code: "bus.cancelled" })(error));
  assert.equal(aborts(controller.signal), 0);

  const last = bus.requestStream("coach", "write", {});
  await last.next();
  const waiting = last.next();
  await turn();
  bus.dispose();
  await assert.rejects(waiting, repflowError({ code: "internal.disposed" }));
});

test("a feature that leaves takes its parts with it after the grace", async () => {
  const bus = busOf({ async *write(_, { signal }) { yield "a"; await until(signal); } });
  const stream = bus.requestStream("coach", "write", {});
  await stream.next();
  const next = stream.next();
  const rejected = assert.rejects(next, repflowError({ code: "bus.unavailable" }));
  await bus.unregisterFeature("coach", { grace: "20ms" });
  await rejected;
});

test("parts can be passed on by a handler of parts", async () => {
  const seen = [];
  const bus = busOf({
    async *outer(params, ctx) {
      for await (const part of ctx.requestStream("coach", "inner", params)) yield part * 10;
    },
    async *inner() {
      try {
        for (let n = 1; n < 100; n += 1) yield n;
      } finally {
        seen.push("inner ended");
      }
    },
  });
  assert.deepEqual(await partsOf(bus.requestStream("coach", "outer", {}), 2), [10, 20]);
  await eventually(() => seen.length === 1);
});

test("in a step, each part is told as progress, and the value is the output", async () => {
  const bus = busOf({
    async *write() { yield "a"; yield "b"; return "ab"; },
    async *list() { yield 1; yield 2; },
  });
  const orchestrator = new WorkflowOrchestrator({ bus });
  const told = [];
  const steps = [{ id: "text", call: "coach.write" }, { id: "list", call: "coach.list", needs: ["text"] }];
  const definition = { id: "flow", steps, output: { text: "{{ steps.text.output }}", list: "{{ steps.list.output }}" } };
  const { output } = await orchestrator.executeWorkflow(definition, {}, {
    onEvent: ({ type, stepId, data }) => type === "step.progress" && told.push([stepId, data]),
  });
  assert.deepEqual(output, { text: "ab", list: [1, 2] });
  assert.deepEqual(told.map(([stepId]) => stepId), ["text", "text", "list", "list"]);
  orchestrator.dispose();
});

test("a handler that was yet to be loaded, or its input judged, is not called once nobody waits", async () => {
  const called = [];
  const answer = (params) => void called.push(params);
  const input = { "~standard": { version: 1, vendor: "tests", validate: async (value) => after(20, { value }) } };
  const bus = new FeatureBus();
  bus.registerFeature({ name: "lazy", version: "1.0.0", load: () => after(20, { actions: { answer } }) });
  bus.registerFeature({ name: "judged", version: "1.0.0", actions: { answer: { handler: answer, input } } });
  for (const feature of ["lazy", "judged"]) {
    await assert.rejects(bus.request(feature, "answer", "late", { timeout: 1 }), repflowError({ code: "bus.timeout" }));
    const controller = new AbortController();
    const aborted = bus.request(feature, "answer", "aborted", { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted, repflowError({ code: "bus.cancelled" }));
    await after(40);
    await bus.request(feature, "answer", feature);
  }
  assert.deepEqual(called, ["lazy", "judged"]);
});

test("requests that are made where the stack ends keep no other one from its timeout", async () => {
  const bus = busOf({ hang: () => new Promise(() => {}) });
  const ask = (timeout = 50) => bus.request("coach", "hang", undefined, { timeout });
  const ignored = () => {};
  await ask(1).catch(ignored);
  let asked = 0;
  const deeper = () => {
    try {
      deeper();
    } catch {
      // The stack ended below; on the way back there is a little more of it each time.
    }
    if (asked === 400) return;
    asked += 1;
    try {
      ask().catch(ignored);
    } catch {
      // It ended here.
    }
  };
  deeper();
  await assert.rejects(ask(), repflowError({ code: "bus.timeout" }));
});
