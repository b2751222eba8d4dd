// What one writes by hand to know later what a run did: when each step began and ended, and with what. It is the least of
// what Repflow keeps: no events, no limits, no recovery, and what fails is not looked at.

/** How many runs that have ended are kept, by Repflow too. */
const KEPT = 100;

class StepRecord {
  endedAt = undefined;
  output = undefined;

  constructor(name) {
    this.name = name;
    this.startedAt = performance.now();
  }

  /** It ended with `output`, which is returned. */
  ended(output) {
    this.endedAt = performance.now();
    this.output = output;
    return output;
  }
}

class RunRecord {
  startedAt = performance.now();
  endedAt = undefined;
  output = undefined;
  steps = [];

  /** A step begins. */
  step(name) {
    const step = new StepRecord(name);
    this.steps.push(step);
    return step;
  }
}

/** The runs that ended last. */
export class Records {
  #ended = [];
  #oldest = 0;

  /** A run begins. */
  run() {
    return new RunRecord();
  }

  /** It ended with `output`, which is returned. */
  ended(run, output) {
    run.endedAt = performance.now();
    run.output = output;
    this.#ended[this.#oldest] = run;
    this.#oldest = (this.#oldest + 1) % KEPT;
    return output;
  }
}
