// Browsers: the wasm file beside this script, streamed; where it cannot be had, the inlined copy.

import { createApi } from "./api.js";
import { compileInlined } from "./inline-module.js";

async function load() {
  try {
    return await fetchModule();
  } catch {
    // The file is not there, or comes as something else than wasm: the copy is a chunk of its own, loaded only then.
    const { default: inlined } = await import("./inline.js");
    return compileInlined(inlined);
  }
}

async function fetchModule() {
  const response = await fetch(new URL("./core.wasm", import.meta.url), { credentials: "same-origin" });
  if (!response.ok) throw new Error(`core.wasm answers ${response.status}`);
  const streams = response.headers.get("content-type")?.startsWith("application/wasm");
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

const api = /* @__PURE__ */ createApi(load);

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError } from "./api.js";
