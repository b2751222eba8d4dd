import assert from "node:assert/strict";

import { FeatureBus } from "repflow";

/** A contender that asks for an answer again and again; `ask` is given what answers. */
const asker = (ask) => async () => {
  let asked = 0;
  const call = ask(async ({ value }) => {
    asked += 1;
    return value;
  });
  return async (times) => {
    const before = asked;
    let sum = 0;
    for (let made = 0; made < times; made += 1) sum += await call({ value: 2 });
    assert.equal(sum, 2 * times, "the answers are wrong");
    assert.equal(asked - before, times, "not every question was asked");
  };
};

/** How long an answer may take. */
const LIMIT_MS = 30_000;

/** What one writes by hand so that an answer that does not come does not keep anybody waiting. */
function bounded(params, answer) {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const error = new Error("it took too long");
      controller.abort(error);
      reject(error);
    }, LIMIT_MS);
    answer(params, { signal: controller.signal }).then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export default {
  title: "A request and its answer",
  about:
    "An action of a feature is asked and answers at once. Repflow's bus bounds the request in time, makes it abortable and " +
    "traceable, and counts it. A bare promise is a call of an asynchronous function and the promise it returns; in the last row it is " +
    "bounded in time by the few lines that this takes, and no more.",
  packages: [],
  tables: [{
    unit: "µs a request",
    contenders: {
      repflow: asker((answer) => {
        const bus = new FeatureBus();
        bus.registerFeature({ name: "echo", version: "1.0.0", actions: { answer } });
        return (params) => bus.request("echo", "answer", params);
      }),
      "a bare promise": asker((answer) => answer),
      "by hand, bounded in time": asker((answer) => (params) => bounded(params, answer)),
    },
    targets: [{ against: "a bare promise", most: 2 }],
    short: [{ against: "a bare promise", of: "min", most: 12 }],
  }],
};
