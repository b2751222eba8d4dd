// Tables, read by a parser that others wrote.

import assert from "node:assert/strict";

import Papa from "papaparse";

import { AWKWARD, integration, programmeOf, retold, test, workouts } from "./package.mjs";

/** The rows by the names of the columns. */
function rowsOf(text) {
  const { data, errors, meta } = Papa.parse(text, { header: true, delimiter: ",", newline: "\r\n", skipEmptyLines: "greedy" });
  assert.deepEqual(errors, []);
  assert.ok(text.endsWith("\r\n"));
  assert.equal(meta.fields.length, new Set(meta.fields).size);
  return data;
}

const shown = (value) => (value === undefined || value === null ? "" : String(value));

function assertIsStep(row, { step, kind, block, at }) {
  const { goal, target } = step;
  const ofGoal = (type) => (goal.type === type ? [goal.min, goal.max] : [undefined, undefined]);
  const [[min_reps, max_reps], [min_time_s, max_time_s]] = [ofGoal("reps"), ofGoal("time_s")];
  const { weight_kg, pct_1rm, rir, rpe, hr_zone } = target;
  const { exercise_id, name, pattern, phase, set_type, sets, per_side, intensity, tempo_s, work_s, rest_s, cue } = step;
  const expected = {
    block: block + 1, block_kind: kind, step: at + 1,
    exercise_id, name, pattern, phase, set_type, sets, min_reps, max_reps, min_time_s, max_time_s, per_side,
    weight_kg, pct_1rm, rir, rpe, min_bpm: hr_zone?.min_bpm, max_bpm: hr_zone?.max_bpm, intensity, tempo_s, work_s, rest_s, cue,
  };
  for (const [column, value] of Object.entries(expected)) assert.equal(row[column], shown(value), column);
}

const stepsOf = ({ blocks }) => blocks.flatMap(({ kind, steps }, block) => steps.map((step, at) => ({ step, kind, block, at })));

test("every step is a row, and every cell what the workout says", async () => {
  for (const workout of await workouts()) {
    const rows = rowsOf(await integration.exportWorkout(workout, "csv"));
    const steps = stepsOf(workout);
    assert.equal(rows.length, steps.length);
    for (const [at, step] of steps.entries()) {
      assertIsStep(rows[at], step);
      assert.equal(rows[at].workout_id, workout.workout_id);
    }
  }
});

test("the rows of a programme say when", async () => {
  const programme = programmeOf(await workouts(12));
  const rows = rowsOf(await integration.exportProgram(programme, "csv"));
  let at = 0;
  for (const { week, phase, deload, sessions } of programme.weeks) {
    for (const { session_id, day, workout } of sessions) {
      const date = new Date(Date.UTC(2026, 0, 5) + (7 * (week - 1) + day - 1) * 86_400_000).toISOString().slice(0, 10);
      for (const step of stepsOf(workout)) {
        const row = rows[at++];
        assert.deepEqual(
          [row.week, row.week_phase, row.deload, row.day, row.date, row.session_id],
          [week, phase, deload, day, date, session_id].map(String),
        );
        assertIsStep(row, step);
      }
    }
  }
  assert.equal(rows.length, at);
  const { start_date, ...someday } = programme;
  assert.equal(rowsOf(await integration.exportProgram(someday, "csv"))[0].date, "");
});

test("what people and models write comes back as it was, but not as a formula", async () => {
  const [workout] = await workouts(1);
  for (const text of AWKWARD) {
    const csv = await integration.exportWorkout(retold(workout, text), "csv");
    const rows = rowsOf(csv);
    assert.equal(rows.length, stepsOf(workout).length);
    const isFormula = /^[=+\-@\t\r\n＝＋－＠]/.test(text);
    for (const { name, cue } of rows) assert.deepEqual([name, cue], Array(2).fill(isFormula ? `'${text}` : text));
  }
});
