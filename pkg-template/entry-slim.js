// Bring your own module: nothing is inlined and nothing is fetched until `initialize` says what to use.

import { RepflowError, createApi } from "./api.js";

let source;

/** Gives the core: a compiled module, its bytes, a response, a URL, or a promise of one of these. */
export function initialize(wasm) {
  source = wasm;
}

async function compile(wasm) {
  const given = await wasm;
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === "string" || given instanceof URL) return compile(fetch(given));
  return WebAssembly.compile(typeof given?.arrayBuffer === "function" ? await given.arrayBuffer() : given);
}

const api = /* @__PURE__ */ createApi(() => {
  if (source === undefined) {
    throw new RepflowError("config.invalid", 'call `initialize(wasm)` first, for example with `repflow/core.wasm`');
  }
  return source instanceof WebAssembly.Module ? source : compile(source);
});

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError };
