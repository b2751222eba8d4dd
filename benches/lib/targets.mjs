// What a workload has to reach, and whether it did.
//
// A target is `{ contender, against, most }`: how many times the cost of `against` the contender may cost. Without
// `against` it is a bound in the table's unit. The contender is this package by default. The figure is the median unless `of`
// names another one: `max`, or `min`, for the ratio of the fastest rounds on both sides. What else the machine does only ever
// slows a round down, so that is what a busy machine says best.

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
    const figure = (name) => FIGURES[of](samples(results, name));
    const compared = () => (of === "median" ? ratio(results, contender, against) : figure(contender) / figure(against));
    const value = against ? compared() : figure(contender);
    const bound = `${most} ${against ? `× ${against}` : unit}${of === "median" ? "" : ` (${of})`}`;
    return { target: `${contender} ≤ ${bound}`, contender, against, most, value, reached: value <= most };
  });
}
