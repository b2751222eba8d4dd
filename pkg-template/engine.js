// The engine in the core, and the queue of what it wants done. What that means for a run is in perform.js.

import { internals } from "./bus.js";
import { placeOf } from "./attempts.js";
import { Alarm, now, soon } from "./clock.js";
import { RepflowError, describe, disposed, invalid } from "./errors.js";
import { EventStream, RUN_EVENTS, countOf, endOf, eventsOf } from "./events.js";
import { logOf, restoreValues } from "./journal.js";
import { launchLeaving } from "./launch.js";
import { Listeners, hear } from "./listeners.js";
import { nearest } from "./nearest.js";
import { Nodes } from "./nodes.js";
import { perform } from "./perform.js";
import { compiled, signalsIn } from "./plans.js";
import { CIRCUIT_EVENT } from "./policy.js";
import { Report, compensationOf } from "./results.js";
import { cancelled } from "./run.js";
import { milliseconds, unattended } from "./runtime.js";

/** Words to a command, and those commands that are dealt with here; see `encode` in src/wasm/engine.rs. */
const WORDS = 5;
const CIRCUIT = 11;
const CANCEL_ATTEMPT = 12;
const ITERATE = 15;
const DROP = 21;
const SHARE = 22;

/** Where a run is, by the core's number; see `runPhase`. */
const PHASES = ["running", "paused", "compensating"];
const COMPENSATING = 2;
const ENDED = 3;

/** How long commands are performed without letting the page breathe. */
const SLICE_MS = 4;
/** A pause between two performances that is longer than this was the host's turn. */
const IDLE_MS = 0.5;
/** Compiled definitions that are kept. */
const KEPT_PLANS = 64;

