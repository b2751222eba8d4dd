// The coach's words, as people read them. The terminal and the page say the same.

import { clock } from "../parts/time.js";

const BLOCKS = {
  warm_up: "Warm-up",
  main: "Main block",
  superset: "Superset",
  circuit: "Circuit",
  intervals: "Intervals",
  conditioning: "Conditioning",
  cool_down: "Cool-down",
};

const STATUS = {
  ok: "Ready to train",
  limited: "Ready to train, within limits",
  light_only: "Light effort only",
  referral: "See a doctor first",
};

const CLEARANCE = {
  stop_and_refer: "Do not train now",
  light_until_cleared: "Light effort only, until a doctor has cleared more",
  moderate_until_cleared: "Moderate effort at most, until a doctor has cleared more",
  clearance_recommended: "Have a professional look at it",
  no_clearance_needed: "No clearance needed",
};

const SAFETY = {
  pass: "Passed: every rule of the coach holds, and nothing had to be changed for you.",
  caution: "Passed with caution: every rule holds, and some things were changed for you.",
  refer: "Somebody should see you first; what is here is within the limits until then.",
};

/** Words that are read in another order than they are written. */
const NAMES = {
  anchor: "band anchor",
  bar_low: "low bar",
  cable: "cable station",
  machine: "weight machines",
  suspension: "suspension straps",
  push_horizontal: "horizontal push",
  push_vertical: "vertical push",
  pull_horizontal: "horizontal pull",
  pull_vertical: "vertical pull",
  isolation_upper: "upper-body isolation",
  isolation_lower: "lower-body isolation",
};

/** A word of the vocabulary: `pull_up_bar` is "pull-up bar". */
export function plain(word) {
  return NAMES[word] ?? word.replaceAll("_", " ").replace(/\b(pull|warm|cool|ramp) (up|down)\b/g, "$1-$2");
}

/** The same, as a title. */
export function title(word) {
  const text = plain(word);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const blockName = (kind) => BLOCKS[kind] ?? title(kind);

/** Whether to train: the workout's own status, or `limited` where somebody should be seen all the same. */
export const standing = ({ status, referral }) => (status === "ok" && referral ? "limited" : status);

export const standingName = (workout) => STATUS[standing(workout)] ?? title(workout.status);

export const clearanceName = (clearance) => CLEARANCE[clearance] ?? title(clearance);

/** The warnings that the referral does not say already. */
export const ownWarnings = ({ warnings, referral }) => warnings.filter(({ message }) => !referral?.reasons.includes(message));

/** What the safety check came to; a workout without blocks has nothing to check. */
export const safetyName = (status, blocks) =>
  blocks.length === 0 ? "Nothing to check: see a doctor first." : (SAFETY[status] ?? title(status));

/** Sets and what is in one: `3 × 4–6 reps each side`, `75 s`, `15:00 min`. */
export function dose({ sets, goal: { type, min, max }, per_side: perSide }) {
  const long = type === "time_s" && min >= 120;
  const [from, to] = [min, max].map((count) => (long ? clock(count) : String(count)));
  const unit = type === "reps" ? (max === 1 ? "rep" : "reps") : long ? "min" : "s";
  const range = from === to ? to : `${from}–${to}`;
  return `${sets === 1 ? "" : `${sets} × `}${range} ${unit}${perSide ? " each side" : ""}`;
}

/** How hard: `["78 % of 1RM", "RPE 8", "2 reps in reserve"]`. */
export function effort({ target }) {
  const { weight_kg: weight, pct_1rm: share, rpe, rir, hr_zone: zone } = target;
  return [
    weight !== undefined && `${weight} kg`,
    share !== undefined && `${Math.round(share * 100)} % of 1RM`,
    rpe !== undefined && `RPE ${rpe}`,
    rir !== undefined && (rir === 1 ? "1 rep in reserve" : `${rir} reps in reserve`),
    zone !== undefined && `${zone.min_bpm}–${zone.max_bpm - 1} bpm (${plain(zone.name)})`,
  ].filter(Boolean);
}

/**
 * The pause after a set: `rest 1:10`, and until the next set of the same exercise where others come in between. None
 * after the last set of a block.
 */
export function rest(step, block) {
  const { rest_s: pause, recovery_s: recovery } = step;
  const isLastSet = block.rounds === 1 && step === block.steps.at(-1);
  if (pause === 0 || isLastSet) return undefined;
  const hasPartner = block.steps.length > 1 && block.rounds > 1 && recovery !== undefined;
  return `rest ${clock(pause)}${hasPartner ? ` (${clock(recovery)} to its next set)` : ""}`;
}

/** A block in a few words: `["3 rounds", "2:00 to set up"]`. */
export function blockNotes({ rounds, setup_s: setup }) {
  return [rounds > 1 && `${rounds} rounds`, setup > 0 && `${clock(setup)} to set up`].filter(Boolean);
}

/** What the session adds up to, as pairs of a name and a text. */
export function totals({ totals: sums, duration_min: asked, level, focus }) {
  const energy = sums.kcal_net === null ? "needs a body weight" : `${Math.round(sums.kcal_net)} kcal net`;
  return [
    ["Time", `${clock(sums.duration_s)} of ${asked}:00 asked`],
    ["Working sets", String(sums.sets)],
    ["Energy", energy],
    ["Focus", plain(focus)],
    ["Level", level],
  ];
}

/** What the other steps of the workflow say of an exercise. */
export function coachingOf({ recommendations }, { exercise_id: id, coaching, cue }) {
  const find = (list) => list.find((it) => it.exercise_id === id);
  return {
    notes: [coaching.effort, coaching.tempo, ...coaching.notes].filter((note) => note !== null && note !== cue),
    alternatives: find(recommendations.alternatives)?.options ?? [],
    progression: find(recommendations.progression)?.advice,
  };
}

/** What was used, and what one more item would add. */
export function equipmentNotes({ equipment: { used, unused, unlocks } }) {
  const list = (items) => items.map(plain).join(", ");
  return [
    used.length > 0 && `Used: ${list(used)}.`,
    unused.length > 0 && `Not needed this time: ${list(unused)}.`,
    ...unlocks.slice(0, 3).map(({ item, patterns, exercises }) => {
      const count = exercises === 1 ? "1 more exercise" : `${exercises} more exercises`;
      const gap = patterns.length > 0 ? `, and ${list(patterns)} at all` : "";
      return `${title(item)} would allow ${count}${gap}.`;
    }),
  ].filter(Boolean);
}

/** Advice for after this session. */
export function nextTime({ recommendations: { next_session: next, weekly }, status }) {
  if (status !== "ok") return next;
  const [from, to] = weekly.days;
  const [least, most] = weekly.sets_per_muscle;
  return [...next, `A week: ${from} to ${to} days, ${least} to ${most} working sets for each muscle.`];
}

/** Who made it, as pairs of a name and a text. */
export function origin({ provenance: from, workout_id: id }) {
  return [
    ["Provider", `${from.provider} ${from.version}`],
    ["Model", from.model ?? "none: rules and data only"],
    ["Fallback level", String(from.fallback_level)],
    ["Prescription", plain(from.prescription)],
    ["Seed", String(from.seed)],
    ["Workout", id],
  ];
}
