import { frozen, orchestrator } from "../lib/orchestrator.mjs";
import { Records } from "../lib/records.mjs";
import { contenders } from "../lib/steps.mjs";

const STEPS = 100;
const numbers = Array.from({ length: STEPS }, (_, at) => at);

/** A definition of repflow; `given` says what the step of a number is given, nothing for the run's input. */
const chainOf = (given) => ({ id: "chain", steps: numbers.map((at) => ({ id: `s${at}`, call: "f.next", ...given(at) })) });

function workflow({ next }, definition, options) {
  const runs = orchestrator({ next });
  return async () => (await runs.executeWorkflow(definition, 0, options)).output;
}

const theInput = () => ({});
const theOneBefore = (at) => ({ with: at === 0 ? "{{ input }}" : `{{ steps.s${at - 1}.output }}` });

const plain = {
  repflow: (step) => workflow(step, frozen(chainOf(theInput))),
  "repflow, a definition that may change": (step) => workflow(step, chainOf(theInput)),
  "by hand": ({ next }) => async () => {
    let value;
    for (const _ of numbers) value = await next(0);
    return value;
  },
  "by hand, with records": ({ next }) => {
    const records = new Records();
    return async () => {
      const run = records.run();
      let value;
      for (const at of numbers) {
        const step = run.step(at);
        value = step.ended(await next(0));
      }
      return records.ended(run, value);
    };
  },
  effect: async ({ next }) => {
    const { Effect } = await import("effect");
    const chain = Effect.gen(function* () {
      let value;
      for (const _ of numbers) value = yield* Effect.promise(() => next(0));
      return value;
    });
    return () => Effect.runPromise(chain);
  },
  xstate: async ({ next }) => {
    const { assign, createActor, fromPromise, setup, toPromise } = await import("xstate");
    const onDone = (at) => ({ target: `s${at + 1}`, actions: assign({ value: ({ event }) => event.output }) });
    const states = numbers.map((at) => [`s${at}`, { invoke: { src: "next", onDone: onDone(at) } }]);
    const machine = setup({ actors: { next: fromPromise(() => next(0)) } }).createMachine({
      context: { value: undefined },
      initial: "s0",
      states: { ...Object.fromEntries(states), [`s${STEPS}`]: { type: "final" } },
      output: ({ context }) => context.value,
    });
    return () => toPromise(createActor(machine).start());
  },
  mastra: async ({ next }) => {
    const { createStep, createWorkflow } = await import("@mastra/core/workflows");
    const { z } = await import("zod");
    const schemas = { inputSchema: z.number(), outputSchema: z.number() };
    const steps = numbers.map((at) => createStep({ id: `s${at}`, ...schemas, execute: () => next(0) }));
    const chain = steps.reduce((chain, step) => chain.then(step), createWorkflow({ id: "chain", ...schemas })).commit();
    return async () => (await (await chain.createRun()).start({ inputData: 0 })).result;
  },
  langgraph: async ({ next }) => {
    const { Annotation, END, START, StateGraph } = await import("@langchain/langgraph");
    const graph = new StateGraph(Annotation.Root({ value: Annotation() }));
    for (const at of numbers) graph.addNode(`s${at}`, async () => ({ value: await next(0) }));
    for (const at of numbers) graph.addEdge(at === 0 ? START : `s${at - 1}`, `s${at}`);
    const app = graph.addEdge(`s${STEPS - 1}`, END).compile();
    return async () => (await app.invoke({ value: 0 }, { recursionLimit: STEPS + 1 })).value;
  },
  flowcraft: async ({ next }) => {
    const { createFlow, FlowRuntime } = await import("flowcraft");
    const flow = createFlow("chain");
    for (const at of numbers) flow.node(`s${at}`, async () => ({ output: await next(0) }));
    for (const at of numbers.slice(1)) flow.edge(`s${at - 1}`, `s${at}`);
    const runtime = new FlowRuntime();
    return async () => (await flow.run(runtime, {})).context[`s${STEPS - 1}`];
  },
};

const passing = {
  repflow: (step) => workflow(step, frozen(chainOf(theOneBefore))),
  "repflow, told of every event": (step) => {
    let heard = 0;
    return workflow(step, frozen(chainOf(theOneBefore)), { onEvent: () => void (heard += 1) });
  },
  "by hand": ({ next }) => async () => {
    let value = 0;
    for (const _ of numbers) value = await next(value);
    return value;
  },
  effect: async ({ next }) => {
    const { Effect } = await import("effect");
    const chain = Effect.gen(function* () {
      let value = 0;
      for (const _ of numbers) value = yield* Effect.promise(() => next(value));
      return value;
    });
    return () => Effect.runPromise(chain);
  },
};

export default {
  title: "A chain of 100 steps",
  about:
    "A hundred asynchronous steps that do next to nothing, one after the other, and every one of them is given the run's " +
    "input. Repflow is as it is by default, with lifecycle events, metrics and history. It is given a frozen " +
    "definition, as the others are given what they have prepared; in the second row it is data that may have changed since the " +
    "last run, and is compared with what it was. One of those by hand keeps the least of what repflow does: when each step " +
    "began and ended, and its output. In the second table each step is given what the one before returned, in repflow by an expression.",
  packages: ["effect", "xstate", "@mastra/core", "@langchain/langgraph", "flowcraft"],
  tables: [
    {
      unit: "µs a step",
      per: STEPS,
      contenders: contenders(plain, { answer: 1, calls: STEPS }),
      targets: [{ against: "effect", most: 1 }],
      short: [{ against: "by hand", of: "min", most: 8.5 }],
    },
    {
      title: "A chain of 100 steps that hand on",
      unit: "µs a step",
      per: STEPS,
      contenders: contenders(passing, { answer: STEPS, calls: STEPS }),
    },
  ],
};
