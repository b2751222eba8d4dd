// How runs and their steps stand, as objects.

import { now } from "./clock.js";

/** How many numbers the core gives for a step; see `runSteps`. */
const STEP_NUMBERS = 4;

/** Something for each of some steps, by id. */
export function byId(plan, steps, of) {
  return Object.fromEntries(Array.from(steps, (step) => [plan.steps[step].id, of(step)]));
}

/** How many attempts of a step there were. */
export const attemptsOf = (numbers, step) => numbers[step * STEP_NUMBERS + 1];

/** How the steps of a run stand; made when somebody looks, as most callers want the output and a long run has many steps. */
export class Report {
  #made = undefined;
  #make;

  constructor(run, numbers, names) {
    const { plan, outputs } = run;
    this.#make = () => byId(plan, plan.steps.keys(), (step) => stepOf(numbers, step, outputs[step], names));
  }

  get steps() {
    if (this.#made === undefined) {
      this.#made = this.#make();
      this.#make = undefined;
    }
    return this.#made;
  }
}

function stepOf(numbers, step, output, names) {
  const [status, attempts, began, ended] = numbers.subarray(step * STEP_NUMBERS, (step + 1) * STEP_NUMBERS);
  return { status: names[status], attempts, durationMs: ended >= began ? ended - began : null, output: output ?? null };
}

/** What the result of a run tells. */
export function resultOf(run, output, report) {
  return {
    runId: run.id,
    workflowId: run.workflowId,
    correlationId: run.correlationId,
    status: "completed",
    output: output ?? null,
    get steps() {
      return report.steps;
    },
    durationMs: run.endedAt - run.startedAt,
  };
}

/** What can be said of a run at any time. */
export function infoOf(run) {
  const { id: runId, workflowId, correlationId, priority, status, startedAt, endedAt } = run;
  const durationMs = startedAt === null ? null : (endedAt ?? now()) - startedAt;
  return { runId, workflowId, correlationId, priority, status, startedAt, endedAt, durationMs };
}
