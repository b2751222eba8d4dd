// One run, as the facade knows it: its values, its promise and who hears of it. Where it stands is the core's to know.

import { aborts } from "./aborts.js";
import { abort } from "./call.js";
import { now } from "./clock.js";
import { withResolvers } from "./feature.js";
import { resultOf } from "./results.js";
import { runCancelled } from "./step-errors.js";
import { Trace } from "./trace.js";

/** What a run works on before it begins, and when it has ended. */
const NOTHING = Object.freeze([]);

/** What few runs have while they work, and let go of when they have ended. */
const OF_FEW = {
  schemas: undefined,
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
  whenEnded: undefined,
  /** Who hears of it beside the listeners of all runs. */
  onEvent: undefined,
  /** Ends listening to the caller's signal. */
  unlisten: undefined,
};
const LET_GO = Object.keys(OF_FEW);

export class Run {
  /** The core's number for it; undefined until it begins, and once it has ended. */
  number = undefined;
  /** The engine that it is in, from its begin on. */
  engine = undefined;
  plan = undefined;
  workflowId = undefined;
  /** The text of its definition. */
  text = undefined;
  /** What makes it come out the same when it is done again. */
  seed = 0;
  /** Whether its input has been checked, and is what it becomes by that. */
  isChecked = false;

  /** By node, once it has begun. Values stay here; the core reads them when a template asks. */
  outputs = NOTHING;
  errors = NOTHING;
  calls = NOTHING;

  /** `queued`, `running`, or how it ended; whether it is paused while it runs, the core says. */
  status = "queued";
  /** How it ends is certain, whatever those do who hear of it. */
  isEnding = false;
  startedAt = null;
  endedAt = null;
  /** How each step ended, while it is kept. */
  report = undefined;

  /** Where it is among those that wait, and whether it holds one of the places; see `Runs`. */
  order = 0;
  place = -1;
  isPlaced = false;
  isReady = false;

  /** How many of its events were told. */
  told = 0;

  /** Where nobody has given it one, it is made when somebody asks. */
  #trace;
  #resolve;
  #reject;

  static {
    // What few runs have. Ten thousand of them may be active, so each has room only for what it has.
    Object.assign(this.prototype, OF_FEW, {
      /** Which runs it shares a limit with. */
      key: undefined,
      /** Whether its output has to be built, so that it can be checked, although the definition says nothing of it. */
      checksOutput: false,
      /** Whether something went wrong that did not stop it, and the steps whose workflow says so of itself. */
      degraded: false,
      degradedNodes: undefined,
      /** The run that it is a part of, and how it says so; how deep it is. */
      parent: undefined,
      depth: 1,
      keyBase: undefined,
      isPaused: false,
      /** Why its caller cancelled it, once that happened. */
      cancellation: undefined,
      priority: 0,
      streams: undefined,
    });
  }

  constructor(id, input, { correlationId, trace, traceparent, tracestate, priority = 0, signal, onEvent, schemas }) {
    this.id = id;
    this.input = input;
    this.correlationId = correlationId ?? id;
    this.#trace = traceparent === undefined ? trace : new Trace(traceparent, tracestate);
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

  get trace() {
    return (this.#trace ??= new Trace());
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

  resolve(output, report) {
    this.#end("completed");
    this.report = report;
    const result = resultOf(this, output, report);
    this.#resolve(result);
    this.#letGo(true, result);
  }

  /** Fails the run, and tells every handler that still works for it. */
  reject(status, error, report) {
    if (this.ended) return;
    this.#end(status);
    this.report = report;
    for (const call of this.calls) if (call !== undefined) abort(call, error);
    for (const call of this.hedged ?? []) abort(call, error);
    this.#reject(error);
    this.#letGo(false, error);
  }

  /** Nobody may ask for its steps any more. */
  forget() {
    this.report = undefined;
  }

  #end(status) {
    this.status = status;
    this.endedAt = now();
    this.unlisten?.();
  }

  /** A handle outlives its run, and must not keep what the run worked on. */
  #letGo(isValue, answer) {
    const { whenEnded } = this;
    this.plan = this.text = this.input = undefined;
    this.outputs = this.errors = this.calls = NOTHING;
    this.#resolve = this.#reject = undefined;
    if (this.parent !== undefined) this.parent = { run: undefined, link: this.parent.link };
    for (const name of LET_GO) if (this[name] !== undefined && this[name] !== NOTHING) this[name] = undefined;
    whenEnded?.(this, isValue, answer);
  }

  // ── Nodes ──

  /** The step that a node is. */
  stepAt(node) {
    return this.plan.steps[this.stepOf(node)];
  }

  stepOf(node) {
    return this.nodes === undefined ? node : this.nodes.stepOf(node);
  }

  /** The node of a step as seen from another node. */
  nodeOf(from, step) {
    return this.nodes === undefined ? step : this.nodes.nodeOf(from, step);
  }

  /** An attempt of a step begins. */
  begin(node, call) {
    const before = this.calls[node];
    if (before !== undefined) (this.hedged ??= []).push(before);
    this.calls[node] = call;
  }

  /** Takes the call of an attempt that is over. */
  take(node, attempt) {
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
