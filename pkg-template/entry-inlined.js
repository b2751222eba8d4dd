// What is bundled for Node, and Deno, which asks before it reads a file: the inlined copies, so that no file can be lost. The engine is
// compiled at once; its copy is not compressed, since to unzip takes longer than to read the rest. The others are loaded when they are
// first asked for.

import { createApi } from "./api.js";
import compileInlined from "./inline-module.js";
import inlined from "./inline-node.js";

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => new WebAssembly.Module(Buffer.from(inlined, "base64")),
  () => import("./coach-inline.js").then(compileInlined),
  () => import("./model-inline.js").then(compileInlined),
);
export { RepflowError } from "./api.js";
