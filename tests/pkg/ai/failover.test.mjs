// The comprehensive workout against aimock, which fails at each level of the chain in turn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { aimock } from "../model-servers.mjs";
import { AdvancedWorkflowIntegration, ModelClient } from "./package.mjs";

const REQUEST = {
  userId: "user123", duration: 30, focus: "strength", equipment: ["dumbbells", "bench"], fitnessLevel: "intermediate",
};
const STEPS = ["analyze", "base", "recommend"];
const rules = new ModelClient({ provider: "offline-coach", cache: false });

/** What a model would answer to the questions of this request, by the words with which each begins. */
async function answers() {
  const told = [];
  const provider = {
    name: "scribe",
    complete: async ({ messages, task, schema }) => {
      const { text } = await rules.complete({ messages, task });
      told.push({ schema: schema.name, system: messages[0].content.slice(0, 40), text });
      return text;
    },
  };
  await new AdvancedWorkflowIntegration({ ai: { provider, chain: [{}] } }).generateComprehensiveWorkout(REQUEST);
  assert.equal(told.length, 3);
  return told;
}

/** Fixtures by which a model answers every question, or is down for those of some schemas. */
const fixtures = (told, { down = {} } = {}) =>
  ["large", "small"].flatMap((model) =>
    told.map(({ schema, system, text }) => ({
      match: { model, predicate: ({ messages }) => messages.some(({ content }) => JSON.stringify(content).includes(JSON.stringify(system).slice(1, -1))) },
      response: down[model]?.includes(schema) ? { error: { message: "down", type: "server_error" }, status: 500 } : { content: text, model },
    })),
  );

for (const api of ["responses", "chat"]) {
  test(`${api}: each level has its turn, the offline coach the last`, async (t) => {
    const told = await answers();
    const all = told.map(({ schema }) => schema);
    const cases = [
      [{}, "large", 0],
      [{ large: all }, "small", 1],
      [{ large: all, small: all }, undefined, 2],
    ];
    const service = await aimock(t, fixturesFile(told));
    const mock = service.mock;
    const use = (down) => {
      mock.clearFixtures();
      mock.addFixtures(fixtures(told, { down }));
    };
    const ai = { baseUrl: service.url, apiKey: "sk-test", api, policy: { retry: { maxAttempts: 1 } }, chain: [{ model: "large" }, { model: "small" }, "cache"], cache: { ttl: "1ms", staleIfError: "1h" } };
    const integration = new AdvancedWorkflowIntegration({ ai });
    for (const [down, model, level] of cases) {
      use(down);
      const events = [];
      const workout = await integration.generateComprehensiveWorkout(REQUEST, { onEvent: (event) => events.push(event) });
      assert.equal(workout.status, "ok");
      assert.equal(workout.safety.status, "pass");
      const { provider, fallback_level, cache } = workout.provenance;
      assert.deepEqual([provider, fallback_level], ["openai", level], JSON.stringify(down));
      if (model !== undefined) assert.deepEqual([workout.provenance.model, cache], [model, null]);
      // What has been known from before answers when both are down.
      else assert.equal(cache, "stale");
      for (const step of STEPS) assert.equal(events.filter(({ type, stepId }) => type === "fallback.started" && stepId === step).length, level, step);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    use({ large: all, small: all });
    const fresh = new AdvancedWorkflowIntegration({ ai });
    const workout = await fresh.generateComprehensiveWorkout(REQUEST);
    assert.deepEqual([workout.provenance.provider, workout.safety.status], ["offline-coach", "pass"]);
    // One step alone may fall, too.
    use({ large: [told.find(({ text }) => text.includes('"exercises"')).schema] });
    const mixed = await new AdvancedWorkflowIntegration({ ai }).generateComprehensiveWorkout(REQUEST);
    assert.deepEqual([mixed.provenance.model, mixed.provenance.fallback_level], ["small", 1]);
    for (const { body } of service.requests()) assert.ok(!JSON.stringify(body).includes(REQUEST.userId), "who it is for is nobody's business");
  });
}

/** Something to begin with; each case brings its own. */
function fixturesFile(told) {
  return [{ match: { userMessage: "nothing" }, response: { content: told[0].text } }];
}
