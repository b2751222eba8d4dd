import assert from "node:assert/strict";
import { test } from "node:test";

import { run, tarball, temporary, tool } from "../support.mjs";

test("publint finds nothing to say", async (t) => {
  const said = await run(tool("publint"), ["run", tarball(), "--strict"], await temporary(t));
  assert.match(said, /All good!/);
});

test("the types are found from every module system that can load the package", async (t) => {
  const args = [tarball(), "--profile", "esm-only", "--exclude-entrypoints", "core.wasm", "coach.wasm", "model.wasm", "coach.schema.json", "workflow.schema.json", "--no-color", "--no-emoji"];
  await run(tool("attw"), args, await temporary(t));
});

test("the tarball holds what a user needs, and nothing else", async (t) => {
  const listed = (await run("tar", ["--list", "--file", tarball()], await temporary(t))).trim().split("\n");
  const files = listed.map((path) => path.replace("package/", ""));
  const named = ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "core.wasm", "coach.wasm", "model.wasm", "index.d.ts", "coach.d.ts"];
  for (const needed of [...named, "workflow.schema.json", "coach.schema.json"]) {
    assert.ok(files.includes(needed), `${needed} is missing: ${files}`);
  }
  const stray = files.filter((path) => !/^[\w-]+(\.js|\.d\.ts|\.wasm|(\.schema)?\.json|\.md)$|^LICENSE-\w+$/.test(path));
  assert.deepEqual(stray, []);
});
