import { WorkflowOrchestrator } from "repflow";

import { alone, apart, figure } from "../lib/apart.mjs";
import { settled } from "../lib/measure.mjs";
import { Sleeps, STEPS } from "../lib/sleeps.mjs";

const RUNS = { thorough: 10_000, quick: 100 };
const ROUNDS = { thorough: 7, quick: 1 };

const EQUAL = "repflow, 5 ms each";

const sum = (numbers) => numbers.reduce((sum, number) => sum + number);
const steps = Array.from({ length: STEPS }, (_, step) => step);

/** Runs that are given how long to wait; `wait` says it of a step. */
const workflow = (wait) => () => {
  const orchestrator = new WorkflowOrchestrator({ maxConcurrentRuns: RUNS.thorough });
  const waits = steps.map((step) => ({ id: `s${step}`, wait: wait(step) }));
  const definition = { id: "waits", steps: waits, output: "{{ input }}" };
  return async (ms) => (await orchestrator.executeWorkflow(definition, ms)).output;
};

const makes = {
  repflow: workflow((step) => ({ duration: `{{ input[${step}] }}` })),
  [EQUAL]: workflow(() => 5),
  setTimeout: () => async (ms) => {
    for (const step of steps) await new Promise((resolve) => setTimeout(resolve, ms[step]));
    return ms;
  },
  effect: async () => {
    const { Effect } = await import("effect");
    const workflow = (ms) =>
      Effect.gen(function* () {
        for (const step of steps) yield* Effect.sleep(ms[step]);
        return ms;
      });
    return (ms) => Effect.runPromise(workflow(ms));
  },
};

export async function measureAlone(name, pace) {
  const { ms } = new Sleeps(RUNS[pace]);
  const once = await makes[name]();
  const time = async () => {
    globalThis.gc();
    const started = performance.now();
    const outputs = await Promise.all(ms.map((ms) => once(ms)));
    const taken = performance.now() - started;
    if (outputs.some((output, run) => output !== ms[run])) throw new Error(`${name}: a run gave something else`);
    const longest = name === EQUAL ? 5 * STEPS : Math.max(...ms.map(sum));
    if (taken < longest - 1) throw new Error(`${name}: a run waits for ${longest} ms, and all took ${taken}`);
    return taken;
  };
  return { ms: await settled(time) };
}

export default {
  title: "10,000 runs that wait",
  about:
    "The same runs with `wait` steps instead of handlers: five waits of 1 to 10 ms one after the other, which the run's " +
    "input says. Against `setTimeout` with a promise, which is all that one does by hand. Where all wait equally long, " +
    "timers fall together.",
  packages: ["effect"],
  tables: [{ unit: "ms", targets: [{ against: "setTimeout", most: 1 }] }],
  measure: async (pace) => {
    const contender = (name) => ({ name, args: alone("waits", name, pace), rounds: ROUNDS[pace] });
    return [figure(await apart(Object.keys(makes).map(contender)), "ms")];
  },
};
