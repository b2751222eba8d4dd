// What is refused, and what all formats have in common.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { project } from "../support.mjs";
import { RepflowError, errorOf, integration, programmeOf, test, workouts } from "./package.mjs";

const FORMATS = ["fit", "ics", "csv", "jsonld"];
const START = { startDate: "2026-01-05" };
const pointersOf = ({ problems }) => problems.map(({ pointer }) => pointer).sort();
const [workout] = await workouts(1);
const programme = programmeOf([workout]);

test("what is no format, and options that are none, are named together", async () => {
  const options = { createdAt: "yesterday", startDate: "2026-02-30", time: "7:00", timeZone: "Mars/Base", color: "red" };
  for (const refused of [integration.exportWorkout(workout, "icx", options), integration.exportProgram(programme, "icx", options)]) {
    const error = await errorOf(refused);
    assert.ok(error instanceof RepflowError);
    assert.deepEqual([error.code, error.kind], ["config.invalid", "validation"]);
    assert.deepEqual(pointersOf(error), ["/color", "/createdAt", "/format", "/startDate", "/time", "/timeZone"]);
    assert.match(error.message, /`format` must be `fit`, `ics`, `csv`, `jsonld`, not `icx`/);
  }
});

test("an option that cannot be used is refused, whatever it is", async () => {
  const wrong = {
    createdAt: [1, "2026-01-01", "2026-13-01T00:00:00Z", "1999-12-31T23:59:59Z", "2026-01-01T00:00:00", {}, Number.NaN],
    startDate: [20260105, "2026-1-5", "2026-02-29", "1999-12-31", "12026-01-05", "2026-01-05T00:00:00Z", ["2026-01-05"]],
    time: ["24:00", "07:60", "0700", 7, ["07:00"]],
    timeZone: ["", "Nowhere", 1, {}],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const error = await errorOf(integration.exportWorkout(workout, "ics", { ...START, [name]: value }));
      assert.deepEqual([error.code, pointersOf(error)], ["config.invalid", [`/${name}`]], `${name}: ${JSON.stringify(value)}`);
    }
  }
  for (const options of [null, 1, "07:00"]) assert.equal((await errorOf(integration.exportWorkout(workout, "csv", options))).code, "config.invalid");
  for (const format of [undefined, null, {}, ["csv"], "toString", "__proto__", Symbol("csv")]) {
    assert.equal((await errorOf(integration.exportWorkout(workout, format))).code, "config.invalid");
  }
});

test("options that are not given are as if they were absent", async () => {
  const options = { createdAt: undefined, time: undefined, timeZone: undefined };
  assert.equal(await integration.exportProgram(programme, "ics", { ...options, startDate: undefined }), await integration.exportProgram(programme, "ics"));
  assert.equal(await integration.exportWorkout(workout, "ics", { ...options, ...START }), await integration.exportWorkout(workout, "ics", START));
});

test("what is no workout is refused by every format, and every problem is named", async () => {
  const broken = structuredClone(workout);
  const step = broken.blocks[0].steps[0];
  delete broken.title;
  broken.blocks[1].rounds = 0;
  broken.totals.duration_s = 1.5;
  Object.assign(step, { name: 7, goal: { type: "laps", min: -1, max: 0 }, per_side: "no" });
  step.target.weight_kg = Number.NaN;
  const expected = [
    "/blocks/0/steps/0/goal/max", "/blocks/0/steps/0/goal/min", "/blocks/0/steps/0/goal/type", "/blocks/0/steps/0/name",
    "/blocks/0/steps/0/per_side", "/blocks/0/steps/0/target/weight_kg", "/blocks/1/rounds", "/title", "/totals/duration_s",
  ];
  for (const format of FORMATS) {
    const error = await errorOf(integration.exportWorkout(broken, format, START));
    assert.deepEqual([error.code, error.kind], ["workout.invalid", "validation"]);
    assert.deepEqual(pointersOf(error), expected);
    const within = await errorOf(integration.exportProgram(programmeOf([broken]), format));
    assert.deepEqual(pointersOf(within).filter((pointer) => pointer.includes("/workout/")), expected.map((it) => `/weeks/0/sessions/0/workout${it}`));
  }
});

test("nothing at all is refused, and never anything but with the package's own error", async () => {
  const nothing = [undefined, null, 1, "workout", [], {}, () => {}, { blocks: [] }, { ...workout, blocks: [] }, { ...workout, blocks: [null] }, { ...workout, totals: null }];
  for (const format of FORMATS) {
    for (const it of nothing) {
      assert.equal((await errorOf(integration.exportWorkout(it, format, START))).code, "workout.invalid");
      assert.equal((await errorOf(integration.exportProgram(it, format, START))).code, "workout.invalid");
    }
    const many = { ...workout, blocks: Array(101).fill(workout.blocks[0]) };
    assert.equal((await errorOf(integration.exportWorkout(many, format, START))).code, "workout.invalid");
  }
});

