// One run, as the facade knows it: its values, its promise and who hears of it. Where it stands is the core's to know.

import { aborts } from "./aborts.js";
import { abort } from "./call.js";
import { withResolvers } from "./feature.js";
import { idOf } from "./ids.js";
import { resultOf } from "./results.js";
import { runCancelled } from "./step-errors.js";
import { Trace } from "./trace.js";

/** What a run works on before it begins, and when it has ended. */
const NOTHING = Object.freeze([]);

export class Run {
  // What is asked for at each step stands first and together: thousands of runs are not in the cache of a processor.

  /** The core's number for it; undefined until it begins, and once it has ended. */
  coreId = undefined;
  /** The engine that it is in, from its begin on. */
  engine = undefined;
  /** By node, once it has begun; errors once there is one. Values stay here; the core reads them when a template asks. */
  outputs = NOTHING;
  errors = NOTHING;
  /** Attempts that are under way: the one that is alone, or by node when there are more. In most runs one comes after the other. */
  call = undefined;
  calls = NOTHING;
  plan = undefined;
  /** What it works on. */
  input = undefined;
  /** Whether steps follow as its plan says, and nobody hears of it; see `Commands.follow`. */
  isCertain = false;

  workflowId = undefined;
  /** What makes it come out the same when it is done again. */
  seed = 0;
  /** `queued`, `running`, or how it ended; whether it is paused while it runs, the core says. */
  status = "queued";
  /** How it ends is certain, whatever those do who hear of it. */
  isEnding = false;
  startedAt = null;
  endedAt = null;

  /** Which one it is of all; whether its input has been checked, so that it may begin, and it holds one of the places; see `Runs`. */
  order = 0;
  isReady = false;
  isPlaced = false;

  /** Before and after it among those that are active; see `Runs`. */
  previous = undefined;
  next = undefined;

  /** Its id, or the number of one that is made when somebody asks. */
  #id;
  #resolve;
  #reject;

  static {
    // What few runs have. Ten thousand of them may be active, so each has room only for what it has.
    Object.assign(this.prototype, {
      /** The text of its definition, while it waits for the core. */
      text: undefined,
      /** Where it is among those that wait for a place. */
      place: -1,
      /** What others named its work by, and its trace: where nobody has given it one, it is made when somebody asks. */
      givenCorrelationId: undefined,
      knownTrace: undefined,
      /** How many of its events were told. */
      told: 0,
      /** Whether it goes on with one that was before. */
      isRestored: false,
      /** Which runs it shares a limit with. */
      key: undefined,
      schemas: undefined,
      /** Whether its output has to be built, so that it can be checked, although the definition says nothing of it. */
      checksOutput: false,
      /** What it goes on from. */
      journal: undefined,
      /** By node, why each level of it failed. */
      failures: undefined,
      /** The lists of loops that are under way, by node, and the item of each iteration. */
      lists: NOTHING,
      items: NOTHING,
      /** What came with signals, in their order, and those that came before it began. */
      signals: NOTHING,
      early: undefined,
      /** Which nodes iterations have; undefined where there are no loops. */
      nodes: undefined,
      /** By node, for how many others a step still waits, where some wait for more than one. */
      blockers: undefined,
      /** Parameters of calls that are about to begin, by node. */
      prepared: undefined,
      /** Attempts that were given up before they were begun. */
      revoked: undefined,
      /** Runs that its steps have started, with the node and the attempt of each. */
      children: undefined,
      /** What notes of attempts say, by the number of their event. */
      notes: undefined,
      /** Calls of attempts beside another one of the same step. */
      hedged: undefined,
      /** What the definition's `output` gave, or why it gave nothing. */
      output: undefined,
      outputError: undefined,
      /** Whether something went wrong that did not stop it, and the steps whose workflow says so of itself. */
      degraded: false,
      degradedNodes: undefined,
      /** The run that it is a part of, and how it says so; how deep it is. */
      parent: undefined,
      depth: 1,
      keyBase: undefined,
      whenEnded: undefined,
      isPaused: false,
      /** Why its caller cancelled it, once that happened. */
      cancellation: undefined,
      priority: 0,
      /** Who hears of it beside the listeners of all runs. */
      onEvent: undefined,
      streams: undefined,
      /** Ends listening to the caller's signal. */
      unlisten: undefined,
    });
  }

