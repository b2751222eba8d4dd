import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { build, createServer } from "vite";

import { assertIsTheWorkoutAskedFor, project, serve, visit } from "../support.mjs";

/** Which wasm files are among some paths, each as often as it is there; a bundler adds a hash to the name. */
const wasmIn = (paths) => paths.flatMap((path) => /(\w+)-[\w-]+\.wasm$/.exec(path)?.[1] ?? []).sort();

const quiet = { configFile: false, logLevel: "warn" };

test("Vite: the build emits each wasm once, and it runs in a browser", async (t) => {
  const root = await project(t, import.meta.url);
  await build({ ...quiet, root });
  const emitted = await readdir(join(root, "dist"), { recursive: true });
  assert.deepEqual(wasmIn(emitted), ["coach", "core", "model"], `emitted: ${emitted}`);

  const { workout, requested, problems } = await visit(t, await serve(t, join(root, "dist")));
  assertIsTheWorkoutAskedFor(workout);
  assert.deepEqual(problems, []);
  assert.deepEqual(wasmIn(requested), ["coach", "core"], `requested: ${requested}`);
});

test("Vite: the development server", async (t) => {
  const root = await project(t, import.meta.url);
  const server = await createServer({ ...quiet, root, server: { host: "127.0.0.1", port: 0 } });
  t.after(() => server.close());
  await server.listen();
  const { workout, problems } = await visit(t, server.resolvedUrls.local[0]);
  assertIsTheWorkoutAskedFor(workout);
  // Vite moves a dependency's scripts away from its wasm, so the wasm may be asked for where it is not.
  assert.deepEqual(problems.filter((problem) => !/^Failed to load resource.*\.wasm/.test(problem)), []);
});
