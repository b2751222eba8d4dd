// The same text for the same data.

import { isPlain } from "./definition.js";
import { hasFields } from "./errors.js";

/** JSON whose keys come in one order, whatever order they were made in. Throws for what JSON cannot hold. */
export function canonical(value) {
  // Most keys are an id.
  if (typeof value === "string") return JSON.stringify(value);
  const text = JSON.stringify(ordered(value, ""));
  if (text === undefined) throw new TypeError("undefined is not data");
  return text;
}

/**
 * A copy of data as JSON would give it back, its keys in order. What JSON would make something else of is refused: two that
 * differ must never read the same. Here and not in a function that JSON calls for each value, which takes many times as long.
 */
export function ordered(given, key) {
  const value = hasFields(given) && typeof given.toJSON === "function" ? given.toJSON(String(key)) : given;
  const type = typeof value;
  if (type === "function" || type === "symbol") throw new TypeError(`a ${type} is not data`);
  if (type === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} is not data`);
    // Of minus zero, JSON makes zero.
    return value + 0;
  }
  if (!hasFields(value)) return value;
  if (Array.isArray(value)) {
    const list = [...value];
    for (let at = 0; at < list.length; at += 1) {
      const each = ordered(list[at], at) ?? null;
      // To put the same number there would have V8 make it anew.
      if (!Object.is(each, list[at])) list[at] = each;
    }
    return list;
  }
  // A Date has become text by now.
  if (!isPlain(value)) throw new TypeError("only plain objects and lists are data");
  const keys = Object.keys(value);
  // Those that are places in a list come first in any object, and in their order.
  let names = 0;
  while (names < keys.length && isPlace(keys[names])) names += 1;
  const entries = [];
  for (const key of [...keys.splice(0, names), ...keys.sort()]) {
    const each = ordered(value[key], key);
    if (each !== undefined) entries.push([key, each]);
  }
  return Object.fromEntries(entries);
}

const isPlace = (key) => {
  const place = key >>> 0;
  return place < 2 ** 32 - 1 && String(place) === key;
};
