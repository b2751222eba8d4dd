// The services that the model client is tested against, proved with the official client and with a careless one: a
// verdict that cannot fail would be worth nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

import { aimock, fakeService, llmock, outcomeService, stream } from "../model-servers.mjs";

const ANSWERS = new URL("fixtures/answers.json", import.meta.url);

const official = (url, options = {}) => new OpenAI({ apiKey: "sk-test", baseURL: url, maxRetries: 2, ...options });
const ask = (content) => ({ model: "m", messages: [{ role: "user", content }] });

/** A client that does everything wrong: it tries again whatever happened, at once. */
async function careless(url, content, attempts) {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/chat/completions`, { method: "POST", headers, body: JSON.stringify(ask(content)) });
    await response.text();
    if (response.ok) return;
  }
}

async function chatText(client, content) {
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...ask(content), stream: true })) {
    text += chunk.choices[0]?.delta.content ?? "";
  }
  return text;
}

test("llmock: the official client accepts a stream that was cut short, and the verdict says so", async (t) => {
  const service = await llmock(t);
  const client = official(service.url);
  await service.scenario({ type: "reply", text: "one two three four five six" }, { type: "stream_fault", kind: "truncate", after_chunks: 3 });
  const text = await chatText(client, "cut");
  assert.notEqual(text, "one two three four five six");
  const { passed } = await service.assertVerdict({ calls: 1, attempts: 1, faults: 1, findings: ["truncated_stream_accepted"] });
  assert.equal(passed, false);
});

test("llmock: the official client passes where it does well", async (t) => {
  const service = await llmock(t);
  const client = official(service.url);
  await service.scenario({ type: "fail", status: 429, retry_after: 0.3, times: 2 });
  assert.ok((await client.responses.create({ model: "m", input: "busy" })).output_text);
  await service.scenario({ type: "fail", status: 400 });
  await assert.rejects(client.responses.create({ model: "m", input: "wrong" }), OpenAI.BadRequestError);
  await service.assertVerdict({ calls: 2, attempts: 4, faults: 3 });
});

test("llmock: a careless client is found guilty of each thing it does", async (t) => {
  const service = await llmock(t);
  const judged = async (behaviour, attempts, findings, faults) => {
    await service.reset();
    await service.scenario(behaviour);
    await careless(service.url, JSON.stringify(behaviour), attempts);
    await service.assertVerdict({ calls: 1, attempts, faults, findings });
  };
  await judged({ type: "fail", status: 401 }, 2, ["retried_non_retryable"], 1);
  await judged({ type: "fail", status: 429, retry_after: 2 }, 2, ["retry_after_ignored"], 1);
  await judged({ type: "fail", status: 500, times: 2 }, 3, ["no_backoff"], 2);
  // A wait of nothing is asked for, so that how long the client took is not judged as well.
  await judged({ type: "fail", status: 500, retry_after: 0, times: 10 }, 11, ["retry_storm"], 10);
  await judged({ type: "fail", status: 503 }, 1, ["gave_up"], 1);
});

test("llmock: broken streams that nobody minds", async (t) => {
  const service = await llmock(t);
  const judged = async (fault, findings) => {
    await service.reset();
    await service.scenario({ type: "reply", text: "one two three four five six" }, { type: "stream_fault", after_chunks: 2, ...fault });
    const body = JSON.stringify({ ...ask(fault.kind), stream: true });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${service.url}/chat/completions`, { method: "POST", headers, body });
    await response.text().catch(() => undefined);
    await service.assertVerdict({ calls: 1, attempts: 1, faults: 1, findings });
  };
  await judged({ kind: "malformed" }, ["malformed_chunk_ignored"]);
  await judged({ kind: "disconnect" }, ["gave_up"]);
  await judged({ kind: "stall", stall_seconds: 1.2 }, ["no_read_timeout"]);
});

test("llmock: a verdict over nothing does not pass", async (t) => {
  const service = await llmock(t);
  assert.equal((await service.verdict()).passed, true, "of itself it would");
  await assert.rejects(service.assertVerdict({ calls: 0, attempts: 0, faults: 0 }), /says nothing/);
  await assert.rejects(service.assertVerdict({ calls: 1, attempts: 1, faults: 0 }), /the verdict/);
  // A fault that waits for a stream never comes to a request that is none.
  await service.scenario({ type: "stream_fault", kind: "truncate" });
  await careless(service.url, "plain", 1);
  await assert.rejects(service.assertVerdict({ calls: 1, attempts: 1, faults: 1 }), /the verdict/);
  await assert.rejects(service.assertVerdict({ calls: 1, attempts: 1, faults: 0 }), /this never came/);
  await assert.rejects(service.scenario({ type: "fial" }), /Unknown behaviour type/);
});

