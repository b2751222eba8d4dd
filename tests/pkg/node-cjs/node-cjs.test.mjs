import assert from "node:assert/strict";
import { test } from "node:test";

import { assertIsTheWorkoutAskedFor, project, run } from "../support.mjs";

test("Node: require", async (t) => {
  const directory = await project(t, import.meta.url);
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["main.cjs"], directory)));
});

test("Node: require and import give the same classes", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = 'import("repflow").then((m) => console.log(m.FeatureBus === require("repflow").FeatureBus))';
  assert.equal((await run("node", ["--eval", script], directory)).trim(), "true");
});
