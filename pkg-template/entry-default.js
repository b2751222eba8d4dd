// Any other runtime: the inlined copy, by web standards only.

import { createApi } from "./api.js";
import { compileInlined } from "./inline-module.js";
import inlinedCoach from "./coach-inline.js";
import inlined from "./inline.js";
import inlinedModel from "./model-inline.js";

const api = /* @__PURE__ */ createApi(
  () => compileInlined(inlined),
  () => compileInlined(inlinedCoach),
  () => compileInlined(inlinedModel),
);

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError } from "./api.js";
