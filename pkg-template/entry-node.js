// Node and Bun: the wasm files beside this script, since a script that holds the same bytes as text takes 2 ms longer to load. Each is
// compiled at once, when it is first asked for. Bundlers take `entry-inlined.js`; where one takes this and leaves a file behind, there
// is the inlined copy.

import { createApi } from "./api.js";

function load(url, copy) {
  try {
    // To import it would have Node load `fs/promises` and streams, too: that is 2 ms more.
    const { readFileSync } = process.getBuiltinModule("node:fs");
    return new WebAssembly.Module(readFileSync(url()));
  } catch {
    return unpacked(copy());
  }
}

async function unpacked(copy) {
  const [{ compileInlined }, { default: inlined }] = await Promise.all([import("./inline-module.js"), copy]);
  return compileInlined(inlined);
}

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => load(() => new URL("./core.wasm", import.meta.url), () => import("./inline.js")),
  () => load(() => new URL("./coach.wasm", import.meta.url), () => import("./coach-inline.js")),
  () => load(() => new URL("./model.wasm", import.meta.url), () => import("./model-inline.js")),
);
export { RepflowError } from "./api.js";
