// What happened in a run, as objects: made from the core's numbers when somebody listens.

/** How many numbers the core gives for an event; see `runEvents`. */
const EVENT_NUMBERS = 6;

/** Every type of event of a run, as the core has them; a test holds the two lists against each other. */
export const RUN_EVENTS = [
  "run.started",
  "run.completed",
  "run.failed",
  "run.timed_out",
  "run.cancelled",
  "step.started",
  "step.completed",
  "step.failed",
  "step.cancelled",
  "attempt.started",
  "attempt.failed",
  "attempt.timed_out",
  "retry.scheduled",
  "attempt.short_circuited",
  "attempt.rejected",
  "attempt.rate_limited",
  "step.timed_out",
];

/** The events that these numbers tell of; `names` says what the kinds are. */
export function eventsOf(run, numbers, names) {
  const events = [];
  const { id: runId, workflowId, correlationId } = run;
  for (let at = 0; at < numbers.length; at += EVENT_NUMBERS) {
    const [seq, name, when, step, attempt, delayMs] = numbers.subarray(at, at + EVENT_NUMBERS);
    const event = { seq, type: names[name], at: when, runId, workflowId, correlationId };
    if (!Number.isNaN(step)) event.stepId = run.plan.steps[step].id;
    if (!Number.isNaN(attempt)) event.attempt = attempt;
    if (!Number.isNaN(delayMs)) event.delayMs = delayMs;
    events.push(event);
  }
  return events;
}

export const countOf = (numbers) => numbers.length / EVENT_NUMBERS;

/** The events of one run, for `for await`: kept until they are asked for. */
export class EventStream {
  #events = [];
  #head = 0;
  /** Who asked before there was something to give. */
  #waiting = [];
  #ended = false;
  #stop;

  /** `stop` is called when nobody wants any more. */
  constructor(stop) {
    this.#stop = stop;
  }

  push(events) {
    for (const event of events) {
      if (this.#ended) return;
      const resolve = this.#waiting.shift();
      if (resolve === undefined) this.#events.push(event);
      else resolve({ value: event, done: false });
    }
  }

  /** Nothing comes any more; what is there may still be asked for. */
  end() {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true });
  }

  next() {
    if (this.#head < this.#events.length) {
      const value = this.#events[this.#head];
      this.#events[this.#head] = undefined;
      this.#head += 1;
      if (this.#head === this.#events.length) {
        this.#events = [];
        this.#head = 0;
      }
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(value) {
    this.#events = [];
    this.#head = 0;
    this.end();
    this.#stop(this);
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
