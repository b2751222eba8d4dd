// WorkflowOrchestrator: runs workflows, and keeps track of them. The core decides what happens next.

import { internals } from "./bus.js";
import { byHand } from "./circuits.js";
import { millisecondsOf } from "./clock.js";
import { Engine } from "./engine.js";
import { NO_OPTIONS, RepflowError, aCount, aDuration, aHandler, aSignal, aString, anInteger, checkOptions, describe, disposed, hasFields, invalid, invalidAt, isString, quoted, strings, whole } from "./errors.js";
import { handleOf } from "./handle.js";
import { nextId } from "./ids.js";
import { checkDefinition, idsIn, readJournal } from "./journal.js";
import { launch } from "./launch.js";
import { unknownWord } from "./nearest.js";
import { copyOf } from "./policy-options.js";
import { infoOf } from "./results.js";
import { Run } from "./run.js";
import { Runs } from "./runs.js";
import { unattended } from "./runtime.js";
import { runSchemas } from "./standard-schema.js";
import { Templates } from "./templates.js";


const OPTIONS = {
  bus: [(bus) => bus?.[internals] !== undefined, "a FeatureBus"],
  policies: [hasFields, "an object of policies by name"],
  snapshot: [hasFields, "what `snapshot()` gave"],
  templates: [Array.isArray, "a list of definitions"],
  maxConcurrentRuns: whole(1),
  maxQueuedRuns: aCount,
  retention: [hasFields, "an object with `count` and `age`"],
};
const RETENTION = {
  count: aCount,
  age: [(value) => aDuration[0](value) || value === 0, aDuration[1]],
};
export const RUN_OPTIONS = {
  signal: aSignal,
  onEvent: aHandler,
  correlationId: aString,
  traceparent: aString,
  tracestate: aString,
  priority: anInteger,
  schemas: runSchemas,
};
const RESTORE_OPTIONS = {
  definition: [hasFields, "a workflow definition"],
  signal: aSignal,
  onEvent: aHandler,
  schemas: runSchemas,
};
const ON_OPTIONS = { signal: aSignal };
const FILTER = {
  status: [(value) => isString(value) || strings[0](value), "a status or a list of them"],
  workflowId: aString,
  correlationId: aString,
};
const STATUSES = ["queued", "running", "paused", "compensating", "completed", "failed", "cancelled", "timed_out"];

export class OrchestratorBase {
  /** The bus whose features the steps call. */
  bus;
  #engine;
  #runs;
  #templates = new Templates();
  /** Refuses what is new, once it is disposed of or drained. */
  #closed = undefined;

  constructor(FeatureBus, options = {}) {
    checkOptions("config.invalid", "the options of WorkflowOrchestrator", options, OPTIONS);
    const { retention = {}, maxConcurrentRuns = Infinity, maxQueuedRuns = Infinity } = options;
    checkOptions("config.invalid", "the `retention` of WorkflowOrchestrator", retention, RETENTION);
    const { count = 100, age = 600_000 } = retention;
    this.bus = options.bus ?? new FeatureBus();
    const limits = { concurrent: maxConcurrentRuns, queued: maxQueuedRuns, kept: count, keptMs: millisecondsOf(age) };
    this.#runs = new Runs(limits, (run) => this.#engine.begin(run));
    this.#engine = new Engine(this.bus, copyOf(options.policies ?? {}), copyOf(options.snapshot), this.#runs, this.#templates);
    for (const template of options.templates ?? []) this.#templates.add(template);
    if (options.policies !== undefined) this.#engine.checkPolicies();
  }

