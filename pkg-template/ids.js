// Ids that are unique everywhere, for the price of a count.

let prefix;
let count = 0;

/** A random prefix for this module, and a count. Nothing random happens at import, which Workers forbid. */
export function uniqueId() {
  prefix ??= crypto.randomUUID();
  count += 1;
  return `${prefix}-${count.toString(36)}`;
}
