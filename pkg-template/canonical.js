// The same text for the same data.

import { isPlain } from "./definition.js";

/** JSON whose keys come in one order, whatever order they were made in. Throws for what JSON cannot hold. */
export function canonical(value) {
  // Most keys are an id.
  if (typeof value === "string") return JSON.stringify(value);
  const text = JSON.stringify(value, sorted);
  if (text === undefined) throw new TypeError("undefined is not data");
  return text;
}

/** What JSON would make something else of is refused: two that differ must never read the same. */
function sorted(_, value) {
  const type = typeof value;
  if (type === "function" || type === "symbol") throw new TypeError(`a ${type} is not data`);
  if (type === "number" && !Number.isFinite(value)) throw new TypeError(`${value} is not data`);
  if (type !== "object" || value === null || Array.isArray(value)) return value;
  // A Date has become text by now.
  if (!isPlain(value)) throw new TypeError("only plain objects and lists are data");
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