  /** Runs a workflow to its end; see `start` for a run that can be managed by its handle. */
  executeWorkflow(definition, input, options) {
    try {
      return this.#start(definition, input, options).result;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Starts a run; its `result` settles when it has ended. */
  start(definition, input, options) {
    return handleOf(this.#engine, this.#start(definition, input, options));
  }

  /** Goes on with a run where its journal ends. What had completed is not done again; attempts that ran are made again. */
  restore(journal, options = NO_OPTIONS) {
    if (this.#closed !== undefined) throw this.#closed.error;
    checkOptions("config.invalid", "the options of the run", options, RESTORE_OPTIONS);
    const read = readJournal(journal);
    checkDefinition(read, options.definition, this.#templates);
    for (const id of idsIn(read)) {
      if (!this.#runs.isActive(id)) continue;
      const message = `the run \`${id}\` is active here; there is no second one of it`;
      throw invalidAt("journal.invalid", "the journal", "/runId", message);
    }
    const { correlationId, priority, definition } = read;
    const run = new Run(read.runId, read.input, { ...options, correlationId, priority });
    run.journal = read;
    run.isRestored = true;
    run.checksOutput ||= read.checksOutput;
    run.isPaused = read.isPaused && read.log.length === 0;
    return handleOf(this.#engine, this.#launch(run, definition, options));
  }

  /** Registers a definition, so that steps may run it and workflows may be made of it; returns its id. */
  registerTemplate(definition) {
    this.#assertUsable();
    return this.#templates.add(definition);
  }

  /** Makes a definition without parameters of a template. */
  createWorkflowFromTemplate(id, params) {
    return this.#templates.bind(id, params);
  }

  /** Runs that are active or ended not long ago, in the order of their start. */
  list(filter = NO_OPTIONS) {
    checkOptions("config.invalid", "the filter", filter, FILTER);
    const { status, workflowId, correlationId } = filter;
    const statuses = status === undefined ? STATUSES : [status].flat();
    const unknown = statuses.findIndex((each) => !STATUSES.includes(each));
    if (unknown >= 0) {
      const pointer = Array.isArray(status) ? `/status/${unknown}` : "/status";
      const name = statuses[unknown];
      const message = `there is no status ${describe(name)}; there is ${quoted(STATUSES)}`;
      throw invalid("config.invalid", "the filter", [unknownWord(pointer, message, name, STATUSES)]);
    }
    return this.#runs
      .all()
      .filter((run) => workflowId === undefined || run.workflowId === workflowId)
      .filter((run) => correlationId === undefined || run.correlationId === correlationId)
      .map((run) => infoOf(run, this.#engine.statusOf(run)))
      .filter((info) => statuses.includes(info.status));
  }

  /** The handle of a run that is active or ended not long ago. */
  get(id) {
    const run = this.#runs.get(id);
    return run === undefined ? undefined : handleOf(this.#engine, run);
  }

  /** Hears events of all runs, by type or `*`; returns a function that ends it. */
  on(type, handler, options = NO_OPTIONS) {
    this.#assertUsable();
    checkOptions("config.invalid", "the options of `on`", options, ON_OPTIONS);
    this.#engine.telling.hearFromNow();
    return this.#engine.telling.listeners.add(type, handler, options.signal);
  }

  /** What outlives a reload, as plain data: give it to the next orchestrator. */
  snapshot() {
    return this.#engine.snapshot();
  }

  /** A circuit breaker that has a name, by hand: that of `policies`, or of the step as `workflow.step`. */
  circuit(name) {
    const move = (act) => {
      this.#assertUsable();
      const core = this.#engine.attached();
      if (core instanceof Promise) core.then(() => unattended(() => move(act))).catch(() => {});
      else this.#engine.moveCircuit(core, name, act);
    };
    return byHand(move);
  }

  /** Takes no new runs; resolves when all there are have ended, those that wait for their turn as well. */
  drain() {
    this.#closed ??= { isFinal: false, error: drained() };
    return this.#runs.idle();
  }

  /** Rejects what is under way, forgets everything, and refuses further use. The bus is left as it is. */
  dispose() {
    if (this.#closed?.isFinal) return;
    this.#closed = { isFinal: true, error: disposed() };
    this.#runs.close();
    this.#engine.dispose();
    this.#engine.rejectAll(disposed());
    this.#runs.clear();
    this.#engine.telling.listeners.clear();
  }

  /** One that was drained goes on with what it has. */
  #assertUsable() {
    if (this.#closed?.isFinal) throw this.#closed.error;
  }

  #start(definition, input, options = NO_OPTIONS) {
    if (this.#closed !== undefined) throw this.#closed.error;
    if (options !== NO_OPTIONS) checkOptions("config.invalid", "the options of the run", options, RUN_OPTIONS);
    return this.#launch(new Run(nextId(), input, options), definition, options);
  }

  #launch(run, definition, { signal }) {
    this.#runs.add(run);
    if (signal !== undefined) run.listen(signal, (run, reason) => unattended(() => this.#engine.cancel(run, reason)));
    launch(this.#engine, run, definition);
    return run;
  }

  static {
    // Not every runtime has these symbols.
    if (Symbol.dispose !== undefined) {
      this.prototype[Symbol.dispose] = function () {
        this.dispose();
      };
    }
    if (Symbol.asyncDispose !== undefined) {
      this.prototype[Symbol.asyncDispose] = async function () {
        await this.drain();
        this.dispose();
      };
    }
  }
}

function drained() {
  return new RepflowError("internal.disposed", "this orchestrator was drained: it takes no new runs; make a new one");
}
