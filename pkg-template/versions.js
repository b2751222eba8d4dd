// Versions, as SemVer 2.0 orders them, and ranges of them.

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-([^+]+))?/;
/** A version, alone or with an operator before it. */
export const RANGE = /^(\^|~|>=)?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

function compareParts(a, b) {
  const [isNumber, isOther] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOther) return a.length - b.length || (a < b ? -1 : Number(a > b));
  // Numbers come before names.
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/** Below 0 when `a` comes before `b`, above 0 when it comes after it. */
export function compareVersions(a, b) {
  const [[, ...left], [, ...right]] = [VERSION.exec(a), VERSION.exec(b)];
  for (let at = 0; at < 3; at += 1) {
    const order = compareParts(left[at], right[at]);
    if (order !== 0) return order;
  }
  // What leads up to a version comes before it.
  if (left[3] === undefined || right[3] === undefined) return Number(left[3] === undefined) - Number(right[3] === undefined);
  const [before, after] = [left[3].split("."), right[3].split(".")];
  for (let at = 0; at < before.length && at < after.length; at += 1) {
    const order = compareParts(before[at], after[at]);
    if (order !== 0) return order;
  }
  return before.length - after.length;
}

/** Whether a version is in a range: exactly it, `^` (no change that breaks), `~` (no change but fixes), or `>=`. */
export function satisfies(version, range) {
  const [, operator, major, minor, patch] = RANGE.exec(range);
  const least = range.slice(operator?.length ?? 0);
  const order = compareVersions(version, least);
  if (operator === undefined) return order === 0;
  if (order < 0) return false;
  if (operator === ">=") return true;
  const [, ...is] = VERSION.exec(version);
  // Below 1.0.0 the first number that is not 0 is the one that breaks.
  const fixed = operator === "~" ? 2 : major !== "0" ? 1 : minor !== "0" ? 2 : 3;
  return [major, minor, patch].slice(0, fixed).every((part, at) => part === is[at]);
}
