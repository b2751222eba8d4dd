// In a real browser, through a proxy on the page's own origin: llmock's verdict on the client, and where a key may be.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";

import { startServer } from "../../../www/server.mjs";
import { llmock } from "../model-servers.mjs";
import { launch, project } from "../support.mjs";

const cleanUp = [];
after(async () => {
  for (const work of cleanUp.reverse()) await work();
});
const t = { after: (work) => cleanUp.push(work) };
const KEY = "sk-of-the-server-0123456789";
const service = await llmock(t);
const pkg = join(await project(t, import.meta.url), "node_modules/repflow");
const server = await startServer({ pkg, ai: { baseUrl: service.url, key: KEY } });
cleanUp.push(() => server.close());
const page = await (await launch(t)).newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(`${error}`));
await page.goto(server.url);

let asked = 0;
/** Asks from within the page; gives what came, or the error. */
const ask = (way, options = {}) =>
  page.evaluate(
    async ({ way, options, number }) => {
      const { ModelClient } = await import("/pkg/entry-browser.js");
      const { policy, ...more } = options;
      const models = new ModelClient({ model: "m", policy: { retry: { maxAttempts: 4, delay: "100ms", jitter: "none" }, ...policy }, ...more });
      const question = { messages: [{ role: "user", content: `Question ${number}?` }] };
      try {
        const live = way === "whole" ? undefined : models.stream(question, { restarts: way === "restarting" });
        const parts = [];
        if (live !== undefined) for await (const { text } of live) parts.push(text);
        const { text, provenance } = await (live?.answer ?? models.complete(question));
        return { text, parts: parts.length, attempts: provenance.attempts };
      } catch (error) {
        return { code: error.code, status: error.status, message: error.message, retryAfterMs: error.retryAfterMs };
      }
    },
    { way, options, number: (asked += 1) },
  );

const REPLY = { type: "reply", text: "one two three four five six seven eight".repeat(2_500) };

for (const api of ["responses", "chat"]) {
  for (const way of ["whole", "parts", "restarting"]) {
    test(`${api}, ${way}: no finding`, async () => {
      await service.reset();
      await service.scenario({ type: "fail", status: 429, retry_after: 0.3, times: 2 });
      assert.equal((await ask(way, { api })).attempts, 3);
      await service.assertVerdict({ calls: 1, attempts: 3, faults: 2 });

      await service.reset();
      await service.scenario({ type: "fail", status: 500, times: 3 });
      assert.equal((await ask(way, { api })).attempts, 4);
      await service.assertVerdict({ calls: 1, attempts: 4, faults: 3 });

      for (const status of [400, 401, 404]) {
        await service.reset();
        await service.scenario({ type: "fail", status });
        assert.equal((await ask(way, { api })).status, status);
        await service.assertVerdict({ calls: 1, attempts: 1, faults: 1 });
      }

      await service.reset();
      await service.scenario({ type: "fail", status: 429, retry_after: 3_600 });
      const { code, retryAfterMs } = await ask(way, { api });
      assert.deepEqual([code, retryAfterMs], ["ai.rate_limited", 3_600_000]);
    });
  }

  for (const kind of ["truncate", "disconnect", "malformed"]) {
    test(`${api}: a stream that breaks: ${kind}`, async () => {
      await service.reset();
      await service.scenario(REPLY, { type: "stream_fault", kind, after_chunks: 7 });
      const { text, attempts } = await ask("restarting", { api });
      assert.ok(text);
      assert.equal(attempts, 2);
      await service.assertVerdict({ calls: 1, attempts: 2, faults: 1 });
      await service.reset();
      await service.scenario(REPLY, { type: "stream_fault", kind, after_chunks: 7 });
      const { code } = await ask("parts", { api });
      assert.ok(["ai.truncated", "ai.connection", "ai.malformed"].includes(code), code);
    });
  }

  test(`${api}: a stream that stalls is not sat through`, async () => {
    await service.reset();
    await service.scenario(REPLY, { type: "stream_fault", kind: "stall", after_chunks: 1, stall_seconds: 3 });
    assert.equal((await ask("parts", { api, idleTimeout: "500ms" })).attempts, 2);
    await service.assertVerdict({ calls: 1, attempts: 2, faults: 1 });
  });
}

test("an answer comes in parts, and the key is the server's alone", async () => {
  await service.reset();
  await service.scenario({ type: "reply", text: "one two three" });
  const seen = [];
  page.on("request", (request) => seen.push(request));
  const { text, parts } = await ask("parts");
  assert.ok(text.length > 0 && parts > 1, `${parts} parts`);
  const [request] = seen.filter((request) => new URL(request.url()).pathname.startsWith("/ai/v1"));
  assert.equal(new URL(request.url()).origin, new URL(server.url).origin);
  assert.equal((await request.allHeaders()).authorization, undefined);
  assert.ok(!(await page.content()).includes(KEY));
});

test("a key in a page is refused, and the proxy is shown; who insists is let", async () => {
  const told = await page.evaluate(async () => {
    const { ModelClient } = await import("/pkg/entry-browser.js");
    const code = (options) => {
      try {
        new ModelClient(options);
        return "made";
      } catch (error) {
        return `${error.code}: ${error.message}`;
      }
    };
    return [code({ apiKey: "sk-1" }), code({ apiKey: () => "sk-1" }), code({ apiKey: "sk-1", dangerouslyAllowBrowser: true }), code({})];
  });
  for (const refused of told.slice(0, 2)) assert.match(refused, /^config\.invalid: .*proxy.*dangerouslyAllowBrowser/s);
  assert.deepEqual(told.slice(2), ["made", "made"]);
});

test("the coach in a page asks the model, and the offline coach answers when it makes no sense", async () => {
  await service.reset();
  const { status, provider, asked } = await page.evaluate(async () => {
    const { AdvancedWorkflowIntegration } = await import("/pkg/entry-browser.js");
    const integration = new AdvancedWorkflowIntegration({ ai: { model: "m", policy: { retry: { maxAttempts: 1 } } } });
    const workout = await integration.generateComprehensiveWorkout({
      userId: "user123", duration: 30, focus: "strength", equipment: ["dumbbells", "bench"], fitnessLevel: "intermediate",
    });
    return { status: workout.status, provider: workout.provenance.provider, asked: integration.models.stats().calls };
  });
  assert.deepEqual([status, provider], ["ok", "offline-coach"]);
  assert.ok(asked >= 3, `${asked}`);
  assert.deepEqual(complaints, []);
});
