// The model client over real HTTP: what is sent, what becomes of every kind of answer, and when it is asked again.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { ModelClient, RepflowError, errorOf } from "./package.mjs";
import { ENDPOINTS, SAID_USAGE, failure, json, says, service, stream } from "./service.mjs";

const QUESTION = { messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello?" }] };
const SCHEMA = {
  name: "verdict",
  schema: {
    type: "object",
    properties: { word: { type: "string" }, sure: { type: "boolean" } },
    required: ["word", "sure"],
    additionalProperties: false,
  },
};
const FAST = { retry: { maxAttempts: 3, delay: "1ms", jitter: "none" } };

const client = (baseUrl, options) => new ModelClient({ baseUrl, apiKey: "sk-test-1234567890", model: "tiny", policy: FAST, ...options });

async function partsOf(asked) {
  const parts = [];
  for await (const part of asked) parts.push(part);
  return parts;
}

for (const [api, path] of ENDPOINTS) {
  test(`${api}: an answer as a whole, and what was sent for it`, async (t) => {
    const { baseUrl, exchanges } = await service(t, (_, response) => json(response, 200, says[api].whole("Hi!"), { "x-request-id": "req_7" }));
    const { provenance, ...answer } = await client(baseUrl, { api }).complete({ ...QUESTION, maxOutputTokens: 50, temperature: 0.5, effort: "low" }, { user: "ada" });
    assert.deepEqual(answer, { outcome: "completed", text: "Hi!", toolCalls: [], usage: SAID_USAGE, id: says[api].whole("").id, model: "tiny-1" });
    const { duration_ms, ...came } = provenance;
    assert.ok(duration_ms >= 0);
    assert.deepEqual(came, { provider: "openai", model: "tiny-1", attempts: 1, cache: null, requestId: "req_7" });
    const [{ method, path: asked, headers, body }] = exchanges;
    assert.deepEqual([method, asked, headers.authorization, headers.accept], ["POST", path, "Bearer sk-test-1234567890", "application/json"]);
    assert.equal(body.store, false);
    assert.equal(body.model, "tiny");
    assert.equal(body.temperature, 0.5);
    assert.match(body.safety_identifier, /^[0-9a-f]{64}$/);
    assert.ok(!JSON.stringify(body).includes("ada"));
    if (api === "chat") {
      assert.deepEqual(body.messages, QUESTION.messages);
      assert.deepEqual([body.max_completion_tokens, body.reasoning_effort, Boolean(body.stream)], [50, "low", false]);
    } else {
      assert.deepEqual([body.max_output_tokens, body.reasoning], [50, { effort: "low" }]);
      assert.ok(JSON.stringify(body).includes("Be brief.") && JSON.stringify(body).includes("Hello?"));
    }
  });

  test(`${api}: an answer as it comes, cut at any byte`, async (t) => {
    const text = ["Grüße ", "🏋️", "", " und \"los\"\n", "!"];
    for (const cut of [1, 2, 3, 7, 64, undefined]) {
      const { baseUrl, exchanges } = await service(t, (_, response) => stream(response, says[api].stream(text), { cut }));
      const asked = client(baseUrl, { api }).stream(QUESTION);
      const parts = await partsOf(asked);
      assert.equal(parts.map(({ text }) => text).join(""), text.join(""));
      assert.ok(parts.every(({ type }) => type === "text"));
      const { outcome, text: whole, usage, provenance } = await asked.answer;
      assert.deepEqual([outcome, whole, usage, provenance.requestId], ["completed", text.join(""), SAID_USAGE, "req_1"]);
      assert.deepEqual([exchanges[0].body.stream, exchanges[0].body.store, exchanges[0].headers.accept], [true, false, "text/event-stream"]);
    }
  });

  test(`${api}: structured output is typed, also while it comes`, async (t) => {
    const parts = ['{"wo', 'rd":"y', 'es","su', 're":tr', "ue}"];
    const { baseUrl, exchanges } = await service(t, (_, response) => stream(response, says[api].stream(parts), { cut: 40 }));
    const asked = client(baseUrl, { api }).stream({ ...QUESTION, schema: SCHEMA });
    const seen = (await partsOf(asked)).map(({ partial }) => partial);
    assert.deepEqual(seen.at(-1), { word: "yes", sure: true });
    for (const partial of seen.filter(Boolean)) assert.ok("yes".startsWith(partial.word ?? ""));
    assert.ok(seen.some((partial) => partial?.word === "y"), JSON.stringify(seen));
    assert.deepEqual((await asked.answer).data, { word: "yes", sure: true });
    const { body } = exchanges[0];
    const format = api === "chat" ? body.response_format : body.text.format;
    assert.equal(format.type, "json_schema");
    const { strict, name, schema } = api === "chat" ? format.json_schema : format;
    assert.deepEqual([strict, name, schema], [true, "verdict", SCHEMA.schema]);
  });

  test(`${api}: what the schema refuses is invalid, with every problem`, async (t) => {
    const answers = ['{"word": 1, "more": 2}', "no JSON at all"];
    const { baseUrl } = await service(t, ({ number }, response) => json(response, 200, says[api].whole(answers[number - 1])));
    const asked = client(baseUrl, { api });
    const wrong = await asked.complete({ ...QUESTION, schema: SCHEMA });
    assert.equal(wrong.outcome, "invalid");
    assert.deepEqual(wrong.problems.map(({ pointer }) => pointer).sort(), ["", "/more", "/word"]);
    const unread = await asked.complete({ ...QUESTION, schema: SCHEMA });
    assert.deepEqual([unread.outcome, unread.data, unread.problems.length], ["invalid", undefined, 1]);
  });

  test(`${api}: a refusal is told apart, whole and streamed, and is not asked again`, async (t) => {
    const words = ["I can", "not."];
    const whole = api === "chat" ? says.chat.whole(null, { refusal: "I cannot." }) : says.responses.whole(null, { refusal: "I cannot." });
    const streamed = api === "chat" ? says.chat.stream(words, { field: "refusal" }) : says.responses.stream(words, { kind: "refusal" });
    const { baseUrl, exchanges } = await service(t, ({ body }, response) => (body.stream ? stream(response, streamed, { cut: 9 }) : json(response, 200, whole)));
    const asked = client(baseUrl, { api });
    const { outcome, refusal, text } = await asked.complete(QUESTION);
    assert.deepEqual([outcome, refusal, text], ["refusal", "I cannot.", ""]);
    const live = asked.stream(QUESTION);
    assert.deepEqual((await partsOf(live)).map(({ type, text }) => [type, text]), words.map((word) => ["refusal", word]));
    assert.deepEqual([(await live.answer).outcome, (await live.answer).refusal], ["refusal", "I cannot."]);
    assert.equal(exchanges.length, 2);
  });

  test(`${api}: the limit of tokens and the content filter are told apart`, async (t) => {
    const kinds = { length: ["length", "max_output_tokens"], content_filter: ["content_filter", "content_filter"] };
    for (const [outcome, [finish, incomplete]] of Object.entries(kinds)) {
      const whole = api === "chat" ? says.chat.whole("Hal", { finish }) : says.responses.whole("Hal", { status: "incomplete", incomplete });
      const streamed = api === "chat" ? says.chat.stream(["Hal"], { finish }) : says.responses.stream(["Hal"], { terminal: "incomplete", incomplete });
      const { baseUrl } = await service(t, ({ body }, response) => (body.stream ? stream(response, streamed) : json(response, 200, whole)));
      const asked = client(baseUrl, { api });
      for (const answer of [await asked.complete({ ...QUESTION, schema: SCHEMA }), await asked.stream(QUESTION).answer]) {
        assert.deepEqual([answer.outcome, answer.text, answer.data], [outcome, "Hal", undefined]);
      }
    }
  });

  test(`${api}: a stream that ends early is truncated: asked again only when nothing was delivered`, async (t) => {
    const begun = says[api].stream(["Hel", "lo"], { finish: null, done: false });
    const empty = begun.slice(0, begun.indexOf("\n\n") + 2);
    const { baseUrl, exchanges } = await service(t, ({ number }, response) => stream(response, [begun, empty, says[api].stream(["fine"])][number - 1]));
    const asked = client(baseUrl, { api });
    const cut = asked.stream(QUESTION);
    const read = [];
    const error = await errorOf((async () => { for await (const { text } of cut) read.push(text); })());
    assert.deepEqual([error.code, error.kind, error.retryable, read.join("")], ["ai.truncated", "network", true, "Hello"]);
    assert.equal(exchanges.length, 1);
    assert.equal((await asked.stream(QUESTION).answer).text, "fine");
    assert.equal(exchanges.length, 3);
  });

  test(`${api}: a chunk that is no JSON is an error, never skipped`, async (t) => {
    const broken = says[api].stream(["a", "b"]).replace('"b"', '"b');
    const { baseUrl } = await service(t, (_, response) => stream(response, broken));
    const error = await errorOf(client(baseUrl, { api, policy: { retry: { maxAttempts: 1 } } }).stream(QUESTION).answer);
    assert.deepEqual([error.code, error.constructor], ["ai.malformed", RepflowError]);
  });

  test(`${api}: an error in the middle of a stream`, async (t) => {
    const error = { message: "overloaded", code: "server_is_overloaded", type: "service_unavailable_error" };
    const last = api === "chat" ? `data: ${JSON.stringify({ error })}\n\n` : `event: error\ndata: ${JSON.stringify({ ...error, type: "error" })}\n\n`;
    const begun = says[api].stream(["Hel"], { finish: null, done: false });
    const { baseUrl, exchanges } = await service(t, (_, response) => stream(response, begun + last));
    const told = await errorOf(client(baseUrl, { api }).stream(QUESTION).answer);
    assert.deepEqual([told.code, told.serviceCode, told.status, exchanges.length], ["ai.unavailable", "server_is_overloaded", undefined, 1]);
    assert.match(told.message, /in the middle of the stream.*overloaded/);
  });

  test(`${api}: tools`, async (t) => {
    const args = '{"id":7}';
    const whole =
      api === "chat"
        ? says.chat.whole(null, { finish: "tool_calls", toolCalls: [{ id: "call_1", type: "function", function: { name: "find", arguments: args } }] })
        : says.responses.whole(null, { toolCalls: [{ type: "function_call", id: "fc_1", call_id: "call_1", name: "find", arguments: args, status: "completed" }] });
    const { baseUrl, exchanges } = await service(t, (_, response) => json(response, 200, whole));
    const parameters = { type: "object", properties: { id: { type: "integer" } }, required: ["id"], additionalProperties: false };
    const asked = client(baseUrl, { api });
    const { outcome, toolCalls } = await asked.complete({ ...QUESTION, tools: [{ name: "find", description: "Finds.", parameters }] });
    assert.deepEqual([outcome, toolCalls], ["tool_calls", [{ id: "call_1", name: "find", arguments: args }]]);
    const messages = [...QUESTION.messages, { role: "assistant", content: "", toolCalls }, { role: "tool", content: "found", toolCallId: "call_1" }];
    await asked.complete({ messages });
    assert.ok(JSON.stringify(exchanges[1].body).includes("call_1"));
  });
}

const STATUSES = [
  [400, {}, "ai.bad_request", 1], [401, {}, "ai.unauthorized", 1], [403, {}, "ai.unauthorized", 1], [404, {}, "ai.not_found", 1],
  [408, {}, "ai.timeout", 3], [409, {}, "ai.unavailable", 3], [422, {}, "ai.bad_request", 1], [429, {}, "ai.rate_limited", 3],
  [429, { code: "insufficient_quota" }, "ai.exhausted", 1], [429, { code: "credit_balance_exhausted" }, "ai.exhausted", 1],
  [429, { code: "org_spend_limit_exceeded" }, "ai.exhausted", 1], [429, { type: "project_usage_limit_exceeded" }, "ai.exhausted", 1],
  [500, {}, "ai.unavailable", 3], [502, {}, "ai.unavailable", 3], [503, {}, "ai.unavailable", 3], [504, {}, "ai.timeout", 3],
];

test("statuses and codes: what they mean, and how often is asked", async (t) => {
  for (const [status, more, code, times] of STATUSES) {
    const { baseUrl, exchanges } = await service(t, (_, response) => failure(response, status, { message: "no", param: "model", ...more }, { "x-request-id": "r1" }));
    const error = await errorOf(client(baseUrl).complete(QUESTION));
    assert.deepEqual([error.code, error.status, error.requestId, error.param, exchanges.length], [code, status, "r1", "model", times], `${status} ${JSON.stringify(more)}`);
    assert.ok(error instanceof RepflowError);
  }
});

test("`x-should-retry` wins, save for a bill", async (t) => {
  const cases = [[500, {}, "false", 1], [400, {}, "true", 3], [429, { code: "insufficient_quota" }, "true", 1]];
  for (const [status, more, should, times] of cases) {
    const { baseUrl, exchanges } = await service(t, (_, response) => failure(response, status, { message: "no", ...more }, { "x-should-retry": should }));
    await errorOf(client(baseUrl).complete(QUESTION));
    assert.equal(exchanges.length, times, `${status} ${should}`);
  }
});

test("`Retry-After` is waited for, and a longer one than `maxDelay` fails at once and says when", async (t) => {
  const headers = [{ "retry-after-ms": "120", "retry-after": "9" }, { "retry-after": "0.1" }, { "retry-after": "3600" }];
  const { baseUrl, exchanges } = await service(t, ({ number }, response) => failure(response, 429, { message: "slow" }, headers[number - 1]));
  const error = await errorOf(client(baseUrl).complete(QUESTION));
  assert.deepEqual([error.code, error.retryAfterMs, exchanges.length], ["ai.rate_limited", 3_600_000, 3]);
  const [first, second, third] = exchanges.map(({ at }) => at);
  assert.ok(second - first >= 119, `${second - first} ms`);
  assert.ok(third - second >= 99, `${third - second} ms`);
});

test("bodies of errors may be anything", async (t) => {
  const bodies = ["<html>Bad gateway</html>", "", "null", '{"error":"busy"}', '{"error":{"message":"m","code":429}}', '{"detail":"x"}', "{"];
  for (const body of bodies) {
    const { baseUrl } = await service(t, (_, response) => response.writeHead(502, { "content-type": "text/html" }).end(body));
    const error = await errorOf(client(baseUrl, { policy: { retry: { maxAttempts: 1 } } }).complete(QUESTION));
    assert.deepEqual([error.status, error instanceof RepflowError], [502, true], body);
    assert.ok(["ai.unavailable", "ai.rate_limited"].includes(error.code), `${body}: ${error.code}`);
  }
});

test("an answer of 200 that is no answer is malformed", async (t) => {
  for (const body of ["<html>Log in</html>", "{}", "[]", '{"choices":[]}', ""]) {
    for (const [api] of ENDPOINTS) {
      const { baseUrl } = await service(t, (_, response) => response.writeHead(200).end(body));
      const error = await errorOf(client(baseUrl, { api, policy: { retry: { maxAttempts: 1 } } }).complete(QUESTION));
      assert.equal(error.code, "ai.malformed", `${api} ${body}`);
    }
  }
});

test("a key that a service repeats is not repeated", async (t) => {
  const message = "Incorrect API key provided: sk-test-1234567890. See sk-pro*****abc too.";
  const { baseUrl } = await service(t, (_, response) => failure(response, 401, { message }));
  const error = await errorOf(client(baseUrl).complete(QUESTION));
  const told = `${error.message} ${JSON.stringify(error)} ${error.cause?.message} ${error.stack}`;
  assert.ok(!told.includes("1234567890") && !told.includes("sk-pro*"), told);
});

test("a key that cannot be a header is refused, and not shown", async () => {
  const error = await errorOf(client("http://127.0.0.1:9/v1", { apiKey: "secret-1\nsecret-2" }).complete(QUESTION));
  const told = `${error.message} ${JSON.stringify(error)} ${error.stack} ${error.cause}`;
  assert.deepEqual([error.code, told.includes("secret")], ["config.invalid", false]);
});

test("chat: content in parts is read, and what is no text is no answer", async (t) => {
  const contents = [[{ type: "text", text: "one " }, { type: "text", text: "two" }], 7];
  const { baseUrl } = await service(t, ({ number }, response) => response.writeHead(200).end(`\u{feff}${JSON.stringify(says.chat.whole(contents[number - 1]))}`));
  const asked = client(baseUrl, { api: "chat", policy: { retry: { maxAttempts: 1 } } });
  assert.equal((await asked.complete(QUESTION)).text, "one two");
  assert.equal((await errorOf(asked.complete(QUESTION))).code, "ai.malformed");
});

test("a service whose limits are used up for hours is not waited for", async (t) => {
  const headers = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "9999h" };
  const { baseUrl, exchanges } = await service(t, (_, response) => json(response, 200, says.responses.whole("ok"), headers));
  const asked = client(baseUrl);
  await asked.complete(QUESTION);
  const error = await errorOf(asked.complete(QUESTION));
  assert.deepEqual([error.code, error.retryAfterMs > 3_600_000, exchanges.length], ["rate_limit.exceeded", true, 1]);
  const nonsense = { "x-ratelimit-remaining-requests": "-5", "x-ratelimit-reset-requests": "soon", "x-ratelimit-remaining-tokens": "1e999", "x-ratelimit-reset-tokens": "-3s" };
  const odd = await service(t, (_, response) => json(response, 200, says.responses.whole("ok"), nonsense));
  const other = client(odd.baseUrl);
  for (let count = 0; count < 3; count += 1) assert.equal((await other.complete(QUESTION)).text, "ok");
});

