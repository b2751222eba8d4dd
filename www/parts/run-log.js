// A run as its events tell it: nothing here knows the definition.

/** What ends a run, a step, an attempt, and how it ended. */
const ENDS = { completed: "completed", failed: "failed", timed_out: "timed_out", cancelled: "cancelled" };

/**
 * A step: `{ id, depth, isGroup, status, startedAt, endedAt, attempts, waits }`, where `attempts` are
 * `{ number, status, startedAt, endedAt }` and `waits` are the pauses between them, `{ from, to }`.
 */
export class RunLog {
  events = [];
  /** In the order of their start. */
  steps = [];
  status = "pending";
  startedAt = undefined;
  endedAt = undefined;

  /** Takes the next event. */
  add(event) {
    this.events.push(event);
    const [subject, what] = event.type.split(".");
    if (subject === "run") this.#run(what, event);
    else if (subject === "step") this.#step(what, event);
    else if (subject === "attempt") this.#attempt(what, event);
    else if (event.type === "retry.scheduled") {
      this.#find(event.stepId)?.waits.push({ from: event.at, to: event.at + event.delayMs });
    }
  }

  /** Ends what still runs: the run's promise has settled, and no more events will come. */
  close(at, status) {
    if (this.status === "pending" || this.status === "running") this.status = status;
    this.endedAt ??= at;
    for (const part of this.steps.flatMap((step) => [step, ...step.attempts])) {
      if (part.status !== "running") continue;
      part.status = "cancelled";
      part.endedAt = at;
    }
  }

  /** When the last thing happened. */
  get lastAt() {
    return this.endedAt ?? this.events.at(-1)?.at ?? this.startedAt;
  }

  #find(id) {
    return this.steps.find((step) => step.id === id);
  }

  #run(what, { at }) {
    if (what === "started") {
      this.startedAt = at;
      this.status = "running";
    } else if (what in ENDS) {
      this.status = ENDS[what];
      this.endedAt = at;
    }
  }

  #step(what, { at, stepId }) {
    if (what === "started") {
      // A step that runs and never had an attempt is a group, and what begins meanwhile is in it.
      const groups = this.steps.filter((step) => step.status === "running" && step.attempts.length === 0);
      for (const group of groups) group.isGroup = true;
      this.steps.push({
        id: stepId,
        depth: groups.length,
        isGroup: false,
        status: "running",
        startedAt: at,
        endedAt: undefined,
        attempts: [],
        waits: [],
      });
    } else if (what in ENDS) {
      const step = this.#find(stepId);
      if (step !== undefined) Object.assign(step, { status: ENDS[what], endedAt: at });
      for (const attempt of step?.attempts ?? []) {
        if (attempt.status === "running") Object.assign(attempt, { status: ENDS[what], endedAt: at });
      }
    }
  }

  #attempt(what, { at, stepId, attempt: number }) {
    const step = this.#find(stepId);
    if (step === undefined) return;
    if (what === "started") {
      step.attempts.push({ number, status: "running", startedAt: at, endedAt: undefined });
    } else if (what in ENDS) {
      const attempt = step.attempts.find((it) => it.number === number);
      if (attempt !== undefined) Object.assign(attempt, { status: ENDS[what], endedAt: at });
    }
  }
}
