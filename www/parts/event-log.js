// The lifecycle events of a run, as they were told.

import { el, folded } from "./dom.js";

/** The raw events, folded away. */
export function eventLog(log) {
  const { events } = log;
  return folded(`Raw events (${events.length})`, () => table(events), { class: "fold", "data-testid": "event-log" });
}

function table(events) {
  const first = events[0]?.at;
  const head = ["#", "ms", "type", "step", "attempt", "delay, ms"];
  const rows = events.map(({ seq, at, type, stepId, attempt, delayMs }) => [
    seq,
    (at - first).toFixed(3),
    type,
    stepId ?? "",
    attempt ?? "",
    delayMs === undefined ? "" : delayMs.toFixed(0),
  ]);
  const cells = (tag, row) => el("tr", {}, row.map((cell) => el(tag, tag === "th" ? { scope: "col" } : {}, String(cell))));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Raw events" },
    el("table", {}, el("thead", {}, cells("th", head)), el("tbody", {}, rows.map((row) => cells("td", row)))),
  );
}
