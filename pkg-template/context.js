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
    context.#settle(context, isValue, answer);
  }
}

/** The context of a step's attempt. */
export class StepContext extends CallContext {
  #place;

  constructor(engine, run, step, attempt, settle) {
    const { feature, action, id } = run.plan.steps[step];
    super(feature, action, run.correlationId, settle);
    this.#place = { engine, run, step };
    this.runId = run.id;
    this.workflowId = run.workflowId;
    this.stepId = id;
    this.attempt = attempt;
  }

  /** Where the attempt belongs: `engine`, `run`, `step`. */
  static placeOf(context) {
    return context.#place;
  }
}
