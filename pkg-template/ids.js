// Ids that are unique everywhere, for the price of a count.

let prefix;
let count = 0;
let draw = () => crypto.randomUUID();

/** Has `source` make the prefix, on a host where asking for `crypto` is dear. It is called when the first id is, if it is. */
export function drawFrom(source) {
  draw = source;
}

/** A random prefix for this module, and a count. Nothing random happens at import, which Workers forbid. */
export function uniqueId() {
  prefix ??= draw();
  count += 1;
  return `${prefix}-${count.toString(36)}`;
}
