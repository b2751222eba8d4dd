// Many runs at once, each of a few steps that sleep for some milliseconds: the sleeps, and what is checked.

import assert from "node:assert/strict";

import { random } from "../../tests/pkg/api/random.mjs";

export const STEPS = 5;
const SEED = 8;
const MOST_MS = 10;

/** How long each step of each of `runs` runs sleeps: whole milliseconds, the same for everybody. */
export class Sleeps {
  calls = 0;

  constructor(runs) {
    const next = random(SEED);
    this.runs = runs;
    this.ms = Array.from({ length: runs }, () => Array.from({ length: STEPS }, () => 1 + Math.floor(next() * MOST_MS)));
  }

  /** The steps as functions that are given the number of the run, and answer with how long they slept. */
  get steps() {
    return Array.from({ length: STEPS }, (_, step) => (run) => {
      this.calls += 1;
      return this.sleep(run, step);
    });
  }

  sleep(run, step) {
    const ms = this.ms[run][step];
    return new Promise((resolve) => {
      setTimeout(resolve, ms, ms);
    });
  }
}

/** Sleeps that stay in their third step, until they are let go: each has a timer that it does not wait for. */
export class HeldSleeps extends Sleeps {
  #held = [];
  #allHeld;

  /** Resolves when every run has come to its third step. */
  allHeld = new Promise((resolve) => {
    this.#allHeld = resolve;
  });

  sleep(run, step) {
    if (step !== 2) return super.sleep(run, step);
    return new Promise((resolve) => {
      const timer = setTimeout(() => assert.fail("nobody let it go"), 3_600_000);
      this.#held.push(() => {
        clearTimeout(timer);
        resolve(this.ms[run][step]);
      });
      if (this.#held.length === this.runs) this.#allHeld();
    });
  }

  letGo() {
    for (const go of this.#held) go();
  }
}

/** Starts all runs, `once(run)` each, and resolves when all have ended. Each gives how long its last step slept. */
export async function startAll(once, { runs, ms }) {
  const outputs = await Promise.all(Array.from({ length: runs }, (_, run) => once(run)));
  outputs.forEach((output, run) => assert.equal(output, ms[run].at(-1), `run ${run} gave something else`));
}
