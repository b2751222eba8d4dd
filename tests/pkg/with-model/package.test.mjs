// The package with a real model on this machine. Only the shape of what it says is looked at: a model this small talks
// nonsense, and the workout has to be right all the same.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { localModel } from "../model-servers.mjs";
import { imported } from "../support.mjs";

const cleanUp = [];
after(async () => {
  for (const work of cleanUp.reverse()) await work();
});
const t = { after: (work) => cleanUp.push(work) };
const { AdvancedWorkflowIntegration, ModelClient } = await imported(t, import.meta.url);
const { url, model } = await localModel(t);
const client = (api, options) => new ModelClient({ baseUrl: url, model, api, policy: { timeout: "4m", totalTimeout: "5m", retry: { maxAttempts: 1 } }, ...options });
const messages = [{ role: "user", content: "Name one exercise for the legs." }];
const schema = {
  type: "object",
  properties: { exercise: { type: "string" }, sets: { type: "integer" } },
  required: ["exercise", "sets"],
  additionalProperties: false,
};

test("the model is in the list", async () => {
  assert.ok((await client("chat").models()).includes(model));
});

for (const api of ["responses", "chat"]) {
  test(`${api}: whole and in parts, with usage`, async () => {
    const whole = await client(api).complete({ messages, maxOutputTokens: 12 });
    assert.ok(["completed", "length"].includes(whole.outcome), whole.outcome);
    assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0 && whole.usage.outputTokens <= 12);
    const live = client(api).stream({ messages, maxOutputTokens: 12 });
    const parts = [];
    for await (const { text } of live) parts.push(text);
    const { text, usage } = await live.answer;
    assert.ok(parts.length > 1);
    assert.equal(parts.join(""), text);
    assert.ok(usage.outputTokens > 0 && usage.outputTokens <= 12);
  });
}

test("chat: JSON that follows a schema, typed while it comes", async () => {
  const live = client("chat").stream({ messages, maxOutputTokens: 80, schema: { name: "exercise", schema } });
  const seen = [];
  for await (const part of live) seen.push(part.partial);
  const { outcome, data } = await live.answer;
  if (outcome !== "length") {
    assert.equal(outcome, "completed");
    assert.deepEqual(Object.keys(data).sort(), ["exercise", "sets"]);
  }
  assert.ok(seen.some((partial) => typeof partial?.exercise === "string"));
});

test("Responses: a server that takes no notice of the schema is found out", async () => {
  const { outcome } = await client("responses").complete({ messages, maxOutputTokens: 20, schema: { name: "exercise", schema } });
  assert.ok(["completed", "invalid", "length"].includes(outcome), outcome);
});

for (const api of ["chat", "responses"]) {
  test(`${api}: the comprehensive workout passes every check, whatever the model says`, { timeout: 600_000 }, async () => {
    const events = [];
    const integration = new AdvancedWorkflowIntegration({ ai: { client: client(api), chain: [{}], levelTimeout: "4m" } });
    const workout = await integration.generateComprehensiveWorkout(
      { userId: "user123", duration: 30, focus: "strength", equipment: ["dumbbells", "bench"], fitnessLevel: "intermediate" },
      { onEvent: (event) => events.push(event) },
    );
    assert.equal(workout.status, "ok");
    assert.deepEqual([workout.safety.status, workout.safety.violations], ["pass", []], JSON.stringify(workout.safety));
    assert.ok(Math.abs(workout.totals.duration_s - 1_800) <= 180);
    assert.ok(["openai", "offline-coach"].includes(workout.provenance.provider));
    assert.ok(integration.models.stats().calls >= 2);
    assert.ok(events.some(({ type }) => type === "step.progress"), "nothing came while it thought");
  });
}
