// The installed package, once for each file of tests, and what it exports: many workouts, and programmes of them.

import { readFile } from "node:fs/promises";
import { after, test as plainTest } from "node:test";

import { random } from "../api/random.mjs";
import { imported } from "../support.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));

export const { AdvancedWorkflowIntegration, RepflowError } = await imported({ after: (work) => cleanUp.push(work) }, import.meta.url);
export const integration = new AdvancedWorkflowIntegration();

/** What a promise is rejected with. */
export const errorOf = (promise) => promise.then((value) => Promise.reject(new Error(`it gave ${JSON.stringify(value)}`)), (error) => error);

const { exercises } = JSON.parse(await readFile(new URL("../../../src/fitness/data/catalogue.json", import.meta.url), "utf8"));
const EQUIPMENT = [...new Set(exercises.flatMap(({ requires = [] }) => requires))];
const FOCI = ["strength", "hypertrophy", "endurance", "power", "general_fitness", "weight_loss"];

/** `SEED=7 node --test …` makes the same requests again. */
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

/** A test that says which requests were made when it fails. */
export const test = (name, check) =>
  plainTest(name, async (t) => {
    try {
      await check(t);
    } catch (error) {
      error.message = `SEED=${SEED}: ${error.message}`;
      throw error;
    }
  });

/** A function that gives requests, each another. */
function requests() {
  const number = random(SEED);
  const upTo = (most) => Math.floor(number() * (most + 1));
  const oneOf = (list) => list[upTo(list.length - 1)];
  const some = (list, share) => list.filter(() => number() < share);
  return () => ({
    userId: "someone",
    duration: 15 + upTo(75),
    focus: oneOf(FOCI),
    equipment: some(EQUIPMENT, number()),
    fitnessLevel: oneOf(["beginner", "intermediate", "advanced"]),
    injuries: some(["shoulder", "knee", "lower_back", "wrist"], 0.1),
    conditions: some(["beta_blocker", "osteoporosis"], 0.1),
    exercisesRegularly: number() < 0.5,
    seed: upTo(2 ** 32 - 1),
    ...(number() < 0.7 && { age: 18 + upTo(82) }),
    ...(number() < 0.7 && { weightKg: 40 + upTo(110) }),
    ...(number() < 0.6 && { oneRepMaxKg: Object.fromEntries(some(exercises, 0.5).map(({ id }) => [id, 5 + upTo(245)])) }),
  });
}

/** At least this many workouts are exported by each property. */
export const CASES = Number(process.env.REPFLOW_CASES ?? 220);

const next = requests();
const made = [];

/** Workouts of random requests, the same ones for every test of a file; what is no workout is left out. */
export async function workouts(count = CASES) {
  while (made.length < count) {
    const batch = await Promise.allSettled(Array.from({ length: 20 }, () => integration.generateComprehensiveWorkout(next())));
    for (const { status, value, reason } of batch) {
      if (status === "rejected" && reason.code !== "workout.infeasible") throw reason;
      if (status === "fulfilled" && value.status !== "referral") made.push(value);
    }
  }
  return structuredClone(made.slice(0, count));
}

/** A programme of some workouts, `perWeek` of them in each week. */
export function programmeOf(made, perWeek = 3) {
  const weeks = Array.from({ length: Math.ceil(made.length / perWeek) }, (_, week) => ({
    week: week + 1,
    phase: week % 4 === 3 ? "deload" : "accumulation",
    deload: week % 4 === 3,
    pct_1rm: 0.7,
    rir: 2,
    note: "",
    sessions: made.slice(week * perWeek, (week + 1) * perWeek).map((workout, at) => ({
      session_id: `s-${week + 1}-${at + 1}`, day: 1 + 2 * at, workout,
    })),
  }));
  const { user_id, focus, level, notice } = made[0];
  return { status: "ok", programme_id: "p-1", user_id, title: "Twelve weeks", focus, level, days_per_week: perWeek, start_date: "2026-01-05", weeks, notice };
}

/** Texts that a careless writer breaks on. */
export const AWKWARD = [
  "Push, pull; lift\\carry: \"hard\"",
  "Line one\nline two\r\nline three",
  `${"💪🏽🏋️‍♀️ Kraftübung für Größe ".repeat(12)}`,
  "Wörter".repeat(60),
  "=HYPERLINK(\"http://example.com\")",
  "+1", "-1", "@SUM(A1)", "\tTab", "＝1+1",
  "a\\nb \\, \\; \\\\",
  "BEGIN:VEVENT\r\nEND:VCALENDAR",
  "数百の腕立て伏せ".repeat(20),
];

/** A copy with other texts where people or models write. */
export function retold(workout, text) {
  const copy = structuredClone(workout);
  copy.title = text;
  for (const { steps } of copy.blocks) {
    for (const step of steps) Object.assign(step, { name: text, cue: text });
  }
  return copy;
}
