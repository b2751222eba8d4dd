// Answers from a recording.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelClient, errorOf } from "./package.mjs";

const QUESTION = { messages: [{ role: "user", content: "x" }], model: "tiny" };
const ANSWER = {
  outcome: "tool_calls", text: "Let me look.", toolCalls: [{ id: "c", name: "find", arguments: "{}" }],
  usage: { inputTokens: 7, outputTokens: 5, cachedTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3, totalTokens: 12 },
  model: "model-b", id: "resp_1",
};
const playing = (...exchanges) =>
  new ModelClient({ provider: { cassette: { version: 1, exchanges } }, policy: { retry: { maxAttempts: 1 } } });

async function played(client, question = QUESTION) {
  const stream = client.stream(question);
  const parts = [];
  let failure;
  try {
    for await (const { type, text, index } of stream) parts.push(index === undefined ? { type, text } : { type, text, index });
  } catch (error) {
    failure = error;
  }
  return { parts, failure, answer: failure === undefined ? await stream.answer : undefined };
}

test("an answer is played as it was, whole and in parts", async () => {
  const client = playing({ request: QUESTION, answer: ANSWER });
  const { provenance, ...whole } = await client.complete(QUESTION);
  assert.deepEqual(whole, ANSWER);
  assert.equal(provenance.provider, "recorded");
  const { parts, answer } = await played(client);
  assert.deepEqual(parts, [{ type: "text", text: "Let me look." }, { type: "tool_call", text: "{}", index: 0 }]);
  assert.deepEqual(answer.usage, ANSWER.usage);
});

test("parts come as they came", async () => {
  const parts = [{ type: "text", text: "Let " }, { type: "text", text: "me" }, { type: "refusal", text: "no" }, { type: "tool_call", index: 1, text: "{" }];
  const told = await played(playing({ request: QUESTION, answer: ANSWER, parts }));
  assert.deepEqual(told.parts, parts);
  assert.equal(told.answer.text, "Let me look.");
});

test("failures are played too", async () => {
  const service = { failure: "service", status: 429, code: "slow_down", type: "requests", param: "model", message: "slower" };
  for (const [failure, code] of [
    [service, "ai.rate_limited"],
    [{ failure: "truncated" }, "ai.truncated"],
    [{ failure: "malformed", message: "no JSON" }, "ai.malformed"],
    [{ failure: "too_large", maxBytes: 7 }, "ai.malformed"],
  ]) {
    const told = await played(playing({ request: QUESTION, failure, parts: [{ type: "text", text: "a" }] }));
    assert.equal(told.parts.length, 1);
    assert.equal(told.failure.code, code);
    assert.equal((await errorOf(playing({ request: QUESTION, failure }).complete(QUESTION))).code, code);
  }
});

test("a request is the same in any order of keys, and the first one answers", async () => {
  const exchange = (input, text) => ({ request: { messages: QUESTION.messages, task: { input, name: "t" } }, answer: { outcome: "completed", text } });
  const client = playing(exchange({ a: 1, b: [1, { c: null }] }, "first"), exchange({ a: 1, b: [1, { c: null }] }, "second"), exchange({ a: 1, b: [1, { c: false }] }, "other"));
  const ask = async (input) => (await client.complete({ task: { name: "t", input }, messages: [{ content: "x", role: "user" }] })).text;
  assert.equal(await ask({ b: [1.0, { c: null }], a: 1 }), "first");
  assert.equal(await ask({ b: [1, { c: false }], a: 1 }), "other");
});

test("what was not recorded says so", async () => {
  const client = playing();
  const error = await errorOf(client.complete(QUESTION));
  assert.deepEqual([error.code, /no exchange of the cassette/.test(error.message)], ["config.invalid", true]);
  assert.deepEqual(await client.info(), { name: "recorded", streaming: true, structuredOutput: true, tools: true, network: false });
});

test("what is wrong with a cassette is told where it stands", async () => {
  const cassette = {
    version: 2,
    exchanges: [
      { request: { messages: [] }, answer: { outcome: "completed" } },
      { request: QUESTION },
      { request: QUESTION, answer: { outcome: "compleded" }, parts: [{ type: "txt" }] },
      { request: QUESTION, failure: { failure: "lost" } },
    ],
  };
  const error = await errorOf(new ModelClient({ provider: { cassette } }).complete(QUESTION));
  assert.deepEqual(error.problems.map(({ pointer }) => pointer), [
    "/version", "/exchanges/0/request/messages", "/exchanges/1/answer", "/exchanges/2/parts", "/exchanges/2/answer", "/exchanges/3/failure",
  ]);
  const [error2] = [await errorOf(new ModelClient({ provider: { cassette: { version: 1, exchanges: {} } } }).complete(QUESTION))];
  assert.equal(error2.code, "config.invalid");
});
