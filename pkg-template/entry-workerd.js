// Cloudflare Workers: the module is compiled at deployment, and instantiated at once.

import { createApi } from "./api.js";
import module from "./core.wasm";

const api = /* @__PURE__ */ createApi(() => module);

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError } from "./api.js";
