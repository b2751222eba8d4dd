import { frozen, orchestrator } from "../lib/orchestrator.mjs";
import { contenders } from "../lib/steps.mjs";

const TASKS = 1_000;
const AT_ONCE = 10;
const numbers = Array.from({ length: TASKS }, (_, at) => at);
const ANSWER = numbers.reduce((sum, number) => sum + number + 1, 0);

const sum = (answers) => {
  let total = 0;
  for (const answer of answers) total += answer;
  return total;
};

/** The step of a fan-out: it ends a turn later, so that who lets more in at once than is allowed is found out. */
class Task {
  calls = 0;
  #running = 0;

  next = async (value) => {
    this.calls += 1;
    if (++this.#running > AT_ONCE) throw new Error("more at once than is allowed");
    await undefined;
    this.#running -= 1;
    return value + 1;
  };
}

const fans = {
  repflow: ({ next }) => {
    const steps = [{ id: "task", call: "f.next", with: "{{ item }}" }];
    const definition = frozen({ id: "fan-out", steps: [{ id: "each", forEach: "{{ input }}", concurrency: AT_ONCE, steps }] });
    const runs = orchestrator({ next });
    return async () => {
      const { output } = await runs.executeWorkflow(definition, numbers);
      let total = 0;
      for (const { task } of output) total += task;
      return total;
    };
  },
  "repflow, 1,000 steps written out": ({ next }) => {
    const parallel = numbers.map((number) => ({ id: `s${number}`, call: "f.next", with: number }));
    const definition = frozen({ id: "fan-out", steps: [{ id: "all", parallel, concurrency: AT_ONCE }] });
    const runs = orchestrator({ next });
    return async () => sum(Object.values((await runs.executeWorkflow(definition)).output));
  },
  "by hand": ({ next }) => async () => {
    const answers = new Array(TASKS);
    let started = 0;
    const worker = async () => {
      while (started < TASKS) {
        const at = started;
        started += 1;
        answers[at] = await next(numbers[at]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return sum(answers);
  },
  effect: async ({ next }) => {
    const { Effect } = await import("effect");
    const all = Effect.forEach(numbers, (number) => Effect.promise(() => next(number)), { concurrency: AT_ONCE });
    return async () => sum(await Effect.runPromise(all));
  },
  "p-limit": async ({ next }) => {
    const { default: pLimit } = await import("p-limit");
    const limit = pLimit(AT_ONCE);
    return async () => sum(await Promise.all(numbers.map((number) => limit(next, number))));
  },
  "p-map": async ({ next }) => {
    const { default: pMap } = await import("p-map");
    return async () => sum(await pMap(numbers, next, { concurrency: AT_ONCE }));
  },
  "p-queue": async ({ next }) => {
    const { default: PQueue } = await import("p-queue");
    const queue = new PQueue({ concurrency: AT_ONCE });
    return async () => sum(await queue.addAll(numbers.map((number) => () => next(number))));
  },
  rxjs: async ({ next }) => {
    const { from, lastValueFrom, mergeMap, reduce } = await import("rxjs");
    const all = from(numbers).pipe(mergeMap(next, AT_ONCE), reduce((total, answer) => total + answer, 0));
    return () => lastValueFrom(all);
  },
  mastra: async ({ next }) => {
    const { createStep, createWorkflow } = await import("@mastra/core/workflows");
    const { z } = await import("zod");
    const number = { inputSchema: z.number(), outputSchema: z.number() };
    const task = createStep({ id: "task", ...number, execute: ({ inputData }) => next(inputData) });
    const schemas = { inputSchema: z.array(z.number()), outputSchema: z.array(z.number()) };
    const fan = createWorkflow({ id: "fan-out", ...schemas }).foreach(task, { concurrency: AT_ONCE }).commit();
    return async () => sum((await (await fan.createRun()).start({ inputData: numbers })).result);
  },
  langgraph: async ({ next }) => {
    const { Annotation, END, Send, START, StateGraph } = await import("@langchain/langgraph");
    const all = Annotation({ reducer: (total, answer) => total + answer, default: () => 0 });
    const app = new StateGraph(Annotation.Root({ all }))
      .addNode("task", async ({ number }) => ({ all: await next(number) }))
      .addConditionalEdges(START, () => numbers.map((number) => new Send("task", { number })), ["task"])
      .addEdge("task", END)
      .compile();
    return async () => (await app.invoke({}, { maxConcurrency: AT_ONCE })).all;
  },
};

export default {
  title: "A fan-out of 1,000, ten at once",
  about:
    "A thousand asynchronous tasks of which never more than ten run at once, which the tasks check; the answers are summed " +
    "up. In repflow it is a `forEach` over a list; the second row is a `parallel` with a thousand steps in the definition.",
  packages: ["effect", "p-limit", "p-map", "p-queue", "rxjs", "@mastra/core", "@langchain/langgraph"],
  tables: [{
    unit: "µs a task",
    per: TASKS,
    contenders: contenders(fans, { answer: ANSWER, calls: TASKS, work: () => new Task() }),
    targets: [{ against: "effect", most: 1 }],
    short: [{ against: "by hand", of: "min", most: 9 }],
  }],
};
