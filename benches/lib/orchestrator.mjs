import { FeatureBus, WorkflowOrchestrator } from "repflow";

/** An orchestrator as it is by default, with the actions of a feature `f`. */
export function orchestrator(actions) {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "f", version: "1.0.0", actions });
  return new WorkflowOrchestrator({ bus });
}
