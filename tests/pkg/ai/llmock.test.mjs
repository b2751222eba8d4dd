// A verdict on the client by somebody else: llmock fails as it is told, and judges from the wire how that was taken.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { llmock } from "../model-servers.mjs";
import { ModelClient, errorOf } from "./package.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));
const service = await llmock({ after: (work) => cleanUp.push(work) });

let asked = 0;
/** A question that nobody has asked before: llmock takes the same one for a retry. */
const question = () => ({ messages: [{ role: "user", content: `Question ${(asked += 1)}: what is good for the legs?` }] });
const client = (api, options) =>
  new ModelClient({ baseUrl: service.url, apiKey: "sk-test", model: "m", api, policy: { retry: { maxAttempts: 4, delay: "100ms", jitter: "none" } }, ...options });

/** Ways to ask: as a whole, as parts, and as parts that may begin anew. */
const WAYS = {
  whole: (models) => models.complete(question()),
  parts: (models) => models.stream(question()).answer,
  restarting: (models) => models.stream(question(), { restarts: true }).answer,
};

const TEXT = "one two three four five six seven eight";
/** Long enough that a stream is given up before all of it has left: what has been sent whole, llmock takes for read. */
const REPLY = { type: "reply", text: TEXT.repeat(2_500) };

for (const api of ["responses", "chat"]) {
  for (const [way, ask] of Object.entries(WAYS)) {
    test(`${api}, ${way}: waits as long as it is told, and no longer asks who has said no`, async () => {
      await service.reset();
      await service.scenario({ type: "fail", status: 429, retry_after: 0.3, times: 2 });
      assert.ok((await ask(client(api))).text);
      await service.assertVerdict({ calls: 1, attempts: 3, faults: 2 });

      for (const status of [400, 401, 403, 404, 422]) {
        await service.reset();
        await service.scenario({ type: "fail", status });
        const error = await errorOf(ask(client(api)));
        assert.deepEqual([error.status, error.retryable], [status, false]);
        await service.assertVerdict({ calls: 1, attempts: 1, faults: 1 });
      }
    });

    test(`${api}, ${way}: backs off from a service in trouble, and does not storm it`, async () => {
      for (const status of [408, 409, 500, 502]) {
        await service.reset();
        await service.scenario({ type: "fail", status, times: 3 });
        assert.ok((await ask(client(api))).text);
        await service.assertVerdict({ calls: 1, attempts: 4, faults: 3 });
      }
      await service.reset();
      await service.scenario({ type: "fail", status: 500, times: null });
      assert.equal((await errorOf(ask(client(api)))).code, "ai.unavailable");
      const { passed, attempts, findings } = await service.verdict();
      assert.deepEqual([passed, attempts, findings], [true, 4, []]);
    });

    test(`${api}, ${way}: 503 and 529 say when`, async () => {
      for (const status of [503, 529]) {
        await service.reset();
        await service.scenario({ type: "fail", status, retry_after: 0.2 });
        assert.ok((await ask(client(api))).text);
        await service.assertVerdict({ calls: 1, attempts: 2, faults: 1 });
      }
    });
  }

  for (const kind of ["truncate", "disconnect", "malformed"]) {
    test(`${api}: a stream that breaks before anything was said is asked again: ${kind}`, async () => {
      await service.reset();
      await service.scenario(REPLY, { type: "stream_fault", kind, after_chunks: 1 });
      assert.ok((await WAYS.parts(client(api))).text);
      await service.assertVerdict({ calls: 1, attempts: 2, faults: 1 });
    });

    test(`${api}: a stream that breaks in the middle begins anew where it may: ${kind}`, async () => {
      await service.reset();
      await service.scenario(REPLY, { type: "stream_fault", kind, after_chunks: 7 });
      const parts = [];
      const live = client(api).stream(question(), { restarts: true });
      for await (const part of live) parts.push(part);
      const { text, provenance } = await live.answer;
      assert.equal(provenance.attempts, 2);
      assert.equal(parts.filter(({ attempt }) => attempt === 2).map((part) => part.text).join(""), text);
      assert.ok(parts.some(({ attempt }) => attempt === 1));
      await service.assertVerdict({ calls: 1, attempts: 2, faults: 1 });
    });
  }

  test(`${api}: a stream that breaks in the middle is an error for whom has seen it, and is never taken for whole`, async () => {
    const codes = { truncate: "ai.truncated", disconnect: "ai.connection", malformed: "ai.malformed" };
    for (const [kind, code] of Object.entries(codes)) {
      await service.reset();
      await service.scenario(REPLY, { type: "stream_fault", kind, after_chunks: 7 });
      const live = client(api).stream(question());
      const seen = [];
      const error = await errorOf((async () => { for await (const { text } of live) seen.push(text); })());
      assert.deepEqual([error.code, seen.length > 0], [code, true], kind);
      const { attempts } = await service.verdict();
      assert.equal(attempts, 1);
    }
  });

  test(`${api}: a stream that stalls is not sat through`, async () => {
    await service.reset();
    await service.scenario(REPLY, { type: "stream_fault", kind: "stall", after_chunks: 1, stall_seconds: 3 });
    assert.ok((await WAYS.parts(client(api, { idleTimeout: "500ms" }))).text);
    await service.assertVerdict({ calls: 1, attempts: 2, faults: 1 });
  });

  test(`${api}: 20 questions at once through the same trouble`, async () => {
    await service.reset();
    await service.scenario({ type: "fail", status: 500, times: 10 }, { type: "fail", status: 429, retry_after: 0.4, times: 10 });
    const models = client(api, { policy: { retry: { maxAttempts: 8, delay: "100ms", jitter: "none" } } });
    const texts = await Promise.all(Array.from({ length: 20 }, () => WAYS.whole(models).then(({ text }) => text)));
    assert.ok(texts.every(Boolean));
    await service.assertVerdict({ calls: 20, attempts: 40, faults: 20 });
  });
}
