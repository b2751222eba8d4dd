// WorkflowOrchestrator: runs workflows. The core decides what happens next; this performs it.

import { internals } from "./bus.js";
import { Alarm, now, soon } from "./clock.js";
import { CallContext, StepContext } from "./context.js";
import { RepflowError, checkOptions, checks, describe, disposed, invalid, textOf } from "./errors.js";
import { REASON, refused, report } from "./failures.js";
import { uniqueId } from "./ids.js";
import { Listeners, hear } from "./listeners.js";
import { CIRCUIT_ACT, CIRCUIT_EVENT, copyOf } from "./policy.js";
import { Run, cancelled } from "./run.js";
import { milliseconds, unattended } from "./runtime.js";

/** Words to a command, and what the first of them says; see `encode` in src/wasm/engine.rs. */
const WORDS = 4;
const CALL = 0;
const TIME_OUT_ATTEMPT = 1;
const COLLECT = 2;
const COMPLETED = 3;
const FAILED = 4;
const TIMED_OUT = 5;
const CANCELLED = 6;
const BUILD_OUTPUT = 7;
const OUTPUT_FAILED = 8;
const SUPERSEDE_ATTEMPT = 9;
const TIME_OUT_STEP = 10;
const CIRCUIT = 11;

/** How many numbers the core gives for a step; see `runSteps`. */
const STEP_NUMBERS = 4;

/** What stands for "not known" where the core says in how many milliseconds to ask again; see `pack` in src/wasm/engine.rs. */
const LONGEST_MS = 2 ** 28 - 1;

/** How long commands are performed without letting the page breathe. */
const SLICE_MS = 4;
/** A pause between two performances that is longer than this was the host's turn. */
const IDLE_MS = 0.5;
/** Compiled definitions that are kept. */
const KEPT_PLANS = 64;

export class OrchestratorBase {
  /** The bus whose features the steps call. */
  bus;
  #runtime;
  #handle = undefined;
  #generation = 0;
  #memory = undefined;
  #view = new Uint32Array();
  #statusNames = [];
  #eventNames = [];
  #circuitStates = [];
  /** Shared parts of policies, by name. */
  #policies;
  /** What outlives the core: the state of the circuit breakers, by name. */
  #snapshot;
  #disposed = false;
  /** By the core's number. */
  #runs = [];
  #active = new Set();
  /** Compiled definitions, by their JSON text; the least recently used first. */
  #plans = new Map();
  /** Commands that wait to be performed, flat, and how far they are. */
  #todo = [];
  #head = 0;
  #performing = false;
  #yielding = false;
  /** Since when the host had no turn, and when it was last known to have none. */
  #busySince = 0;
  #busyUntil = -Infinity;
  /** Runs that have moved since their listeners were told. */
  #moved = new Set();
  #listeners = new Listeners();
  #alarm = new Alarm(() => unattended(() => this.#tick()));

  constructor(FeatureBus, options = {}) {
    checkOptions("config.invalid", "the options of WorkflowOrchestrator", options, {
      bus: [(bus) => bus?.[internals] !== undefined, "a FeatureBus"],
      policies: [(policies) => typeof policies === "object" && policies !== null, "an object of policies by name"],
      snapshot: [(snapshot) => typeof snapshot === "object" && snapshot !== null, "what `snapshot()` gave"],
    });
    this.#policies = copyOf(options.policies ?? {});
    this.#snapshot = copyOf(options.snapshot);
    this.bus = options.bus ?? new FeatureBus();
    // That of the bus, which may come from another entry of the package.
    this.#runtime = this.bus[internals].runtime;
    // At once where the core can be had at once; otherwise the first run finds out.
    if (options.policies !== undefined) this.#checkPolicies(this.#runtime.ready());
  }

