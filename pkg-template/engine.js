// The engine in the core, and what can be done to its runs.

import { beginAttempt } from "./attempts.js";
import { internals } from "./bus.js";
import { CIRCUIT_EVENT, CIRCUIT_STATES } from "./circuits.js";
import { now } from "./clock.js";
import { Commands } from "./commands.js";
import { pointerOf } from "./definition.js";
import { RepflowError, describe, disposed, invalid, problemsIn, quoted } from "./errors.js";
import { logOf, restoreValues } from "./journal.js";
import { launchLeaving } from "./launch.js";
import { unknownName } from "./nearest.js";
import { Nodes } from "./nodes.js";
import { Plans, VALUE, signalsIn } from "./plans.js";
import { Report, compensationOf, kept } from "./results.js";
import { unattended } from "./runtime.js";
import { runCancelled } from "./step-errors.js";
import { Telling } from "./telling.js";

/** Where a run is, by the core's number; see `runPhase`. */
const PHASES = ["running", "paused", "compensating"];
const COMPENSATING = 2;

const free = (core, handle) => core.engineFree(handle);

export class Engine {
  bus;
  /** The core's number for this engine, in the generation that gave it. */
  coreHandle = undefined;
  /** What the core wants done, who hears of it, and what it has compiled. */
  commands = new Commands(this);
  telling = new Telling(this);
  plans = new Plans(this);
  #runtime;
  /** The memory of the core, and what was last seen of it. */
  #memory = undefined;
  #figures = new Float64Array();
  #generation = 0;
  /** Shared parts of policies, by name. */
  #policies;
  /** What outlives the core: the state of the circuit breakers, by name. */
  #snapshot;
  #disposed = false;
  /** All runs there are; see `Runs`. */
  runs;
  /** The workflows that steps may name. */
  templates;
  /** Answers that are kept, by slot, of each cache. */
  #kept = [];
  /** Makes the seed of each run another one. */
  #seed = 0;
  /** Whether all runs are being rejected: then what one of them leads to is no concern any more. */
  #losing = false;
  #mayRest = () => {
    if (this.runs.size > 0) return false;
    this.#runtime.disown(this);
    return true;
  };

  constructor(bus, policies, snapshot, runs, templates) {
    this.bus = bus[internals];
    // That of the bus, which may come from another entry of the package.
    this.#runtime = this.bus.runtime;
    this.#policies = policies;
    this.#snapshot = snapshot;
    this.runs = runs;
    this.templates = templates;
  }

  // ── The core ──

  get isAttached() {
    return this.coreHandle !== undefined && this.#generation === this.#runtime.generation;
  }

  /** The core, for what happens while the engine is in it. */
  get core() {
    const core = this.#runtime.ready();
    this.commands.report(core);
    return core;
  }

  /** The core with an engine of ours in it: at once if it can be, otherwise a promise. */
  attached() {
    const core = this.bus.link.attached();
    if (core instanceof Promise) {
      return core.then(() => {
        if (this.#disposed) throw disposed();
        return this.attached();
      });
    }
    if (!this.isAttached) {
      this.coreHandle = this.#newEngine(core);
      this.#generation = this.#runtime.generation;
      this.#runtime.freeWhenUnused(this, free, this.coreHandle);
      this.#memory = core.linearMemory();
      this.#figures = new Float64Array();
      this.commands.attach(this.#memory);
      this.#seed = (Math.random() * 2 ** 32) | 0;
    }
    return core;
  }

  /** Throws what is wrong with the policies, where the core can be had at once; otherwise the first run finds out. */
  checkPolicies() {
    const core = this.#runtime.ready();
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
        problems.push(...problemsIn(`/policies${pointerOf(name)}`, error.problems));
      }
    }
    if (problems.length === 0) return engine;
    core.engineFree(engine);
    throw invalid("config.invalid", "the options of WorkflowOrchestrator", problems);
  }

  /** What outlives a reload. */
  snapshot() {
    if (this.isAttached) this.#snapshot = this.core.engineSnapshot(this.coreHandle, now());
    return this.#snapshot ?? {};
  }

  /** Moves a circuit breaker by hand. */
  moveCircuit(core, name, act) {
    this.commands.take(core, core.engineCircuit(this.coreHandle, name, act, now()));
    this.commands.work(core);
  }

  dispose() {
    this.#disposed = true;
    if (this.isAttached) this.#runtime.free(this, free, this.coreHandle);
    this.#forget();
    this.#runtime.disown(this);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    this.#forget();
    // Others are yet to be told; until then nothing is begun in the next instance.
    this.runs.close();
    queueMicrotask(() => this.#disposed || unattended(() => this.runs.open()));
    // Those that wait for their turn have nothing in the core, and begin in the next instance.
    this.#reject(error, (run) => run.coreId !== undefined || !run.isReady);
    if (this.runs.size > 0) this.own();
  }

  /** Rejects everything. */
  rejectAll(error) {
    this.#reject(error, () => true);
  }

  #reject({ code, message, cause }, isMeant) {
    this.#losing = true;
    for (const run of this.runs.active()) {
      // How some end was certain before, and is about to be told.
      if (run.ended || run.isEnding || !isMeant(run)) continue;
      const isBegun = run.coreId !== undefined;
      run.coreId = undefined;
      if (isBegun) this.telling.tellEnd(run);
      this.fail(run, new RepflowError(code, message, { cause, ...run.where }));
    }
    this.#losing = false;
  }

  #forget() {
    this.coreHandle = undefined;
    this.#kept = [];
    this.plans.clear();
    this.commands.clear();
    this.telling.clear();
  }

  // ── Runs ──

  /** Begins a run that has its place, or goes on with one. */
  begin(run) {
    if (run.ended) return;
    try {
      const core = this.attached();
      if (core instanceof Promise) {
        core.then(() => this.begin(run)).catch((error) => this.fail(run, error));
        return;
      }
      // It is compiled already, unless many others were since, or the core is another one.
      if (run.plan.isFree) run.plan = this.plans.get(core, run.plan.text, run.checksOutput);
      const { plan } = run;
      if (plan.hasLoops) {
        run.nodes = new Nodes(plan);
        run.lists = [];
        run.items = [];
      }
      if (plan.signals.length > 0) run.signals = [];
      if (plan.blockers !== undefined) run.blockers = plan.blockers.slice();
      run.engine = this;
      // What reads a step that was skipped, or has failed, reads null.
      run.outputs = plan.noOutputs.slice();
      const at = now();
      if (run.journal !== undefined) restoreValues(run);
      const log = logOf(run);
      let told;
      this.commands.report(core);
      if (log === undefined) {
        run.startedAt = at;
        this.#seed = (this.#seed + 0x9e3779b9) | 0;
        run.seed = this.#seed;
        if (plan.hasKey) run.key = core.planKey(this.coreHandle, plan.handle, run.id, run.input);
        // Reading the input may have run a getter of the caller.
        if (run.ended) return;
        const started = core.runStart(this.coreHandle, plan.handle, run.seed, run.key, at);
        run.coreId = Math.floor(started / 2 ** 32);
        told = started >>> 0;
      } else {
        run.coreId = core.runRestore(this.coreHandle, plan.handle, run.seed, run.key, log, at);
        told = core.engineTick(this.coreHandle, at);
      }
      run.status = "running";
      run.isCertain = log === undefined && !run.isHeard;
      this.commands.add(run);
      this.telling.touch(run);
      if (run.journal === undefined && run.early === undefined) {
        const first = this.commands.goOn(run, told, 1, at);
        if (first === undefined) return;
        try {
          beginAttempt(this, run, first, 1, 0, at);
        } finally {
          this.commands.begun(at);
        }
        return;
      }
      this.commands.take(core, told, run, 1);
      if (run.journal !== undefined) {
        launchLeaving(this, run);
        // The rest has been taken over.
        run.journal = { children: run.journal.children };
      }
      for (const [name, payload] of run.early?.splice(0) ?? []) this.#deliver(core, run, plan.signals.indexOf(name), payload);
      // To take over what was before may have taken its time.
      this.commands.work(core, log === undefined ? at : now());
    } catch (error) {
      this.fail(run, error);
    }
  }

  cancel(run, reason) {
    if (run.ended || run.isEnding || run.cancellation !== undefined || this.#losing) return;
    // What it did before may have to be undone.
    if (run.coreId === undefined && run.isReady && logOf(run) !== undefined) {
      this.runs.hold(run);
      this.begin(run);
      if (run.ended || run.cancellation !== undefined) return;
    }
    run.cancellation = runCancelled(reason, run.where);
    run.isCertain = false;
    if (run.coreId === undefined) {
      this.fail(run, run.cancellation, "cancelled");
      return;
    }
    const { core } = this;
    this.goOn(core, run, core.runCancel(this.coreHandle, run.coreId, now()));
  }

  /** Lets nothing new begin in a run, nor in those that it has started. */
  pause(run) {
    this.#setPaused(run, true);
  }

  resume(run) {
    this.#setPaused(run, false);
  }

  #setPaused(run, isPaused) {
    if (run.ended || run.isEnding) return;
    run.isCertain = false;
    const children = [...(run.children?.keys() ?? [])];
    if (run.coreId === undefined) {
      const before = run.isPaused;
      run.isPaused = isPaused;
      if (isPaused) this.runs.hold(run);
      else if (before) this.runs.release(run);
    } else {
      run.isPaused = isPaused;
      const { core } = this;
      const move = isPaused ? core.runPause : core.runResume;
      this.goOn(core, run, move(this.coreHandle, run.coreId, now()));
    }
    for (const child of children) this.#setPaused(child, isPaused);
  }

  /** Says whether it still matters to the run. */
  signal(run, name, payload) {
    if (run.ended || run.isEnding) return false;
    const known = run.plan?.signals ?? signalsIn(run.text);
    const signal = known.indexOf(name);
    if (signal < 0) throw noSuchSignal(run, name, known);
    if (run.coreId === undefined) {
      (run.early ??= []).push([name, payload]);
      return true;
    }
    const { core } = this;
    if (core.runPhase(this.coreHandle, run.coreId) >= COMPENSATING) return false;
    this.#deliver(core, run, signal, payload);
    this.commands.work(core);
    return true;
  }

  #deliver(core, run, signal, payload) {
    const place = run.signals.push(payload) - 1;
    this.telling.touch(run);
    this.commands.take(core, core.runSignal(this.coreHandle, run.coreId, signal, place, now()));
  }

  /** Does what a run was moved to, in the core and now. */
  goOn(core, run, told) {
    this.telling.touch(run);
    this.commands.take(core, told);
    this.commands.work(core);
  }

  /** By what a service knows a request of this step again; what undoes the step is another request. */
  idempotencyKey(run, node) {
    if (run.plan === undefined) return undefined;
    const step = run.stepAt(node);
    if (step.compensates !== undefined) return `${this.idempotencyKey(run, run.nodeOf(node, step.compensates))}/compensation`;
    if (step.hasIdempotencyKey) {
      return this.evaluate(this.core, run, node, VALUE.idempotencyKey);
    }
    return [run.keyBase ?? run.id, step.id, ...(run.nodes?.iterationOf(node) ?? [])].join("/");
  }

  /** What the core makes of a template of a step: one of `VALUE`. */
  evaluate(core, run, node, which) {
    return core.runValue(this.coreHandle, run.coreId, node, which, run.id, run.input, run.outputs, run.items);
  }

  /** Where a run is, in a word. */
  statusOf(run) {
    if (run.ended) return run.status;
    if (run.coreId === undefined || !this.isAttached) return run.isPaused ? "paused" : run.status;
    return PHASES[this.core.runPhase(this.coreHandle, run.coreId)] ?? run.status;
  }

  complete(core, run, at) {
    const { plan, outputs } = run;
    const output = plan.hasOutput ? run.output : outputs[plan.last];
    const report = this.reportOf(core, run);
    this.#release(core, run, at);
    run.resolve(output, report, at);
    this.#ended(run, report);
  }

  fail(run, error, status = "failed") {
    if (run.ended) return;
    const at = now();
    // What never started has no place.
    if (error instanceof RepflowError && run.coreId !== undefined && error.runId === undefined) Object.assign(error, run.where);
    let report;
    if (run.coreId !== undefined && this.isAttached) {
      const { core } = this;
      if (error instanceof RepflowError && run.plan.canUndo) {
        const compensation = compensationOf(run, this.eventsOf(core, run, 0));
        if (compensation !== undefined) error.compensation = compensation;
      }
      report = this.reportOf(core, run);
      this.#release(core, run, at);
    }
    run.reject(status, error, at);
    this.#ended(run, report);
  }

  /** How the steps of a run stand now. */
  reportOf(core, run) {
    return new Report(run, this.stepsOf(core, run, 0, -1));
  }

  /** The same, as figures, of so many nodes from the first one on; see `runSteps`. */
  stepsOf(core, run, first, count) {
    const figures = this.#figuresFrom(core.runSteps(this.coreHandle, run.coreId, first, count));
    return kept(this.#figures, figures, this.#figures[figures - 1]);
  }

  /** What happened in a run from event number `first` on, in numbers that are there until the core is called again; see `runEvents`. */
  eventsOf(core, run, first) {
    const from = this.#figuresFrom(core.runEvents(this.coreHandle, run.coreId, first));
    return this.#figures.subarray(from, from + this.#figures[from - 1]);
  }

  /** Where figures begin in the memory of the core; before them stands how many there are. */
  #figuresFrom(place) {
    // What it views is gone when the memory has grown.
    if (this.#figures.length === 0) this.#figures = new Float64Array(this.#memory.buffer);
    return place / 8 + 1;
  }

  /** Lets the core forget a run that has ended, after its last events were told. */
  #release(core, run, at) {
    const { coreId } = run;
    run.isEnding = true;
    this.telling.tell(core, run);
    // A listener may have disposed of this engine, or lost the core.
    if (this.commands.remove(run)) this.commands.take(core, core.runRemove(this.coreHandle, coreId, at));
    run.coreId = undefined;
  }

  #ended(run, report) {
    for (const stream of run.streams ?? []) stream.end();
    run.streams = undefined;
    this.runs.ended(run, report);
    if (this.runs.size === 0) this.commands.rest(this.#mayRest);
  }

  /** What runs ask of features. */
  calls() {
    return this.runs.active().flatMap(({ call, calls, hedged = [] }) => [call, ...calls, ...hedged]);
  }

  /** Something is awaited: the engine stays, and is told when the core is lost. */
  own() {
    this.#runtime.own(this);
  }

  /** Keeps an answer in a slot of a cache. */
  keep(cache, slot, value) {
    (this.#kept[cache] ??= [])[slot] = value;
  }

  recall(cache, slot) {
    return this.#kept[cache]?.[slot];
  }

  /** A circuit breaker belongs to all runs. */
  circuitChanged(core, breaker, from, to) {
    const circuit = core.engineBreakerName(this.coreHandle, breaker);
    this.snapshot();
    const state = CIRCUIT_STATES[to];
    const event = { type: CIRCUIT_EVENT[state], at: now(), circuit, from: CIRCUIT_STATES[from], to: state };
    this.telling.tellCircuit(event);
  }

}

function noSuchSignal(run, name, known) {
  const there = known.length === 0 ? "it waits for none" : `it waits for ${quoted(known)}`;
  const message = `no step of \`${run.workflowId}\` waits for a signal ${describe(name)}; ${there}`;
  return unknownName("run.no_such_signal", "/name", message, String(name), known, run.where);
}
