// Thousands of random requests to each workflow, through the package: whatever is asked, the answer is correct or an honest refusal.
//
// `REPFLOW_CASES` says how many of each; a failure says its seed, and `SEED=…` asks the same again.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Validator } from "@cfworker/json-schema";

import { random } from "../api/random.mjs";
import { AdvancedWorkflowIntegration } from "./package.mjs";
import { Draw } from "./requests.mjs";

const CASES = Number(process.env.REPFLOW_CASES ?? 5000);
const schema = JSON.parse(await readFile(new URL("../../../pkg-template/coach.schema.json", import.meta.url), "utf8"));
const validators = new Map();

/** D2: what comes back is what is published; no number is anything but a number. */
function assertIsPublished(name, value) {
  if (!validators.has(name)) validators.set(name, new Validator({ ...schema, $ref: `#/$defs/${name}` }, "2020-12"));
  const { valid, errors } = validators.get(name).validate(value);
  assert.ok(valid, JSON.stringify(errors.slice(-2)));
  assert.deepEqual(JSON.parse(JSON.stringify(value)), value, "it is not plain data");
}

const coach = new AdvancedWorkflowIntegration();

/** What a workflow gives, or nothing where it refuses for a reason that it may have. */
async function asked(promise) {
  try {
    return await promise;
  } catch (error) {
    assert.equal(error.code, "workout.infeasible", `${error.stack}`);
    assert.ok(!error.message.includes("breaks"), error.message);
    return undefined;
  }
}

/** Asks `cases` times; a share of the answers is asked for twice, and looked at by the schema. */
function campaign(name, cases, { draw, ask, type, check }) {
  test(`${name}: ${cases} random requests`, async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
    const it = new Draw(random(seed));
    let answered = 0;
    for (let place = 0; place < cases; place += 1) {
      const request = draw(it);
      try {
        const answer = await asked(ask(request));
        if (answer === undefined) continue;
        answered += 1;
        await check(answer, request);
        if (place % 20 > 0) continue;
        assertIsPublished(type, answer);
        assert.deepEqual(await ask(structuredClone(request)), answer, "the same request gives something else");
      } catch (error) {
        error.message = `SEED=${seed}, case ${place}, ${JSON.stringify(request)}: ${error.message}`;
        throw error;
      }
    }
    assert.ok(answered > cases * 0.6, `only ${answered} of ${cases} were answered`);
  });
}

/** A referral has no training, whatever else was asked. */
const isReferral = ({ status }) => status === "referral";

campaign("comprehensive workout", CASES, {
  draw: (it) => it.workout(),
  ask: (request) => coach.generateComprehensiveWorkout(request),
  type: "Workout",
  check: async (workout, request) => {
    assert.deepEqual(await coach.checkWorkout(workout, request), []);
    if ((request.symptoms ?? []).length > 0) assert.ok(isReferral(workout) && workout.blocks.length === 0);
  },
});

campaign("real-time adaptation", CASES, {
  draw: (it) => it.situation(),
  ask: (situation) => coach.adaptWorkoutInRealTime(situation),
  type: "Adaptation",
  check: async (adaptation, situation) => {
    assert.deepEqual(await coach.checkAdaptation(adaptation, situation), []);
    if ((situation.userFeedback?.symptoms ?? []).length > 0) assert.equal(adaptation.decision, "stop");
    // A1: more fatigue never gives more.
    const { performanceData } = situation;
    const worse = { ...situation, performanceData: { ...performanceData, fatigue: Math.min(1, performanceData.fatigue + 0.2) } };
    const order = ["stop", "strong_cut", "cut", "hold", "progress"];
    const { decision } = await coach.bus.request("workout-adaptation", "adapt", worse);
    assert.ok(order.indexOf(decision) <= order.indexOf(adaptation.decision), `${decision} after ${adaptation.decision}`);
  },
});

campaign("progressive programme", CASES, {
  draw: (it) => it.programme(),
  ask: (request) => coach.createProgressiveProgram(request),
  type: "Programme",
  check: async (programme, request) => {
    assert.deepEqual(await coach.checkProgram(programme, request), []);
    if ((request.symptoms ?? []).length > 0) assert.ok(isReferral(programme) && programme.weeks.length === 0);
  },
});

campaign("group workout", CASES, {
  draw: (it) => it.group(),
  ask: (request) => coach.createGroupWorkout(request),
  type: "GroupWorkout",
  check: async (group, request) => {
    assert.deepEqual(await coach.checkGroupWorkout(group, request), []);
    for (const { userId, symptoms = [] } of request.participants) {
      if (symptoms.length > 0) assert.ok(group.excluded.some(({ user_id }) => user_id === userId));
    }
  },
});
