// The step that the workloads are made of. It does next to nothing, so that what is measured is what surrounds it, and it
// counts, so that nobody is measured who leaves some out.

import assert from "node:assert/strict";

/** An asynchronous step, `next`, and how often it was called. */
class Step {
  calls = 0;

  /** One more than it is given. */
  next = async (value) => {
    this.calls += 1;
    return value + 1;
  };
}

/**
 * Contenders of a workload. Each of `makes`, by name, is given something with `calls`, by default a step, and returns what
 * does the work once and gives its answer. Every answer has to be `answer`, and `calls` has to grow by `calls` each time.
 */
export function contenders(makes, { answer, calls, work = () => new Step() }) {
  const made = Object.entries(makes).map(([name, make]) => [name, async () => {
    const step = work();
    return checked(name, step, await make(step), { answer, calls });
  }]);
  return Object.fromEntries(made);
}

function checked(name, step, once, { answer, calls }) {
  return async (times) => {
    const before = step.calls;
    for (let made = 0; made < times; made += 1) {
      const got = await once();
      if (got !== answer) assert.fail(`${name}: the answer is ${got}, not ${answer}`);
    }
    assert.equal(step.calls - before, calls * times, `${name}: the work was not done as often as it should`);
  };
}
