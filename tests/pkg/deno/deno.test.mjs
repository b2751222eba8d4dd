import { test } from "node:test";

import { assertIsTheWorkoutAskedFor, project, run, temporary, tool } from "../support.mjs";

test("Deno, with no permission at all", async (t) => {
  const directory = await project(t, import.meta.url);
  const env = { DENO_DIR: await temporary(t), DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" };
  const args = ["run", "--quiet", "--no-remote", "--node-modules-dir=manual", "main.js"];
  assertIsTheWorkoutAskedFor(JSON.parse(await run(tool("deno"), args, directory, env)));
});
