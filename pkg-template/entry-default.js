// Any other runtime: the inlined copy, by web standards only.

import { createApi } from "./api.js";
import compileInlined from "./inline-module.js";
import * as inlinedCoach from "./coach-inline.js";
import * as inlined from "./inline.js";
import * as inlinedModel from "./model-inline.js";

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => compileInlined(inlined),
  () => compileInlined(inlinedCoach),
  () => compileInlined(inlinedModel),
);
export { RepflowError } from "./api.js";
