// What somebody probably meant.

import { RepflowError, describe, problem, quoted } from "./errors.js";

/** The candidate that is a few slips of the pen away from `word`, if there is one; `nearest` in src/error.rs, again. */
export function nearest(word, candidates) {
  const allowed = Math.min(Math.max(Math.floor([...word].length / 3), 1), 4);
  let found;
  let least = allowed + 1;
  for (const candidate of [...candidates].sort()) {
    const distance = distanceOf(word, candidate);
    if (distance > 0 && distance < least && distance < Math.max(word.length, candidate.length)) {
      found = candidate;
      least = distance;
    }
  }
  return found;
}

/** A problem with a word that is none of those there are. */
export function unknownWord(pointer, message, word, known) {
  const suggestion = nearest(word, known);
  return problem(pointer, message, suggestion !== undefined && { suggestion });
}

/** The error of such a problem alone. */
export function unknownName(code, pointer, message, name, known, details) {
  const unknown = unknownWord(pointer, message, name, known);
  const { suggestion } = unknown;
  return new RepflowError(code, message + (suggestion === undefined ? "" : `; did you mean \`${suggestion}\`?`), { ...details, problems: [unknown] });
}

/** Throws that there is no such name, with the nearest that there is, or the first few. */
export function missing(code, message, name, names, details) {
  const known = [...names];
  const near = typeof name === "string" ? nearest(name, known) : undefined;
  const others = known.length === 0 ? "there is none" : `there are ${quoted(known.slice(0, 10))}`;
  throw new RepflowError(code, `${message} ${typeof name === "string" ? `\`${name}\`` : describe(name)}; ${near === undefined ? others : `did you mean \`${near}\`?`}`, details);
}

/** How many letters to insert, remove, replace or swap with the next one (Damerau and Levenshtein, adjacent swaps only). */
function distanceOf(from, to) {
  const [a, b] = [[...from], [...to]];
  let before = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
