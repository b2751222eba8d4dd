// Node, Deno and Bun: the inlined copy, compiled at once, so that no file can be lost in a bundle.

import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";

import { createApi } from "./api.js";
import inlinedCoach from "./coach-inline.js";
import inlined from "./inline.js";
import inlinedModel from "./model-inline.js";

const compile = (base64) => new WebAssembly.Module(gunzipSync(Buffer.from(base64, "base64")));

const api = /* @__PURE__ */ createApi(
  () => compile(inlined),
  () => compile(inlinedCoach),
  () => compile(inlinedModel),
);

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError } from "./api.js";
