// What a handler is given beside its parameters.

/** Work that its caller may give up. */
export class Cancellable {
  #controller = undefined;
  #over = false;
  #reason = undefined;
  #place = undefined;

  /** Aborted when the answer is no longer wanted. Made when it is first asked for: most handlers never look. */
  get signal() {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Tells the handler to stop; what it still answers is dropped. */
  static abort(context, reason) {
    context.#over = true;
    context.#reason = reason;
    Cancellable.release(context);
    context.#controller?.abort(reason);
  }

  /** Has `place.leave(reason)` called once: when the work is done, or when nobody waits for it any more, and why. */
  static hold(context, place) {
    context.#place = place;
  }

  /** The work is done. */
  static release(context) {
    const place = context.#place;
    if (place === undefined) return;
    context.#place = undefined;
    place.leave(context.#over ? context.#reason : undefined);
  }

  /** Whether nobody waits for the answer any more. */
  static isOver(context) {
    return context.#over;
  }
}

const nothing = () => {};
const SILENT = /* @__PURE__ */ Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing });

/** The context of a direct request. */
export class CallContext extends Cancellable {
  #settle;

  /** `settle(context, isValue, answer)` is told how the call ended. */
  constructor(feature, action, correlationId, settle) {
    super();
    this.feature = feature;
    this.action = action;
    this.correlationId = correlationId;
    this.#settle = settle;
  }

  /** The handler has answered. */
  static answer(context, isValue, answer) {
    Cancellable.release(context);
    const settle = context.#settle;
    if (settle === undefined) return;
    context.#settle = undefined;
    settle(context, isValue, answer);
  }

  /** For handlers that also work in steps: nobody hears these. */
  get progress() {
    return nothing;
  }

  get log() {
    return SILENT;
  }

  /** Whether the handler has answered, or nobody waits for that. */
  static isDone(context) {
    return context.#settle === undefined || Cancellable.isOver(context);
  }
}

/** The kinds of notes that an attempt makes; see `runNote`. */
const PROGRESS = 0;
const LOG = 1;

/** The context of a step's attempt. */
export class StepContext extends CallContext {
  #engine;
  #run;
  #node;
  #progress = undefined;
  #log = undefined;

  constructor(engine, run, node, id, target, attempt, level, settle) {
    super(target.feature, target.action, run.correlationId, settle);
    this.#engine = engine;
    this.#run = run;
    this.#node = node;
    this.runId = run.id;
    this.workflowId = run.workflowId;
    this.stepId = id;
    /** Counts every attempt of the step, from 1. */
    this.attempt = attempt;
    /** 0 for the step itself, then its fallbacks. */
    this.level = level;
  }

  /** The same for all attempts of this step, also after a restart: by it, a service knows a request that it has had. */
  get idempotencyKey() {
    return this.#engine.idempotencyKey(this.#run, this.#node);
  }

  /** Tells who listens to the run of a part of the result, or how far it is. It works on its own, too. */
  get progress() {
    return (this.#progress ??= (data) => this.#note(PROGRESS, { data }));
  }

  /** Writes lines among the events of the run. Its functions work on their own, too. */
  get log() {
    const write = (level) => (message, fields) => this.#note(LOG, fields === undefined ? { level, message } : { level, message, fields });
    return (this.#log ??= { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") });
  }

  /** What an attempt says that is over is dropped. */
  #note(kind, note) {
    if (!CallContext.isDone(this)) this.#engine.telling.note(this.#run, this.#node, this.attempt, kind, note);
  }

  static engineOf(context) {
    return context.#engine;
  }

  static runOf(context) {
    return context.#run;
  }

  static nodeOf(context) {
    return context.#node;
  }
}
