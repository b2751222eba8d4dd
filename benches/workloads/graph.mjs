import { frozen, orchestrator } from "../lib/orchestrator.mjs";
import { contenders } from "../lib/steps.mjs";

const DIAMONDS = 33;
const NODES = 3 * DIAMONDS + 1;

/** The nodes in an order that needs allow: a tip, two sides that need it, the tip that needs both sides, and so on. */
const nodes = [{ id: "tip0", kind: "tip", needs: [] }];
for (let at = 0; at < DIAMONDS; at += 1) {
  for (const side of ["left", "right"]) nodes.push({ id: `${side}${at}`, kind: "side", needs: [`tip${at}`] });
  nodes.push({ id: `tip${at + 1}`, kind: "tip", needs: [`left${at}`, `right${at}`] });
}
const last = nodes.at(-1);

/** What the nodes do: nothing, at the right time. */
class Diamonds {
  calls = 0;
  #tips = 0;
  #sides = 0;

  tip = async () => {
    this.calls += 1;
    if (this.#sides !== 2 * this.#tips) throw new Error("a tip before its sides, or after other tips");
    this.#tips += 1;
    if (this.#tips <= DIAMONDS) return 0;
    this.#tips = this.#sides = 0;
    return NODES;
  };

  side = async () => {
    this.calls += 1;
    if (this.#sides >> 1 !== this.#tips - 1) throw new Error("a side before its tip, or after the next");
    this.#sides += 1;
    return 0;
  };
}

const graphs = {
  repflow: ({ tip, side }) => {
    const steps = nodes.map(({ id, kind, needs }) => ({ id, call: `f.${kind}`, needs }));
    const definition = frozen({ id: "graph", steps });
    const runs = orchestrator({ tip, side });
    return async () => (await runs.executeWorkflow(definition)).output;
  },
  // What runs any graph, in a few lines of promises.
  "by hand": (work) => async () => {
    const ended = new Map();
    for (const { id, kind, needs } of nodes) {
      ended.set(id, Promise.all(needs.map((need) => ended.get(need))).then(work[kind]));
    }
    return ended.get(last.id);
  },
  // This graph and no other, as one would write it.
  "by hand, in one loop": ({ tip, side }) => async () => {
    let answer = await tip();
    for (let at = 0; at < DIAMONDS; at += 1) {
      await Promise.all([side(), side()]);
      answer = await tip();
    }
    return answer;
  },
  "p-graph": async (work) => {
    const { PGraph } = await import("p-graph");
    let answer;
    const tip = async () => {
      answer = await work.tip();
    };
    const run = { tip, side: work.side };
    const graph = new PGraph(
      new Map(nodes.map(({ id, kind }) => [id, { run: run[kind] }])),
      nodes.flatMap(({ id, needs }) => needs.map((need) => [need, id])),
    );
    return async () => {
      await graph.run();
      return answer;
    };
  },
  effect: async (work) => {
    const { Deferred, Effect } = await import("effect");
    const graph = Effect.gen(function* () {
      const ended = new Map();
      for (const { id } of nodes) ended.set(id, yield* Deferred.make());
      const run = ({ id, kind, needs }) =>
        Effect.gen(function* () {
          for (const need of needs) yield* Deferred.await(ended.get(need));
          const answer = yield* Effect.promise(work[kind]);
          yield* Deferred.succeed(ended.get(id), answer);
        });
      yield* Effect.forEach(nodes, run, { concurrency: "unbounded", discard: true });
      return yield* Deferred.await(ended.get(last.id));
    });
    return () => Effect.runPromise(graph);
  },
  rxjs: async (work) => {
    const { defer, forkJoin, lastValueFrom, shareReplay, switchMap } = await import("rxjs");
    return () => {
      const ended = new Map();
      for (const { id, kind, needs } of nodes) {
        const before = needs.map((need) => ended.get(need));
        const run = before.length === 0 ? defer(work[kind]) : forkJoin(before).pipe(switchMap(work[kind]));
        ended.set(id, run.pipe(shareReplay(1)));
      }
      return lastValueFrom(ended.get(last.id));
    };
  },
  langgraph: async (work) => {
    const { Annotation, END, START, StateGraph } = await import("@langchain/langgraph");
    const graph = new StateGraph(Annotation.Root({ value: Annotation({ reducer: (_, value) => value }) }));
    for (const { id, kind } of nodes) graph.addNode(id, async () => ({ value: await work[kind]() }));
    graph.addEdge(START, "tip0");
    for (const { id, needs } of nodes) if (needs.length > 0) graph.addEdge(needs.length === 1 ? needs[0] : needs, id);
    const app = graph.addEdge(last.id, END).compile();
    return async () => (await app.invoke({ value: 0 }, { recursionLimit: NODES + 1 })).value;
  },
  flowcraft: async (work) => {
    const { createFlow, FlowRuntime } = await import("flowcraft");
    const flow = createFlow("graph");
    for (const { id, kind, needs } of nodes) {
      flow.node(id, async () => ({ output: await work[kind]() }), { config: { joinStrategy: "all" } });
      for (const need of needs) flow.edge(need, id);
    }
    const runtime = new FlowRuntime();
    return async () => (await flow.run(runtime, {})).context[last.id];
  },
};

export default {
  title: "A graph of 100 nodes",
  about:
    "Thirty-three diamonds in a row: a node, two that need it and may run at once, one that needs both, and so on. The nodes " +
    "do nothing but see to it that they run in that order. By hand it is the few lines of promises that run any graph; " +
    "the row after it is a loop that can do only this one.",
  packages: ["p-graph", "effect", "rxjs", "@langchain/langgraph", "flowcraft"],
  tables: [{
    unit: "µs a node",
    per: NODES,
    contenders: contenders(graphs, { answer: NODES, calls: NODES, work: () => new Diamonds() }),
    targets: [{ against: "by hand", most: 1 }],
    short: [{ against: "by hand", of: "min", most: 1.6 }],
  }],
};
