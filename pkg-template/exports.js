// Workouts and programmes for other programs: Garmin FIT, iCalendar, CSV, and JSON-LD of schema.org.
//
// This is JavaScript and not part of the core because what it makes are bytes and texts for the host, which cost twice as much
// in wasm; and it is loaded when something is first exported. A function of what it is given: the same workout gives the same
// bytes. A referral is refused: it has nothing to do but to see a doctor, and an empty plan would hide that.

import { isObject } from "./definition.js";
import { NO_OPTIONS, aFlag, aString, assertValid, describe, isString, matching, problemsOf, quoted, whole } from "./errors.js";
import { csv } from "./export-csv.js";
import { fit } from "./export-fit.js";
import { ics } from "./export-ics.js";
import { jsonld } from "./export-jsonld.js";

/** What makes each format of sessions, the settings, and the programme if there is one. */
const FORMATS = { fit, ics, csv, jsonld };

/** When an export says it was made, unless it is told: a fixed moment, so that the same workout gives the same bytes. */
const CREATED_AT = "2026-01-01T00:00:00Z";

// The formats count years in ways that end; this century fits all of them.
/** A day that a month does not have becomes one of the next. */
const isDay = (value) => matching(/^20\d\d-\d\d-\d\d$/)(value) && JSON.stringify(new Date(value)).startsWith(value, 1);
const isMoment = (value) => matching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)(value) && !Number.isNaN(Date.parse(value));

function isTimeZone(value) {
  try {
    return isString(value) && Boolean(new Intl.DateTimeFormat("en", { timeZone: value }));
  } catch {
    return false;
  }
}

const DAY = [isDay, "a day such as `2026-01-31`"];
const OPTIONS = {
  createdAt: [isMoment, "a time such as `2026-01-31T07:00:00Z`"],
  startDate: DAY,
  time: [matching(/^([01]\d|2[0-3]):[0-5]\d$/), "a time of day such as `07:00`"],
  timeZone: [isTimeZone, "a time zone such as `Europe/Berlin`"],
};

// ── What a workout has to have ────────────────────────────────────────────────────────────────────────────────────────
//
// A shape is a test with what it expects, a list with the shape of its items, or an object of shapes.

const oneOf = (...words) => [(value) => words.includes(value), quoted(words)];
/** The same shape for several keys. */
const all = (keys, shape) => Object.fromEntries(keys.split(" ").map((key) => [key, shape]));

/** What two bytes hold, with room for the numbers that mean something else there. */
const COUNT = whole(0, 65_000);
const TIMES = whole(1, 65_000);
/** What need not be known. */
const maybe = ([test, expected]) => [(value) => (value ?? null) === null || test(value), expected];
const AMOUNT = maybe([(value) => Number.isFinite(value) && value >= 0, "a number, 0 or more"]);
const ZONE = maybe([({ min_bpm, max_bpm }) => [min_bpm, max_bpm].every(COUNT[0]), "whole numbers `min_bpm` and `max_bpm`"]);

const PLAN = all("title focus level notice", aString);
const STEP = {
  ...all("exercise_id name pattern phase set_type intensity cue", aString),
  ...all("work_s rest_s", COUNT),
  tempo_s: AMOUNT,
  sets: TIMES,
  per_side: aFlag,
  goal: { type: oneOf("reps", "time_s"), min: COUNT, max: TIMES },
  target: { ...all("weight_kg pct_1rm rir rpe", AMOUNT), hr_zone: ZONE },
};
const WORKOUT = {
  ...PLAN,
  status: oneOf("ok", "light_only"),
  workout_id: aString,
  blocks: [{ kind: aString, rounds: TIMES, setup_s: COUNT, steps: [STEP] }],
  totals: { duration_s: COUNT },
};
const PROGRAMME = {
  ...PLAN,
  status: aString,
  programme_id: aString,
  days_per_week: COUNT,
  start_date: maybe(DAY),
  weeks: [
    {
      week: TIMES,
      phase: aString,
      deload: aFlag,
      sessions: [{ session_id: aString, day: whole(1, 7), workout: WORKOUT }],
    },
  ],
};

