// Node, Deno and Bun: the inlined copies, so that no file can be lost in a bundle. The engine is compiled at once; its copy is not
// compressed, since to load zlib and to unzip take longer than to read the rest. The others are loaded when they are first asked for.

import { createApi } from "./api.js";
import inlined from "./inline-node.js";

const bytesOf = (base64) => Buffer.from(base64, "base64");

async function loaded(copy) {
  const [{ gunzipSync }, { default: inlined }] = await Promise.all([import("node:zlib"), copy]);
  return new WebAssembly.Module(gunzipSync(bytesOf(inlined)));
}

/**
 * What ids begin with. Node loads all of WebCrypto when `crypto` is first asked for, 4 ms of a start that takes 20. These are no secrets:
 * they must differ between processes, workers, machines and restarts. `Math.random` is seeded by the system for each process and each
 * worker, with 64 bits in V8; and where somebody has fixed the seed, the process and its microsecond still tell two apart.
 */
function randomText() {
  const parts = [(performance.timeOrigin + performance.now()) * 1_000, process.pid, Math.random() * 2 ** 52, Math.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36)).join("-");
}

const api = /* @__PURE__ */ createApi(
  () => new WebAssembly.Module(bytesOf(inlined)),
  () => loaded(import("./coach-inline.js")),
  () => loaded(import("./model-inline.js")),
  randomText,
);

export const FeatureBus = api.FeatureBus;
export const WorkflowOrchestrator = api.WorkflowOrchestrator;
export const AdvancedWorkflowIntegration = api.AdvancedWorkflowIntegration;
export const ModelClient = api.ModelClient;
export const policy = api.policy;
export { RepflowError } from "./api.js";