test("what the service says is left holds the next question back until there is room", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ number }, response) =>
    json(response, 200, says.responses.whole("ok"), number === 1 ? { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "200ms" } : {}),
  );
  const asked = client(baseUrl);
  await asked.complete(QUESTION);
  await asked.complete(QUESTION);
  assert.ok(exchanges[1].at - exchanges[0].at >= 190, `${exchanges[1].at - exchanges[0].at} ms`);
});

test("`slow_down` lowers the rate", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ number }, response) =>
    number === 1 ? failure(response, 503, { message: "slower", code: "slow_down" }, { "retry-after-ms": "10" }) : json(response, 200, says.responses.whole("ok")),
  );
  const asked = client(baseUrl, { policy: { ...FAST, rateLimit: { limit: 20, per: "1s", burst: 1, maxWait: "5s" } } });
  await asked.complete(QUESTION);
  await asked.complete(QUESTION);
  await asked.complete(QUESTION);
  const [, second, third, fourth] = exchanges.map(({ at }) => at);
  // 20 a second are 50 ms apart; half of that rate is 100.
  assert.ok(third - second >= 90 && fourth - third >= 90, `${third - second} ms, ${fourth - third} ms`);
});

test("nobody there: a connection error, tried again", async () => {
  const error = await errorOf(client("http://127.0.0.1:9/v1").complete(QUESTION));
  assert.deepEqual([error.code, error.kind, error.retryable], ["ai.connection", "network", true]);
});

