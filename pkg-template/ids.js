// Ids that are unique everywhere, for the price of a count.

let prefix;
let count = 0;
let draw = () => crypto.randomUUID();

/** Has `source` make the prefix, on a host where asking for `crypto` is dear. It is called when the first id is, if it is. */
export function drawFrom(source) {
  draw = source;
}

/** The number of an id that is yet to be made; see `idOf`. */
export function nextId() {
  count += 1;
  return count;
}

/** A random prefix for this module, and a number. Nothing random happens at import, which Workers forbid. */
export function idOf(number) {
  prefix ??= `${draw()}-`;
  return prefix + number.toString(36);
}

export const uniqueId = () => idOf(nextId());
