// One run, as the facade knows it: its values, its promise and its listeners. Where it stands is the core's to know.

import { now } from "./clock.js";
import { CallContext } from "./context.js";
import { RepflowError, textOf } from "./errors.js";

/** How many numbers the core gives for an event; see `runEvents`. */
const EVENT_NUMBERS = 6;

export class Run {
  /** The core's number for it; undefined until it starts. */
  number = undefined;
  plan = undefined;
  /** By step. Values stay here; the core reads them when a template asks. */
  outputs = [];
  errors = [];
  contexts = [];
  /** Of attempts beside another one of the same step. */
  #hedged = [];
  startedAt = 0;
  /** What the definition's `output` gave, or why it gave nothing. */
  output = undefined;
  outputError = undefined;
  ended = false;
  /** Why its caller cancelled it, once that happened. */
  cancellation = undefined;
  #seen = 0;
  #signal;
  #onAbort;
  #settle;

  constructor(id, input, { correlationId, signal, onEvent }, cancel) {
    this.id = id;
    this.input = input;
    this.correlationId = correlationId ?? id;
    this.onEvent = onEvent;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#signal = signal;
    this.#onAbort = () => cancel(this, signal.reason);
    if (signal?.aborted) this.cancellation = cancelled(this, signal.reason);
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  resolve(value) {
    this.#end();
    this.#settle.resolve(value);
  }

  /** Fails the run, and tells every handler that still works for it. */
  reject(error) {
    if (this.ended) return;
    this.#end();
    for (const context of [...this.contexts, ...this.#hedged.map(({ context }) => context)]) {
      if (context !== undefined) CallContext.abort(context, error);
    }
    this.#settle.reject(error);
  }

  /** An attempt of a step begins. */
  begin(step, context) {
    const before = this.contexts[step];
    if (before !== undefined) this.#hedged.push({ step, context: before });
    this.contexts[step] = context;
  }

  /** Takes the context of an attempt that is over. */
  take(step, attempt) {
    const last = this.contexts[step];
    if (last?.attempt === attempt) {
      this.contexts[step] = undefined;
      return last;
    }
    const at = this.#hedged.findIndex((it) => it.step === step && it.context.attempt === attempt);
    return at < 0 ? undefined : this.#hedged.splice(at, 1)[0].context;
  }

  #end() {
    this.ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  /** What happened since the last time; `read` gives the core's numbers from an event on, `names` what they mean. */
  newEvents(read, names) {
    const numbers = read(this.#seen);
    const events = [];
    const { id: runId, correlationId } = this;
    for (let at = 0; at < numbers.length; at += EVENT_NUMBERS) {
      const [seq, name, when, step, attempt, delayMs] = numbers.subarray(at, at + EVENT_NUMBERS);
      const event = { seq, type: names[name], at: when, runId, workflowId: this.plan.id, correlationId };
      if (!Number.isNaN(step)) event.stepId = this.plan.steps[step].id;
      if (!Number.isNaN(attempt)) event.attempt = attempt;
      if (!Number.isNaN(delayMs)) event.delayMs = delayMs;
      events.push(event);
    }
    this.#seen += events.length;
    return events;
  }

  /** The last event of a run whose log was lost with the core, or disposed of. */
  lastEvent() {
    const { id: runId, correlationId } = this;
    return { seq: this.#seen, type: "run.failed", at: now(), runId, workflowId: this.plan.id, correlationId };
  }

  /** Where an error happened. */
  get place() {
    return { runId: this.id, workflowId: this.plan?.id, correlationId: this.correlationId };
  }

  /** The error of a run that a step has failed. */
  stepFailed(step, attempts, timedOut) {
    const { id: stepId } = this.plan.steps[step];
    const cause = this.errors[step];
    const place = { ...this.place, stepId, attempts };
    if (timedOut) return new RepflowError("step.timeout", cause.message, place);
    const tries = attempts === 1 ? "" : ` after ${attempts} attempts`;
    const details = { ...place, cause };
    // A typed error says how to react to it, and wrapping must not hide that.
    if (cause instanceof RepflowError) Object.assign(details, { kind: cause.kind, problems: cause.problems });
    return new RepflowError("step.failed", `step \`${stepId}\` failed${tries}: ${textOf(cause)}`, details);
  }

  attemptTimedOut(step) {
    const { id: stepId, timeoutMs } = this.plan.steps[step];
    const message = `step \`${stepId}\` did not end within ${timeoutMs} ms; give it a longer \`timeout\`, or mend \`${this.plan.steps[step].feature}\``;
    return new RepflowError("step.timeout", message, { ...this.place, stepId });
  }

  stepTimedOut(step) {
    const { id: stepId, totalTimeoutMs } = this.plan.steps[step];
    const message = `step \`${stepId}\` did not end within its \`totalTimeout\` of ${totalTimeoutMs} ms, with all its attempts`;
    return new RepflowError("step.timeout", message, { ...this.place, stepId });
  }

  timedOut() {
    const message = `the run took longer than the \`timeout\` of the workflow \`${this.plan.id}\``;
    return new RepflowError("run.timeout", message, this.place);
  }
}

export function cancelled(run, reason) {
  return new RepflowError("run.cancelled", "the run was cancelled by its caller", { ...run.place, cause: reason });
}