test("a connection that breaks in the middle", async (t) => {
  const { baseUrl } = await service(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(says.responses.stream(["Hel"], { done: false }), () => response.destroy());
  });
  const error = await errorOf(client(baseUrl).stream(QUESTION).answer);
  assert.equal(error.code, "ai.connection");
});

test("silence: the attempt ends after `idleTimeout`, the request is gone, and another is tried", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ number }, response) => {
    if (number === 2) return stream(response, says.responses.stream(["fine"]));
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  const { text } = await client(baseUrl, { idleTimeout: "60ms" }).stream(QUESTION).answer;
  assert.equal(text, "fine");
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(exchanges[0].isGone());
  const silent = await service(t, (_, response) => response.writeHead(200).flushHeaders());
  const error = await errorOf(client(silent.baseUrl, { idleTimeout: "30ms", policy: { retry: { maxAttempts: 1 } } }).complete(QUESTION));
  assert.deepEqual([error.code, error.kind], ["ai.timeout", "timeout"]);
});

test("an attempt has a timeout, and all of them together", async (t) => {
  const { baseUrl, exchanges } = await service(t, () => {});
  const slow = client(baseUrl, { policy: { timeout: "40ms", retry: { maxAttempts: 2, delay: "1ms" } } });
  assert.equal((await errorOf(slow.complete(QUESTION))).code, "policy.timeout");
  assert.equal(exchanges.length, 2);
  const bounded = client(baseUrl, { policy: { totalTimeout: "50ms", timeout: "1s" } });
  assert.equal((await errorOf(bounded.complete(QUESTION))).code, "policy.total_timeout");
});

