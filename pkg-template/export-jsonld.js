// Workouts and programmes as JSON-LD: an `ExercisePlan` of schema.org that has others as its parts, down to a step.

import { effortOf, period, titled } from "./export-words.js";

const plan = (fields) => ({ "@type": "ExercisePlan", ...fields });
/** Units have codes of UN/CEFACT. */
const quantity = (unitCode, fields) => ({ "@type": "QuantitativeValue", unitCode, ...fields });
const SECOND = "SEC";
const KILOGRAM = "KGM";
const ONE = "C62";

/** A value, or where it lies between. */
const range = ({ min, max }) => (min === max ? { value: max } : { minValue: min, maxValue: max });

function planOfStep(step, at) {
  const { exercise_id, name, pattern, set_type, sets, goal, target, intensity, per_side, work_s, rest_s, cue } = step;
  return plan({
    identifier: exercise_id, name, ...(cue && { description: cue }), position: at + 1, exerciseType: pattern,
    ...(goal.type === "reps" ? { repetitions: quantity(ONE, range(goal)) } : {}),
    // Of a set; where both sides work, of both.
    activityDuration: period(work_s),
    ...(rest_s > 0 && { restPeriods: quantity(SECOND, { value: rest_s }) }),
    intensity: [intensity, ...effortOf(step)].join(", "),
    ...(Number.isFinite(target.weight_kg) && { workload: quantity(KILOGRAM, { value: target.weight_kg }) }),
    additionalVariable: [`sets: ${sets}`, `set type: ${set_type}`, ...(per_side ? ["each side"] : [])],
  });
}

const whole = ({ title, focus, level, notice }, identifier, activityDuration, hasPart, more) =>
  plan({ identifier, name: title, description: notice, exerciseType: focus, educationalLevel: level, activityDuration, hasPart, ...more });

const planOfSession = ({ workout, session_id, day }) => {
  const { workout_id, blocks, totals } = workout;
  const parts = blocks.map(({ kind, rounds, steps }, at) =>
    plan({ name: titled(kind), position: at + 1, additionalVariable: `rounds: ${rounds}`, hasPart: steps.map(planOfStep) }),
  );
  return whole(workout, session_id ?? workout_id, period(totals.duration_s), parts, day && { position: day });
};

/** The plan of a workout, or of a programme with its weeks and their sessions. */
export function jsonld(sessions, settings, programme) {
  const context = { "@context": "https://schema.org" };
  if (!programme) return { ...context, ...planOfSession(sessions[0]) };
  const { programme_id, days_per_week, weeks } = programme;
  const parts = weeks.map(({ week, phase, deload, sessions }) =>
    plan({ name: `Week ${week}`, position: week, exerciseType: phase, ...(deload && { additionalVariable: "deload" }), hasPart: sessions.map(planOfSession) }),
  );
  return { ...context, ...whole(programme, programme_id, `P${weeks.length}W`, parts, { activityFrequency: `${days_per_week} days a week` }) };
}
