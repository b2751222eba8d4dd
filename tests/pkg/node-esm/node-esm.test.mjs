import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { assertIsTheWorkoutAskedFor, project, run, temporary } from "../support.mjs";

test("Node: import", async (t) => {
  const directory = await project(t, import.meta.url);
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["main.js"], directory)));
});

test("Node: the slim entry with the wasm that the app brings", async (t) => {
  const directory = await project(t, import.meta.url);
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["slim.js"], directory)));
});

/** What the program says when a bundler has made one file of it, with nothing beside it. */
async function bundled(t, options) {
  const [from, to] = [await project(t, import.meta.url), await temporary(t)];
  const outfile = join(to, "main.mjs");
  await build({ entryPoints: [join(from, "main.js")], bundle: true, platform: "node", format: "esm", outfile, ...options });
  return JSON.parse(await run("node", [outfile], to));
}

test("Node: a bundle in one file", async (t) => {
  assertIsTheWorkoutAskedFor(await bundled(t, {}));
});

test("Node: a bundle by what does not know the condition `module`, and leaves the wasm behind", async (t) => {
  assertIsTheWorkoutAskedFor(await bundled(t, { conditions: ["other"] }));
});

test("Node: the wasm files are not there", async (t) => {
  const directory = await project(t, import.meta.url);
  for (const name of ["core", "coach", "model"]) await rm(join(directory, `node_modules/repflow/${name}.wasm`));
  assertIsTheWorkoutAskedFor(JSON.parse(await run("node", ["main.js"], directory)));
});

test("Node: a first run has Node load neither WebCrypto, zlib nor `fs/promises`, and no other process or worker has its id", async (t) => {
  const directory = await project(t, import.meta.url);
  // What fixes the seed of `Math.random` fixes no id.
  const start = async () => JSON.parse(await run("node", ["--random-seed=1", "start.js"], directory));
  const starts = await Promise.all([start(), start()]);
  // Some versions of Node load one of these for any module.
  await writeFile(join(directory, "nothing.js"), "console.log(JSON.stringify(process.moduleLoadList));");
  const anyway = JSON.parse(await run("node", ["nothing.js"], directory)).map((entry) => entry.replace("NativeModule ", ""));
  for (const { output, loaded } of starts) {
    assert.equal(output, "Hello Ada!");
    assert.ok(loaded.includes("internal/modules/esm/loader"), `Node names what it loads otherwise: ${loaded}`);
    const dear = loaded.filter((name) => /^(zlib|internal\/crypto\/webcrypto|internal\/fs\/promises)$/.test(name));
    assert.deepEqual(dear.filter((name) => !anyway.includes(name)), []);
  }
  assert.equal(new Set(starts.flatMap(({ ids }) => ids)).size, 4);
});

test("Node: an error that nobody catches is shown by itself, and not with the script, which is one long line", async (t) => {
  const directory = await project(t, import.meta.url);
  const said = { "at once": "unknown key `concurrency`", later: "there is no feature `nobody`" };
  for (const [when, what] of Object.entries(said)) {
    const shown = await run("node", ["uncaught.js", when], directory).catch(({ message }) => message);
    assert.ok(shown.includes(what), shown.slice(0, 2_000));
    const longest = Math.max(...shown.split("\n").map((line) => line.length));
    assert.ok(longest < 1_000, `a line of ${longest} characters`);
  }
});
