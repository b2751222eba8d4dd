// FIT files, read by a decoder that others wrote.

import assert from "node:assert/strict";

import FitParser from "fit-file-parser";

import { AWKWARD, CASES, errorOf, integration, programmeOf, retold, test, workouts } from "./package.mjs";

/** What the decoder makes of a file; both of its checksums have to be right. */
const decoded = (bytes, options) => new FitParser({ force: false, ...options }).parseAsync(bytes);

const INTENSITIES = { warm_up: "warmup", main: "active", cool_down: "cooldown" };

/** The decoded steps gone through as a watch would: repeats taken, every set on its own. */
function performed(steps) {
  const out = [];
  const left = new Map();
  for (let at = 0; at < steps.length; at += 1) {
    const step = steps[at];
    if (step.duration_type === "repeat_until_steps_cmplt") {
      const more = left.get(at) ?? step.target_value - 1;
      left.set(at, more - 1);
      if (more > 0) at = step.duration_value - 1;
    } else {
      out.push(step);
    }
  }
  return out;
}

/** The same of the workout, by what its fields are documented to mean. */
function expected({ blocks }) {
  const out = [];
  let rested = false;
  for (const { rounds, setup_s, steps } of blocks) {
    if (setup_s > 0 && !rested) out.push(["Set up", "time", setup_s * 1_000, "rest"]);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, goal, work_s, rest_s, phase, target } of steps) {
        const duration = goal.type === "reps" ? ["reps", goal.max] : ["time", work_s * 1_000];
        out.push([name, ...duration, INTENSITIES[phase], target.weight_kg, target.hr_zone?.min_bpm, target.hr_zone?.max_bpm]);
        if (rest_s > 0) out.push(["Rest", "time", rest_s * 1_000, "rest"]);
        rested = rest_s > 0;
      }
    }
  }
  return out;
}

const seen = (step) => {
  const isByHeart = step.target_type === "heart_rate";
  const bpm = isByHeart ? [step.custom_target_value_low - 100, step.custom_target_value_high - 100] : [undefined, undefined];
  return [step.wkt_step_name, step.duration_type, step.duration_value, step.intensity, step.exercise_weight, ...bpm];
};
const filled = (row) => Array.from({ length: 7 }, (_, at) => row[at]);

test("a watch does the sets, repetitions, pauses and weights of the workout", async () => {
  let [weights, hearts, repeats] = [0, 0, 0];
  for (const workout of await workouts()) {
    const { file_ids, messages } = await decoded(await integration.exportWorkout(workout, "fit"));
    const [{ type, time_created, serial_number }] = file_ids;
    assert.equal(type, "workout");
    assert.equal(new Date(time_created).toISOString(), "2026-01-01T00:00:00.000Z");
    assert.ok(serial_number > 0);
    const [{ sport, sub_sport, num_valid_steps, wkt_name }] = messages.workout;
    assert.deepEqual([sport, sub_sport, wkt_name], ["training", "strength_training", workout.title]);
    const steps = messages.workout_step;
    assert.equal(num_valid_steps, steps.length);
    assert.deepEqual(steps.map(({ message_index }) => message_index.value), [...steps.keys()]);
    assert.deepEqual(performed(steps).map(seen), expected(workout).map(filled));
    for (const { exercise_weight, weight_display_unit } of steps) {
      if (exercise_weight !== undefined) assert.equal(weight_display_unit, "kilogram");
    }
    weights += steps.filter((step) => step.exercise_weight !== undefined).length;
    hearts += steps.filter((step) => step.target_type === "heart_rate").length;
    repeats += steps.filter((step) => step.duration_type === "repeat_until_steps_cmplt").length;
  }
  assert.ok(CASES < 200 || (weights > 50 && hearts > 0 && repeats > 200), `${weights} weights, ${hearts} heart rates, ${repeats} repeats`);
});

test("the notes of a step say what its fields cannot", async () => {
  const [workout] = await workouts(1);
  const step = workout.blocks[1].steps[0];
  Object.assign(step, { goal: { type: "reps", min: 8, max: 12 }, per_side: true, target: { weight_kg: 22.5, rir: 2 }, cue: "Brace." });
  const { messages } = await decoded(await integration.exportWorkout(workout, "fit"));
  const found = messages.workout_step.find(({ exercise_weight }) => exercise_weight === 22.5);
  assert.equal(found.notes, "8-12 reps each side, 22.5 kg, RIR 2, Brace.");
});

