// Beside the official client, at the same services: the same text, the same usage, the same errors, and never less strict.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createParser } from "eventsource-parser";
import OpenAI from "openai";

import { aimock, fakeService, outcomeService, stream } from "../model-servers.mjs";
import { ModelClient, errorOf } from "./package.mjs";
import { says } from "./service.mjs";

const ANSWERS = new URL("fixtures/answers.json", import.meta.url);
const official = (url) => new OpenAI({ apiKey: "sk-test", baseURL: url, maxRetries: 0 });
const ours = (url, api) => new ModelClient({ baseUrl: url, apiKey: "sk-test", model: "m", api, policy: { retry: { maxAttempts: 1 } } });
const question = (content) => ({ messages: [{ role: "user", content }] });

/** What the official client makes of an endpoint: parts, text, how it ended, usage, calls; or its error. */
async function asOfficial(url, api, content, isStreamed) {
  const client = official(url);
  const parts = [];
  let whole;
  if (api === "chat") {
    const body = { model: "m", ...question(content) };
    if (!isStreamed) whole = await client.chat.completions.create(body);
    else {
      const live = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
      live.on("content", (delta) => parts.push(delta));
      live.on("refusal.delta", ({ delta }) => parts.push(delta));
      whole = await live.finalChatCompletion().catch((error) => {
        // For these two endings its helper throws what has been said away.
        if (/LengthFinishReason|ContentFilterFinishReason/.test(error.constructor.name)) return undefined;
        throw error;
      });
    }
    if (whole === undefined) return { parts };
    const [{ message, finish_reason }] = whole.choices;
    const { usage } = whole;
    return {
      parts, text: message.content ?? "", refusal: message.refusal ?? undefined, finish: finish_reason,
      usage: usage && [usage.prompt_tokens, usage.completion_tokens],
      calls: (message.tool_calls ?? []).map(({ id, function: { name, arguments: args } }) => [id, name, args]),
    };
  }
  const body = { model: "m", input: content };
  if (!isStreamed) whole = await client.responses.create(body);
  else {
    for await (const event of await client.responses.create({ ...body, stream: true })) {
      if (event.type === "response.output_text.delta" || event.type === "response.refusal.delta") parts.push(event.delta);
      if (event.response !== undefined) whole = event.response;
    }
  }
  const content_ = whole.output.flatMap((item) => item.content ?? []);
  return {
    parts,
    text: content_.filter(({ type }) => type === "output_text").map(({ text }) => text).join(""),
    refusal: content_.find(({ type }) => type === "refusal")?.refusal,
    finish: whole.status,
    usage: whole.usage && [whole.usage.input_tokens, whole.usage.output_tokens],
    calls: whole.output.filter(({ type }) => type === "function_call").map(({ call_id, name, arguments: args }) => [call_id, name, args]),
  };
}

async function asOurs(url, api, content, isStreamed) {
  const client = ours(url, api);
  const parts = [];
  let answer;
  if (isStreamed) {
    const live = client.stream(question(content));
    for await (const { type, text } of live) if (type !== "tool_call") parts.push(text);
    answer = await live.answer;
  } else answer = await client.complete(question(content));
  const { text, refusal, outcome, usage, toolCalls } = answer;
  return { parts, text, refusal, outcome, usage: usage && [usage.inputTokens, usage.outputTokens], calls: toolCalls.map(({ id, name, arguments: args }) => [id, name, args]) };
}

/** Reads a stream of the official client to its end. */
async function read(url, api) {
  const { chat, responses } = official(url);
  const live = api === "chat" ? chat.completions.create({ model: "m", ...question("x"), stream: true }) : responses.create({ model: "m", input: "x", stream: true });
  for await (const _ of await live);
}

