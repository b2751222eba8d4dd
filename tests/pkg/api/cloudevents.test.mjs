// Events of the bus as others read them: the official package of CloudEvents takes them, strictly.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CloudEvent, HTTP } from "cloudevents";

import { FeatureBus, WorkflowOrchestrator } from "./package.mjs";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** What CloudEvents 1.0 itself names; everything else is an extension. */
const ATTRIBUTES = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data", "data_base64"];

/** What was published, as its subscriber and as the history have it. */
async function published(data, options) {
  const bus = new FeatureBus();
  let heard;
  bus.subscribe("workout.generated", (event) => { heard = event; });
  await bus.publish("workout.generated", data, options);
  const exported = await bus.exportHistory();
  bus.dispose();
  return { heard, exported };
}

/** The package's own event of `json`, which it has checked, and which says the same again. */
function checked(json) {
  const strict = new CloudEvent(json, true);
  assert.equal(strict.validate(), true);
  const body = JSON.stringify(json);
  const headers = { "content-type": "application/cloudevents+json; charset=utf-8" };
  const received = HTTP.toEvent({ headers, body });
  assert.equal(received.validate(), true);
  for (const [key, value] of Object.entries(JSON.parse(body))) {
    if (key !== "data_base64" && key !== "data") assert.deepEqual(received[key], value, key);
  }
  // There and back in the binary form, too, where attributes are headers; the package itself reads no bare numbers and `true`.
  if (Object(json.data) === json.data) {
    const binary = HTTP.toEvent(HTTP.binary(strict));
    assert.equal(binary.validate(), true);
    assert.deepEqual([binary.id, binary.type, binary.source], [json.id, json.type, json.source]);
  }
  return received;
}

test("an event is a CloudEvent", async () => {
  const { heard } = await published({ minutes: 30 }, { source: "coach" });
  const json = heard.toJSON();
  const received = checked(json);
  assert.deepEqual(received.data, { minutes: 30 });
  assert.deepEqual([json.specversion, json.type, json.source, json.datacontenttype], ["1.0", "workout.generated", "coach", "application/json"]);
  assert.equal(json.id, heard.id);
  assert.match(json.time, RFC_3339);
  assert.deepEqual(JSON.parse(JSON.stringify(heard)), JSON.parse(JSON.stringify(json)));
});

test("all that an event can have is an extension of the right form", async () => {
  const options = {
    source: "coach", correlationId: "run-1", traceparent: TRACEPARENT, tracestate: "vendor=1", priority: 3, expiresIn: "1h",
  };
  const { heard } = await published({ minutes: 30 }, options);
  const json = heard.toJSON();
  const received = checked(json);
  assert.deepEqual([received.correlationid, received.tracestate, received.priority], ["run-1", "vendor=1", 3]);
  assert.equal(received.traceparent.slice(3, 35), TRACEPARENT.slice(3, 35));
  assert.match(received.sequence, /^\d{16}$/);
  assert.match(received.recordedtime, RFC_3339);
  assert.match(received.expirytime, RFC_3339);
  const lasts = Date.parse(received.expirytime) - Date.parse(received.time);
  assert.ok(Math.abs(lasts - 3_600_000) < 5_000, `${lasts} ms`);
  const extensions = Object.keys(json).filter((key) => !ATTRIBUTES.includes(key));
  for (const name of extensions) assert.match(name, /^[a-z0-9]{1,20}$/);
});

test("what is absent is left out, and what caused an event is named", async () => {
  const bus = new FeatureBus();
  const heard = [];
  bus.subscribe("first", (event, ctx) => {
    heard.push(event);
    return ctx.publish("second", null);
  });
  bus.subscribe("second", (event) => void heard.push(event));
  await bus.publish("first", null);
  const [first, second] = heard.map((event) => event.toJSON());
  for (const key of ["correlationid", "causationid", "tracestate", "expirytime", "priority", "subject", "datalost", "data_base64"]) {
    assert.ok(!(key in first), key);
  }
  assert.equal(checked(second).causationid, first.id);
  checked(first);
});

test("bytes are told as base64", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  for (const data of [bytes, bytes.buffer, new DataView(bytes.buffer), bytes.subarray(3, 20), new Uint8Array(0)]) {
    const { heard } = await published(data);
    const json = heard.toJSON();
    const expected = ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
    assert.equal(json.data_base64, expected.toString("base64"));
    assert.equal(json.datacontenttype, "application/octet-stream");
    assert.ok(!("data" in json));
    const received = checked(json);
    if (expected.length > 0) assert.deepEqual(Buffer.from(received.data), expected);
  }
});

test("data that JSON cannot hold is told to be lost", async () => {
  const circle = {};
  circle.circle = circle;
  for (const data of [circle, { n: 1n }, () => {}, { toJSON() { throw new Error("no"); } }]) {
    const { heard, exported } = await published(data);
    const json = heard.toJSON();
    assert.deepEqual([json.data, json.datalost], [null, true]);
    assert.equal(checked(json).datalost, true);
    assert.equal(JSON.parse(exported).datalost, true);
  }
});

test("data of every kind that JSON has goes there and back", async () => {
  for (const data of [0, -1.5, "", "text", true, false, null, [], [1, [2]], { a: { b: null } }]) {
    const { heard } = await published(data);
    const json = JSON.parse(JSON.stringify(heard));
    assert.ok(!("datalost" in checked(json)));
    // Not what came over HTTP: there, the package loses what is falsy.
    assert.deepEqual(new CloudEvent(json).data, data);
  }
});

test("each line of the exported history is a CloudEvent", async () => {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "coach", version: "1.0.0", actions: { plan: () => {} } });
  bus.subscribe("set.done", () => { throw new Error("deaf"); });
  await bus.publish("set.done", { reps: 8, text: "one\ntwo\u2028three" }, { source: "screen", correlationId: "run-1" });
  await bus.publish("set.raw", new Uint8Array([1, 2, 3]), { priority: -1 });
  await bus.publish("set.none", undefined, { traceparent: TRACEPARENT, expiresIn: "1h" });
  await bus.unregisterFeature("coach");
  const text = await bus.exportHistory();
  assert.ok(text.endsWith("\n"));
  const events = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const event of events) checked(event);
  const types = events.map(({ type }) => type);
  for (const type of ["feature.registered", "set.done", "repflow.listener.failed", "set.raw", "set.none", "feature.unregistered"]) {
    assert.ok(types.includes(type), `${type} is not in ${types}`);
  }
  assert.deepEqual(events.map(({ id }) => id), (await bus.history()).map(({ id }) => id));
  assert.equal(await bus.exportHistory({ topic: "nothing.of.the.kind" }), "");
});

test("the events that steps of a workflow emit are CloudEvents", async () => {
  const bus = new FeatureBus();
  const heard = [];
  bus.subscribe("told", (event) => void heard.push(event.toJSON()));
  const orchestrator = new WorkflowOrchestrator({ bus });
  await orchestrator.executeWorkflow({ id: "teller", steps: [{ id: "tell", emit: "told", with: { text: "hello" } }] }, {}, { traceparent: TRACEPARENT });
  const [event] = heard;
  assert.equal(checked(event).source, "teller");
  assert.equal(event.traceparent.slice(3, 35), TRACEPARENT.slice(3, 35));
  orchestrator.dispose();
});
