// JSON-LD, held against the terms of schema.org by the types that Google publishes of them.

import assert from "node:assert/strict";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { run, temporary, tool } from "../support.mjs";
import { integration, programmeOf, test, workouts } from "./package.mjs";

const value = (quantity) => (quantity === undefined ? undefined : [quantity.minValue ?? quantity.value, quantity.maxValue ?? quantity.value]);

function assertIsPlanOf(plan, { title, blocks, totals }) {
  assert.equal(plan["@type"], "ExercisePlan");
  assert.equal(plan.name, title);
  assert.equal(secondsOf(plan.activityDuration), totals.duration_s);
  assert.equal(plan.hasPart.length, blocks.length);
  for (const [at, { rounds, steps }] of blocks.entries()) {
    const { hasPart, additionalVariable } = plan.hasPart[at];
    assert.equal(additionalVariable, `rounds: ${rounds}`);
    assert.equal(hasPart.length, steps.length);
    for (const [index, part] of hasPart.entries()) {
      const { exercise_id, name, goal, sets, rest_s, target, work_s } = steps[index];
      assert.deepEqual([part.identifier, part.name, part.position], [exercise_id, name, index + 1]);
      assert.deepEqual(value(part.repetitions), goal.type === "reps" ? [goal.min, goal.max] : undefined);
      assert.equal(secondsOf(part.activityDuration), work_s);
      assert.deepEqual([part.restPeriods?.value ?? 0, part.restPeriods?.unitCode ?? "SEC"], [rest_s, "SEC"]);
      assert.deepEqual([part.workload?.value, part.workload?.unitCode ?? "KGM"], [target.weight_kg, "KGM"]);
      assert.ok(part.additionalVariable.includes(`sets: ${sets}`));
      if (target.rir !== undefined) assert.ok(part.intensity.includes(`RIR ${target.rir}`));
    }
  }
}

function secondsOf(period) {
  const [, minutes, seconds] = /^PT(\d+)M(\d+)S$/.exec(period);
  return 60 * minutes + Number(seconds);
}

test("a plan keeps names, repetitions, pauses and weights", async () => {
  for (const workout of await workouts()) {
    const plan = await integration.exportWorkout(workout, "jsonld");
    assert.equal(plan["@context"], "https://schema.org");
    assertIsPlanOf(plan, workout);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  }
});

test("a programme is its weeks, and they are its sessions", async () => {
  const programme = programmeOf(await workouts(12));
  const plan = await integration.exportProgram(programme, "jsonld");
  assert.deepEqual([plan.identifier, plan.name, plan.activityDuration], ["p-1", "Twelve weeks", "P4W"]);
  for (const [at, { week, sessions }] of programme.weeks.entries()) {
    const part = plan.hasPart[at];
    assert.deepEqual([part.name, part.position], [`Week ${week}`, week]);
    for (const [index, { session_id, workout }] of sessions.entries()) {
      assert.equal(part.hasPart[index].identifier, session_id);
      assertIsPlanOf(part.hasPart[index], workout);
    }
  }
});

test("every term is one of schema.org, with a value that it may have", async (t) => {
  const directory = await temporary(t);
  await symlink(fileURLToPath(new URL("../../../node_modules", import.meta.url)), join(directory, "node_modules"));
  const made = await workouts(12);
  const plans = await Promise.all([
    integration.exportProgram(programmeOf(made.slice(0, 6)), "jsonld"),
    ...made.map((workout) => integration.exportWorkout(workout, "jsonld")),
  ]);
  const compile = async (name, plans) => {
    const lines = plans.map((plan) => `(${JSON.stringify(plan)}) satisfies WithContext<ExercisePlan>;\n`);
    await writeFile(join(directory, name), `import type { ExercisePlan, WithContext } from "schema-dts";\n${lines.join("")}`);
    await run(tool("tsc"), ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "--pretty", "false", name], directory);
  };
  await compile("plans.mts", plans);
  // It can tell.
  await assert.rejects(compile("unknown.mts", [{ ...plans[0], sets: 3 }]), /'"sets"' does not exist/);
  await assert.rejects(compile("wrong.mts", [{ ...plans[0], activityDuration: 3 }]), /not assignable/);
});
