// Node and Bun: the wasm files beside this script, since a script that holds the same bytes as text takes 2 ms longer to load. Each is
// compiled at once, when it is first asked for. Bundlers take `entry-inlined.js`; where one takes this and leaves a file behind, there
// is the inlined copy.

import { createApi } from "./api.js";

function load(url, copy) {
  try {
    // To import it would have Node load `fs/promises` and streams, too: that is 2 ms more.
    return new WebAssembly.Module(process.getBuiltinModule("fs").readFileSync(url()));
  } catch {
    return import("./inline-module.js").then(async ({ default: compileInlined }) => compileInlined(await copy()));
  }
}

export const { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy } = createApi(
  () => load(() => new URL("./core.wasm", import.meta.url), () => import("./inline.js")),
  () => load(() => new URL("./coach.wasm", import.meta.url), () => import("./coach-inline.js")),
  () => load(() => new URL("./model.wasm", import.meta.url), () => import("./model-inline.js")),
);
export { RepflowError } from "./api.js";
