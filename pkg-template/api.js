// The classes of the package, bound to one way of loading the core, and the coach.

import { FeatureBusBase } from "./bus.js";
import * as engineGlue from "./core.js";
import { IntegrationBase } from "./integration.js";
import { ModelClientBase } from "./model-client.js";
import { OrchestratorBase } from "./orchestrator.js";
import { PolicyBase } from "./policy.js";
import { Runtime, instanceOf } from "./runtime.js";

export { RepflowError } from "./errors.js";

/** The engine, which every page has, and the coach, whose glue comes with its wasm when somebody makes use of it. They share nothing. */
const engine = instanceOf(engineGlue);
const coach = instanceOf();

function withGlue(module) {
  return Promise.all([module, import("./coach-glue.js")]).then(([module, glue]) => {
    coach.glue = glue;
    return module;
  });
}

/**
 * Each entry makes its own classes instead of setting a loader in a shared module: the package has no side effects, so
 * a bundler may drop a module that is only imported for what it does.
 */
export function createApi(load, loadCoach, loadModel) {
  const runtime = new Runtime(engine, load);
  runtime.coach = new Runtime(coach, () => withGlue(loadCoach()));
  runtime.loadModel = loadModel;
  class FeatureBus extends FeatureBusBase {
    constructor(options) {
      super(runtime, options);
    }
  }
  class WorkflowOrchestrator extends OrchestratorBase {
    constructor(options) {
      super(FeatureBus, options);
    }
  }
  class ModelClient extends ModelClientBase {
    constructor(options) {
      super(runtime, options);
    }
  }
  class AdvancedWorkflowIntegration extends IntegrationBase {
    constructor(options) {
      super(runtime, WorkflowOrchestrator, ModelClient, options);
    }
  }
  const policy = (options, more) => new PolicyBase(runtime, options, more);
  return { FeatureBus, WorkflowOrchestrator, AdvancedWorkflowIntegration, ModelClient, policy };
}
