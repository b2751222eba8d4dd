// How runs and their steps stand, as objects.

import { now } from "./clock.js";
import { EVENT_NUMBERS, RUN_EVENTS } from "./events.js";
import { stepError } from "./step-errors.js";

/** How many numbers the core gives for a node; see `runSteps`. */
const STEP_NUMBERS = 3;

/** Where a step may be, by the core's numbers; a test holds the two lists against each other. */
export const STEP_STATUSES = [
  "pending", "running", "waiting", "completed", "failed", "cancelled", "skipped", "compensated",
];

/** Figures of many runs stand in one list, since to make a list is dearer than to fill it: how long it is, and how much is taken. */
const SHELF = 2_048;
let shelf = new Float64Array(0);
let taken = 0;

/** Keeps figures of the core that are not there for long. One by one: mostly they are too few for anything else to be quicker. */
export function kept(figures, from, length) {
  if (taken + length > shelf.length) {
    shelf = new Float64Array(Math.max(SHELF, length));
    taken = 0;
  }
  for (let index = 0; index < length; index += 1) shelf[taken + index] = figures[from + index];
  taken += length;
  return { shelf, from: taken - length };
}

/** So many steps are told of at once: to have them told of when somebody looks takes as long as to do so. */
const FEW_STEPS = 8;

/** Something for each of some steps, by id. */
export function byId(plan, steps, of) {
  const object = {};
  for (const step of steps) object[plan.steps[step].id] = of(step);
  return object;
}

/** The name of the status of a node. */
export const statusOf = ({ shelf, from }, node) => STEP_STATUSES[shelf[from + node * STEP_NUMBERS] & 7];

/** How many attempts of a node there were. */
export const attemptsOf = ({ shelf, from }, node) => Math.floor(shelf[from + node * STEP_NUMBERS] / 2 ** 19);

/** How the steps of a run stand; made when somebody looks, as most callers want the output and a long run has many steps. */
export class Report {
  #steps = undefined;

  constructor(run, figures) {
    // The run lets go of its own once it has ended.
    this.run = run;
    this.figures = figures;
    this.plan = run.plan;
    this.nodes = run.nodes;
    this.outputs = run.outputs;
    this.errors = run.errors;
    this.failures = run.failures;
    this.degradedNodes = run.degradedNodes;
  }

  get where() {
    return this.run.where;
  }

  get steps() {
    const { plan } = this;
    if (plan !== undefined) {
      this.#steps = byId(plan, plan.lists.get(undefined), (step) => stepOf(this, step));
      this.run = this.figures = this.plan = this.nodes = this.outputs = this.errors = this.failures = this.degradedNodes = undefined;
    }
    return this.#steps;
  }
}

function stepOf(seen, node) {
  const { plan, nodes, figures } = seen;
  const { shelf } = figures;
  // Place by place: to destructure a list makes an iterator.
  const from = figures.from + node * STEP_NUMBERS;
  const attempts = attemptsOf(figures, node);
  const level = (shelf[from] >>> 3) & 0xffff;
  const began = shelf[from + 1];
  const ended = shelf[from + 2];
  const step = nodes?.stepOf(node) ?? node;
  const result = {
    status: statusOf(figures, node),
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

/** What makes the steps of a long run's result. */
const MAKE = Symbol("steps");

/**
 * Steps that are made when somebody looks. The same getter for all: with one of its own, each result would be a dictionary. And a
 * function makes them, which is what it is also through a proxy of the result.
 */
const LATE_STEPS = {
  enumerable: true,
  get() {
    return this[MAKE]();
  },
};

/** What the result of a run tells. */
export function resultOf(run, output, report) {
  const isShort = run.plan.steps.length <= FEW_STEPS && run.nodes === undefined;
  const result = {
    runId: run.id,
    workflowId: run.workflowId,
    correlationId: run.correlationId,
    status: "completed",
    degraded: run.degraded,
    output: output ?? null,
    durationMs: run.endedAt - run.startedAt,
  };
  if (isShort) {
    result.steps = report.steps;
  } else {
    result[MAKE] = () => report.steps;
    Object.defineProperty(result, "steps", LATE_STEPS);
  }
  return result;
}

/** What can be said of a run at any time. */
export function infoOf(run, status) {
  const { id: runId, workflowId, correlationId, priority, startedAt, endedAt, parent } = run;
  const durationMs = startedAt === null ? null : (endedAt ?? now()) - startedAt;
  const info = { runId, workflowId, correlationId, priority, status, startedAt, endedAt, durationMs };
  return parent === undefined ? info : Object.assign(info, parent.link);
}
