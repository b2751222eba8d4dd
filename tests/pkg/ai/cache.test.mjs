// What is remembered, for whom, and for how long.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelClient, errorOf } from "./package.mjs";
import { failure, json, says, service } from "./service.mjs";

const ask = (content = "Hello?") => ({ messages: [{ role: "user", content }] });
const client = (baseUrl, options) => new ModelClient({ baseUrl, apiKey: "k", model: "tiny", policy: { retry: { maxAttempts: 1 } }, ...options });
const counting = (t) => service(t, ({ number }, response) => json(response, 200, says.responses.whole(`answer ${number}`)));
const said = async (promise) => {
  const { text, provenance } = await promise;
  return [text, provenance.cache];
};

test("the same question of the same user is answered from memory, and says so", async (t) => {
  const { baseUrl, exchanges } = await counting(t);
  const models = client(baseUrl);
  assert.deepEqual(await said(models.complete(ask(), { user: "ada" })), ["answer 1", null]);
  assert.deepEqual(await said(models.complete(ask(), { user: "ada" })), ["answer 1", "exact"]);
  // The order of keys says nothing.
  assert.deepEqual(await said(models.complete({ model: "tiny", messages: [{ content: "Hello?", role: "user" }] }, { user: "ada" })), ["answer 1", "exact"]);
  const heard = [];
  await models.complete(ask(), { user: "ada", onPart: ({ text }) => heard.push(text) });
  assert.deepEqual([heard, exchanges.length, models.stats().cache.hits.exact], [["answer 1"], 1, 3]);
});

test("never across users, tenants, questions or models, and not at all for nobody", async (t) => {
  const { baseUrl, exchanges } = await counting(t);
  const models = client(baseUrl, { tenant: "north" });
  const texts = [
    await said(models.complete(ask(), { user: "ada" })),
    await said(models.complete(ask(), { user: "grace" })),
    await said(models.complete(ask("Bye?"), { user: "ada" })),
    await said(models.complete({ ...ask(), model: "large" }, { user: "ada" })),
    await said(models.complete({ ...ask(), temperature: 1 }, { user: "ada" })),
    await said(models.complete(ask())),
    await said(models.complete(ask())),
    await said(client(baseUrl, { tenant: "south" }).complete(ask(), { user: "ada" })),
  ];
  assert.deepEqual(texts, texts.map((_, index) => [`answer ${index + 1}`, null]));
  assert.equal(exchanges.length, texts.length);
});

test("what is shared holds nothing personal, and is everybody's", async (t) => {
  const { baseUrl } = await counting(t);
  const models = client(baseUrl);
  assert.deepEqual(await said(models.complete(ask(), { user: "ada", shared: true })), ["answer 1", null]);
  assert.deepEqual(await said(models.complete(ask(), { user: "grace", shared: true })), ["answer 1", "exact"]);
  assert.deepEqual(await said(models.complete(ask(), { shared: true })), ["answer 1", "exact"]);
  assert.deepEqual(await said(models.complete(ask(), { user: "ada" })), ["answer 2", null]);
});

test("those who ask at the same time share the work, and each may give up", async (t) => {
  const { baseUrl, exchanges } = await service(t, async ({ number }, response) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    json(response, 200, says.responses.whole(`answer ${number}`));
  });
  const models = client(baseUrl);
  const controller = new AbortController();
  const first = models.complete(ask(), { user: "ada", signal: controller.signal });
  const others = [1, 2, 3].map(() => models.complete(ask(), { user: "ada" }));
  setTimeout(() => controller.abort(), 20);
  assert.equal((await errorOf(first)).code, "policy.cancelled");
  assert.deepEqual((await Promise.all(others)).map(({ text }) => text), ["answer 1", "answer 1", "answer 1"]);
  assert.equal(exchanges.length, 1);
});

test("an answer is good for its time; failures are not kept", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ number }, response) =>
    number === 2 ? failure(response, 500, { message: "down" }) : json(response, 200, says.responses.whole(`answer ${number}`)),
  );
  const models = client(baseUrl, { cache: { ttl: "40ms", staleIfError: "1h" } });
  await models.complete(ask(), { user: "ada" });
  await new Promise((resolve) => setTimeout(resolve, 60));
  // What is past its time is only for who asks for it: the level "cache" of a chain.
  assert.equal((await errorOf(models.complete(ask(), { user: "ada" }))).code, "ai.unavailable");
  assert.deepEqual(await said(models.complete(ask(), { user: "ada" })), ["answer 3", null]);
  assert.equal(exchanges.length, 3);
  const none = client(baseUrl, { cache: false });
  await none.complete(ask(), { user: "ada" });
  await none.complete(ask(), { user: "ada" });
  assert.equal(exchanges.length, 5);
});

test("what cannot be used is not kept", async (t) => {
  const { baseUrl, exchanges } = await service(t, ({ number }, response) =>
    json(response, 200, number === 1 ? says.responses.whole("Hal", { status: "incomplete", incomplete: "max_output_tokens" }) : says.responses.whole("Hallo")),
  );
  const models = client(baseUrl);
  assert.equal((await models.complete(ask(), { user: "ada" })).outcome, "length");
  assert.deepEqual(await said(models.complete(ask(), { user: "ada" })), ["Hallo", null]);
  assert.equal(exchanges.length, 2);
});

test("what is kept is nobody's to change", async (t) => {
  const { baseUrl } = await counting(t);
  const models = client(baseUrl);
  for (let count = 0; count < 3; count += 1) {
    const answer = await models.complete(ask(), { user: "ada" });
    assert.deepEqual([answer.text, answer.provenance.touched], ["answer 1", undefined]);
    answer.text = "changed";
    answer.provenance.touched = true;
  }
});
