// AdvancedWorkflowIntegration: the ready-made workflows of the coach.

import { aborts } from "./aborts.js";
import { internals } from "./bus.js";
import { RepflowError, checkOptions, checks, invalid } from "./errors.js";
import { runSchemas } from "./standard-schema.js";

export class IntegrationBase {
  /** The orchestrator that runs the workflows. */
  orchestrator;
  #runtime;

  constructor(runtime, WorkflowOrchestrator, options = {}) {
    checkOptions("config.invalid", "the options of AdvancedWorkflowIntegration", options, {
      bus: [(bus) => bus?.[internals] !== undefined, "a FeatureBus"],
      orchestrator: [(it) => it instanceof WorkflowOrchestrator, "a WorkflowOrchestrator"],
    });
    const { bus, orchestrator } = options;
    if (bus !== undefined && orchestrator !== undefined && orchestrator.bus !== bus) {
      const message = "the orchestrator has a bus of its own; give one of the two";
      throw invalid("config.invalid", "the options of AdvancedWorkflowIntegration", [{ pointer: "/bus", message }]);
    }
    this.#runtime = runtime;
    this.orchestrator = orchestrator ?? new WorkflowOrchestrator(bus === undefined ? {} : { bus });
    this.bus[internals].whenThere((core) => this.#registerCoach(core));
  }

  /** The bus whose features the workflows call. */
  get bus() {
    return this.orchestrator.bus;
  }

  /** A complete workout for a request: six steps, answered by the offline coach, with no key and no network. */
  async generateComprehensiveWorkout(request, options = {}) {
    checkOptions("config.invalid", "the options of generateComprehensiveWorkout", options, {
      signal: checks.signal,
      onEvent: checks.handler,
      correlationId: checks.string,
      traceparent: checks.string,
      tracestate: checks.string,
      priority: checks.integer,
      schemas: runSchemas,
    });
    const { signal } = options;
    const core = await this.bus[internals].there((reject) => {
      const onAbort = () => reject(new RepflowError("run.cancelled", "the run was cancelled by its caller", { cause: signal.reason }));
      if (signal?.aborted) onAbort();
      return signal === undefined ? () => {} : aborts.add(signal, onAbort);
    });
    const input = core.workoutRequest(request);
    try {
      const run = await this.orchestrator.executeWorkflow(JSON.parse(core.comprehensiveWorkout()), input, options);
      return run.output;
    } catch (error) {
      // What the coach finds wrong with the request is the caller's to mend: it is told as it is.
      const { cause } = error;
      if (error.code === "step.failed" && cause instanceof RepflowError && cause.kind === "validation") {
        const { runId, workflowId, stepId, correlationId } = error;
        throw Object.assign(cause, { runId, workflowId, stepId, correlationId });
      }
      throw error;
    }
  }

  /** Puts the coach's features on the bus. A feature of the same name that is there already takes its place. */
  #registerCoach(core) {
    core.featureList().forEach(({ actions, ...info }, index) => {
      if (this.bus[internals].features.has(info.name)) return;
      const calls = actions.map((action) => [action, (params) => core.featureCall(index, action, params)]);
      this.bus.registerFeature({ ...info, actions: Object.fromEntries(calls) });
    });
  }
}
