// Cloudflare Workers: the modules are compiled at deployment, and instantiated at once when they are used.

import { createApi } from "./api.js";
import coach from "./coach.wasm";
import module from "./core.wasm";
import model from "./model.wasm";

const api = /* @__PURE__ */ createApi(
  () => module,
  () => coach,
  () => model,
);

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError } from "./api.js";
