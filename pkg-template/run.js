// One run, as the facade knows it: its values, its promise and who hears of it. Where it stands is the core's to know.

import { aborts } from "./aborts.js";
import { now } from "./clock.js";
import { CallContext } from "./context.js";
import { RepflowError, textOf } from "./errors.js";
import { resultOf } from "./results.js";

export class Run {
  /** The core's number for it; undefined until it begins, and once it has ended. */
  number = undefined;
  plan = undefined;
  workflowId = undefined;
  /** The text of its definition, until it begins. */
  text = undefined;
  /** By step. Values stay here; the core reads them when a template asks. */
  outputs = [];
  errors = [];
  contexts = [];
  /** Of attempts beside another one of the same step. */
  #hedged = undefined;
  /** What the definition's `output` gave, or why it gave nothing. */
  output = undefined;
  outputError = undefined;

  /** `queued`, `running`, or how it ended. */
  status = "queued";
  /** How it ends is certain, whatever those do who hear of it. */
  isEnding = false;
  startedAt = null;
  endedAt = null;
  /** How each step ended, while it is kept. */
  report = undefined;
  error = undefined;
  /** Why its caller cancelled it, once that happened. */
  cancellation = undefined;

  /** Where it is among those that wait, and whether it holds one of the places; see `Runs`. */
  order = 0;
  place = -1;
  isPlaced = false;

  /** How many of its events were told, and to whom beside the listeners of all runs. */
  told = 0;
  onEvent;
  streams = undefined;

  #unlisten = undefined;
  #settle;

  constructor(id, input, { correlationId, priority = 0, signal, onEvent }) {
    this.id = id;
    this.input = input;
    this.correlationId = correlationId ?? id;
    this.priority = priority;
    this.onEvent = onEvent;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    if (signal?.aborted) this.cancellation = cancelled(this, signal.reason);
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
    if (!signal.aborted) this.#unlisten = aborts.add(signal, () => cancel(this, signal.reason));
  }

  resolve(output, report) {
    this.#end("completed");
    this.report = report;
    this.#settle.resolve(resultOf(this, output, report));
    this.#letGo();
  }

  /** Fails the run, and tells every handler that still works for it. */
  reject(status, error, report) {
    if (this.ended) return;
    this.#end(status);
    this.error = error;
    this.report = report;
    const contexts = [...this.contexts, ...(this.#hedged ?? []).map(({ context }) => context)];
    for (const context of contexts) {
      if (context !== undefined) CallContext.abort(context, error);
    }
    this.#settle.reject(error);
    this.#letGo();
  }

  /** Nobody may ask for its steps any more. */
  forget() {
    this.report = undefined;
    this.error = undefined;
  }

  #end(status) {
    this.status = status;
    this.endedAt = now();
    this.#unlisten?.();
  }

  /** A handle outlives its run, and must not keep what the run worked on. */
  #letGo() {
    this.plan = undefined;
    this.text = undefined;
    this.input = undefined;
    this.output = undefined;
    this.outputs = [];
    this.errors = [];
    this.contexts = [];
    this.#hedged = undefined;
    this.onEvent = undefined;
    this.#unlisten = undefined;
    this.#settle = undefined;
  }

  /** An attempt of a step begins. */
  begin(step, context) {
    const before = this.contexts[step];
    if (before !== undefined) (this.#hedged ??= []).push({ step, context: before });
    this.contexts[step] = context;
  }

  /** Takes the context of an attempt that is over. */
  take(step, attempt) {
    const last = this.contexts[step];
    if (last?.attempt === attempt) {
      this.contexts[step] = undefined;
      return last;
    }
    const at = this.#hedged?.findIndex((it) => it.step === step && it.context.attempt === attempt) ?? -1;
    return at < 0 ? undefined : this.#hedged.splice(at, 1)[0].context;
  }

  /** Where an error happened. */
  get where() {
    return { runId: this.id, workflowId: this.workflowId, correlationId: this.correlationId };
  }

  /** The error of a run that a step has failed. */
  stepFailed(step, attempts, timedOut) {
    const { id: stepId } = this.plan.steps[step];
    const cause = this.errors[step];
    const place = { ...this.where, stepId, attempts };
    if (timedOut) return new RepflowError("step.timeout", cause.message, place);
    const tries = attempts === 1 ? "" : ` after ${attempts} attempts`;
    const details = { ...place, cause };
    // A typed error says how to react to it, and wrapping must not hide that.
    if (cause instanceof RepflowError) Object.assign(details, { kind: cause.kind, problems: cause.problems });
    return new RepflowError("step.failed", `step \`${stepId}\` failed${tries}: ${textOf(cause)}`, details);
  }

  attemptTimedOut(step) {
    const { id: stepId, timeoutMs, feature } = this.plan.steps[step];
    const message = `step \`${stepId}\` did not end within ${timeoutMs} ms; give it a longer \`timeout\`, or mend \`${feature}\``;
    return new RepflowError("step.timeout", message, { ...this.where, stepId });
  }

  stepTimedOut(step) {
    const { id: stepId, totalTimeoutMs } = this.plan.steps[step];
    const message = `step \`${stepId}\` did not end within its \`totalTimeout\` of ${totalTimeoutMs} ms, with all its attempts`;
    return new RepflowError("step.timeout", message, { ...this.where, stepId });
  }

  timedOut() {
    const message = `the run took longer than the \`timeout\` of the workflow \`${this.plan.id}\``;
    return new RepflowError("run.timeout", message, this.where);
  }
}

export function cancelled(run, reason) {
  return new RepflowError("run.cancelled", "the run was cancelled by its caller", { ...run.where, cause: reason });
}
