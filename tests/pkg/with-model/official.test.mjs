// A real model on this machine, asked by the official client: what the package's own tests are held against. Only the
// shape of the answers is looked at; what such a small model says is nobody's business.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import OpenAI from "openai";

import { localModel } from "../model-servers.mjs";

const cleanUp = [];
after(async () => {
  for (const work of cleanUp.reverse()) await work();
});
const { url, model } = await localModel({ after: (work) => cleanUp.push(work) });
const client = new OpenAI({ apiKey: "none", baseURL: url, maxRetries: 0 });

const messages = [{ role: "user", content: "Name one exercise for the legs." }];
const schema = {
  type: "object",
  properties: { exercise: { type: "string", maxLength: 20 }, sets: { type: "integer", minimum: 1, maximum: 5 } },
  required: ["exercise", "sets"],
  additionalProperties: false,
};

/** Asserts that a JSON text is what the schema says. */
function assertFollows(text) {
  const value = JSON.parse(text);
  assert.deepEqual(Object.keys(value).sort(), ["exercise", "sets"]);
  assert.equal(typeof value.exercise, "string");
  assert.ok(Number.isInteger(value.sets) && value.sets >= 1 && value.sets <= 5, text);
}

test("the model is in the list", async () => {
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  assert.ok(ids.includes(model), `${ids}`);
});

test("chat: a stream with its usage at the end", async () => {
  let [text, finish, usage] = ["", undefined, undefined];
  const options = { model, messages, max_completion_tokens: 12, stream: true, stream_options: { include_usage: true } };
  for await (const chunk of await client.chat.completions.create(options)) {
    text += chunk.choices[0]?.delta.content ?? "";
    finish ??= chunk.choices[0]?.finish_reason ?? undefined;
    usage ??= chunk.usage ?? undefined;
  }
  assert.ok(text.length > 0);
  assert.ok(["stop", "length"].includes(finish), finish);
  assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0 && usage.completion_tokens <= 12);
});

test("chat: JSON that follows a schema", async () => {
  const response_format = { type: "json_schema", json_schema: { name: "exercise", schema, strict: true } };
  const answer = await client.chat.completions.create({ model, messages, max_completion_tokens: 80, response_format });
  assert.equal(answer.choices[0].finish_reason, "stop");
  assertFollows(answer.choices[0].message.content);
});

test("Responses: a stream, and its usage", async () => {
  const [types, deltas] = [[], []];
  // The schema goes along, but llama.cpp's server heeds it on the other endpoint only: an answer has to be checked.
  const format = { type: "json_schema", name: "exercise", schema, strict: true };
  const request = { model, input: messages, max_output_tokens: 12, text: { format }, store: false, stream: true };
  let last;
  for await (const event of await client.responses.create(request)) {
    types.push(event.type);
    if (event.type === "response.output_text.delta") deltas.push(event.delta);
    last = event;
  }
  assert.equal(types[0], "response.created");
  assert.ok(deltas.length > 1, `${types}`);
  assert.equal(last.type, "response.completed");
  const { usage, output } = last.response;
  assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0 && usage.output_tokens <= 12);
  assert.equal(output[0].content[0].text, deltas.join(""));
});