test("aimock: both endpoints answer, streaming or not", async (t) => {
  const service = await aimock(t, ANSWERS);
  const client = official(service.url);
  const expected = "A rested muscle is a stronger muscle: sleep well — naïve as it sounds. 💪";
  const whole = await client.chat.completions.create(ask("plain text"));
  assert.equal(whole.choices[0].message.content, expected);
  assert.equal(whole.usage.total_tokens, 28);
  assert.equal(await chatText(client, "plain text"), expected);
  const response = await client.responses.create({ model: "m", input: "plain text" });
  assert.equal(response.output_text, expected);
  assert.deepEqual([response.usage.input_tokens, response.usage.output_tokens], [11, 17]);
  let [text, last] = ["", undefined];
  for await (const event of await client.responses.create({ model: "m", input: "plain text", stream: true })) {
    if (event.type === "response.output_text.delta") text += event.delta;
    last = event;
  }
  assert.equal(text, expected);
  assert.equal(last.type, "response.completed");
  assert.deepEqual(service.requests().map((request) => request.path),
    ["/v1/chat/completions", "/v1/chat/completions", "/v1/responses", "/v1/responses"]);
});

test("aimock: the other answers of the fixtures", async (t) => {
  const service = await aimock(t, ANSWERS);
  const client = official(service.url, { maxRetries: 0 });
  const choice = async (content) => (await client.chat.completions.create(ask(content))).choices[0];
  assert.equal(JSON.parse((await choice("structured")).message.content).sets, 3);
  assert.equal((await choice("too long")).finish_reason, "length");
  assert.equal((await choice("filtered")).finish_reason, "content_filter");
  const [call] = (await choice("call a tool")).message.tool_calls;
  assert.deepEqual([call.id, call.function.name], ["call_1", "find_exercise"]);
  assert.equal((await client.responses.create({ model: "m", input: "too long" })).status, "incomplete");
  const item = (await client.responses.create({ model: "m", input: "call a tool" })).output[0];
  assert.deepEqual([item.type, item.call_id], ["function_call", "call_1"]);
  await assert.rejects(choice("bad request"), { status: 400, code: "invalid_json_schema" });
  await assert.rejects(choice("no credit"), { status: 429, code: "insufficient_quota" });
  await assert.rejects(choice("busy at first"), (error) => error.status === 429 && error.headers.get("retry-after") === "1");
  assert.equal((await choice("busy at first")).message.content, "Here I am.");
  service.reset();
  await assert.rejects(choice("busy at first"), { status: 429 });
  await assert.rejects(choice("nobody wrote this"), { status: 503 });
  const headers = { "x-aimock-chaos-ratelimit": "1" };
  await assert.rejects(client.chat.completions.create(ask("plain text"), { headers }), { status: 429 });
  await assert.rejects(client.chat.completions.create(ask("plain text"), { headers: { "x-aimock-chaos-drop": "1" } }), { status: 500 });
});

test("the endings that aimock does not know", async (t) => {
  for (const [name, finish, last] of [["refusal", "stop", "response.completed"], ["length", "length", "response.incomplete"],
    ["content_filter", "content_filter", "response.incomplete"], ["failed", undefined, "response.failed"]]) {
    const client = official((await outcomeService(t, name)).url, { maxRetries: 0 });
    const types = [];
    for await (const event of await client.responses.create({ model: "m", input: "x", stream: true })) types.push(event.type);
    assert.equal(types.at(-1), last);
    assert.ok((await client.responses.create({ model: "m", input: "x" })).status);
    if (finish === undefined) {
      await assert.rejects(chatText(client, "x"), /The model failed/);
      continue;
    }
    await chatText(client, "x");
    const [choice] = (await client.chat.completions.create(ask("x"))).choices;
    assert.equal(choice.finish_reason, finish);
    assert.equal(choice.message.refusal !== null, name === "refusal");
  }
});

test("a plain service sends bytes as they are told", async (t) => {
  const whole = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"naïve"}}]}\n\ndata: [DONE]\n\n');
  const bytes = [...whole].map((byte) => Buffer.from([byte]));
  const service = await fakeService(t, (request, response) => stream(response, bytes, { pause: 0 }));
  assert.equal(await chatText(official(service.url), "x"), "naïve");
  assert.equal(JSON.parse(service.requests[0].body).messages[0].content, "x");
  const broken = await fakeService(t, (request, response) => stream(response, bytes.slice(0, 20), { end: "drop", pause: 5 }));
  await assert.rejects(chatText(official(broken.url), "x"));
});
