// What the coach is given, as plain data.

import { invalidAt } from "./errors.js";

/** A number that is none stays visible: JSON would make `null` of it, and that reads as if nothing had been said. */
const shown = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);

/** A copy as JSON would give it back. Reading it runs no code of anybody's. */
export function plain(value) {
  try {
    return JSON.parse(JSON.stringify(value, shown) ?? "null");
  } catch {
    const message = "it must be plain data that JSON can hold: no functions, symbols, BigInt, circles, nor getters that throw";
    throw invalidAt("workout.invalid", "what the coach was given", "", message);
  }
}
