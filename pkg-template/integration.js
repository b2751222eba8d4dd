// AdvancedWorkflowIntegration: the ready-made workflows of the coach.

import { aborts } from "./aborts.js";
import { internals } from "./bus.js";
import { isObject } from "./definition.js";
import { NO_OPTIONS, RepflowError, aDuration, aString, checkOptions, invalidAt, notLoaded } from "./errors.js";
import { addFaults } from "./faults.js";
import { described } from "./feature.js";
import { LiveSession } from "./live.js";
import { ModelClientBase, loadModels } from "./model-client.js";
import { missing } from "./nearest.js";
import { RUN_OPTIONS } from "./orchestrator.js";
import { plain } from "./plain.js";
import { runCancelled } from "./step-errors.js";

const CHAIN = {
  model: aString,
  client: [(client) => client instanceof ModelClientBase, "a ModelClient"],
};
const isLink = (link) => link === "cache" || (isObject(link) && Object.entries(link).every(([key, value]) => CHAIN[key]?.[0](value)));
/** What is about the chain, and not about the client. */
const AI = {
  client: CHAIN.client,
  chain: [(chain) => Array.isArray(chain) && chain.every(isLink), '`"cache"`, or `{ model, client }`, for each level'],
  levelTimeout: aDuration,
  hedge: [(hedge) => isObject(hedge) && aDuration[0](hedge.delay) && Object.keys(hedge).length === 1, "`{ delay }`"],
};

/** What a run may be told, and who shall answer in it. */
const CALL = {
  ...RUN_OPTIONS,
  provider: [(it) => it === "offline-coach" || it instanceof ModelClientBase, '`"offline-coach"`, or a ModelClient'],
};

/** The topic on which the bus is told of what a workflow gave, and what of that is the whole, where the rest belongs to it. */
const TOLD = {
  "comprehensive-workout": ["workout-generated"],
  "quick-workout": ["workout-generated"],
  "real-time-adaptation": ["workout-adapted", "adaptation"],
  "progressive-program": ["program-created"],
  "group-workout": ["group-workout-created", "workout"],
};

const ASKS = "Asks a model, and checks what it answers.";

export class IntegrationBase {
  /** The orchestrator that runs the workflows. */
  orchestrator;
  /** What asks models; none where there is only the offline coach. */
  models = undefined;
  #runtime;
  /** The levels before the offline coach, by the names of their features, and how long each of them may take. */
  #levels = [];
  #levelTimeout = "60s";
  /** The names of the levels that ask what a call brought with it. */
  #ofProviders = new Map();
  #isRegistered = false;

  constructor(runtime, WorkflowOrchestrator, ModelClient, options = {}) {
    checkOptions("config.invalid", "the options of AdvancedWorkflowIntegration", options, {
      bus: [(bus) => bus?.[internals] !== undefined, "a FeatureBus"],
      orchestrator: [(it) => it instanceof WorkflowOrchestrator, "a WorkflowOrchestrator"],
      ai: [isObject, "the options of a ModelClient, or a `client`, and what belongs to the `chain`"],
    });
    const { bus, orchestrator, ai } = options;
    if (bus !== undefined && orchestrator !== undefined && orchestrator.bus !== bus) {
      const message = "the orchestrator has a bus of its own; give one of the two";
      throw invalidAt("config.invalid", "the options of AdvancedWorkflowIntegration", "/bus", message);
    }
    this.#runtime = runtime;
    this.orchestrator = orchestrator ?? new WorkflowOrchestrator(bus === undefined ? {} : { bus });
    if (ai !== undefined) this.#useModels(ModelClient, ai);
    const { link } = this.bus[internals];
    link.whenThere((core) => {
      const coach = runtime.coach.ready();
      const register = (coach) => this.#register(core, coach);
      // Who asks for one of its features meanwhile is answered when it is there.
      if (coach instanceof Promise) link.hold(coach.then(register));
      else register(coach);
    });
  }

  /** The bus whose features the workflows call. */
  get bus() {
    return this.orchestrator.bus;
  }

  /** The definition of one of the workflows, as data: to be run by an orchestrator, or to be changed. */
  async template(id) {
    const coach = await this.#coach();
    const text = coach.coachTemplate(id);
    if (text === undefined) return missing("workflow.not_registered", "there is no template", id, coach.coachTemplates());
    return JSON.parse(text);
  }