test("who gives up is heard at once: before, while waiting, between attempts, in the middle of the stream", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ body }, response) => {
    if (JSON.stringify(body).includes("fail me")) return failure(response, 500, { message: "again" });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(says.responses.stream(["Hel"], { done: false }));
  });
  const reason = new Error("enough");
  await assert.rejects(client(baseUrl).complete(QUESTION, { signal: AbortSignal.abort(reason) }), { code: "policy.cancelled" });
  assert.equal(exchanges.length, 0);

  const controller = new AbortController();
  const asked = client(baseUrl).stream(QUESTION, { signal: controller.signal });
  assert.equal((await asked.next()).value.text, "Hel");
  controller.abort(reason);
  const error = await errorOf(asked.answer);
  assert.deepEqual([error.code, error.cause], ["policy.cancelled", reason]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(exchanges[0].isGone());

  const between = new AbortController();
  const waiting = client(baseUrl, { policy: { retry: { maxAttempts: 5, delay: "10s", jitter: "none" } } });
  const failing = errorOf(waiting.complete({ messages: [{ role: "user", content: "fail me" }] }, { signal: between.signal }));
  while (exchanges.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  between.abort(reason);
  assert.equal((await failing).code, "policy.cancelled");
});

test("who stops reading gives the question up", async (t) => {
  const { baseUrl, exchanges } = await service(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(says.responses.stream(["Hel"], { done: false }));
  });
  const asked = client(baseUrl).stream(QUESTION);
  for await (const part of asked) {
    assert.equal(part.text, "Hel");
    break;
  }
  assert.equal((await errorOf(asked.answer)).code, "policy.cancelled");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(exchanges[0].isGone());
});

