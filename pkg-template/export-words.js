// How a step is said in words, and a time in ISO 8601; what several formats have in common.

export const UTF8 = new TextEncoder();

/** How hard a step is, as far as that is known. */
export const effortOf = ({ target: { pct_1rm, rir, rpe, hr_zone } }) => [
  ...said(pct_1rm, `${Math.round(pct_1rm * 1_000) / 10} % of 1RM`),
  ...said(rir, `RIR ${rir}`),
  ...said(rpe, `RPE ${rpe}`),
  ...said(hr_zone, `${hr_zone?.min_bpm}-${hr_zone?.max_bpm} bpm`),
];

/** A set of it: `8-12 reps each side`, `20 kg`, and how hard that is. */
export const setOf = (step) => {
  const { goal: { type, min, max }, per_side, target: { weight_kg } } = step;
  const goal = `${min === max ? "" : `${min}-`}${max} ${type === "reps" ? type : "s"}${per_side ? " each side" : ""}`;
  return [goal, ...said(weight_kg, `${weight_kg} kg`), ...effortOf(step)];
};

/** Nothing of what is not known. */
const said = (value, words) => ((value ?? null) === null ? [] : [words]);

/** A name in snake case, for people. */
export const titled = (word) => word.charAt(0).toUpperCase() + word.slice(1).replaceAll("_", " ");

/** Seconds in ISO 8601. */
export const period = (seconds) => `PT${Math.floor(seconds / 60)}M${seconds % 60}S`;
