import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { assertIsTheWorkoutAskedFor, entry, project, serve, visit } from "../support.mjs";

/** Which wasm files are among some paths, each as often as it is there. */
const wasmIn = (paths) => paths.flatMap((path) => /(\w+)\.wasm$/.exec(path)?.[1] ?? []).sort();

async function page(t) {
  const directory = await project(t, import.meta.url);
  const html = join(directory, "index.html");
  await writeFile(html, (await readFile(html, "utf8")).replace("ENTRY", await entry(directory, "browser")));
  return directory;
}

test("a plain page, no bundler: the wasm is loaded beside the script", async (t) => {
  const { workout, requested, problems } = await visit(t, await serve(t, await page(t)));
  assertIsTheWorkoutAskedFor(workout);
  assert.deepEqual(problems, []);
  assert.deepEqual(wasmIn(requested), ["coach", "core"], `requested: ${requested}`);
  assert.equal(requested.filter((path) => path.endsWith("inline.js")).length, 0, `requested: ${requested}`);
});

test("a plain page whose server lost the wasm: the inlined copy is used", async (t) => {
  const { workout, requested } = await visit(t, await serve(t, await page(t), { missing: /\.wasm$/ }));
  assertIsTheWorkoutAskedFor(workout);
  assert.ok(requested.some((path) => path.endsWith("inline.js")), `requested: ${requested}`);
});
