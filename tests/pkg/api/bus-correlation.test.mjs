// One correlation id and one trace, from a run through requests and events, and onto HTTP.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { FeatureBus, WorkflowOrchestrator } from "./package.mjs";
import { eventually } from "./world.mjs";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const PATTERN = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const traceOf = (traceparent) => traceparent.split("-")[1];
const spanOf = (traceparent) => traceparent.split("-")[2];

/** A server that keeps the headers and the paths of what it was asked. */
async function recorder(t, answer = (request, response) => response.end("ok")) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url, method: request.method, headers: request.headers, aborted: once(response, "close") });
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, url: `http://127.0.0.1:${server.address().port}/` };
}

/**
 * `outer` asks `inner`, which publishes `noticed`, whose listener asks `leaf`, which fetches `url`. `seen` has the context
 * of each, by its name.
 */
function chain(url) {
  const bus = new FeatureBus();
  const seen = {};
  const note = (name, { feature, correlationId, traceparent, tracestate, headers }) => {
    seen[name] = { feature, correlationId, traceparent, tracestate, headers };
  };
  const add = (name, act) => bus.registerFeature({ name, version: "1.0.0", actions: { act: async (params, ctx) => {
    note(name, ctx);
    return act(params, ctx);
  } } });
  add("outer", async (_, ctx) => (await ctx.request("inner", "act", {})));
  add("inner", async (_, ctx) => void (await ctx.publish("noticed", { n: 1 })));
  add("leaf", async (_, ctx) => {
    if (url) await (await ctx.fetch(url, { method: "POST", body: "{}" })).text();
  });
  bus.subscribe("noticed", async (event, ctx) => {
    note("listener", ctx);
    seen.event = event;
    await ctx.request("leaf", "act", {});
  }, { feature: "screen" });
  return { bus, seen };
}

/** All have the id and the trace, and each its own span. */
function assertIsOneTrace(seen, names, { correlationId, trace, tracestate }) {
  for (const name of names) {
    const { correlationId: id, traceparent, tracestate: state, headers } = seen[name];
    assert.equal(id, correlationId, name);
    assert.match(traceparent, PATTERN, name);
    assert.equal(traceOf(traceparent), trace, name);
    assert.equal(state, tracestate, name);
    const expected = { traceparent, "x-correlation-id": correlationId, ...(tracestate && { tracestate }) };
    assert.deepEqual({ ...headers }, expected, name);
  }
  const spans = names.map((name) => spanOf(seen[name].traceparent));
  assert.equal(new Set(spans).size, names.length, `${spans}`);
}

const ALL = ["outer", "inner", "listener", "leaf"];

test("a request's correlation and trace go through requests and events, and onto HTTP", async (t) => {
  const { requests, url } = await recorder(t);
  const { bus, seen } = chain(url);
  await bus.request("outer", "act", {}, { correlationId: "order-7", traceparent: TRACEPARENT, tracestate: "vendor=1" });
  assertIsOneTrace(seen, ALL, { correlationId: "order-7", trace: TRACE, tracestate: "vendor=1" });
  const [{ headers, method }] = requests;
  assert.equal(method, "POST");
  assert.deepEqual(
    [headers.traceparent, headers.tracestate, headers["x-correlation-id"]],
    [seen.leaf.traceparent, "vendor=1", "order-7"],
  );
  assert.notEqual(spanOf(seen.outer.traceparent), "00f067aa0ba902b7");
  assert.ok(seen.leaf.traceparent.endsWith("-01"), "the flags stay");
  assert.equal(seen.event.correlationid, "order-7");
  assert.equal(seen.event.source, "inner");
  assert.equal(traceOf(seen.event.traceparent), TRACE);
  // Everything that was remembered of it can be found by the id.
  assert.deepEqual((await bus.history({ correlationId: "order-7" })).map(({ type }) => type), ["noticed"]);
});

test("a run's correlation and trace go the same way", async (t) => {
  const { requests, url } = await recorder(t);
  const { bus, seen } = chain(url);
  const orchestrator = new WorkflowOrchestrator({ bus });
  const steps = [{ id: "ask", call: "outer.act" }, { id: "tell", emit: "told", with: {}, needs: ["ask"] }];
  const told = [];
  bus.subscribe("told", (event) => void told.push(event));
  const options = { correlationId: "run-of-ada", traceparent: TRACEPARENT, tracestate: "vendor=1" };
  await orchestrator.executeWorkflow({ id: "flow", steps }, {}, options);
  assertIsOneTrace(seen, ALL, { correlationId: "run-of-ada", trace: TRACE, tracestate: "vendor=1" });
  assert.equal(requests[0].headers["x-correlation-id"], "run-of-ada");
  assert.equal(traceOf(requests[0].headers.traceparent), TRACE);
  await eventually(() => told.length === 1);
  assert.deepEqual([told[0].correlationid, traceOf(told[0].traceparent)], ["run-of-ada", TRACE]);
  orchestrator.dispose();
});

test("who gives nothing gets an id and a trace, the same all the way, and others for the next", async () => {
  const first = chain();
  await first.bus.request("outer", "act", {});
  const { correlationId, traceparent } = first.seen.outer;
  assert.ok(correlationId.length > 0);
  assertIsOneTrace(first.seen, ALL, { correlationId, trace: traceOf(traceparent) });
  await first.bus.request("outer", "act", {});
  assert.notEqual(first.seen.outer.correlationId, correlationId);
  assert.notEqual(traceOf(first.seen.outer.traceparent), traceOf(traceparent));

  const run = chain();
  const orchestrator = new WorkflowOrchestrator({ bus: run.bus });
  const { runId } = await orchestrator.executeWorkflow({ id: "flow", steps: [{ id: "ask", call: "outer.act" }] }, {});
  assert.equal(run.seen.outer.correlationId, run.seen.leaf.correlationId);
  assert.ok(run.seen.outer.correlationId.length > 0 && typeof runId === "string");
  orchestrator.dispose();
});

