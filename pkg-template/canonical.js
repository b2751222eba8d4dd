// The same text for the same data.

/** JSON whose keys come in one order, whatever order they were made in. Throws for what JSON cannot hold. */
export function canonical(value) {
  // Most keys are an id.
  if (typeof value === "string") return JSON.stringify(value);
  const text = JSON.stringify(value, sorted);
  if (text === undefined) throw new TypeError("undefined, functions and symbols are not data");
  return text;
}

function sorted(_, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  // JSON makes `{}` of either: all of them would be the same.
  if (value instanceof Map || value instanceof Set) throw new TypeError("a Map or a Set is not data");
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
