import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { bundle, loadedAtOnce } from "../lib/bundle.mjs";

const KB = 1_024;
const ENGINE = "repflow, engine alone";

/** What a page imports, and which wasm it loads. Where parts are loaded on demand, `everything` counts them, too. */
const APPS = {
  repflow: { code: 'export * from "repflow";', wasm: ["core", "coach", "model"], everything: true },
  [ENGINE]: { code: 'export { FeatureBus, WorkflowOrchestrator, policy } from "repflow";', wasm: ["core"] },
  "p-graph, p-map, eventemitter3 and cockatiel": {
    code: `export { PGraph } from "p-graph";
      export { default as pMap } from "p-map";
      export { EventEmitter } from "eventemitter3";
      export {
        bulkhead, circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, timeout, wrap,
      } from "cockatiel";`,
  },
  effect: {
    code: `import { Effect } from "effect";
      export const used = [Effect.forEach, Effect.gen, Effect.promise, Effect.runPromise];`,
  },
  xstate: { code: 'export { assign, createActor, fromPromise, setup, toPromise } from "xstate";' },
  langgraph: { code: 'export { Annotation, END, START, StateGraph } from "@langchain/langgraph/web";' },
  mastra: { code: 'export { createStep, createWorkflow } from "@mastra/core/workflows";' },
};

const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length / KB;
const ofPackage = (file) => readFileSync(new URL(`../node_modules/repflow/${file}`, import.meta.url));

async function kilobytes({ code, wasm = [], everything }) {
  // The copy of the wasm within a script is for where no file can be fetched; nobody loads both.
  const chunks = await bundle(code, { external: [/inline(-module)?\.js$/] });
  const scripts = (everything ? chunks : loadedAtOnce(chunks)).map(({ code }) => code);
  return [...scripts, ...wasm.map((name) => ofPackage(`${name}.wasm`))].reduce((sum, part) => sum + gzipped(part), 0);
}

export default {
  title: "Size",
  about:
    "What a page loads, each file gzipped: scripts bundled and minified by rolldown, and wasm. Of this package once " +
    "everything, with the coach, its catalogue and what is loaded on demand, and once what a page loads that runs workflows " +
    "and has no coach. Of the others what the chain above needs. What they ask of Node is not counted; Mastra needs it.",
  packages: [
    "p-graph", "p-map", "eventemitter3", "cockatiel", "effect", "xstate", "@langchain/langgraph", "@mastra/core",
  ],
  tables: [{ unit: "KB", targets: [{ most: 200 }, { contender: ENGINE, most: 60 }] }],
  measure: async () => {
    const results = [];
    for (const [name, app] of Object.entries(APPS)) results.push({ name, samples: [await kilobytes(app)] });
    return [results];
  },
};