  constructor(id, input, { correlationId, trace, traceparent, tracestate, priority = 0, signal, onEvent, schemas }) {
    this.#id = id;
    this.input = input;
    if (correlationId !== undefined) this.givenCorrelationId = correlationId;
    if (traceparent !== undefined) this.knownTrace = new Trace(traceparent, tracestate);
    else if (trace !== undefined) this.knownTrace = trace;
    if (priority !== 0) this.priority = priority;
    if (onEvent !== undefined) this.onEvent = onEvent;
    if (schemas !== undefined) this.schemas = schemas;
    if (schemas?.output !== undefined) this.checksOutput = true;
    if (signal?.aborted) this.cancellation = runCancelled(signal.reason, this.where);
    const { promise, resolve, reject } = withResolvers();
    this.result = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** The inside of the bus that it asks, and in whose name. */
  get bus() {
    return this.engine.bus;
  }

  get caller() {
    return this.workflowId;
  }

  get id() {
    if (typeof this.#id === "number") this.#id = idOf(this.#id);
    return this.#id;
  }

  get correlationId() {
    return this.givenCorrelationId ?? this.id;
  }

  get trace() {
    return (this.knownTrace ??= new Trace());
  }

  get ended() {
    return this.endedAt !== null;
  }

  /** Whether anybody hears of this very run. */
  get isHeard() {
    return this.onEvent !== undefined || this.streams !== undefined;
  }

  /** Has `cancel` called when `signal` aborts. */
  listen(signal, cancel) {
    if (!signal.aborted) this.unlisten = aborts.add(signal, () => cancel(this, signal.reason));
  }

  resolve(output, report, at) {
    end(this, "completed", at);
    const result = resultOf(this, output, report);
    this.#resolve(result);
    this.#resolve = this.#reject = undefined;
    letGo(this, true, result);
  }

  /** Fails the run, and tells every handler that still works for it. */
  reject(status, error, at) {
    if (this.ended) return;
    end(this, status, at);
    if (this.call !== undefined) abort(this.call, error);
    for (const call of this.calls) if (call !== undefined) abort(call, error);
    for (const call of this.hedged ?? []) abort(call, error);
    this.#reject(error);
    this.#resolve = this.#reject = undefined;
    letGo(this, false, error);
  }

  // ── Nodes ──

  /** The step that a node is. */
  stepAt(node) {
    return this.plan.steps[this.stepOf(node)];
  }

  stepOf(node) {
    return this.nodes === undefined ? node : this.nodes.stepOf(node);
  }

  /** Of those that follow a node, how far behind it those stand that wait for no other step. */
  unblocked(node, leadsTo) {
    const { blockers } = this;
    if (blockers === undefined) return leadsTo;
    // Mostly all of them or none: then no list is made.
    let count = 0;
    for (let index = 0; index < leadsTo.length; index += 1) if ((blockers[node + leadsTo[index]] -= 1) === 0) count += 1;
    return count === leadsTo.length ? leadsTo : count === 0 ? NOTHING : leadsTo.filter((offset) => blockers[node + offset] === 0);
  }

  /** The node of a step as seen from another node. */
  nodeOf(from, step) {
    return this.nodes === undefined ? step : this.nodes.nodeOf(from, step);
  }

  /** Why a step failed, or an attempt of it. */
  setError(node, error) {
    if (this.errors === NOTHING) this.errors = [];
    this.errors[node] = error;
    this.isCertain = false;
  }

  /** An attempt of a step begins. */
  begin(node, call) {
    if (this.calls === NOTHING) {
      const alone = this.call;
      if (alone === undefined) {
        this.call = call;
        return;
      }
      this.calls = new Array(this.outputs.length);
      this.calls[alone.node] = alone;
      this.call = undefined;
    }
    const before = this.calls[node];
    if (before !== undefined) (this.hedged ??= []).push(before);
    this.calls[node] = call;
  }

  /** Takes the call of an attempt that is over. */
  take(node, attempt) {
    const alone = this.call;
    if (alone !== undefined) {
      if (alone.node !== node || alone.attempt !== attempt) return undefined;
      this.call = undefined;
      return alone;
    }
    const last = this.calls[node];
    if (last !== undefined && last.attempt === attempt) {
      this.calls[node] = undefined;
      return last;
    }
    const at = this.hedged?.findIndex((it) => it.node === node && it.attempt === attempt) ?? -1;
    return at < 0 ? undefined : this.hedged.splice(at, 1)[0];
  }

  /** What the workflow of a step goes on from, when it ran as the journal was made. It is taken only once. */
  childJournal(node, workflow) {
    const journal = this.journal?.children?.[node];
    if (journal === undefined) return undefined;
    delete this.journal.children[node];
    return journal.workflowId === workflow ? journal : undefined;
  }

  /** Where an error happened. */
  get where() {
    return { runId: this.id, workflowId: this.workflowId, correlationId: this.correlationId };
  }
}

function end(run, status, at) {
  run.status = status;
  run.endedAt = at;
  run.unlisten?.();
}

/** A handle outlives its run, and must not keep what the run worked on. */
function letGo(run, isValue, answer) {
  const { whenEnded } = run;
  run.plan = run.input = undefined;
  run.outputs = run.errors = run.calls = NOTHING;
  run.call = undefined;
  if (run.parent !== undefined) run.parent = { run: undefined, link: run.parent.link };
  // What few have. Each by its name: in a loop over names, each is looked up anew.
  if (run.text !== undefined) run.text = undefined;
  if (run.nodes !== undefined) run.nodes = run.lists = run.items = undefined;
  if (run.blockers !== undefined) run.blockers = undefined;
  if (run.signals !== NOTHING) run.signals = undefined;
  if (run.journal !== undefined) run.journal = undefined;
  if (run.output !== undefined) run.output = undefined;
  if (run.outputError !== undefined) run.outputError = undefined;
  if (run.failures !== undefined) run.failures = undefined;
  if (run.hedged !== undefined) run.hedged = undefined;
  if (run.prepared !== undefined) run.prepared = undefined;
  if (run.revoked !== undefined) run.revoked = undefined;
  if (run.notes !== undefined) run.notes = undefined;
  if (run.early !== undefined) run.early = undefined;
  if (run.onEvent !== undefined) run.onEvent = undefined;
  if (run.schemas !== undefined) run.schemas = undefined;
  if (run.whenEnded !== undefined) run.whenEnded = undefined;
  if (run.unlisten !== undefined) run.unlisten = undefined;
  if (run.children !== undefined) run.children = undefined;
  whenEnded?.(run, isValue, answer);
}
