// Browsers: the wasm files beside this script, streamed; where one cannot be had, its inlined copy.

import { createApi } from "./api.js";
import compileInlined from "./inline-module.js";

async function load(url, copy) {
  try {
    const response = await fetch(url);
    if (response.ok) {
      const streams = response.headers.get("content-type")?.startsWith("application/wasm");
      return await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
    }
  } catch {
    // As when it is not there.
  }
  // The file is not there, or comes as something else than wasm: the copy is a chunk of its own, loaded only then.
  return compileInlined(await copy());
}

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => load(new URL("./core.wasm", import.meta.url), () => import("./inline.js")),
  () => load(new URL("./coach.wasm", import.meta.url), () => import("./coach-inline.js")),
  () => load(new URL("./model.wasm", import.meta.url), () => import("./model-inline.js")),
);
export { RepflowError } from "./api.js";
