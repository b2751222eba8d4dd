import { FeatureBus, WorkflowOrchestrator } from "repflow";

/** A definition that nobody can change: repflow need not compare it with what it was when it was given before. */
export function frozen(definition) {
  if (typeof definition === "object" && definition !== null) Object.values(definition).forEach(frozen);
  return Object.freeze(definition);
}

/** An orchestrator as it is by default, with the actions of a feature `f`. */
export function orchestrator(actions) {
  const bus = new FeatureBus();
  bus.registerFeature({ name: "f", version: "1.0.0", actions });
  return new WorkflowOrchestrator({ bus });
}
