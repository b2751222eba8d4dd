// The main job, once, in the terminal.
//
//   node www/once.mjs [--json] [--pkg DIR]

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { workoutText } from "./coach/workout-text.js";

const BUILT = fileURLToPath(new URL("../pkg", import.meta.url));

async function main() {
  const { values } = parseArgs({ options: { json: { type: "boolean" }, pkg: { type: "string", default: BUILT } } });
  const { AdvancedWorkflowIntegration } = await load(resolve(values.pkg, "entry-node.js"));

  const integration = new AdvancedWorkflowIntegration();
  const workout = await integration.generateComprehensiveWorkout({
    userId: "user123",
    duration: 30,
    focus: "strength",
    equipment: ["dumbbells", "bench"],
    fitnessLevel: "intermediate",
  });

  const colours = process.stdout.isTTY && !process.env.NO_COLOR;
  const width = Math.min(process.stdout.columns ?? 100, 100);
  console.log(values.json ? JSON.stringify(workout, null, 2) : workoutText(workout, { width, colours }));
}

async function load(entry) {
  try {
    return await import(pathToFileURL(entry).href);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw Object.assign(new Error(`there is no package at ${entry}; build it with: cargo xtask pkg`), { code: error.code });
  }
}

main().catch((error) => {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exitCode = 1;
});