export class Engine {
  bus;
  /** The core's number for this engine, in the generation that gave it. */
  handle = undefined;
  statusNames = [];
  eventNames = [];
  listeners = new Listeners([...RUN_EVENTS, ...Object.values(CIRCUIT_EVENT)]);
  #runtime;
  #generation = 0;
  #memory = undefined;
  #view = new Uint32Array();
  #circuitStates = [];
  /** Shared parts of policies, by name. */
  #policies;
  /** What outlives the core: the state of the circuit breakers, by name. */
  #snapshot;
  #disposed = false;
  /** All runs there are; see `Runs`. */
  runs;
  /** The workflows that steps may name. */
  templates;
  /** Those that have begun, by the core's number. */
  #byNumber = [];
  /** Compiled definitions, by their JSON text; the least recently used first. */
  #plans = new Map();
  #lastKey = undefined;
  #lastPlan = undefined;
  /** Answers that are kept, by slot, of each cache. */
  #kept = [];
  /** Makes the seed of each run another one. */
  #seed = 0;
  /** Whether all runs are being rejected: then what one of them leads to is no concern any more. */
  #losing = false;
  /** Commands that wait to be performed, flat, and how far they are. */
  #todo = [];
  #head = 0;
  /** Answers that came while the host had its turn, flat, and how far they are. */
  #answers = [];
  #answered = 0;
  #performing = false;
  #yielding = false;
  /** Since when the host had no turn, and when it was last known to have none. */
  #busySince = 0;
  #busyUntil = -Infinity;
  /** Runs that have moved since those who hear of them were told. */
  #moved = new Set();
  #alarm = new Alarm(() => unattended(() => this.#tick()));
  #ticksSoon = false;
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
    return this.handle !== undefined && this.#generation === this.#runtime.generation;
  }

  /** The core, for what happens while the engine is in it. */
  get core() {
    return this.#runtime.ready();
  }

  /** The core with an engine of ours in it: at once if it can be, otherwise a promise. */
  attached() {
    const core = this.bus.attached();
    if (core instanceof Promise) {
      return core.then(() => {
        if (this.#disposed) throw disposed();
        return this.attached();
      });
    }
    if (!this.isAttached) {
      this.handle = this.#newEngine(core);
      this.#generation = this.#runtime.generation;
      this.#runtime.freeWhenUnused(this, "engineFree", this.handle);
      this.#memory = core.linearMemory();
      this.statusNames = core.statusNames();
      this.eventNames = core.eventNames();
      this.#circuitStates = core.circuitStates();
      [this.#seed] = crypto.getRandomValues(new Uint32Array(1));
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
        const at = `/policies/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        problems.push(...error.problems.map((problem) => ({ ...problem, pointer: `${at}${problem.pointer}` })));
      }
    }
    if (problems.length === 0) return engine;
    core.engineFree(engine);
    throw invalid("config.invalid", "the options of WorkflowOrchestrator", problems);
  }

  /** What outlives a reload. */
  snapshot() {
    if (this.isAttached) this.#snapshot = this.core.engineSnapshot(this.handle, now());
    return this.#snapshot ?? {};
  }

  /** Moves a circuit breaker by hand. */
  moveCircuit(core, name, act) {
    this.take(core, core.engineCircuit(this.handle, name, act, now()));
    this.work(core);
  }

  dispose() {
    this.#disposed = true;
    if (this.isAttached) this.#runtime.free(this, "engineFree", this.handle);
    this.#forget();
    this.#runtime.disown(this);
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    this.#forget();
    // Others are yet to be told; until then nothing is begun in the next instance.
    this.runs.close();
    queueMicrotask(() => this.#disposed || unattended(() => this.runs.open()));
    // Those that wait for their turn have nothing in the core.
    this.#reject(error, (run) => run.number !== undefined || !run.isReady);
  }

  /** Rejects everything. */
  rejectAll(error) {
    this.#reject(error, () => true);
  }

  #reject({ code, message, cause }, isMeant) {
    this.#losing = true;
    for (const run of [...this.runs.active()]) {
      // How some end was certain before, and is about to be told.
      if (run.ended || run.isEnding || !isMeant(run)) continue;
      const isBegun = run.number !== undefined;
      run.number = undefined;
      if (isBegun) this.#tellAll(run, [endOf(run)]);
      this.fail(run, new RepflowError(code, message, { cause, ...run.where }));
    }
    this.#losing = false;
  }

  #forget() {
    this.handle = undefined;
    this.#byNumber = [];
    for (const plan of this.#plans.values()) plan.isFree = true;
    this.#plans.clear();
    this.#lastKey = this.#lastPlan = undefined;
    this.#kept = [];
    this.#todo = [];
    this.#head = 0;
    this.#answers = [];
    this.#answered = 0;
    this.#moved.clear();
    this.#alarm.clear();
  }

  // ── Runs ──

  /** The plan of a definition; with an output in any case, when `needsOutput` says so. */
  compile(core, text, needsOutput) {
    const key = needsOutput ? `${text}\n` : text;
    // Mostly it is the same again, and comparing is cheaper than looking up.
    if (key === this.#lastKey) return this.#lastPlan;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      const timeout = milliseconds(core, this.bus.requestTimeout, "requestTimeout");
      plan = compiled(core, this.handle, text, needsOutput, timeout);
      if (this.#plans.size >= KEPT_PLANS) {
        const [[oldest, old]] = this.#plans;
        this.#plans.delete(oldest);
        old.isFree = true;
        core.planFree(this.handle, old.handle);
      }
    } else {
      this.#plans.delete(key);
    }
    this.#plans.set(key, plan);
    this.#lastKey = key;
    this.#lastPlan = plan;
    return plan;
  }

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
      if (run.plan === undefined || run.plan.isFree) run.plan = this.compile(core, run.text, run.checksOutput);
      const { plan } = run;
      if (plan.hasLoops) {
        run.nodes = new Nodes(plan);
        run.lists = [];
        run.items = [];
      }
      if (plan.signals.length > 0) run.signals = [];
      run.errors = [];
      run.contexts = [];
      // What reads a step that was skipped, or has failed, reads null.
      run.outputs = new Array(plan.steps.length).fill(null);
      const at = now();
      if (run.journal !== undefined) restoreValues(run);
      const log = logOf(run);
      if (log === undefined) {
        run.startedAt = at;
        this.#seed = (this.#seed + 0x9e3779b9) >>> 0;
        run.seed = this.#seed;
        if (plan.hasKey) run.key = core.planKey(this.handle, plan.handle, run.id, run.input);
        // Reading the input may have run a getter of the caller.
        if (run.ended) return;
        run.number = core.runStart(this.handle, plan.handle, run.seed, run.key, at);
      } else {
        run.number = core.runRestore(this.handle, plan.handle, run.seed, run.key, log, at);
      }
      run.status = "running";
      run.text = undefined;
      this.#byNumber[run.number] = run;
      this.touch(run);
      this.take(core, core.engineTick(this.handle, at));
      if (run.journal !== undefined) launchLeaving(this, run);
      for (const [name, payload] of run.early?.splice(0) ?? []) this.#deliver(core, run, plan.signals.indexOf(name), payload);
      this.work(core);
    } catch (error) {
      this.fail(run, error);
    }
  }

  cancel(run, reason) {
    if (run.ended || run.isEnding || run.cancellation !== undefined || this.#losing) return;
    // What it did before may have to be undone.
    if (run.number === undefined && run.isReady && logOf(run) !== undefined) {
      this.runs.hold(run);
      this.begin(run);
      if (run.ended || run.cancellation !== undefined) return;
    }
    run.cancellation = cancelled(run, reason);
    if (run.number === undefined) {
      this.fail(run, run.cancellation, "cancelled");
      return;
    }
    const { core } = this;
    this.touch(run);
    this.take(core, core.runCancel(this.handle, run.number, now()));
    this.work(core);
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
    const children = [...(run.children?.keys() ?? [])];
    if (run.number === undefined) {
      const before = run.isPaused;
      run.isPaused = isPaused;
      if (isPaused) this.runs.hold(run);
      else if (before) this.runs.release(run);
    } else {
      run.isPaused = isPaused;
      const { core } = this;
      const move = isPaused ? core.runPause : core.runResume;
      this.touch(run);
      this.take(core, move(this.handle, run.number, now()));
      this.work(core);
    }
    for (const child of children) this.#setPaused(child, isPaused);
  }

  /** Says whether it still matters to the run. */
  signal(run, name, payload) {
    if (run.ended || run.isEnding) return false;
    const known = run.plan?.signals ?? signalsIn(run.text);
    const signal = known.indexOf(name);
    if (signal < 0) throw noSuchSignal(run, name, known);
    if (run.number === undefined) {
      (run.early ??= []).push([name, payload]);
      return true;
    }
    const { core } = this;
    if (core.runPhase(this.handle, run.number) >= COMPENSATING) return false;
    this.#deliver(core, run, signal, payload);
    this.work(core);
    return true;
  }

  #deliver(core, run, signal, payload) {
    const place = run.signals.push(payload) - 1;
    this.touch(run);
    this.take(core, core.runSignal(this.handle, run.number, signal, place, now()));
  }

  /** An attempt tells something while it runs. Nothing is kept of that when nobody listens. */
  note(run, node, attempt, kind, note) {
    if (run.number === undefined || !this.isAttached) return;
    if (!run.isHeard && this.listeners.size === 0) return;
    unattended(() => {
      const { core } = this;
      const seq = core.runNote(this.handle, run.number, node, attempt, kind, now());
      if (seq < 0) return;
      (run.notes ??= new Map()).set(seq, note);
      this.touch(run);
      this.work(core);
    });
  }

  /** By what a service knows a request of this step again; what undoes the step is another request. */
  idempotencyKey(run, node) {
    if (run.plan === undefined) return undefined;
    const step = run.stepAt(node);
    if (step.compensates !== undefined) return `${this.idempotencyKey(run, run.nodeOf(node, step.compensates))}/compensation`;
    if (step.hasIdempotencyKey) {
      return this.core.runIdempotencyKey(this.handle, run.number, node, run.id, run.input, run.outputs, run.items);
    }
    return [run.keyBase ?? run.id, step.id, ...(run.nodes?.iterationOf(node) ?? [])].join("/");
  }

  /** Where a run is, in a word. */
  statusOf(run) {
    if (run.ended) return run.status;
    if (run.number === undefined || !this.isAttached) return run.isPaused ? "paused" : run.status;
    return PHASES[this.core.runPhase(this.handle, run.number)] ?? run.status;
  }

  complete(core, run) {
    const { plan, outputs } = run;
    const output = plan.hasOutput ? run.output : outputs[plan.last];
    const report = this.reportOf(core, run);
    this.#release(core, run);
    run.resolve(output, report);
    this.#ended(run);
  }

  fail(run, error, status = "failed") {
    if (run.ended) return;
    // What never started has no place.
    if (error instanceof RepflowError && run.number !== undefined && error.runId === undefined) Object.assign(error, run.where);
    let report;
    if (run.number !== undefined && this.isAttached) {
      const { core } = this;
      if (error instanceof RepflowError && run.plan.canUndo) {
        const compensation = compensationOf(run, core.runEvents(this.handle, run.number, 0), this.eventNames);
        if (compensation !== undefined) error.compensation = compensation;
      }
      report = this.reportOf(core, run);
      this.#release(core, run);
    }
    run.reject(status, error, report);
    this.#ended(run);
  }

  /** How the steps of a run stand now. */
  reportOf(core, run) {
    return new Report(run, this.stepsOf(core, run), this.statusNames);
  }

  /** The same, as numbers; see `runSteps`. */
  stepsOf(core, run) {
    return core.runSteps(this.handle, run.number);
  }

  /** Lets the core forget a run that has ended, after its last events were told. */
  #release(core, run) {
    const { number } = run;
    run.isEnding = true;
    this.#tell(core, run);
    // A listener may have disposed of this engine, or lost the core: then the number names another run, or none.
    if (this.#byNumber[number] === run) {
      this.#byNumber[number] = undefined;
      this.take(core, core.runRemove(this.handle, number, now()));
    }
    this.#moved.delete(run);
    run.number = undefined;
  }

  #ended(run) {
    for (const stream of run.streams ?? []) stream.end();
    run.streams = undefined;
    this.runs.ended(run);
    if (this.runs.size === 0) this.#alarm.rest(this.#mayRest);
  }

  /** Something is awaited: the engine stays, and is told when the core is lost. */
  own() {
    this.#runtime.own(this);
  }

  // ── Commands ──

  /** Copies commands out of linear memory, which the next call into the core overwrites. */
  take(core, commands) {
    if (commands === 0) return;
    if (this.#view.byteLength === 0 || this.#view.buffer !== this.#memory.buffer) {
      this.#view = new Uint32Array(this.#memory.buffer);
    }
    const view = this.#view;
    const start = core.engineCommands(this.handle) >>> 2;
    for (let word = start; word < start + commands * WORDS; word += WORDS) {
      const op = view[word];
      const node = view[word + 2];
      const a = view[word + 3];
      const b = view[word + 4];
      this.#todo.push(op, view[word + 1], node, a, b);
      if (op === CIRCUIT || op === DROP) continue;
      const run = this.#byNumber[view[word + 1]];
      if (run === undefined) continue;
      this.touch(run);
      // What others have to know before it is this one's turn.
      if (op === ITERATE) open(run, node, a, b);
      else if (op === CANCEL_ATTEMPT) (run.revoked ??= new Set()).add(placeOf(node, a));
      else if (op === SHARE) share(this.#byNumber[a], b, run, node);
    }
  }

  /** Keeps an answer in a slot of a cache. */
  keep(cache, slot, value) {
    (this.#kept[cache] ??= [])[slot] = value;
  }

  recall(cache, slot) {
    return this.#kept[cache]?.[slot];
  }

  /** Performs commands until none is left. Not reentrant: what a handler starts joins the queue. `time` is now. */
  work(core, time = now()) {
    if (this.#performing || this.#yielding) return;
    this.#performing = true;
    // Handlers that answer in microtasks come back here within the same task: what they used counts too.
    if (time - this.#busyUntil > IDLE_MS) this.#busySince = time;
    let last = time;
    try {
      last = this.#workOff(core, time);
    } finally {
      this.#busyUntil = this.#yielding ? -Infinity : last;
      if (this.#head === this.#todo.length) {
        this.#todo.length = 0;
        this.#head = 0;
      }
      this.#performing = false;
    }
    if (this.isAttached && this.runs.size > 0) this.#keepTime(core, last);
  }

  /** Returns when it ended. */
  #workOff(core, begin) {
    let time = begin;
    for (;;) {
      const isLate = time - this.#busySince >= SLICE_MS;
      // Those who are told may start something.
      if (isLate || this.#isIdle) this.#tellMoved(core);
      if (this.#isIdle) return time;
      if (isLate) {
        this.#yield();
        return time;
      }
      if (this.#head === this.#todo.length) {
        this.#settleNext();
      } else {
        const at = this.#head;
        this.#head += WORDS;
        this.#performOne(core, this.#todo[at], this.#todo[at + 1], this.#todo[at + 2], this.#todo[at + 3], this.#todo[at + 4]);
      }
      time = now();
    }
  }

  get #isIdle() {
    return this.#head === this.#todo.length && !this.hasAnswers;
  }

  /** Whether answers have to wait: thousands may come at once, and the host is to have its turn between them. */
  get isYielding() {
    return this.#yielding;
  }

  get hasAnswers() {
    return this.#answered < this.#answers.length;
  }

  /** Has `settle(context, isValue, answer)` called when it is its turn. */
  answerLater(settle, context, isValue, answer) {
    this.#answers.push(settle, context, isValue, answer);
  }

  #settleNext() {
    const at = this.#answered;
    this.#answered += 4;
    const [settle, context, isValue, answer] = this.#answers.slice(at, at + 4);
    if (this.#answered === this.#answers.length) {
      this.#answers = [];
      this.#answered = 0;
    }
    settle(context, isValue, answer);
  }

  /** Lets the host have its turn. */
  #yield() {
    this.#yielding = true;
    soon(() => {
      this.#yielding = false;
      if (this.isAttached) unattended(() => this.work(this.core));
    });
  }

  #performOne(core, op, number, node, a, b) {
    if (op === CIRCUIT) {
      this.#circuitChanged(core, number, a, b);
      return;
    }
    if (op === DROP) {
      this.keep(a, b, undefined);
      return;
    }
    const run = this.#byNumber[number];
    if (run === undefined) return;
    try {
      perform(this, core, run, op, node, a, b);
    } catch (error) {
      // Nothing there is expected to throw, but whatever happens, no promise is left hanging.
      this.fail(run, error);
    }
  }

  #keepTime(core, time) {
    const deadline = core.engineDeadline(this.handle);
    if (deadline > time) {
      this.#alarm.set(deadline);
    } else if (!this.#ticksSoon) {
      // A timer would take its time, and what is due is due.
      this.#ticksSoon = true;
      soon(() => {
        this.#ticksSoon = false;
        unattended(() => this.#tick());
      });
    }
  }

  #tick() {
    if (!this.isAttached || this.runs.size === 0) return;
    const { core } = this;
    // What was answered in time is not too late.
    if (!this.hasAnswers) this.take(core, core.engineTick(this.handle, now()));
    this.work(core);
  }

  /** A circuit breaker belongs to all runs. */
  #circuitChanged(core, breaker, from, to) {
    const circuit = core.engineBreakerName(this.handle, breaker);
    this.snapshot();
    const state = this.#circuitStates[to];
    const event = { type: CIRCUIT_EVENT[state], at: now(), circuit, from: this.#circuitStates[from], to: state };
    this.listeners.tell(event, (error) => this.bus.listenerFailed(error, { event: event.type }));
  }

  // ── Events ──

  /** Something happened in a run: who hears of it is told when there is nothing else to do. */
  touch(run) {
    if (run.isHeard || this.listeners.size > 0) this.#moved.add(run);
  }

  /** Who begins to hear all runs hears what happens from now on. */
  hearFromNow() {
    if (!this.isAttached || this.listeners.size > 0) return;
    const { core } = this;
    for (const run of this.runs.active()) {
      if (run.number !== undefined && !run.isHeard) run.told += countOf(core.runEvents(this.handle, run.number, run.told));
    }
  }

  /** All events of a run, from its first on. */
  stream(run) {
    const stream = new EventStream((it) => {
      run.streams?.delete(it);
      if (run.streams?.size === 0) run.streams = undefined;
    });
    if (run.ended) {
      stream.end();
      return stream;
    }
    if (run.number !== undefined) {
      const { core } = this;
      const isHeard = run.isHeard || this.listeners.size > 0;
      const numbers = core.runEvents(this.handle, run.number, 0);
      // What others have not been told yet comes to this one with them.
      if (!isHeard) run.told = countOf(numbers);
      stream.push(eventsOf(run, numbers, this.eventNames, 0).slice(0, run.told));
    }
    (run.streams ??= new Set()).add(stream);
    this.touch(run);
    return stream;
  }

  #tellMoved(core) {
    for (const run of this.#moved) {
      this.#moved.delete(run);
      try {
        // One that has ended is told when its promise settles, not before.
        if (run.number !== undefined && core.runPhase(this.handle, run.number) !== ENDED) this.#tell(core, run);
      } catch (error) {
        this.fail(run, error);
      }
    }
  }

  /** Tells what happened in a run since the last time; nothing is read when nobody listens. */
  #tell(core, run) {
    const parent = run.parent?.run;
    // Why there is this run at all comes first.
    if (parent !== undefined && this.#moved.delete(parent) && parent.number !== undefined) this.#tell(core, parent);
    if (run.number === undefined) return;
    if (!run.isHeard && this.listeners.size === 0) return;
    const numbers = core.runEvents(this.handle, run.number, run.told);
    run.told += countOf(numbers);
    if (numbers.length === 0) return;
    const events = eventsOf(run, numbers, this.eventNames, run.told - countOf(numbers));
    run.notes = undefined;
    this.#tellAll(run, events);
  }

  #tellAll(run, events) {
    // First those who only take note: a listener may end the run, or all of it.
    for (const stream of run.streams ?? []) stream.push(events);
    const { onEvent } = run;
    for (const event of events) {
      const failed = (error) => this.bus.listenerFailed(error, { event: event.type, runId: run.id });
      if (onEvent !== undefined) hear(onEvent, event, failed);
      this.listeners.tell(event, failed);
    }
  }
}

/** An iteration has begun, with nodes of its own. */
function open(run, each, index, frame) {
  run.nodes.open(each, index, frame);
  // What the journal has stays.
  for (let node = run.nodes.size - run.stepAt(each).size; node < run.nodes.size; node += 1) run.outputs[node] ??= null;
}

/** A call had waited for another one, and has its answer. */
function share(leader, from, run, node) {
  if (leader === undefined) return;
  run.prepared?.delete(node);
  run.outputs[node] = leader.outputs[from];
  run.errors[node] = leader.errors[from];
}

function noSuchSignal(run, name, known) {
  const suggestion = nearest(String(name), known);
  const meant = suggestion === undefined ? "" : `; did you mean \`${suggestion}\`?`;
  const there = known.length === 0 ? "it waits for none" : `it waits for ${known.map((it) => `\`${it}\``).join(", ")}`;
  const message = `no step of \`${run.workflowId}\` waits for a signal ${describe(name)}; ${there}${meant}`;
  const problem = { pointer: "/name", message };
  const problems = [suggestion === undefined ? problem : { ...problem, suggestion }];
  return new RepflowError("run.no_such_signal", message, { ...run.where, problems });
}
