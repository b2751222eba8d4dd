// Who hears of runs: what happened is read from the core and told when somebody listens.

import { now } from "./clock.js";
import { CIRCUIT_EVENT } from "./circuits.js";
import { RUN_EVENTS, countOf, endOf, eventsOf } from "./events.js";
import { Listeners, hear } from "./listeners.js";
import { unattended } from "./runtime.js";
import { EventStream } from "./stream.js";

/** Where a run is when it has ended; see `runPhase`. */
const ENDED = 3;

export class Telling {
  /** Those who hear all runs. */
  listeners = new Listeners([...RUN_EVENTS, ...Object.values(CIRCUIT_EVENT)]);
  #engine;
  /** Runs that have moved since those who hear of them were told. */
  #moved = new Set();

  constructor(engine) {
    this.#engine = engine;
  }

  /** The core is gone, and its logs with it. */
  clear() {
    this.#moved.clear();
  }

  /** Something happened in a run: who hears of it is told when there is nothing else to do. */
  touch(run) {
    if (this.#isHeard(run)) this.#moved.add(run);
  }

  #isHeard(run) {
    return run.isHeard || this.listeners.size > 0;
  }

  /** Whether there is nothing to tell. */
  get isQuiet() {
    return this.#moved.size === 0;
  }

  /** Who begins to hear all runs hears what happens from now on. */
  hearFromNow() {
    if (!this.#engine.isAttached || this.listeners.size > 0) return;
    const { core } = this.#engine;
    for (const run of this.#engine.runs.active()) {
      if (run.coreId !== undefined && !run.isHeard) run.told += countOf(this.#engine.eventsOf(core, run, run.told));
    }
  }

  /** All events of a run, from its first on. */
  stream(run) {
    const stream = new EventStream((it) => {
      run.streams?.delete(it);
      if (run.streams?.size === 0) run.streams = undefined;
    });
    if (run.ended) {
      stream.end();
      return stream;
    }
    if (run.coreId !== undefined) {
      const { core } = this.#engine;
      const isHeard = this.#isHeard(run);
      const numbers = this.#engine.eventsOf(core, run, 0);
      // What others have not been told yet comes to this one with them.
      if (!isHeard) run.told = countOf(numbers);
      stream.push(eventsOf(run, numbers, 0).slice(0, run.told));
    }
    (run.streams ??= new Set()).add(stream);
    run.isCertain = false;
    this.touch(run);
    return stream;
  }

  /** Tells of all that have moved. */
  tellMoved(core) {
    if (this.#moved.size === 0) return;
    for (const run of this.#moved) {
      this.#moved.delete(run);
      try {
        // One that has ended is told when its promise settles, not before.
        if (run.coreId !== undefined && core.runPhase(this.#engine.coreHandle, run.coreId) !== ENDED) this.tell(core, run);
      } catch (error) {
        this.#engine.fail(run, error);
      }
    }
  }

  /** Tells what happened in a run since the last time; nothing is read when nobody listens. */
  tell(core, run) {
    const parent = run.parent?.run;
    // Why there is this run at all comes first.
    if (parent !== undefined && this.#moved.delete(parent) && parent.coreId !== undefined) this.tell(core, parent);
    if (run.coreId === undefined || !this.#isHeard(run)) return;
    const numbers = this.#engine.eventsOf(core, run, run.told);
    run.told += countOf(numbers);
    if (numbers.length === 0) return;
    const events = eventsOf(run, numbers, run.told - countOf(numbers));
    run.notes = undefined;
    this.#tellAll(run, events);
  }

  #tellAll(run, events) {
    // First those who only take note: a listener may end the run, or all of it.
    for (const stream of run.streams ?? []) stream.push(events);
    const { onEvent } = run;
    const failed = (error, { type }) => this.#engine.bus.hearing.listenerFailed(error, { event: type, runId: run.id });
    for (const event of events) {
      if (onEvent !== undefined) hear(onEvent, event, failed);
      this.listeners.tell(event, failed);
    }
  }

  /** An attempt tells something while it runs. Nothing is kept of that when nobody listens. */
  note(run, node, attempt, kind, note) {
    if (run.coreId === undefined || !this.#engine.isAttached || !this.#isHeard(run)) return;
    unattended(() => {
      const { core } = this.#engine;
      const seq = core.runNote(this.#engine.coreHandle, run.coreId, node, attempt, kind, now());
      if (seq < 0) return;
      (run.notes ??= new Map()).set(seq, note);
      this.touch(run);
      this.#engine.commands.work(core);
    });
  }

  /** The last event of a run whose log is lost. */
  tellEnd(run) {
    this.#tellAll(run, [endOf(run)]);
  }

  /** Tells what a circuit breaker did, which belongs to all runs. */
  tellCircuit(event) {
    this.listeners.tell(event, (error) => this.#engine.bus.hearing.listenerFailed(error, { event: event.type }));
  }
}
