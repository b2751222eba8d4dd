// What whoever started a run holds of it.

import { journalOf } from "./journal.js";
import { infoOf } from "./results.js";
import { unattended } from "./runtime.js";

/** Its functions work on their own, too: `button.onclick = handle.cancel`. It keeps nothing of a run that has ended but its result. */
export function handleOf(engine, run) {
  return {
    id: run.id,
    result: run.result,
    status: () => statusOf(engine, run),
    cancel: (reason) => unattended(() => engine.cancel(run, reason)),
    pause: () => unattended(() => engine.pause(run)),
    resume: () => unattended(() => engine.resume(run)),
    signal: (name, payload) => engine.signal(run, name, payload),
    events: () => engine.telling.stream(run),
    snapshot: () => journalOf(engine, run),
  };
}

/** How a run stands, with its steps. */
function statusOf(engine, run) {
  engine.commands.catchUp();
  const isLive = run.coreId !== undefined && engine.isAttached;
  const report = isLive ? engine.reportOf(engine.core, run) : engine.runs.reportOf(run);
  return { ...infoOf(run, engine.statusOf(run)), degraded: run.degraded, steps: report?.steps ?? {} };
}
