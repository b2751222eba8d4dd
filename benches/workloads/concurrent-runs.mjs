import assert from "node:assert/strict";

import { FeatureBus, WorkflowOrchestrator } from "repflow";

import { alone, apart, figure } from "../lib/apart.mjs";
import { settled } from "../lib/measure.mjs";
import { Records } from "../lib/records.mjs";
import { HeldSleeps, Sleeps, startAll, STEPS } from "../lib/sleeps.mjs";

const RUNS = { thorough: 10_000, quick: 100 };
const ROUNDS = { thorough: 7, quick: 1 };
/** They take from seconds to minutes: one measurement says enough. */
const SLOW = ["mastra", "langgraph"];
const ONCE = { uncounted: 0, times: 1 };

const names = Array.from({ length: STEPS }, (_, step) => `s${step}`);

/** Each is given the steps and returns what makes one run: it is given the number of the run. */
const makes = {
  repflow: (steps) => {
    const bus = new FeatureBus();
    const actions = Object.fromEntries(names.map((name, at) => [name, steps[at]]));
    bus.registerFeature({ name: "f", version: "1.0.0", actions });
    const orchestrator = new WorkflowOrchestrator({ bus, maxConcurrentRuns: RUNS.thorough });
    const definition = { id: "sleeps", steps: names.map((name) => ({ id: name, call: `f.${name}` })) };
    return async (run) => (await orchestrator.executeWorkflow(definition, run)).output;
  },
  "by hand": (steps) => async (run) => {
    let output;
    for (const step of steps) output = await step(run);
    return output;
  },
  "by hand, with records": (steps) => {
    const records = new Records();
    return async (number) => {
      const run = records.run();
      let output;
      for (const [at, sleep] of steps.entries()) {
        const step = run.step(names[at]);
        output = step.ended(await sleep(number));
      }
      return records.ended(run, output);
    };
  },
  effect: async (steps) => {
    const { Effect } = await import("effect");
    const workflow = (run) =>
      Effect.gen(function* () {
        let output;
        for (const step of steps) output = yield* Effect.promise(() => step(run));
        return output;
      });
    return (run) => Effect.runPromise(workflow(run));
  },
  mastra: async (steps) => {
    const { createStep, createWorkflow } = await import("@mastra/core/workflows");
    const { z } = await import("zod");
    const schemas = { inputSchema: z.any(), outputSchema: z.any() };
    const step = (name, at) =>
      createStep({ id: name, ...schemas, execute: async ({ getInitData }) => steps[at](getInitData()) });
    const start = createWorkflow({ id: "sleeps", ...schemas });
    const workflow = names.map(step).reduce((workflow, step) => workflow.then(step), start).commit();
    return async (run) => (await (await workflow.createRun()).start({ inputData: run })).result;
  },
  langgraph: async (steps) => {
    const { Annotation, END, START, StateGraph } = await import("@langchain/langgraph");
    const graph = new StateGraph(Annotation.Root({ run: Annotation(), output: Annotation() }));
    names.forEach((name, at) => graph.addNode(name, async ({ run }) => ({ output: await steps[at](run) })));
    names.forEach((name, at) => graph.addEdge(at === 0 ? START : names[at - 1], name));
    const app = graph.addEdge(names.at(-1), END).compile();
    return async (run) => (await app.invoke({ run })).output;
  },
};

/** The memory of one run when all are half-way, and the time that all take: in this process. */
export async function measureAlone(name, pace) {
  const runs = RUNS[pace];
  const held = new HeldSleeps(runs);
  const one = await makes[name](new Sleeps(runs).steps);
  await one(0);
  const once = await makes[name](held.steps);
  const before = bytes();
  const ended = startAll(once, held);
  await held.allHeld;
  const during = bytes();
  held.letGo();
  await ended;

  const time = async () => {
    const sleeps = new Sleeps(runs);
    const once = await makes[name](sleeps.steps);
    globalThis.gc();
    const started = performance.now();
    await startAll(once, sleeps);
    const taken = performance.now() - started;
    assert.equal(sleeps.calls, runs * STEPS, `${name}: not every step was made`);
    return taken;
  };
  const kb = (during - before) / runs / 1_024;
  return { ms: await settled(time, SLOW.includes(name) ? ONCE : undefined), kb };
}

/** What is on the heap, and beside it: a wasm's memory is external. */
function bytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export default {
  title: "10,000 runs at once",
  about:
    "Each run has five steps, one after the other, and each step sleeps for 1 to 10 ms, by a timer of the host. Memory " +
    "is what a run takes on the heap and in wasm when all 10,000 are in their third step, in a new process; the time is " +
    "that from the first start to the last end, afterwards in the same process. Mastra and LangGraph are measured once, " +
    "since they take long. One of those by hand keeps of each step when it began and ended, and its output.",
  packages: ["effect", "@mastra/core", "@langchain/langgraph"],
  tables: [
    { title: "10,000 runs at once, the time of all", unit: "ms", targets: [{ against: "by hand", most: 1.2 }] },
    { title: "10,000 runs at once, the memory of one", unit: "KB a run", targets: [{ most: 3 }], beside: "by hand" },
  ],
  measure: async (pace) => {
    const rounds = (name) => (SLOW.includes(name) ? 1 : ROUNDS[pace]);
    const contenders = Object.keys(makes).map((name) =>
      ({ name, args: alone("concurrent-runs", name, pace), rounds: rounds(name) }));
    const measured = await apart(contenders);
    return [figure(measured, "ms"), figure(measured, "kb")];
  },
};