  /**
   * A complete workout for a request: six steps, answered by the models of the chain where there are any, and at the last by the
   * offline coach, with no key and no network.
   */
  generateComprehensiveWorkout(request, options) {
    return this.#perform("comprehensive-workout", request, options, "generateComprehensiveWorkout");
  }

  /** A workout at once: one step. */
  quickWorkoutSetup(request, options) {
    return this.#perform("quick-workout", request, options, "quickWorkoutSetup");
  }

  /** How to go on in a session, given how it goes. */
  adaptWorkoutInRealTime(situation, options) {
    return this.#perform("real-time-adaptation", situation, options, "adaptWorkoutInRealTime");
  }

  /** Twelve weeks in three phases, after an assessment. */
  createProgressiveProgram(request, options) {
    return this.#perform("progressive-program", request, options, "createProgressiveProgram");
  }

  /** A workout for several people at once, each with a variation of their own. */
  createGroupWorkout(request, options) {
    return this.#perform("group-workout", request, options, "createGroupWorkout");
  }

  /** A session that stays open: it takes sets and heart rates as signals, and answers each at once. */
  async startLiveSession(session, options = NO_OPTIONS) {
    checkOptions("config.invalid", "the options of startLiveSession", options, RUN_OPTIONS);
    await this.#coach(options.signal);
    const apply = async (given) => ask(await this.#runtime.coach.ready(), "workout-adaptation", "live", given);
    return LiveSession.start(apply, this.orchestrator, session, options);
  }

  /** What to do next, what instead, and how to recover and progress. */
  recommend(situation, options = NO_OPTIONS) {
    return this.bus.request("workout-recommendations", "advise", situation, options);
  }

  /** Everything that is wrong with a workout for a request, whoever built it; nothing when it is correct. */
  checkWorkout(workout, request) {
    return this.#check("safety-validation", "validate", { workout, request });
  }

  checkProgram(program, request) {
    return this.#check("safety-validation", "checkProgram", { program, request });
  }

  checkGroupWorkout(group, request) {
    return this.#check("safety-validation", "checkGroup", { group, request });
  }

  checkAdaptation(adaptation, request) {
    return this.#check("workout-adaptation", "validate", { adaptation, request });
  }

  async #check(feature, action, params) {
    return ask(await this.#coach(), feature, action, params).violations;
  }

  /** A workout as `fit`, `ics`, `csv` or `jsonld`. */
  async exportWorkout(workout, format, options) {
    return (await loadExports()).exportWorkout(workout, format, options);
  }

  /** A programme as `ics`, `csv` or `jsonld`, or as a `fit` file for each session. */
  async exportProgram(program, format, options) {
    return (await loadExports()).exportProgram(program, format, options);
  }

  /** The coach, once it is there and its features are on the bus. */
  async #coach(signal) {
    const coach = this.#runtime.coach.ready();
    // Both load at the same time; what is wrong with it is told below.
    if (coach instanceof Promise) coach.catch(() => {});
    const giveUp = (reject) => aborts.heed(signal, () => reject(runCancelled(signal.reason)));
    const core = await this.bus[internals].link.there(undefined, giveUp);
    this.#register(core, await coach);
    return this.#runtime.coach.ready();
  }

  /** Runs one of the workflows, and tells of what it gave. */
  async #perform(id, given, options = NO_OPTIONS, method) {
    checkOptions("config.invalid", `the options of ${method}`, options, CALL);
    const { provider, ...runOptions } = options;
    const coach = await this.#coach(options.signal);
    const input = coach.coachInput(id, plain(given));
    const definition = withLevels(JSON.parse(coach.coachTemplate(id)), this.#levelsOf(provider), this.#levelTimeout);
    try {
      const run = await this.orchestrator.executeWorkflow(definition, input, runOptions);
      const [topic, whole] = TOLD[id];
      let { output } = run;
      if (whole !== undefined) {
        const { [whole]: main, ...parts } = output;
        // What a step left out says nothing.
        output = { ...Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== null)), ...main };
      }
      this.bus[internals].hearing.emitFor(topic, output, id, options.correlationId ?? run.runId);
      return output;
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

