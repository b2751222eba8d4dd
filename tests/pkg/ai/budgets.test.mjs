// Budgets are hard: checked before a question with an estimate, and after it with the figure.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelClient, errorOf } from "./package.mjs";
import { failure, json, says, service, stream } from "./service.mjs";

const ask = (content = "Hello?") => ({ messages: [{ role: "user", content }], maxOutputTokens: 20 });
const client = (baseUrl, options) => new ModelClient({ baseUrl, apiKey: "k", model: "tiny", api: "chat", cache: false, ...options });
const answering = (t, usage) =>
  service(t, (_, response) => json(response, 200, { ...says.chat.whole("Hi!"), ...(usage && { usage: { prompt_tokens: usage[0], completion_tokens: usage[1], total_tokens: usage[0] + usage[1] } }) }));

/** Everything that was spent, by scope and whom. */
const spent = (models) => Object.fromEntries(models.snapshot().spent);

test("100 questions at once never spend more than there is, whatever they come to", async (t) => {
  for (const [budget, unit] of [[{ calls: 13 }, "calls"], [{ tokens: 900 }, "tokens"], [{ cost: 0.001 }, "cost"]]) {
    const { baseUrl, exchanges } = await service(t, async ({ number }, response) => {
      await new Promise((resolve) => setTimeout(resolve, (number * 7) % 20));
      json(response, 200, { ...says.chat.whole("Hi!"), usage: { prompt_tokens: 5 + (number % 9), completion_tokens: number % 21, total_tokens: 0 } });
    });
    const models = client(baseUrl, { budgets: { day: budget }, prices: { tiny: { input: 1, output: 2 } } });
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => models.complete(ask(`Question ${index}`), { runId: `r${index}`, user: `u${index}` })));
    const done = outcomes.filter(({ status }) => status === "fulfilled");
    const refused = outcomes.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
    assert.ok(done.length > 5 && refused.length > 5, `${unit}: ${done.length} done, ${refused.length} refused`);
    assert.deepEqual([...new Set(refused.map(({ code, kind }) => `${code} ${kind}`))], ["ai.budget_exceeded exhausted"]);
    assert.equal(exchanges.length, done.length);
    const sums = Object.values(spent(models))[0];
    assert.ok(sums[unit] <= budget[unit] + 1e-12, `${unit}: ${sums[unit]}`);
    // What was reserved has been replaced by what it came to.
    const tokens = done.reduce((sum, { value: { usage } }) => sum + usage.inputTokens + usage.outputTokens, 0);
    assert.deepEqual([sums.calls, sums.tokens], [done.length, tokens]);
  }
});

test("100 parallel runs have a budget each", async (t) => {
  const { baseUrl } = await answering(t);
  const models = client(baseUrl, { budgets: { run: { calls: 2 } } });
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, index) => models.complete(ask(), { runId: `run-${index % 100}` }).then(() => "done", ({ code }) => code)),
  );
  assert.equal(outcomes.filter((outcome) => outcome === "done").length, 200);
  assert.equal(outcomes.filter((outcome) => outcome === "ai.budget_exceeded").length, 100);
});

test("budgets of users are apart, and of a question that lacks what they count by nobody knows", async (t) => {
  const { baseUrl } = await answering(t);
  const models = client(baseUrl, { budgets: { user: { calls: 1 } } });
  await models.complete(ask(), { user: "ada" });
  assert.equal((await errorOf(models.complete(ask("Again?"), { user: "ada" }))).code, "ai.budget_exceeded");
  await models.complete(ask(), { user: "grace" });
  const error = await errorOf(models.complete(ask()));
  assert.deepEqual([error.code, /`user` is missing/.test(error.message)], ["config.invalid", true]);
});

test("every attempt is a call; what a service refused cost no tokens; what broke off cost what it may have", async (t) => {
  const { baseUrl } = await service(t, ({ number }, response) => {
    if (number === 1) return failure(response, 500, { message: "again" });
    if (number === 2) return stream(response, says.chat.stream(["H"], { finish: null, done: false }));
    json(response, 200, says.chat.whole("ok"));
  });
  const models = client(baseUrl, { budgets: { day: { calls: 10 } }, policy: { retry: { maxAttempts: 3, delay: "1ms" } } });
  await errorOf(models.stream(ask()).answer);
  const [{ calls, tokens }] = Object.values(spent(models));
  assert.equal(calls, 2);
  assert.ok(tokens > 20 && tokens < 100, `${tokens}`);
  assert.equal(models.stats().attempts, 2);
});

test("cost is by the price of the model, cached tokens by theirs; a budget of cost needs prices", async (t) => {
  const { baseUrl } = await answering(t);
  const prices = { tiny: { input: 2, output: 10, cachedInput: 0.5 } };
  const { cost } = await client(baseUrl, { prices }).complete(ask());
  assert.ok(Math.abs(cost - (7 * 2 + 4 * 0.5 + 7 * 10) / 1e6) < 1e-15, `${cost}`);
  assert.equal((await client(baseUrl, { prices }).complete({ ...ask(), model: "other" })).cost, undefined);
  const error = await errorOf(client(baseUrl, { budgets: { day: { cost: 1 } }, prices }).complete({ ...ask(), model: "other" }));
  assert.equal(error.code, "config.invalid");
});

test("what was spent outlives a reload", async (t) => {
  const { baseUrl } = await answering(t);
  const first = client(baseUrl, { budgets: { day: { calls: 2 } } });
  await first.complete(ask());
  const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
  const next = client(baseUrl, { budgets: { day: { calls: 2 } }, snapshot });
  await next.complete(ask());
  assert.equal((await errorOf(next.complete(ask()))).code, "ai.budget_exceeded");
  assert.deepEqual(client(baseUrl, { snapshot }).snapshot(), snapshot);
});

test("where something is bounded, an answer is too, although nobody said how long it may be", async (t) => {
  const { baseUrl, exchanges } = await answering(t);
  await client(baseUrl, { budgets: { day: { tokens: 100_000 } } }).complete({ messages: ask().messages });
  assert.equal(exchanges[0].body.max_completion_tokens, 4_096);
});
