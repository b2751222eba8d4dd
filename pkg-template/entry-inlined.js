// What is bundled for Node, and Deno, which asks before it reads a file: the inlined copies, so that no file can be lost. The engine is
// compiled at once; its copy is not compressed, since to load zlib and to unzip take longer than to read the rest. The others are
// loaded when they are first asked for.

import { createApi } from "./api.js";
import inlined from "./inline-node.js";

const bytesOf = (base64) => Buffer.from(base64, "base64");

async function loaded(copy) {
  const [{ gunzipSync }, { default: inlined }] = await Promise.all([import("node:zlib"), copy]);
  return new WebAssembly.Module(gunzipSync(bytesOf(inlined)));
}

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => new WebAssembly.Module(bytesOf(inlined)),
  () => loaded(import("./coach-inline.js")),
  () => loaded(import("./model-inline.js")),
);
export { RepflowError } from "./api.js";
