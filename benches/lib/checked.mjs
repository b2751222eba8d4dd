// Nobody is measured doing nothing: the work counts how often it was started and by how many at once, and after every
// run the counts and the answers have to be those of the workload.

import assert from "node:assert/strict";

const ANSWER = 42;
// One for all: what an error and its stack cost is not what is measured.
const FAILURE = new Error("on purpose");

/** What is protected, and how often it was started, and by how many at once. */
class Work {
  starts = 0;
  peak = 0;
  #running = 0;

  /** Answers at once. */
  answer = async () => {
    this.starts += 1;
    return ANSWER;
  };

  /** Fails twice, then answers. */
  thirdTime = async () => {
    this.starts += 1;
    if (this.starts % 3 !== 0) throw FAILURE;
    return ANSWER;
  };

  /** Answers one turn later, and sees who else is at it. */
  shared = async () => {
    this.starts += 1;
    this.#running += 1;
    this.peak = Math.max(this.peak, this.#running);
    await undefined;
    this.#running -= 1;
    return ANSWER;
  };
}

/** The answers of `times` calls, one after the other. */
export async function inSequence(call, times) {
  let sum = 0;
  for (let made = 0; made < times; made += 1) sum += await call();
  return sum;
}

/** The answers of `times` calls, `width` at once. */
export const atOnce = (width) => async (call, times) => {
  let sum = 0;
  for (let made = 0; made < times; made += width) {
    const answers = await Promise.all(Array.from({ length: Math.min(width, times - made) }, call));
    for (const answer of answers) sum += answer;
  }
  return sum;
};

/**
 * `run(times)` of a contender. `protect` is given the work and returns what makes one call to it; `call` makes many. The
 * work is the method `kind` of [`Work`], and one call starts it `attempts` times, `peak` at once.
 */
export async function contender(name, protect, { kind, call, attempts = 1, peak }) {
  const work = new Work();
  const protectedCall = await protect(work[kind]);
  return async (times) => {
    const before = work.starts;
    const sum = await call(protectedCall, times);
    assert.equal(sum, ANSWER * times, `${name}: the answers are wrong`);
    assert.equal(work.starts - before, attempts * times, `${name}: the work was not done as often as it should`);
    if (peak !== undefined) assert.equal(work.peak, Math.min(peak, times), `${name}: ${work.peak} at once, not ${peak}`);
  };
}