test("an event without a correlation is the beginning of one", async () => {
  const { bus, seen } = chain();
  await bus.publish("noticed", {});
  assertIsOneTrace(seen, ["listener", "leaf"], { correlationId: seen.event.id, trace: traceOf(seen.listener.traceparent) });
  assert.equal(seen.listener.feature, "screen");
});

test("an event may be told to belong to a trace", async () => {
  const { bus, seen } = chain();
  await bus.publish("noticed", {}, { correlationId: "c", traceparent: TRACEPARENT });
  assertIsOneTrace(seen, ["listener", "leaf"], { correlationId: "c", trace: TRACE });
});

test("a trace that is malformed is taken for none", async () => {
  const malformed = [
    "", "00", "00-x", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `00-${TRACE}-${"0".repeat(16)}-01`, `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, `00-${TRACE}-00f067aa0ba902b7-01-more`, `00-${TRACE}-00f067aa0ba902b7-1`,
  ];
  for (const traceparent of malformed) {
    const { bus, seen } = chain();
    await bus.request("outer", "act", {}, { traceparent, tracestate: "vendor=1" });
    assert.match(seen.outer.traceparent, PATTERN, traceparent);
    assert.notEqual(traceOf(seen.outer.traceparent), TRACE, traceparent);
    assert.equal(seen.outer.tracestate, undefined, "a state without its trace is none");
  }
});

test("a later version of the format is read as far as it is known", async () => {
  const { bus, seen } = chain();
  await bus.request("outer", "act", {}, { traceparent: `01-${TRACE}-00f067aa0ba902b7-01-more` });
  assert.equal(traceOf(seen.outer.traceparent), TRACE);
  assert.match(seen.outer.traceparent, PATTERN);
});

test("who asks is known by its name", async () => {
  const { bus } = chain();
  await bus.request("outer", "act", {});
  await bus.request("outer", "act", {}, { source: "button" });
  const { graph } = await bus.metrics();
  const edges = graph.edges.map(({ from, to, kind, count }) => `${from} ${kind} ${to} ${count}`).sort();
  const expected = [
    "caller:app request outer 1", "caller:button request outer 1", "outer request inner 2", "inner publish topic:noticed 2",
    "topic:noticed deliver caller:screen 2", "caller:screen request leaf 2",
  ];
  for (const edge of expected) assert.ok(edges.includes(edge), `${edge} is not among\n${edges.join("\n")}`);
});

test("what the caller gives to fetch stays, and its signal counts, too", async (t) => {
  const { requests, url } = await recorder(t, (request, response) => request.url === "/slow" || response.end("ok"));
  const bus = new FeatureBus();
  const controller = new AbortController();
  const errors = [];
  bus.registerFeature({ name: "web", version: "1.0.0", actions: {
    given: async (_, ctx) => {
      const { fetch } = ctx;
      await fetch(new URL(url), { headers: { "X-Correlation-Id": "mine", accept: "text/plain" } });
      await fetch(new Request(`${url}again`, { headers: { "x-other": "kept" } }));
      await fetch(url, { headers: [["x-list", "1"]] });
      await fetch(url, { headers: new Headers({ traceparent: "mine" }) });
    },
    slow: (_, ctx) => ctx.fetch(`${url}slow`).catch((error) => { errors.push(error.name); throw error; }),
    mine: (_, ctx) => ctx.fetch(`${url}slow`, { signal: controller.signal }).catch((error) => { errors.push(error); throw error; }),
  } });
  await bus.request("web", "given", {}, { correlationId: "c", traceparent: TRACEPARENT });
  const [first, again, list, headers] = requests.map(({ headers }) => headers);
  assert.deepEqual([first["x-correlation-id"], first.accept, traceOf(first.traceparent)], ["mine", "text/plain", TRACE]);
  assert.deepEqual([again["x-other"], again["x-correlation-id"], traceOf(again.traceparent)], ["kept", "c", TRACE]);
  assert.deepEqual([list["x-list"], list["x-correlation-id"]], ["1", "c"]);
  assert.equal(headers.traceparent, "mine");

  const giveUp = new AbortController();
  const slow = bus.request("web", "slow", {}, { signal: giveUp.signal });
  await eventually(() => requests.length === 5);
  giveUp.abort();
  await assert.rejects(slow, ({ code }) => code === "bus.cancelled");
  await requests[4].aborted;
  await eventually(() => errors.length === 1);

  const mine = bus.request("web", "mine", {});
  await eventually(() => requests.length === 6);
  controller.abort();
  await assert.rejects(mine);
  await requests[5].aborted;
});

test("a correlation id that cannot be a header is refused at once, or sent in another form", async (t) => {
  const { requests, url } = await recorder(t);
  const bus = new FeatureBus();
  bus.registerFeature({ name: "web", version: "1.0.0", actions: { get: async (_, ctx) => (await ctx.fetch(url)).status } });
  for (const correlationId of ["plain", "mit Ümläut", "line\nbreak", "💪"]) {
    const answer = await bus.request("web", "get", {}, { correlationId }).catch((error) => error);
    assert.ok(answer === 200 || answer.code === "bus.invalid", `${correlationId}: ${answer}`);
  }
  assert.equal(requests[0].headers["x-correlation-id"], "plain");
});
