import { test } from "node:test";

import { assertIsTheWorkoutAskedFor, project, run, tool } from "../support.mjs";

test("Bun", async (t) => {
  const directory = await project(t, import.meta.url);
  const args = ["run", "--no-install", "main.js"];
  assertIsTheWorkoutAskedFor(JSON.parse(await run(tool("bun"), args, directory, { DO_NOT_TRACK: "1" })));
});
