import { test } from "node:test";

import { assertIsTheWorkoutAskedFor, project, run } from "../support.mjs";

test("Node: import", async (t) => {
  const directory = await project(t, import.meta.url);
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["main.js"], directory)));
});

test("Node: the slim entry with the wasm that the app brings", async (t) => {
  const directory = await project(t, import.meta.url);
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["slim.js"], directory)));
});
