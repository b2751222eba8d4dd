// Why steps and runs fail, in words. A place is where: the plan, the nodes, the errors so far, and `where` the run is.

import { RepflowError, soDid, textOf } from "./errors.js";

function placeOf({ plan, nodes, where }, node) {
  const step = plan.steps[nodes?.stepOf(node) ?? node];
  const iteration = nodes?.iterationOf(node);
  return { step, details: { ...where, stepId: step.id, iteration } };
}

/** The error of a step that has failed: that of the run which it has failed, too. */
export function stepError(seen, node, attempts) {
  const { step, details } = placeOf(seen, node);
  const error = seen.errors[node];
  // Of a part of it that has failed, or of its own timeout: that says it all.
  if (error instanceof RepflowError && isOf(error, seen.where.runId)) {
    error.attempts ??= attempts;
    return error;
  }
  const before = seen.failures?.[node] ?? [];
  const errors = [...before.map((it) => it.error), error];
  const [cause] = errors;
  const tries = attempts > 1 ? ` after ${attempts} attempts` : "";
  const message = `step \`${step.id}\` failed${tries}${soDid(before.length)}: ${textOf(cause)}`;
  const more = { ...details, attempts, cause, errors: before.length > 0 ? errors : undefined };
  // A typed error says how to react to it, and wrapping must not hide that.
  if (cause instanceof RepflowError) Object.assign(more, { kind: cause.kind, problems: cause.problems });
  return new RepflowError("step.failed", message, more);
}

/** Whether an error is that of a step of this run, made here. */
const isOf = (error, runId) =>
  error.runId === runId && error.stepId !== undefined && (error.code === "step.timeout" || error.code === "step.failed");

export function attemptTimedOut(run, node) {
  const { step, details } = placeOf(run, node);
  const whom = step.feature ?? step.workflow ?? step.topic;
  const message = `step \`${step.id}\` did not end within ${step.timeoutMs} ms; give it a longer \`timeout\`, or mend \`${whom}\``;
  return new RepflowError("step.timeout", message, details);
}

/** Of a step with all its attempts, of one with steps inside, or of one that waits for a signal. */
export function stepTimedOut(run, node) {
  const { step, details } = placeOf(run, node);
  const message =
    step.signal !== undefined
      ? `the signal \`${run.plan.signals[step.signal]}\` did not come within ${step.timeoutMs} ms`
      : step.totalTimeoutMs !== undefined && step.totalTimeoutMs !== null
        ? `step \`${step.id}\` did not end within its \`totalTimeout\` of ${step.totalTimeoutMs} ms, with all its attempts`
        : `step \`${step.id}\` did not end within its \`timeout\` of ${step.timeoutMs} ms, with all that is inside of it`;
  return new RepflowError("step.timeout", message, details);
}

/** What a handler is told whose answer is not wanted any more although its run has not ended. */
export function stepCancelled(run, node) {
  const { step, details } = placeOf(run, node);
  const message = `step \`${step.id}\` was stopped: the run, or what the step is a part of, ends without it`;
  return new RepflowError("step.cancelled", message, details);
}

export function runTimedOut(run) {
  const message = `the run took longer than the \`timeout\` of the workflow \`${run.plan.id}\``;
  return new RepflowError("run.timeout", message, run.where);
}

/** The error of a run that its caller has given up; `where` says which, once there is one. */
export const runCancelled = (cause, where) => new RepflowError("run.cancelled", "the run was cancelled by its caller", { ...where, cause });

/** What an attempt fails with whose workflow has failed. */
export function childFailed(child, error) {
  const message = `the workflow \`${child.workflowId}\` failed: ${textOf(error)}`;
  const { kind, severity, stepId } = error;
  return new RepflowError("step.failed", message, { ...child.where, kind, severity, stepId, cause: error });
}

/** What was thrown in the first place, which says whether to try again. */
export function rootOf(error) {
  let root = error;
  while (root instanceof RepflowError && (root.code === "step.failed" || root.code === "bus.failed") && root.cause !== undefined) root = root.cause;
  return root;
}