  /** Runs a workflow to its end; see `start` for a run that can be cancelled by its handle. */
  executeWorkflow(definition, input, options) {
    try {
      return this.start(definition, input, options).result;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Starts a run; its `result` settles when it has ended. */
  start(definition, input, options = {}) {
    if (this.#disposed) throw disposed();
    checkOptions("config.invalid", "the options of the run", options, {
      signal: checks.signal,
      onEvent: checks.handler,
      correlationId: checks.string,
    });
    const run = new Run(uniqueId(), input, options, (run, reason) => unattended(() => this.#cancel(run, reason)));
    this.#active.add(run);
    this.#runtime.own(this);
    this.#launch(run, definition);
    return { id: run.id, result: run.result, cancel: (reason) => unattended(() => this.#cancel(run, reason)) };
  }

  /** Hears events of all runs, by type or `*`; returns a function that ends it. */
  on(type, handler, options = {}) {
    if (this.#disposed) throw disposed();
    checkOptions("config.invalid", "the options of `on`", options, { signal: checks.signal });
    return this.#listeners.add(type, handler, options.signal);
  }

  /** What outlives a reload, as plain data: give it to the next orchestrator. */
  snapshot() {
    if (this.#isAttached()) this.#snapshot = this.#runtime.ready().engineSnapshot(this.#handle, now());
    return this.#snapshot ?? {};
  }

  /** A circuit breaker that has a name, by hand: that of `policies`, or of the step as `workflow.step`. */
  circuit(name) {
    const move = (act) => {
      if (this.#disposed) throw disposed();
      const core = this.#attached();
      if (core instanceof Promise) return core.then(() => unattended(() => move(act))).catch(() => {});
      this.#take(core, core.engineCircuit(this.#handle, name, act, now()));
      this.#perform(core);
    };
    return {
      isolate: () => void move(CIRCUIT_ACT.isolate),
      lift: () => void move(CIRCUIT_ACT.lift),
      close: () => void move(CIRCUIT_ACT.close),
    };
  }

  /** Rejects what is under way, forgets everything, and refuses further use. The bus is left as it is. */
  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#isAttached()) this.#runtime.free(this, "engineFree", this.#handle);
    this.abandon(disposed());
    this.#listeners.clear();
    this.#runtime.disown(this);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    const runs = [...this.#active];
    this.#handle = undefined;
    this.#runs = [];
    this.#active.clear();
    this.#plans.clear();
    this.#todo = [];
    this.#head = 0;
    this.#moved.clear();
    this.#alarm.clear();
    for (const run of runs) {
      if (run.number !== undefined) this.#tellOne(run, run.lastEvent());
      run.reject(new RepflowError(error.code, error.message, { cause: error.cause, ...run.place }));
    }
  }

  #isAttached() {
    return this.#handle !== undefined && this.#generation === this.#runtime.generation;
  }

  /** The core with an engine of ours in it: at once if it can be, otherwise a promise. */
  #attached() {
    const core = this.bus[internals].attached();
    if (core instanceof Promise) {
      return core.then(() => {
        if (this.#disposed) throw disposed();
        return this.#attached();
      });
    }
    if (!this.#isAttached()) {
      this.#handle = this.#newEngine(core);
      this.#generation = this.#runtime.generation;
      this.#runtime.freeWhenUnused(this, "engineFree", this.#handle);
      this.#memory = core.linearMemory();
      this.#statusNames = core.statusNames();
      this.#eventNames = core.eventNames();
      this.#circuitStates = core.circuitStates();
      this.#plans.clear();
    }
    return core;
  }

  #checkPolicies(core) {
    if (core instanceof Promise) core.catch(() => {});
    else core.engineFree(this.#newEngine(core));
  }

  /** An engine with the parts that have a name; there is none when one of them is wrong. */
  #newEngine(core) {
    const engine = core.engineNew();
    if (this.#snapshot !== undefined) core.engineRestore(engine, this.#snapshot, now());
    const problems = [];
    for (const [name, policy] of Object.entries(this.#policies)) {
      try {
        core.engineDefine(engine, name, policy);
      } catch (error) {
        if (error.code !== "config.invalid") throw error;
        const at = `/policies/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        problems.push(...error.problems.map((problem) => ({ ...problem, pointer: `${at}${problem.pointer}` })));
      }
    }
    if (problems.length === 0) return engine;
    core.engineFree(engine);
    throw invalid("config.invalid", "the options of WorkflowOrchestrator", problems);
  }

  #launch(run, definition) {
    try {
      // What was given is what runs, also when the caller changes it while the core loads.
      const text = definitionText(definition);
      const attached = this.#attached();
      if (attached instanceof Promise) {
        attached.then(() => this.#begin(this.#attached(), run, text)).catch((error) => this.#fail(run, error));
      } else {
        this.#begin(attached, run, text);
      }
    } catch (error) {
      this.#fail(run, error);
    }
  }

  #begin(core, run, text) {
    if (run.ended) return;
    run.plan = this.#compile(core, text);
    run.startedAt = now();
    if (run.cancellation !== undefined) {
      this.#fail(run, run.cancellation);
      return;
    }
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    run.number = core.runStart(this.#handle, run.plan.handle, seed, now());
    this.#runs[run.number] = run;
    this.#moved.add(run);
    this.#take(core, core.engineTick(this.#handle, now()));
    this.#perform(core);
  }

  #compile(core, text) {
    let plan = this.#plans.get(text);
    if (plan === undefined) {
      const timeout = milliseconds(core, this.bus[internals].requestTimeout, "requestTimeout");
      plan = core.planCompile(this.#handle, JSON.parse(text), timeout);
      if (this.#plans.size >= KEPT_PLANS) {
        const [[oldest, { handle }]] = this.#plans;
        this.#plans.delete(oldest);
        core.planFree(this.#handle, handle);
      }
    } else {
      this.#plans.delete(text);
    }
    this.#plans.set(text, plan);
    return plan;
  }

  /** Copies commands out of linear memory, which the next call into the core overwrites. */
  #take(core, commands) {
    if (commands === 0) return;
    if (this.#view.byteLength === 0 || this.#view.buffer !== this.#memory.buffer) {
      this.#view = new Uint32Array(this.#memory.buffer);
    }
    const start = core.engineCommands(this.#handle) >>> 2;
    for (let word = start; word < start + commands * WORDS; word += WORDS) {
      this.#todo.push(this.#view[word], this.#view[word + 1], this.#view[word + 2], this.#view[word + 3]);
      const run = this.#view[word] === CIRCUIT ? undefined : this.#runs[this.#view[word + 1]];
      if (run !== undefined) this.#moved.add(run);
    }
  }

  /** Performs commands until none is left. Not reentrant: what a handler starts joins the queue. */
  #perform(core) {
    if (this.#performing || this.#yielding) return;
    this.#performing = true;
    // Handlers that answer in microtasks come back here within the same task: what they used counts too.
    let time = now();
    if (time - this.#busyUntil > IDLE_MS) this.#busySince = time;
    for (;;) {
      const atEnd = this.#head === this.#todo.length;
      time = now();
      if (atEnd || time - this.#busySince >= SLICE_MS) this.#tellListeners(core);
      if (this.#head === this.#todo.length) break;
      if (time - this.#busySince >= SLICE_MS) {
        this.#yielding = true;
        soon(() => {
          this.#yielding = false;
          if (this.#isAttached()) unattended(() => this.#perform(this.#runtime.ready()));
        });
        break;
      }
      const at = this.#head;
      this.#head += WORDS;
      const op = this.#todo[at];
      if (op === CIRCUIT) {
        this.#circuitChanged(core, this.#todo[at + 1], this.#todo[at + 2], this.#todo[at + 3]);
        continue;
      }
      const run = this.#runs[this.#todo[at + 1]];
      if (run !== undefined) this.#performOne(core, op, run, this.#todo[at + 2], this.#todo[at + 3]);
    }
    this.#busyUntil = this.#yielding ? -Infinity : time;
    if (this.#head === this.#todo.length) {
      this.#todo.length = 0;
      this.#head = 0;
    }
    this.#performing = false;
    if (this.#isAttached()) this.#alarm.set(core.engineDeadline(this.#handle));
  }

  #performOne(core, op, run, step, detail) {
    try {
      switch (op) {
        case CALL:
          // What was cancelled after this was queued is not begun.
          if (run.cancellation === undefined) this.#call(core, run, step, detail);
          break;
        case TIME_OUT_ATTEMPT:
          this.#abortAttempt(run, step, detail, run.attemptTimedOut(step));
          break;
        case TIME_OUT_STEP:
          this.#abortAttempt(run, step, detail, run.stepTimedOut(step));
          break;
        case SUPERSEDE_ATTEMPT:
          this.#abortAttempt(run, step, detail, superseded());
          break;
        case COLLECT:
          run.outputs[step] = this.#byId(run, run.plan.steps[step].children, (child) => run.outputs[child]);
          break;
        case COMPLETED:
          this.#complete(core, run);
          break;
        case FAILED:
          this.#stepFailed(core, run, step, detail >>> 28, detail & LONGEST_MS);
          break;
        case TIMED_OUT:
          this.#fail(run, run.timedOut());
          break;
        case CANCELLED:
          this.#fail(run, run.cancellation);
          break;
        case BUILD_OUTPUT:
          this.#buildOutput(core, run);
          break;
        case OUTPUT_FAILED:
          this.#fail(run, run.outputError);
          break;
        default:
          throw new Error(`the core knows a command ${op} that the facade does not`);
      }
    } catch (error) {
      // Nothing here is expected to throw, but whatever happens, no promise is left hanging.
      this.#fail(run, error);
    }
  }

  #call(core, run, step, attempt) {
    const { feature, action, hasWith } = run.plan.steps[step];
    const context = new StepContext(run, run.plan.steps[step], attempt);
    run.begin(step, context);
    const settle = (told) => {
      this.#moved.add(run);
      const { number } = run;
      this.#take(core, told(number));
      this.#perform(core);
    };
    const onValue = (value) => {
      if (run.ended || CallContext.isOver(context)) return;
      run.take(step, attempt);
      run.outputs[step] = value;
      settle((number) => core.runSettle(this.#handle, number, step, attempt, now()));
    };
    const onError = (error) => {
      if (run.ended || CallContext.isOver(context)) return;
      run.take(step, attempt);
      run.errors[step] = error;
      settle((number) => core.runFail(this.#handle, number, step, attempt, report(error), now()));
    };
    try {
      const params = hasWith
        ? core.runParams(this.#handle, run.number, step, run.id, run.input, run.outputs)
        : run.input;
      // Reading the parameters may have run a getter of the caller.
      if (run.ended) return;
      this.bus[internals].call(core, feature, action, params, context, onValue, onError);
    } catch (error) {
      onError(error);
    }
  }

  /** It may have answered between the decision and now; that came too late. */
  #abortAttempt(run, step, attempt, error) {
    if (error.kind === "timeout") run.errors[step] = error;
    const context = run.take(step, attempt);
    if (context !== undefined) CallContext.abort(context, error);
  }

  #stepFailed(core, run, step, reason, retryAfterMs) {
    const { attempts } = this.#stepOf(core.runSteps(this.#handle, run.number), step);
    const isTimeout = reason === REASON.timeout || reason === REASON.totalTimeout;
    if (reason === REASON.totalTimeout) run.errors[step] = run.stepTimedOut(step);
    else if (reason !== REASON.error && !isTimeout) {
      run.errors[step] = refused(reason, retryAfterMs === LONGEST_MS ? undefined : retryAfterMs);
    }
    this.#fail(run, run.stepFailed(step, attempts, isTimeout));
  }

  /** A circuit breaker belongs to all runs. */
  #circuitChanged(core, breaker, from, to) {
    const circuit = core.engineBreakerName(this.#handle, breaker);
    this.snapshot();
    const state = this.#circuitStates[to];
    const event = { type: CIRCUIT_EVENT[state], at: now(), circuit, from: this.#circuitStates[from], to: state };
    this.#listeners.tell(event, (error) => this.bus[internals].listenerFailed(error, { event: event.type }));
  }

  #buildOutput(core, run) {
    try {
      run.output = core.runOutput(this.#handle, run.number, run.id, run.input, run.outputs);
    } catch (error) {
      if (run.ended) return;
      run.outputError = error;
    }
    if (run.ended) return;
    this.#moved.add(run);
    const built = run.outputError === undefined ? core.runOutputBuilt : core.runOutputFailed;
    this.#take(core, built(this.#handle, run.number, now()));
  }

  #complete(core, run) {
    const { plan, outputs } = run;
    const output = plan.hasOutput ? run.output : outputs[plan.last];
    const numbers = core.runSteps(this.#handle, run.number);
    const report = () => this.#byId(run, plan.steps.keys(), (step) => this.#stepOf(numbers, step, outputs[step]));
    let steps;
    const { id: runId, correlationId } = run;
    const durationMs = now() - run.startedAt;
    this.#release(core, run);
    run.resolve({
      runId,
      workflowId: plan.id,
      correlationId,
      status: "completed",
      output: output ?? null,
      /** Made when somebody looks: most callers want the output, and a long run has many steps. */
      get steps() {
        return (steps ??= report());
      },
      durationMs,
    });
  }

  #fail(run, error) {
    if (run.ended) return;
    // What never started has no place.
    if (error instanceof RepflowError && run.number !== undefined && error.runId === undefined) Object.assign(error, run.place);
    this.#release(this.#isAttached() ? this.#runtime.ready() : undefined, run);
    run.reject(error);
  }

  #cancel(run, reason) {
    if (run.ended || run.cancellation !== undefined) return;
    run.cancellation = cancelled(run, reason);
    if (run.number === undefined) {
      this.#fail(run, run.cancellation);
      return;
    }
    const core = this.#runtime.ready();
    this.#moved.add(run);
    this.#take(core, core.runCancel(this.#handle, run.number, now()));
    this.#perform(core);
  }

  /** Lets a run go that has ended, after its last events were told. */
  #release(core, run) {
    // It has ended, whatever its listeners do: when they dispose of this orchestrator, it keeps its end.
    this.#active.delete(run);
    if (core !== undefined && run.number !== undefined) {
      this.#tell(core, run);
      // A listener may have disposed of this orchestrator, or lost the core: then the number names another run, or none.
      if (this.#runs[run.number] === run) {
        this.#runs[run.number] = undefined;
        this.#take(core, core.runRemove(this.#handle, run.number, now()));
      }
    }
    this.#moved.delete(run);
    if (this.#active.size === 0) {
      this.#alarm.clear();
      this.#runtime.disown(this);
    }
  }

  #tick() {
    if (!this.#isAttached()) return;
    const core = this.#runtime.ready();
    this.#take(core, core.engineTick(this.#handle, now()));
    this.#perform(core);
  }

  /** How a step ended; see `runSteps` for the numbers. */
  #stepOf(numbers, step, output) {
    const [status, attempts, began, ended] = numbers.subarray(step * STEP_NUMBERS, (step + 1) * STEP_NUMBERS);
    return { status: this.#statusNames[status], attempts, durationMs: ended >= began ? ended - began : null, output };
  }

  /** An object of something for each of some steps, by id. */
  #byId(run, steps, of) {
    return Object.fromEntries(Array.from(steps, (step) => [run.plan.steps[step].id, of(step)]));
  }

  #tellListeners(core) {
    for (const run of this.#moved) {
      this.#moved.delete(run);
      try {
        this.#tell(core, run);
      } catch (error) {
        this.#fail(run, error);
      }
    }
  }

  /** Tells what happened in a run since the last time; nothing is read when nobody listens. */
  #tell(core, run) {
    if (run.onEvent === undefined && this.#listeners.size === 0) return;
    for (const event of run.newEvents((from) => core.runEvents(this.#handle, run.number, from), this.#eventNames)) {
      this.#tellOne(run, event);
    }
  }

  #tellOne(run, event) {
    const failed = (error) => this.bus[internals].listenerFailed(error, { event: event.type, runId: run.id });
    if (run.onEvent !== undefined) hear(run.onEvent, event, failed);
    this.#listeners.tell(event, failed);
  }
}

function superseded() {
  return new RepflowError("policy.cancelled", "another attempt answered first");
}

/** A definition as JSON text; what JSON cannot hold is refused here, the rest is judged by the core. */
function definitionText(definition) {
  const refuse = (message) => invalid("workflow.invalid", "the workflow definition", [{ pointer: "", message }]);
  let text;
  try {
    text = JSON.stringify(definition);
  } catch (cause) {
    throw refuse(`it must be plain data that JSON can hold: ${textOf(cause)}`);
  }
  if (text === undefined) throw refuse(`a workflow definition must be an object, not ${describe(definition)}`);
  return text;
}
