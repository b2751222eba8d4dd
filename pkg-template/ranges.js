// Ranges of versions.

import { SEMVER, VERSION, compareVersions, partsOf } from "./versions.js";

/** A version, alone or after `^`, `~` or `>=`. */
export const RANGE = new RegExp(`^(\\^|~|>=)?${SEMVER}`);

/**
 * Whether a version is in a range: exactly it; `^`, later without a change that breaks; `~`, later with fixes alone; `>=`,
 * later. A pre-release is in the range of a pre-release of the same version alone, as npm has it.
 */
export function satisfies(version, range) {
  const [, operator, ...rest] = RANGE.exec(range);
  const least = range.slice(operator?.length ?? 0);
  const order = compareVersions(version, least);
  if (operator === undefined || order < 0) return order === 0;
  const [[numbers, early], [from, fromEarly]] = [VERSION.exec(version).slice(1), rest].map(partsOf);
  const differs = numbers.findIndex((number, at) => number !== from[at]);
  const agreeing = differs < 0 ? 3 : differs;
  // Below 1.0.0, the first number that is not 0 is the one that breaks.
  const leading = from.findIndex((number) => number !== "0");
  const fixed = { "^": leading < 0 ? 3 : leading + 1, "~": 2, ">=": 0 }[operator];
  return agreeing >= fixed && (early.length === 0 || (agreeing === 3 && fromEarly.length > 0));
}
