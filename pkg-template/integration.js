// AdvancedWorkflowIntegration: the ready-made workflows of the coach.

import { aborts } from "./aborts.js";
import { internals } from "./bus.js";
import { isObject } from "./definition.js";
import { RepflowError, checkOptions, checks, invalid, notLoaded } from "./errors.js";
import { ModelClientBase, loadModels } from "./model-client.js";
import { runSchemas } from "./standard-schema.js";

const CHAIN = {
  model: checks.string,
  client: [(client) => client instanceof ModelClientBase, "a ModelClient"],
};
const isLink = (link) => link === "cache" || (isObject(link) && Object.entries(link).every(([key, value]) => CHAIN[key]?.[0](value)));
/** What is about the chain, and not about the client. */
const AI = {
  client: CHAIN.client,
  chain: [(chain) => Array.isArray(chain) && chain.every(isLink), '`"cache"`, or `{ model, client }`, for each level'],
  levelTimeout: checks.duration,
  hedge: [(hedge) => isObject(hedge) && checks.duration[0](hedge.delay) && Object.keys(hedge).length === 1, "`{ delay }`"],
};

export class IntegrationBase {
  /** The orchestrator that runs the workflows. */
  orchestrator;
  /** What asks models; none where there is only the offline coach. */
  models = undefined;
  #runtime;
  /** The levels before the offline coach, by the names of their features, and how long each of them may take. */
  #levels = [];
  #levelTimeout;

  constructor(runtime, WorkflowOrchestrator, ModelClient, options = {}) {
    checkOptions("config.invalid", "the options of AdvancedWorkflowIntegration", options, {
      bus: [(bus) => bus?.[internals] !== undefined, "a FeatureBus"],
      orchestrator: [(it) => it instanceof WorkflowOrchestrator, "a WorkflowOrchestrator"],
      ai: [isObject, "the options of a ModelClient, or a `client`, and what belongs to the `chain`"],
    });
    const { bus, orchestrator, ai } = options;
    if (bus !== undefined && orchestrator !== undefined && orchestrator.bus !== bus) {
      const message = "the orchestrator has a bus of its own; give one of the two";
      throw invalid("config.invalid", "the options of AdvancedWorkflowIntegration", [{ pointer: "/bus", message }]);
    }
    this.#runtime = runtime;
    this.orchestrator = orchestrator ?? new WorkflowOrchestrator(bus === undefined ? {} : { bus });
    if (ai !== undefined) this.#useModels(ModelClient, ai);
    this.bus[internals].whenThere((core) => this.#registerCoach(core));
  }

  /** The bus whose features the workflows call. */
  get bus() {
    return this.orchestrator.bus;
  }

  /**
   * A complete workout for a request: six steps, answered by the models of the chain where there are any, and at the last by the
   * offline coach, with no key and no network.
   */
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
      const run = await this.orchestrator.executeWorkflow(this.#withLevels(JSON.parse(core.coachTemplate("comprehensive-workout"))), input, options);
      return run.output;
    } catch (error) {
      // What the coach finds wrong with the request is the caller's to mend: it is told as it is. It speaks last.
      const cause = error.errors?.at(-1) ?? error.cause;
      if (error.code === "step.failed" && cause instanceof RepflowError && cause.kind === "validation") {
        const { runId, workflowId, stepId, correlationId } = error;
        throw Object.assign(cause, { runId, workflowId, stepId, correlationId });
      }
      throw error;
    }
  }

  /** A workout for other programs: `fit` gives bytes, `ics` and `csv` text, `jsonld` an object. */
  async exportWorkout(workout, format, options) {
    return (await loadExports()).exportWorkout(workout, format, options);
  }

  /** All sessions of a programme in the same formats; `fit` gives a file for each. */
  async exportProgram(programme, format, options) {
    return (await loadExports()).exportProgram(programme, format, options);
  }

  #useModels(ModelClient, { client, chain = [{}, "cache"], levelTimeout = "60s", hedge, ...more }) {
    checkOptions("config.invalid", "the `ai` of AdvancedWorkflowIntegration", { client, chain, levelTimeout, hedge }, AI);
    if (client !== undefined && Object.keys(more).length > 0) {
      const message = "with a `client`, its options are its own";
      throw invalid("config.invalid", "the `ai` of AdvancedWorkflowIntegration", [{ pointer: `/${Object.keys(more)[0]}`, message }]);
    }
    this.models = client ?? new ModelClient(more);
    this.#levelTimeout = levelTimeout;
    const levelOf = async (link) => {
      const { model, client = this.models } = link;
      const [{ CacheLevel, Level }, models] = await Promise.all([loadModels(), ModelClientBase.ready(client)]);
      return new (link === "cache" ? CacheLevel : Level)(this.#runtime, models, model);
    };
    const feature = (name, description, load) => {
      this.bus.registerFeature({ name, version: "1.0.0", description, capabilities: ["model"], load });
      return name;
    };
    if (hedge !== undefined && chain.length > 1) {
      const race = async () => new (await loadModels()).Race(this.#runtime, await Promise.all(chain.map(levelOf)), hedge);
      this.#levels = [feature("model-race", "Asks a model, and the next when that takes long.", race)];
    } else {
      this.#levels = chain.map((link, index) =>
        link === "cache"
          ? feature(`model-cache-${index + 1}`, "Gives earlier answers of models, also old ones.", () => levelOf(link))
          : feature(`model-${index + 1}`, "Asks a model, and checks what it answers.", () => levelOf(link)),
      );
    }
  }

  /** Puts the levels of the chain before what a step asks; that becomes the last resort. Each level tries again by itself. */
  #withLevels(definition) {
    const [first, ...others] = this.#levels;
    if (first === undefined) return definition;
    const raised = (steps) =>
      steps.map((step) => {
        if (step.parallel !== undefined) return { ...step, parallel: raised(step.parallel) };
        const { call, retry, ...rest } = step;
        const task = step.metadata?.task;
        if (task === undefined) return step;
        const fallback = [...others.map((name) => ({ call: `${name}.${task}` })), { call }];
        return { ...rest, call: `${first}.${task}`, timeout: this.#levelTimeout, fallback };
      });
    const { timeout, ...rest } = definition;
    return { ...rest, steps: raised(definition.steps) };
  }

  /** Puts the coach's features on the bus. A feature of the same name that is there already takes its place. */
  #registerCoach(core) {
    core.featureList().forEach(({ actions, ...info }, index) => {
      if (this.bus[internals].features.has(info.name)) return;
      const calls = actions.map(({ name }) => [name, (params, { level }) => atLevel(core.featureCall(index, name, params), level)]);
      this.bus.registerFeature({ ...info, actions: Object.fromEntries(calls) });
    });
  }
}

/** What exports; a module of its own, since most pages need it seldom. */
const loadExports = () => import("./exports.js").catch(notLoaded("exports.js"));

/** A workout that was built further down a chain says so. */
function atLevel(answer, level) {
  if (level > 0 && answer.provenance !== undefined) {
    for (const { provenance } of [answer, ...(answer.blocks ?? [])]) provenance.fallback_level = level;
  }
  return answer;
}
