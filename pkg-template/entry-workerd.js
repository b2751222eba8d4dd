// Cloudflare Workers: the modules are compiled at deployment, and instantiated at once when they are used.

import { createApi } from "./api.js";
import coach from "./coach.wasm";
import module from "./core.wasm";
import model from "./model.wasm";

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => module,
  () => coach,
  () => model,
);
export { RepflowError } from "./api.js";
