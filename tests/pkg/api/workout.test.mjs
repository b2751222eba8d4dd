// The main job through the engine: the same example, and what is wrong about a wrong one.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { assertIsTheWorkoutAskedFor, project } from "../support.mjs";
import { AdvancedWorkflowIntegration, repflowError } from "./package.mjs";

const asked = {
  userId: "user123",
  duration: 30,
  focus: "strength",
  equipment: ["dumbbells", "bench"],
  fitnessLevel: "intermediate",
};

test("the workout is plain data: it survives JSON", async () => {
  const workout = await new AdvancedWorkflowIntegration().generateComprehensiveWorkout(asked);
  assertIsTheWorkoutAskedFor(workout);
  assert.deepEqual(JSON.parse(JSON.stringify(workout)), workout);
});

test("one integration makes many workouts at once", async () => {
  const integration = new AdvancedWorkflowIntegration();
  const workouts = await Promise.all([1, 2, 3].map(() => integration.generateComprehensiveWorkout(asked)));
  workouts.forEach(assertIsTheWorkoutAskedFor);
});

test("every step of the workflow is a request to a feature on the bus", async () => {
  const integration = new AdvancedWorkflowIntegration();
  const features = await integration.bus.discover();
  assert.ok(features.some((feature) => feature.name === "user-analysis"), JSON.stringify(features));
  const started = [];
  const onEvent = (event) => event.stepId && started.push(event.stepId);
  await integration.generateComprehensiveWorkout(asked, { onEvent });
  assert.ok(new Set(started).size >= 6, `six steps: ${[...new Set(started)]}`);
});

test("a request that makes no sense is refused with what was expected", async () => {
  const integration = new AdvancedWorkflowIntegration();
  const wrong = { ...asked, duration: -5, fitnessLevel: "superhuman" };
  await assert.rejects(integration.generateComprehensiveWorkout(wrong), (error) => {
    const pointers = error.problems.map((problem) => problem.pointer).sort();
    assert.deepEqual(pointers, ["/duration", "/fitnessLevel"]);
    return repflowError({ code: "workout.invalid", kind: "validation" })(error);
  });
});

test("a workout can be cancelled", async () => {
  const run = new AdvancedWorkflowIntegration().generateComprehensiveWorkout(asked, { signal: AbortSignal.abort() });
  await assert.rejects(run, repflowError({ code: "run.cancelled", kind: "cancelled" }));
});

test("the types know every word that a request may use", async (t) => {
  const directory = await project(t, import.meta.url);
  const read = (name) => readFile(join(directory, "node_modules/repflow", name), "utf8");
  const types = (await read("index.d.ts")) + (await read("coach.d.ts"));
  const unknown = {
    ...asked, focus: "?", equipment: ["?"], fitnessLevel: "?", injuries: ["?"], conditions: ["?"], symptoms: ["?"],
    targetMuscles: ["?"],
  };
  await assert.rejects(new AdvancedWorkflowIntegration().generateComprehensiveWorkout(unknown), (error) => {
    const lists = error.problems.map(({ message }) => /known are (.+)$/.exec(message)?.[1].split(", "));
    assert.equal(lists.filter(Boolean).length, 7, error.message);
    for (const word of lists.flat()) assert.ok(types.includes(`"${word}"`), `the types do not know ${word}`);
    return true;
  });
});
