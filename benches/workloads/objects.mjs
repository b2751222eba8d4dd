import { frozen, orchestrator } from "../lib/orchestrator.mjs";
import { contenders } from "../lib/steps.mjs";

const STEPS = 20;
const numbers = Array.from({ length: STEPS }, (_, at) => at);

/** Plain data that takes about `bytes` as JSON: a hundred bytes an item. */
function sized(bytes) {
  const items = Array.from({ length: Math.round(bytes / 100) }, (_, at) => ({
    id: 100_000 + at,
    name: "a name of some length",
    tags: ["first", "second"],
    weight: { kg: 22.5, sets: 12 },
  }));
  return { items };
}

/** A step that hands on what it is given, as it is. */
class Relay {
  calls = 0;

  pass = async (value) => {
    this.calls += 1;
    return value;
  };
}

/** Each makes what runs a value once through all steps. */
const chains = {
  repflow: ({ pass }) => {
    const given = (at) => (at === 0 ? "{{ input }}" : `{{ steps.s${at - 1}.output }}`);
    const definition = frozen({ id: "objects", steps: numbers.map((at) => ({ id: `s${at}`, call: "f.pass", with: given(at) })) });
    const runs = orchestrator({ pass });
    return async (value) => (await runs.executeWorkflow(definition, value)).output;
  },
  "by hand": ({ pass }) => async (value) => {
    for (const _ of numbers) value = await pass(value);
    return value;
  },
  effect: async ({ pass }) => {
    const { Effect } = await import("effect");
    const chain = (value) => Effect.gen(function* () {
      for (const _ of numbers) value = yield* Effect.promise(() => pass(value));
      return value;
    });
    return (value) => Effect.runPromise(chain(value));
  },
  xstate: async ({ pass }) => {
    const { assign, createActor, fromPromise, setup, toPromise } = await import("xstate");
    const input = ({ context }) => context.value;
    const onDone = (at) => ({ target: `s${at + 1}`, actions: assign({ value: ({ event }) => event.output }) });
    const states = numbers.map((at) => [`s${at}`, { invoke: { src: "pass", input, onDone: onDone(at) } }]);
    const machine = setup({ actors: { pass: fromPromise(({ input }) => pass(input)) } }).createMachine({
      context: ({ input }) => ({ value: input }),
      initial: "s0",
      states: { ...Object.fromEntries(states), [`s${STEPS}`]: { type: "final" } },
      output: ({ context }) => context.value,
    });
    return (value) => toPromise(createActor(machine, { input: value }).start());
  },
  mastra: async ({ pass }) => {
    const { createStep, createWorkflow } = await import("@mastra/core/workflows");
    const { z } = await import("zod");
    const schemas = { inputSchema: z.any(), outputSchema: z.any() };
    const steps = numbers.map((at) => createStep({ id: `s${at}`, ...schemas, execute: ({ inputData }) => pass(inputData) }));
    const chain = steps.reduce((chain, step) => chain.then(step), createWorkflow({ id: "objects", ...schemas })).commit();
    return async (value) => (await (await chain.createRun()).start({ inputData: value })).result;
  },
  langgraph: async ({ pass }) => {
    const { Annotation, END, START, StateGraph } = await import("@langchain/langgraph");
    const graph = new StateGraph(Annotation.Root({ value: Annotation() }));
    for (const at of numbers) graph.addNode(`s${at}`, async ({ value }) => ({ value: await pass(value) }));
    for (const at of numbers) graph.addEdge(at === 0 ? START : `s${at - 1}`, `s${at}`);
    const app = graph.addEdge(`s${STEPS - 1}`, END).compile();
    return async (value) => (await app.invoke({ value })).value;
  },
};

const given = (makes, value) => {
  const answer = value.items.length;
  const once = async (make, work) => {
    const run = await make(work);
    return async () => (await run(value)).items.length;
  };
  const bound = Object.entries(makes).map(([name, make]) => [name, (work) => once(make, work)]);
  return contenders(Object.fromEntries(bound), { answer, calls: STEPS, work: () => new Relay() });
};

const [small, large] = [sized(10_000), sized(1_000_000)];
const { repflow, effect } = chains;

export default {
  title: "20 steps that hand on an object",
  about:
    "Each step is given what the one before returned and returns it as it is. What is handed on by reference costs the same, " +
    "however much it holds; the third table has both sizes beside each other.",
  packages: ["effect", "xstate", "@mastra/core", "@langchain/langgraph"],
  tables: [
    {
      title: "20 steps that hand on 10 KB",
      unit: "µs a step",
      per: STEPS,
      contenders: given(chains, small),
      targets: [{ against: "effect", most: 1 }],
      short: [{ against: "by hand", of: "min", most: 9.8 }],
    },
    {
      title: "20 steps that hand on 1 MB",
      unit: "µs a step",
      per: STEPS,
      contenders: given(chains, large),
      targets: [{ against: "effect", most: 1 }],
    },
    {
      title: "20 steps, 1 MB beside 10 KB",
      unit: "µs a step",
      per: STEPS,
      contenders: { ...given({ repflow, effect }, large), ...given({ "repflow, 10 KB": repflow, "effect, 10 KB": effect }, small) },
      targets: [{ against: "repflow, 10 KB", most: 1.1 }],
      short: [{ against: "repflow, 10 KB", of: "min", most: 1.25 }],
    },
  ],
};
