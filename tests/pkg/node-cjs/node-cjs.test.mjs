import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { assertIsTheWorkoutAskedFor, project, run, temporary } from "../support.mjs";

test("Node: require", async (t) => {
  const directory = await project(t, import.meta.url);
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["main.cjs"], directory)));
});

test("Node: require and import give the same classes", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = 'import("repflow").then((m) => console.log(m.FeatureBus === require("repflow").FeatureBus))';
  assert.equal((await run("node", ["--eval", script], directory)).trim(), "true");
});

test("Node: a bundle as CommonJS, where no script knows where it is", async (t) => {
  const [from, to] = [await project(t, import.meta.url), await temporary(t)];
  const outfile = join(to, "main.cjs");
  const entryPoints = [join(from, "main.cjs")];
  await build({ entryPoints, bundle: true, platform: "node", conditions: ["other"], outfile, logOverride: { "empty-import-meta": "silent" } });
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", [outfile], to)));
});
