// What a workload has to reach, and whether it did.
//
// A target is `{ contender, against, most }`: how many times the cost of `against` the contender may cost. Without
// `against` it is a bound in the table's unit, of the figure that `of` names (`"median"` by default). The contender is
// this package by default.

import { median, ratio, samples } from "./measure.mjs";

export const US = "repflow";

/** Figures of one contender. */
export const FIGURES = {
  median,
  min: (numbers) => Math.min(...numbers),
  max: (numbers) => Math.max(...numbers),
};

/** Each of `targets` with the `value` that the results have for it, in words, and whether it is `reached`. */
export function judge(results, targets, unit) {
  return targets.map(({ contender = US, against, most, of = "median" }) => {
    const value = against ? ratio(results, contender, against) : FIGURES[of](samples(results, contender));
    const bound = against ? `${most} × ${against}` : `${most} ${unit}${of === "median" ? "" : ` (${of})`}`;
    return { target: `${contender} ≤ ${bound}`, contender, against, most, value, reached: value <= most };
  });
}
