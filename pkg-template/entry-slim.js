// Bring your own module: nothing is inlined and nothing is fetched until `initialize` says what to use.

import { RepflowError, createApi } from "./api.js";

const sources = {};

/** Gives the core, and the coach and the model client where they are used: a compiled module, its bytes, a response, a URL, or a promise of one of these. */
export function initialize(core, coach, model) {
  Object.assign(sources, { core, coach, model });
}

async function compile(wasm) {
  const given = await wasm;
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === "string" || given instanceof URL) return compile(fetch(given));
  return WebAssembly.compile(typeof given?.arrayBuffer === "function" ? await given.arrayBuffer() : given);
}

function load(name) {
  const source = sources[name];
  if (source === undefined) {
    throw new RepflowError("config.invalid", `call \`initialize(core, coach, model)\` first, for example with \`repflow/${name}.wasm\`; only the coach needs the second, only a ModelClient the third`);
  }
  return source instanceof WebAssembly.Module ? source : compile(source);
}

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => load("core"),
  () => load("coach"),
  () => load("model"),
);
export { RepflowError };