  /** The levels of the chain that one call asks for. */
  #levelsOf(provider) {
    if (provider === undefined) return this.#levels;
    if (provider === "offline-coach") return [];
    if (!this.#ofProviders.has(provider)) {
      this.#ofProviders.set(provider, this.#feature(`model-provider-${this.#ofProviders.size + 1}`, ASKS, () => this.#levelOf({ client: provider })));
    }
    return [this.#ofProviders.get(provider)];
  }

  async #levelOf(link) {
    const { model, client = this.models } = link;
    const [{ CacheLevel, Level }, models] = await Promise.all([loadModels(), ModelClientBase.ready(client)]);
    return new (link === "cache" ? CacheLevel : Level)(this.#runtime, models, model);
  }

  /** Registers a level of a chain; gives its name. */
  #feature(name, description, load) {
    this.bus.registerFeature({ name, version: "1.0.0", description, capabilities: ["model"], load });
    return name;
  }

  #useModels(ModelClient, { client, chain = [{}, "cache"], levelTimeout = "60s", hedge, ...more }) {
    checkOptions("config.invalid", "the `ai` of AdvancedWorkflowIntegration", { client, chain, levelTimeout, hedge }, AI);
    if (client !== undefined && Object.keys(more).length > 0) {
      const message = "with a `client`, its options are its own";
      throw invalidAt("config.invalid", "the `ai` of AdvancedWorkflowIntegration", `/${Object.keys(more)[0]}`, message);
    }
    this.models = client ?? new ModelClient(more);
    this.#levelTimeout = levelTimeout;
    if (hedge !== undefined && chain.length > 1) {
      const race = async () => new (await loadModels()).Race(this.#runtime, await Promise.all(chain.map((link) => this.#levelOf(link))), hedge);
      this.#levels = [this.#feature("model-race", "Asks a model, and the next when that takes long.", race)];
    } else {
      this.#levels = chain.map((link, index) =>
        link === "cache"
          ? this.#feature(`model-cache-${index + 1}`, "Gives earlier answers of models, also old ones.", () => this.#levelOf(link))
          : this.#feature(`model-${index + 1}`, ASKS, () => this.#levelOf(link)),
      );
    }
  }

  /** Puts the coach's features on the bus, once. A feature of the same name that is there already takes its place. */
  #register(core, coach) {
    if (this.#isRegistered) return;
    this.#isRegistered = true;
    const add = (feature) => {
      if (!this.bus[internals].features.has(feature.name)) this.bus.registerFeature(feature);
    };
    coach.featureList().forEach(({ actions, ...info }, index) => {
      const calls = actions.map(({ name, input, output }) => [
        name,
        {
          handler: async (params, { level }) => atLevel((await this.#runtime.coach.ready()).featureCall(index, name, plain(params)), level),
          // The core reads what it is given, and says more of what is wrong than a schema can: these are to be read.
          [described]: { input, output: { $ref: `coach.schema.json#/$defs/${output}` } },
        },
      ]);
      add({ ...info, actions: Object.fromEntries(calls), healthCheck: () => ({ status: "healthy" }) });
    });
    addFaults(core, coach, add);
  }
}

/** Puts the levels of a chain before what a step asks; that becomes the last resort. Each level tries again by itself. */
function withLevels(definition, [first, ...others], levelTimeout) {
  if (first === undefined) return definition;
  const raised = (steps) =>
    steps?.map((step) => {
      const { call, retry, parallel, steps, switch: branches, ...rest } = step;
      const task = step.metadata?.task;
      if (task !== undefined) {
        const fallback = [...others.map((name) => ({ call: `${name}.${task}` })), { call }, ...(step.fallback ?? [])];
        return { ...rest, call: `${first}.${task}`, timeout: levelTimeout, fallback };
      }
      const inner = { parallel: raised(parallel), steps: raised(steps), switch: branches?.map((one) => ({ ...one, steps: raised(one.steps) })) };
      return { ...step, ...Object.fromEntries(Object.entries(inner).filter(([, it]) => it !== undefined)) };
    });
  const { timeout, ...rest } = definition;
  return { ...rest, steps: raised(definition.steps) };
}

/** Has a feature of the coach do something, whoever has taken its name on the bus. */
function ask(coach, feature, action, params) {
  return coach.featureCall(coach.featureList().findIndex(({ name }) => name === feature), action, plain(params));
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
