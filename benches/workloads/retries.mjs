import { orchestrator } from "../lib/orchestrator.mjs";
import { contenders } from "../lib/steps.mjs";

const ANSWER = 42;

/** A step that fails twice, then answers, and so on. Each time with an error of its own, as steps do. */
class Third {
  calls = 0;

  attempt = async () => {
    this.calls += 1;
    if (this.calls % 3 !== 0) throw new Error("on purpose");
    return ANSWER;
  };
}

const retrying = {
  repflow: ({ attempt }) => {
    const retry = { maxAttempts: 3, delay: 0, jitter: "none" };
    const definition = { id: "retries", steps: [{ id: "attempt", call: "f.attempt", retry }] };
    const runs = orchestrator({ attempt });
    return async () => (await runs.executeWorkflow(definition)).output;
  },
  "repflow, a policy": async ({ attempt }) => {
    const { policy } = await import("repflow");
    const protection = policy({ retry: { maxAttempts: 3, delay: 0 } });
    return () => protection.execute(attempt);
  },
  "by hand": ({ attempt }) => async () => {
    for (let made = 1; ; made += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (made === 3) throw error;
      }
    }
  },
  effect: async ({ attempt }) => {
    const { Effect } = await import("effect");
    const step = Effect.tryPromise(attempt).pipe(Effect.retry({ times: 2 }));
    return () => Effect.runPromise(step);
  },
  mastra: async ({ attempt }) => {
    const { createStep, createWorkflow } = await import("@mastra/core/workflows");
    const { z } = await import("zod");
    const schemas = { inputSchema: z.number(), outputSchema: z.number() };
    const step = createStep({ id: "attempt", ...schemas, retries: 2, execute: attempt });
    const workflow = createWorkflow({ id: "retries", ...schemas }).then(step).commit();
    return async () => (await (await workflow.createRun()).start({ inputData: 0 })).result;
  },
  langgraph: async ({ attempt }) => {
    const { Annotation, END, START, StateGraph } = await import("@langchain/langgraph");
    const retryPolicy = { maxAttempts: 3, initialInterval: 0, jitter: false, logWarning: false };
    const app = new StateGraph(Annotation.Root({ value: Annotation() }))
      .addNode("attempt", async () => ({ value: await attempt() }), { retryPolicy })
      .addEdge(START, "attempt")
      .addEdge("attempt", END)
      .compile();
    return async () => (await app.invoke({ value: 0 })).value;
  },
  flowcraft: async ({ attempt }) => {
    const { createFlow, FlowRuntime } = await import("flowcraft");
    const config = { maxRetries: 3, retryDelay: 0 };
    const flow = createFlow("retries").node("attempt", async () => ({ output: await attempt() }), { config });
    const runtime = new FlowRuntime();
    return async () => (await flow.run(runtime, {})).context.attempt;
  },
  cockatiel: async ({ attempt }) => {
    const { ConstantBackoff, handleAll, retry } = await import("cockatiel");
    const protection = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(0) });
    return () => protection.execute(attempt);
  },
  "p-retry": async ({ attempt }) => {
    const { default: pRetry } = await import("p-retry");
    return () => pRetry(attempt, { retries: 2, minTimeout: 0 });
  },
};

export default {
  title: "A step that fails twice, then is fine",
  about:
    "One run of a workflow of one step, which throws an error of its own twice and then answers; nobody is asked to wait " +
    "between attempts, but cockatiel and langgraph do so by a timer. Without a workflow around it there are, from repflow, " +
    "`policy()`, and cockatiel and p-retry.",
  packages: ["effect", "@mastra/core", "@langchain/langgraph", "flowcraft", "cockatiel", "p-retry"],
  tables: [{
    unit: "µs a run",
    contenders: contenders(retrying, { answer: ANSWER, calls: 3, work: () => new Third() }),
    targets: [{ against: "effect", most: 0.5 }],
    short: [{ against: "by hand", of: "min", most: 4.5 }],
  }],
};