/** Adds what keeps `value` from having a shape. Keys that no shape names are nobody's concern. */
function look(value, shape, pointer, problems) {
  const expect = (isRight, expected) => {
    if (!isRight) problems.push({ pointer, message: `must be ${expected}, not ${describe(value)}` });
    return isRight;
  };
  if (shape.length === 2) {
    expect(shape[0](value), shape[1]);
  } else if (shape.length === 1) {
    if (expect(Array.isArray(value) && value.length > 0 && value.length <= 100, "a list of 1 to 100")) {
      value.forEach((each, at) => look(each, shape[0], `${pointer}/${at}`, problems));
    }
  } else if (value?.status === "referral" && shape.status) {
    problems.push({ pointer: `${pointer}/status`, message: "a referral has nothing to export: it is to see a doctor" });
  } else if (expect(isObject(value), "an object")) {
    for (const key of Object.keys(shape)) look(value[key], shape[key], `${pointer}/${key}`, problems);
  }
}

/** Looks at all that was given and throws with what is wrong, or gives it in the format. `sessionsOf` is for what has the right shape. */
function exported(format, options, startDay, what, plan, shape, sessionsOf) {
  const formats = { format: oneOf(...Object.keys(FORMATS)) };
  const needsDay = format === "ics" && startDay === undefined;
  const problems = [...problemsOf({ format: format ?? null }, formats), ...problemsOf(options, { ...OPTIONS, startDate: [...DAY, needsDay] })];
  assertValid("config.invalid", "the export", problems);

  const { createdAt = CREATED_AT, startDate = startDay, time = "07:00", timeZone } = options;
  look(plan, shape, "", problems);
  const sessions = problems.length > 0 ? [] : sessionsOf(startDate);
  const seen = new Set();
  for (const { key, pointer, workout } of sessions) {
    if (seen.has(key)) problems.push({ pointer, message: "there is a second session of this id" });
    seen.add(key);
    // What the times of a workout mean holds only when every step is done once in a round.
    workout.blocks.forEach(({ rounds, steps }, block) =>
      steps.forEach((step, at) =>
        look(step, { sets: oneOf(rounds), goal: { min: whole(0, step.goal.max) } }, `${pointer}/blocks/${block}/steps/${at}`, problems),
      ),
    );
  }
  assertValid("workout.invalid", what, problems);
  return FORMATS[format](sessions, { createdAt: new Date(createdAt), time, timeZone }, shape === PROGRAMME && plan);
}

/** A workout in a format: bytes for `fit`, an object for `jsonld`, else text. */
export const exportWorkout = (workout, format, options = NO_OPTIONS) =>
  exported(format, options, undefined, "the workout", workout, WORKOUT, (date) => [{ workout, key: workout.workout_id, pointer: "", date }]);

const dayAfter = (date, days) => new Date(date.getTime() + days * 86_400_000).toISOString().slice(0, 10);

/**
 * The same of all sessions of a programme; for `fit` a list of files, since each of them holds one workout. Weeks begin on the day the
 * programme does, and every session is on its own day of the week.
 */
export const exportProgram = (programme, format, options = NO_OPTIONS) =>
  exported(format, options, isDay(programme?.start_date) ? programme.start_date : undefined, "the programme", programme, PROGRAMME, (startDate) => {
    const first = new Date(startDate ?? 0);
    return programme.weeks.flatMap(({ week, phase, deload, sessions }, at) =>
      sessions.map(({ session_id, day, workout }, index) => ({
        week, phase, deload, session_id, day, workout,
        key: `${programme.programme_id}/${session_id}`,
        pointer: `/weeks/${at}/sessions/${index}/workout`,
        date: startDate && dayAfter(first, 7 * (week - 1) + ((day - first.getUTCDay() + 7) % 7)),
      })),
    );
  });
