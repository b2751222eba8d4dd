// How runs and their steps stand, as objects.

import { now } from "./clock.js";
import { EVENT_NUMBERS, RUN_EVENTS } from "./events.js";
import { stepError } from "./step-errors.js";

/** How many numbers the core gives for a node; see `runSteps`. */
const STEP_NUMBERS = 5;

/** Where a step may be, by the core's numbers; a test holds the two lists against each other. */
export const STEP_STATUSES = [
  "pending", "running", "waiting", "completed", "failed", "cancelled", "skipped", "compensated",
];

/** Something for each of some steps, by id. */
export function byId(plan, steps, of) {
  const object = {};
  for (const step of steps) object[plan.steps[step].id] = of(step);
  return object;
}

/** The name of the status of a node. */
export const statusOf = (numbers, node) => STEP_STATUSES[numbers[node * STEP_NUMBERS]];

/** How many attempts of a node there were. */
export const attemptsOf = (numbers, node) => numbers[node * STEP_NUMBERS + 1];

/** How the steps of a run stand; made when somebody looks, as most callers want the output and a long run has many steps. */
export class Report {
  #made = undefined;
  #make;

  constructor(run, numbers) {
    // The run lets go of its own once it has ended.
    const { plan, nodes, outputs, errors, failures, degradedNodes, where } = run;
    const seen = { plan, nodes, outputs, errors, failures, degradedNodes, where, numbers };
    this.#make = () => byId(plan, plan.lists.get(undefined), (step) => stepOf(seen, step));
  }

  get steps() {
    if (this.#made === undefined) {
      this.#made = this.#make();
      this.#make = undefined;
    }
    return this.#made;
  }
}

function stepOf(seen, node) {
  const { plan, nodes, numbers } = seen;
  const [status, attempts, level, began, ended] = numbers.subarray(node * STEP_NUMBERS, (node + 1) * STEP_NUMBERS);
  const step = nodes?.stepOf(node) ?? node;
  const result = {
    status: STEP_STATUSES[status],
    attempts,
    durationMs: ended >= began ? ended - began : null,
    output: seen.outputs[node] ?? null,
  };
  if (result.status === "failed") result.error = stepError(seen, node, attempts);
  if (level > 0) result.level = level;
  if (level > 0 || result.status === "failed" || seen.degradedNodes?.has(node)) result.degraded = true;
  if (seen.failures?.[node] !== undefined) result.failures = [...seen.failures?.[node]];
  if (plan.steps[step].kind === "forEach") {
    const steps = plan.lists.get(step);
    const bases = nodes?.basesOf(node) ?? [];
    result.iterations = bases.map((base) => byId(plan, steps, (each) => stepOf(seen, base + each - step - 1)));
  }
  return result;
}

/** What was undone of a run that has ended in vain, in that order, and what could not be; nothing when there was nothing. */
export function compensationOf(run, log) {
  const compensation = { compensated: [], notCompensated: [] };
  for (let at = 0; at < log.length; at += EVENT_NUMBERS) {
    const type = RUN_EVENTS[log[at]];
    if (type !== "compensation.completed" && type !== "compensation.failed") continue;
    const node = log[at + 2];
    const { id: stepId } = run.stepAt(node);
    if (type === "compensation.completed") {
      compensation.compensated.push(stepId);
    } else {
      const iteration = run.nodes?.iterationOf(node);
      const entry = { stepId, error: run.errors[node] };
      compensation.notCompensated.push(iteration === undefined ? entry : { ...entry, iteration });
    }
  }
  return compensation.compensated.length + compensation.notCompensated.length === 0 ? undefined : compensation;
}

/** What the result of a run tells. */
export function resultOf(run, output, report) {
  return {
    runId: run.id,
    workflowId: run.workflowId,
    correlationId: run.correlationId,
    status: "completed",
    degraded: run.degraded,
    output: output ?? null,
    get steps() {
      return report.steps;
    },
    durationMs: run.endedAt - run.startedAt,
  };
}

/** What can be said of a run at any time. */
export function infoOf(run, status) {
  const { id: runId, workflowId, correlationId, priority, startedAt, endedAt, parent } = run;
  const durationMs = startedAt === null ? null : (endedAt ?? now()) - startedAt;
  const info = { runId, workflowId, correlationId, priority, status, startedAt, endedAt, durationMs };
  return parent === undefined ? info : Object.assign(info, parent.link);
}