test("a heart rate is a target of its own", async () => {
  const [workout] = await workouts(1);
  workout.blocks[1].steps[0].target = { hr_zone: { name: "moderate", min_bpm: 108, max_bpm: 127 } };
  const { messages } = await decoded(await integration.exportWorkout(workout, "fit"));
  const { target_value, custom_target_value_low, custom_target_value_high } = messages.workout_step.find(({ target_type }) => target_type === "heart_rate");
  assert.deepEqual([target_value, custom_target_value_low, custom_target_value_high], [0, 208, 227]);
});

test("a weight that the field cannot hold is in the notes alone", async () => {
  const [workout] = await workouts(1);
  for (const [weight_kg, field, note] of [[650, 650, /650 kg/], [650.5, undefined, /650\.5 kg/], [0, undefined, /0 kg/], [null, undefined, /^(?!.* kg)/]]) {
    workout.blocks.forEach(({ steps }) => steps.forEach((step) => Object.assign(step, { name: "Lift", target: { weight_kg } })));
    const { messages } = await decoded(await integration.exportWorkout(workout, "fit"));
    const lifts = messages.workout_step.filter(({ wkt_step_name }) => wkt_step_name === "Lift");
    assert.ok(lifts.length > 0);
    for (const { exercise_weight, notes } of lifts) {
      assert.equal(exercise_weight, field);
      assert.match(notes, note);
    }
  }
});

test("texts keep whole characters, and end", async () => {
  const [workout] = await workouts(1);
  for (const text of AWKWARD) {
    const bytes = await integration.exportWorkout(retold(workout, text), "fit");
    const { messages, raw_messages } = await decoded(bytes, { includeRawMessages: true });
    const clean = text.replaceAll(/[\0-\x1f]+/g, " ");
    const names = messages.workout_step.map((step) => step.wkt_step_name).filter((name) => !["", "Rest", "Set up"].includes(name));
    assert.ok(names.length > 0);
    for (const name of [...names, messages.workout[0].wkt_name]) {
      assert.ok(clean.startsWith(name) && !name.includes("\uFFFD"), name);
      // Nothing is left out that there was room for.
      assert.ok(name === clean || Buffer.byteLength(name) > 63 - 4, name);
    }
    for (const { fields } of raw_messages) {
      for (const { base_type, raw_value } of fields) {
        if (base_type === 7) assert.ok(raw_value.length <= 255 && raw_value.at(-1) === 0);
      }
    }
  }
});

test("a lost bit is found by the checksums", async () => {
  const [workout] = await workouts(1);
  const bytes = await integration.exportWorkout(workout, "fit");
  for (const at of [2, 13, 40, bytes.length - 1]) {
    const broken = bytes.slice();
    broken[at] ^= 1;
    await assert.rejects(decoded(broken).catch((error) => Promise.reject(new Error(error))), /CRC/, `byte ${at}`);
  }
});

test("the same workout gives the same bytes, at the moment it is told", async () => {
  const [workout, other] = await workouts(2);
  const once = await integration.exportWorkout(workout, "fit");
  assert.ok(once instanceof Uint8Array);
  assert.deepEqual(await integration.exportWorkout(structuredClone(workout), "fit"), once);
  const createdAt = "2027-03-04T05:06:07+01:00";
  const { file_ids: [at] } = await decoded(await integration.exportWorkout(workout, "fit", { createdAt }));
  assert.equal(new Date(at.time_created).toISOString(), "2027-03-04T04:06:07.000Z");
  const { file_ids: [another] } = await decoded(await integration.exportWorkout(other, "fit"));
  assert.notEqual(another.serial_number, at.serial_number);
});

test("a programme is a file for each session", async () => {
  const programme = programmeOf(await workouts(7));
  const files = await integration.exportProgram(programme, "fit");
  assert.deepEqual(files.map(({ name }) => name).slice(0, 4), ["week-1-day-1.fit", "week-1-day-3.fit", "week-1-day-5.fit", "week-2-day-1.fit"]);
  const sessions = programme.weeks.flatMap((week) => week.sessions);
  assert.deepEqual(files.map(({ session_id }) => session_id), sessions.map(({ session_id }) => session_id));
  for (const [at, { workout }] of sessions.entries()) assert.deepEqual(files[at].bytes, await integration.exportWorkout(workout, "fit"));
  assert.equal((await errorOf(integration.exportProgram({ ...programme, weeks: [] }, "fit"))).code, "workout.invalid");
});
