// Ids that are unique everywhere, for the price of a count.

import { now } from "./clock.js";

let prefix;
let count = 0;

/**
 * What the ids of this module begin with. These are no secrets: they must differ between processes, workers, machines and restarts.
 * `Math.random` is seeded by the system for each process, worker and page; and where somebody has fixed the seed, the process and
 * its microsecond still tell two apart. `crypto` would do as well, but Node loads all of WebCrypto when it is first asked for, 4 ms
 * of a start that takes 20.
 */
function drawn() {
  const parts = [now() * 1_000, globalThis.process?.pid ?? 0, Math.random() * 2 ** 52, Math.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36)).join("-");
}

/** The number of an id that is yet to be made; see `idOf`. */
export function nextId() {
  count += 1;
  return count;
}

/** A random prefix for this module, and a number. Nothing random happens at import, which Workers forbid. */
export function idOf(number) {
  prefix ??= `${drawn()}-`;
  return prefix + number.toString(36);
}

export const uniqueId = () => idOf(nextId());