test("any one thing that is missing or of another kind gives an export or the package's error", async () => {
  const paths = [];
  const walk = (value, path) => {
    if (path.length > 0) paths.push(path);
    if (typeof value === "object" && value !== null) for (const key of Object.keys(value)) walk(value[key], [...path, key]);
  };
  const { status, workout_id, title, focus, level, blocks, totals, notice } = workout;
  const small = { status, workout_id, title, focus, level, blocks: blocks.slice(0, 2), totals, notice };
  walk(small, []);
  for (const path of paths) {
    for (const value of [undefined, null, -1, 1e9, "", "text", [], {}, true]) {
      const copy = structuredClone(small);
      path.slice(0, -1).reduce((it, key) => it[key], copy)[path.at(-1)] = value;
      for (const format of FORMATS) {
        await integration.exportWorkout(copy, format, START).catch((error) => assert.equal(error.code, "workout.invalid", `${path}: ${error.stack}`));
      }
    }
  }
});

test("sets are the rounds of their block, and a goal has its lower end first", async () => {
  const odd = structuredClone(workout);
  odd.blocks[0].steps[0].sets += 1;
  odd.blocks[0].steps[1].goal.min = odd.blocks[0].steps[1].goal.max + 1;
  const error = await errorOf(integration.exportWorkout(odd, "csv"));
  assert.deepEqual(pointersOf(error), ["/blocks/0/steps/0/sets", "/blocks/0/steps/1/goal/min"]);
});

test("what need not be known may be absent, or nothing, but not anything", async () => {
  for (const [key, values] of Object.entries({ tempo_s: [-1, "4"], weight_kg: [-1, "20", Infinity], rir: [true], hr_zone: [5, [], { min_bpm: 100 }, { min_bpm: "a", max_bpm: 1 }] })) {
    const copy = structuredClone(workout);
    const step = copy.blocks[1].steps[0];
    const owner = key === "tempo_s" ? step : step.target;
    for (const nothing of [undefined, null]) {
      owner[key] = nothing;
      for (const format of FORMATS) await integration.exportWorkout(copy, format, START);
    }
    for (const value of values) {
      owner[key] = value;
      const error = await errorOf(integration.exportWorkout(copy, "csv"));
      assert.deepEqual(pointersOf(error), [`/blocks/1/steps/0/${owner === step ? "" : "target/"}${key}`], `${key}: ${value}`);
    }
  }
});

test("a referral is not exported, and the error says why", async () => {
  const referral = await integration.generateComprehensiveWorkout({
    userId: "someone", duration: 30, focus: "strength", equipment: [], fitnessLevel: "beginner", symptoms: ["chest_pain"],
  });
  assert.equal(referral.status, "referral");
  for (const format of FORMATS) {
    const error = await errorOf(integration.exportWorkout(referral, format, START));
    assert.deepEqual([error.code, pointersOf(error)], ["workout.invalid", ["/status"]]);
    assert.match(error.message, /see a doctor/);
    const within = await errorOf(integration.exportProgram(programmeOf([workout, referral]), format));
    assert.deepEqual(pointersOf(within), ["/weeks/0/sessions/1/workout/status"]);
    const whole = await errorOf(integration.exportProgram({ ...programme, status: "referral", weeks: [] }, format, START));
    assert.deepEqual(pointersOf(whole), ["/status"]);
  }
});

test("two sessions of one id would be one event in a calendar", async () => {
  const twice = programmeOf([workout, workout]);
  twice.weeks[0].sessions[1].session_id = twice.weeks[0].sessions[0].session_id;
  const error = await errorOf(integration.exportProgram(twice, "ics"));
  assert.deepEqual([error.code, error.problems.length], ["workout.invalid", 1]);
});

test("what is exported stays as it was", async () => {
  const before = JSON.stringify(programme);
  for (const format of FORMATS) await integration.exportProgram(programme, format);
  assert.equal(JSON.stringify(programme), before);
});

test("where a page has lost the script that exports, the error says so, and all else works", async (t) => {
  const directory = await project(t, import.meta.url);
  await rm(join(directory, "node_modules/repflow/exports.js"));
  const { AdvancedWorkflowIntegration } = await import(pathToFileURL(join(directory, "entry.mjs")).href);
  const without = new AdvancedWorkflowIntegration();
  const error = await errorOf(without.exportWorkout(workout, "csv"));
  assert.deepEqual([error.code, error.retryable], ["internal.load_failed", true]);
  assert.match(error.message, /`exports\.js` of the package could not be loaded/);
  assert.equal((await without.generateComprehensiveWorkout({ userId: "someone", duration: 30, focus: "strength", equipment: [], fitnessLevel: "beginner" })).status, "ok");
});
