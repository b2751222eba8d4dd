// What a handler is given beside its parameters.

/** Work that its caller may give up. */
export class Cancellable {
  #controller = undefined;
  #over = false;
  #reason = undefined;
  #whenOver = undefined;

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
    context.#whenOver?.();
    context.#controller?.abort(reason);
  }

  /** Has `act` called when nobody waits for the answer any more. */
  static whenOver(context, act) {
    context.#whenOver = act;
  }

  /** Whether nobody waits for the answer any more. */
  static isOver(context) {
    return context.#over;
  }
}

/** The context of a direct request. */
export class CallContext extends Cancellable {
  constructor(feature, action, correlationId) {
    super();
    this.feature = feature;
    this.action = action;
    this.correlationId = correlationId;
  }
}

/** The context of a step's attempt. */
export class StepContext extends CallContext {
  constructor(run, step, attempt) {
    super(step.feature, step.action, run.correlationId);
    this.runId = run.id;
    this.workflowId = run.plan.id;
    this.stepId = step.id;
    this.attempt = attempt;
  }
}