test("the models of a service", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ number }, response) =>
    number === 1 ? failure(response, 503, { message: "later" }) : json(response, 200, { object: "list", data: [{ id: "tiny" }, { id: "large" }] }),
  );
  assert.deepEqual(await client(baseUrl).models(), ["tiny", "large"]);
  assert.deepEqual(exchanges.map(({ method, path }) => [method, path]), [["GET", "/v1/models"], ["GET", "/v1/models"]]);
});

test("a key may be fetched, and is fetched for every attempt", async (t) => {
  let fetched = 0;
  const { baseUrl, exchanges } = await service(t, ({ number }, response) =>
    number === 1 ? failure(response, 500, { message: "again" }) : json(response, 200, says.responses.whole("ok")),
  );
  await client(baseUrl, { apiKey: async () => `token-${(fetched += 1)}` }).complete(QUESTION);
  assert.deepEqual(exchanges.map(({ headers }) => headers.authorization), ["Bearer token-1", "Bearer token-2"]);
});

test("what takes no notice of a signal is not waited for: a key that never comes, a `fetch` that never ends", async () => {
  for (const options of [{ apiKey: () => new Promise(() => {}) }, { fetch: () => new Promise(() => {}) }]) {
    const controller = new AbortController();
    const failing = errorOf(client("http://127.0.0.1:9/v1", options).complete(QUESTION, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    assert.equal((await failing).code, "policy.cancelled");
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
    const slow = client("http://127.0.0.1:9/v1", { ...options, policy: { timeout: "20ms", retry: { maxAttempts: 2, delay: "1ms" } } });
    assert.equal((await errorOf(slow.complete(QUESTION))).code, "policy.timeout");
  }
});

test("headers and further fields go along; `store` stays false", async (t) => {
  const { baseUrl, exchanges } = await service(t, (_, response) => json(response, 200, says.responses.whole("ok")));
  const asked = client(baseUrl, { headers: { "openai-organization": "org" } });
  await asked.complete({ ...QUESTION, extra: { service_tier: "flex" } }, { headers: { traceparent: "00-1" } });
  assert.equal((await errorOf(asked.complete({ ...QUESTION, extra: { store: true } }))).code, "config.invalid");
  const [{ headers, body }] = exchanges;
  assert.deepEqual([headers["openai-organization"], headers.traceparent, body.service_tier, body.store], ["org", "00-1", "flex", false]);
});

test("a provider of one's own: text, answers, and parts", async () => {
  const asked = [];
  const own = {
    name: "echo",
    complete: async (request, { signal, attempt }) => {
      asked.push([request.messages.at(-1).content, signal instanceof AbortSignal, attempt]);
      return request.schema ? { data: { word: "yes", sure: true }, usage: { inputTokens: 3, outputTokens: 4 } } : "Hi!";
    },
    async *stream() {
      yield "Hel";
      yield { type: "text", text: "lo" };
      return { usage: { inputTokens: 1, outputTokens: 2 } };
    },
  };
  const models = new ModelClient({ provider: own });
  const { text, outcome, provenance } = await models.complete(QUESTION);
  assert.deepEqual([text, outcome, provenance.provider, provenance.model], ["Hi!", "completed", "echo", null]);
  assert.deepEqual(asked, [["Hello?", true, 1]]);
  assert.deepEqual((await models.complete({ ...QUESTION, schema: SCHEMA })).data, { word: "yes", sure: true });
  const live = models.stream(QUESTION);
  assert.deepEqual((await partsOf(live)).map(({ text }) => text), ["Hel", "lo"]);
  assert.deepEqual([(await live.answer).text, (await live.answer).usage.totalTokens], ["Hello", 3]);

  let calls = 0;
  const flaky = new ModelClient({ provider: { name: "flaky", complete: () => { if ((calls += 1) < 3) throw Object.assign(new Error("busy"), { status: 503 }); return "ok"; } }, policy: FAST });
  assert.equal((await flaky.complete(QUESTION)).provenance.attempts, 3);
  const odd = (answer) => new ModelClient({ provider: { name: "odd", complete: () => answer }, budgets: { day: { tokens: 1_000_000 } }, policy: { retry: { maxAttempts: 1 } } });
  assert.equal((await errorOf(odd({ text: "", outcome: "weird" }).complete(QUESTION))).code, "ai.malformed");
  const { usage } = await odd({ text: "x", usage: { inputTokens: NaN, outputTokens: -4 } }).complete(QUESTION);
  assert.deepEqual([usage.inputTokens, usage.outputTokens, usage.totalTokens], [0, 0, 0]);
  const wrong = new ModelClient({ provider: { name: "wrong", complete: () => 7 }, policy: { retry: { maxAttempts: 1 } } });
  assert.equal((await errorOf(wrong.complete(QUESTION))).code, "ai.malformed");
});

test("who answers says what they can do", async () => {
  const all = { streaming: true, structuredOutput: true, tools: true, network: true };
  assert.deepEqual(await client("http://x").info(), { name: "openai", ...all });
  const own = new ModelClient({ provider: { name: "own", complete: () => "ok", capabilities: { tools: false } } });
  assert.deepEqual(await own.info(), { name: "own", streaming: false, structuredOutput: true, tools: false, network: false });
  assert.equal((await new ModelClient({ provider: "offline-coach" }).info()).network, false);
});

test("a cassette: what was recorded is answered again, without a network", async (t) => {
  const { baseUrl, exchanges } = await service(t, (_, response) => stream(response, says.responses.stream(["Hel", "lo"])));
  const cassette = { version: 1, exchanges: [] };
  await client(baseUrl, { record: cassette }).stream(QUESTION).answer;
  assert.ok(!JSON.stringify(cassette).includes("sk-test"));
  const kept = JSON.parse(JSON.stringify(cassette));
  const replayed = new ModelClient({ provider: { cassette: kept }, model: "tiny" });
  const live = replayed.stream(QUESTION);
  assert.equal((await partsOf(live)).map(({ text }) => text).join(""), "Hello");
  assert.deepEqual([(await live.answer).usage, (await live.answer).provenance.provider], [SAID_USAGE, "recorded"]);
  assert.equal((await replayed.complete(QUESTION)).text, "Hello");
  const unknown = await errorOf(replayed.complete({ messages: [{ role: "user", content: "Something else" }] }));
  assert.ok(unknown instanceof RepflowError, String(unknown));
  assert.equal(exchanges.length, 1);
});

test("options and questions that are wrong are refused whole", async (t) => {
  const wrong = (options) => assert.throws(() => new ModelClient(options), { code: "config.invalid" });
  wrong({});
  wrong({ baseUrl: 7 });
  wrong({ baseUrl: "http://x", api: "completions" });
  wrong({ baseUrl: "http://x", modell: "tiny" });
  wrong({ provider: { name: "x" } });
  wrong({ provider: "online-coach" });
  wrong({ baseUrl: "http://x", policy: { cache: { ttl: "1s" } } });
  wrong({ baseUrl: "http://x", policy: { retry: { maxAttempts: 0 } } });
  wrong({ baseUrl: "http://x", budgets: { week: { calls: 1 } } });
  wrong({ baseUrl: "http://x", prices: { tiny: { input: -1 } } });
  const { baseUrl, exchanges } = await service(t, (_, response) => json(response, 200, says.responses.whole("ok")));
  const asked = client(baseUrl);
  const circle = {};
  circle.self = circle;
  for (const request of [undefined, {}, { messages: [] }, { messages: [{ role: "user" }] }, { messages: [{ role: "me", content: "x" }] }, { ...QUESTION, temprature: 1 }, { ...QUESTION, temperature: 3 }, { ...QUESTION, extra: circle }, { ...QUESTION, schema: { name: "a b", schema: SCHEMA.schema } }, { ...QUESTION, schema: { name: "a", schema: { type: "object", properties: { a: {} }, required: [], additionalProperties: false } } }]) {
    const error = await errorOf(asked.complete(request));
    assert.deepEqual([error.code, error.problems.length > 0], ["config.invalid", true], JSON.stringify(request?.messages));
  }
  assert.match((await errorOf(asked.complete({ ...QUESTION, temprature: 1 }))).message, /temperature/);
  assert.match((await errorOf(asked.complete({ ...QUESTION, maxOutputTokens: 1.5 }))).message, /maxOutputTokens/);
  // Whoever is asked.
  const own = new ModelClient({ provider: { name: "own", complete: () => "ok" } });
  assert.match((await errorOf(own.complete({ ...QUESTION, temprature: 1 }))).message, /temperature/);
  assert.equal((await errorOf(asked.complete(QUESTION, { usr: "x" }))).code, "config.invalid");
  assert.equal(exchanges.length, 0);
});

test("dispose rejects what is under way, and refuses further use", async (t) => {
  const { baseUrl } = await service(t, () => {});
  const asked = client(baseUrl);
  const waiting = errorOf(asked.complete(QUESTION));
  await new Promise((resolve) => setTimeout(resolve, 50));
  asked.dispose();
  assert.equal((await waiting).code, "internal.disposed");
  assert.equal((await errorOf(asked.complete(QUESTION))).code, "internal.disposed");
});
