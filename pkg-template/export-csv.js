// Sessions as a table of RFC 4180, a row for each step. A spreadsheet that opens it finds no formula in it.

/** Where a step stands in a programme. */
const OF_PROGRAMME = "week week_phase deload day date session_id ";

/** The names of the workout, with their units; the goal is in repetitions or in seconds. */
const OF_STEP =
  "workout_id block block_kind step exercise_id name pattern phase set_type intensity cue sets min_reps max_reps min_time_s max_time_s per_side weight_kg pct_1rm rir rpe min_bpm max_bpm tempo_s work_s rest_s";

/** The table. */
export function csv(sessions, settings, programme) {
  const columns = `${programme ? OF_PROGRAMME : ""}${OF_STEP}`.split(" ");
  const rows = sessions.flatMap(({ workout: { workout_id, blocks }, phase, ...session }) =>
    blocks.flatMap(({ kind, steps }, block) =>
      steps.map((step, at) => {
        const { goal, target } = step;
        const row = {
          ...target.hr_zone, ...target, ...step, ...session, week_phase: phase, workout_id, block: block + 1, block_kind: kind,
          step: at + 1, [`min_${goal.type}`]: goal.min, [`max_${goal.type}`]: goal.max,
        };
        return columns.map((name) => row[name]);
      }),
    ),
  );
  return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** A cell; nothing for what is not known. An apostrophe keeps a text from being a formula. */
function cell(value) {
  const text = String(value ?? "").replace(/^[=+\-@\t\r\n＝＋－＠]/, "'$&");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