for (const api of ["responses", "chat"]) {
  for (const isStreamed of [false, true]) {
    const way = `${api}, ${isStreamed ? "streamed" : "whole"}`;

    test(`${way}: the same text, parts, usage and calls at aimock`, async (t) => {
      const service = await aimock(t, ANSWERS);
      // On Responses, aimock's filter is not that of OpenAI: it says `failed`. `outcomeService` has the real one.
      const filtered = api === "chat" ? ["filtered"] : [];
      for (const content of ["plain text", "structured", "too long", ...filtered, "call a tool"]) {
        const theirs = await asOfficial(service.url, api, content, isStreamed);
        const { outcome, ...mine } = await asOurs(service.url, api, content, isStreamed);
        assert.equal(mine.parts.join(""), theirs.parts.join(""), content);
        // What its helper gives is cut by what it throws.
        if (theirs.text !== undefined) {
          assert.deepEqual([mine.text, mine.calls], [theirs.text, theirs.calls], content);
          if (theirs.usage?.some((count) => count > 0)) assert.deepEqual(mine.usage, theirs.usage, content);
        }
        const expected = { "too long": "length", filtered: "content_filter", "call a tool": "tool_calls" }[content] ?? "completed";
        assert.equal(outcome, expected, `${way} ${content}`);
      }
    });

    test(`${way}: the same errors at aimock`, async (t) => {
      const service = await aimock(t, ANSWERS);
      const codes = { "bad request": "ai.bad_request", "no credit": "ai.exhausted", "busy at first": "ai.rate_limited", "nobody wrote this": "ai.unavailable" };
      for (const [content, code] of Object.entries(codes)) {
        const theirs = await errorOf(asOfficial(service.url, api, content, isStreamed));
        service.reset();
        const mine = await errorOf(asOurs(service.url, api, content, isStreamed));
        service.reset();
        assert.deepEqual([mine.code, mine.status, mine.serviceCode ?? undefined], [code, theirs.status, theirs.code ?? undefined], content);
      }
    });

    test(`${way}: the same at a refusal, a cut, a filter, and a failure`, async (t) => {
      for (const name of ["refusal", "length", "content_filter"]) {
        const { url } = await outcomeService(t, name);
        const theirs = await asOfficial(url, api, "x", isStreamed);
        const mine = await asOurs(url, api, "x", isStreamed);
        assert.equal(mine.outcome, name);
        assert.equal(mine.parts.join(""), theirs.parts.join(""));
        if (theirs.text !== undefined) assert.deepEqual([mine.text, mine.refusal, mine.usage], [theirs.text, theirs.refusal, theirs.usage], name);
      }
      const { url } = await outcomeService(t, "failed");
      const error = await errorOf(asOurs(url, api, "x", isStreamed));
      assert.match(error.message, /The model failed/);
      assert.equal(error.kind, "unavailable");
    });
  }

  test(`${api}: a stream that is cut at any of its events: never taken for whole, which the official client does`, async (t) => {
    const text = says[api].stream(["one ", "two ", "three"]);
    const events = text.split(/(?<=\n\n)/);
    let lenient = 0;
    // The last event of a chat, `[DONE]`, says nothing more; what comes before it counts.
    const enough = api === "chat" ? events.findIndex((event) => /"finish_reason":"stop"/.test(event)) + 1 : events.length;
    for (let length = 0; length < enough; length += 1) {
      const { url } = await fakeService(t, (_, response) => stream(response, events.slice(0, length), { pause: 0 }));
      const error = await errorOf(asOurs(url, api, "x", true));
      assert.equal(error.code, "ai.truncated", `${length} of ${events.length} events`);
      lenient += await read(url, api).then(() => 1, () => 0);
    }
    assert.ok(lenient > 0, "the official client has become stricter: then this file can ask more of ours");
  });
}

test("server-sent events, written in every way that is allowed, and cut anywhere: as another decoder reads them", async (t) => {
  let seed = Number(process.env.REPFLOW_SEED ?? 20_261_123);
  const random = (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const pick = (list) => list[random(list.length)];
  const words = ["a", "é", "💪", "漢字", "\\n", " ", "data: x", ":", "\u{feff}", ""];
  for (let round = 0; round < 60; round += 1) {
    let text = pick(["", "\u{feff}"]);
    const chunk = (delta, finish = null) => JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] });
    const event = (json) => {
      // One way within an event: CR and then LF would be one end of a line.
      const way = pick(["\n", "\r\n", "\r"]);
      const end = () => way;
      const noise = pick(["", `: ping${end()}`, `id: 7${end()}`, `retry: 100${end()}`, `unknown: x${end()}`]);
      const space = pick(["", " "]);
      text += `${noise}data:${space}${json}${end()}${end()}`;
    };
    for (let count = random(6); count > 0; count -= 1) event(chunk({ content: pick(words) + pick(words) }));
    event(chunk({}, "stop"));
    event("[DONE]");
    const bytes = Buffer.from(text);
    const pieces = [];
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random(pick([1, 3, 40, 400]));
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    let expected = "";
    const parser = createParser({ onEvent: ({ data }) => data !== "[DONE]" && (expected += JSON.parse(data).choices[0].delta.content ?? "") });
    parser.feed(text.replace(/^\u{feff}/u, ""));
    const { url } = await fakeService(t, (_, response) => stream(response, pieces, { pause: 0 }));
    const mine = await asOurs(url, "chat", "x", true).catch((error) => {
      throw new Error(`REPFLOW_SEED=${seed} round ${round}: ${JSON.stringify(text)}`, { cause: error });
    });
    assert.equal(mine.text, expected, `round ${round}: ${JSON.stringify(text)}`);
  }
});
