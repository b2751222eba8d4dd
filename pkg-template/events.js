// What happened in a run, as objects: made from the core's numbers when somebody listens.

import { now } from "./clock.js";

/** How many numbers the core gives for an event; see `runEvents`. */
export const EVENT_NUMBERS = 6;

/** Every type of event of a run, as the core has them; a test holds the two lists against each other. */
export const RUN_EVENTS = [
  "run.started",
  "run.completed",
  "run.failed",
  "run.timed_out",
  "run.cancelled",
  "run.paused",
  "run.resumed",
  "run.restored",
  "run.compensating",
  "step.started",
  "step.completed",
  "step.failed",
  "step.cancelled",
  "step.skipped",
  "step.timed_out",
  "step.evaluated",
  "step.progress",
  "step.logged",
  "attempt.started",
  "attempt.failed",
  "attempt.timed_out",
  "attempt.short_circuited",
  "attempt.rejected",
  "attempt.rate_limited",
  "attempt.interrupted",
  "retry.scheduled",
  "fallback.started",
  "timer.set",
  "timer.fired",
  "signal.received",
  "iteration.started",
  "compensation.started",
  "compensation.completed",
  "compensation.failed",
  "attempt.shared",
  "attempt.unshared",
];

/** What a `step.evaluated` and a `run.compensating` are about, by the core's numbers; see `EventKind`. */
const QUESTIONS = ["when", "case", "items", "until"];
const IN_VAIN = ["failed", "output_failed", "timed_out", "cancelled"];

/** The events that these numbers tell of, of which the first is number `first`. */
export function eventsOf(run, numbers, first) {
  const events = [];
  for (let at = 0; at < numbers.length; at += EVENT_NUMBERS) {
    const event = eventOf(run, first + events.length, RUN_EVENTS[numbers[at]], numbers[at + 1]);
    const node = numbers[at + 2];
    const attempt = numbers[at + 3];
    if (!Number.isNaN(node)) place(event, run, node);
    if (!Number.isNaN(attempt)) event.attempt = attempt;
    detail(event, run, numbers[at + 4], numbers[at + 5]);
    events.push(event);
  }
  return events;
}

function eventOf(run, seq, type, at) {
  const { id: runId, workflowId, correlationId, parent } = run;
  const event = { seq, type, at, runId, workflowId, correlationId };
  return parent === undefined ? event : Object.assign(event, parent.link);
}

/** Which step it is about: what undoes one is told as that one. */
function place(event, run, node) {
  const step = run.stepAt(node);
  event.stepId = step.id;
  const iteration = run.nodes?.iterationOf(node);
  if (iteration !== undefined) event.iteration = iteration;
  if (step.compensates !== undefined) event.compensation = true;
}

/** What is told of some events only. */
function detail(event, run, a, b) {
  switch (event.type) {
    case "run.compensating":
      event.reason = IN_VAIN[a];
      break;
    case "step.evaluated":
      event.question = QUESTIONS[a];
      event.answer = a === 0 ? b !== 0 : a === 1 && b < 0 ? null : b;
      break;
    case "step.progress":
    case "step.logged":
      Object.assign(event, run.notes?.get(event.seq));
      break;
    case "retry.scheduled":
      event.delayMs = b;
      break;
    case "fallback.started":
      event.level = a;
      break;
    case "timer.set":
      event.dueAt = b;
      break;
    case "signal.received":
      event.signal = run.plan.signals[a];
      event.payload = run.signals[b];
      break;
    case "iteration.started":
      event.iteration = [...(event.iteration ?? []), a];
      break;
    default:
  }
}

/** The last event of a run whose log was lost with the core, or disposed of. */
export const endOf = (run) => eventOf(run, run.told, "run.failed", now());

export const countOf = (numbers) => numbers.length / EVENT_NUMBERS;
