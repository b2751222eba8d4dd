import assert from "node:assert/strict";
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

test("Node: a first run has Node load neither WebCrypto nor zlib, and no other process or worker has its id", async (t) => {
  const directory = await project(t, import.meta.url);
  // What fixes the seed of `Math.random` fixes no id.
  const start = async () => JSON.parse(await run("node", ["--random-seed=1", "start.js"], directory));
  const starts = await Promise.all([start(), start()]);
  for (const { output, loaded } of starts) {
    assert.equal(output, "Hello Ada!");
    assert.ok(loaded.includes("internal/modules/esm/loader"), `Node names what it loads otherwise: ${loaded}`);
    assert.deepEqual(loaded.filter((name) => /^(zlib|internal\/crypto\/webcrypto)$/.test(name)), []);
  }
  assert.equal(new Set(starts.flatMap(({ ids }) => ids)).size, 4);
});
