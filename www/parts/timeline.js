// A run on a time axis: a row for each step, a bar for each attempt.

import { el } from "./dom.js";
import { duration, now } from "./time.js";

const WORDS = {
  pending: "waiting",
  running: "running",
  completed: "completed",
  failed: "failed",
  timed_out: "timed out",
  cancelled: "cancelled",
};
const MARKS = { pending: "·", running: "▸", completed: "✓", failed: "✕", timed_out: "⏱", cancelled: "–" };

/** Draws `log` into `container`; see [`follow`] for a run that is under way. */
export function drawTimeline(container, log) {
  container.dataset.status = log.status;
  const from = log.startedAt;
  if (from === undefined) {
    const words = log.status === "pending" ? "Starting …" : "Nothing was started.";
    container.replaceChildren(el("p", { class: "empty" }, words));
    return;
  }
  const to = log.endedAt ?? Math.max(now(), log.lastAt);
  const span = Math.max(to - from, 0.001);
  const place = (start, end) => ({ "--from": (start - from) / span, "--to": Math.min((end - from) / span, 1) });
  container.replaceChildren(
    el("ol", { class: "gantt" }, log.steps.map((step) => row(step, to, place, from))),
    el(
      "div",
      { class: "gantt-axis", "aria-hidden": "true" },
      [0, 0.25, 0.5, 0.75, 1].map((part) => el("span", {}, part === 0 ? "0" : duration(span * part))),
    ),
  );
}

/** Draws a run while it goes on, until `log` has ended; returns a function that draws it a last time. */
export function follow(container, log) {
  let frame = undefined;
  const next = () => {
    drawTimeline(container, log);
    frame = requestAnimationFrame(next);
  };
  frame = requestAnimationFrame(next);
  return () => {
    cancelAnimationFrame(frame);
    drawTimeline(container, log);
  };
}

function row(step, to, place, from) {
  const end = step.endedAt ?? to;
  const tries = step.attempts.length > 1 ? `${step.attempts.length} attempts` : undefined;
  const bars = step.isGroup
    ? [bar("group", "group", place(step.startedAt, end))]
    : [
        ...step.waits.map((wait) => bar("wait", "pending", place(wait.from, Math.min(wait.to, to)))),
        ...step.attempts.map((it) => bar("attempt", it.status, place(it.startedAt, it.endedAt ?? to))),
      ];
  return el(
    "li",
    {
      class: step.isGroup ? "gantt-row is-group" : "gantt-row",
      "data-testid": "timeline-step",
      "data-step": step.id,
      "data-status": step.status,
      style: { "--depth": step.depth },
    },
    el(
      "span",
      { class: "gantt-label" },
      el("span", { class: "mark", "aria-hidden": "true" }, MARKS[step.status]),
      el("span", { class: "gantt-name" }, step.id),
      el("span", { class: "visually-hidden" }, `: ${WORDS[step.status]}, from ${duration(step.startedAt - from)}, for `),
    ),
    el("span", { class: "gantt-track", "aria-hidden": "true" }, bars),
    el("span", { class: "gantt-time" }, duration(end - step.startedAt), tries && el("small", {}, tries)),
  );
}

function bar(kind, status, style) {
  return el("span", { class: `bar bar-${kind}`, "data-status": status, style });
}

/** A run in a line: `6 steps in 1.24 ms, completed`. */
export function summary(log) {
  const calls = log.steps.filter((step) => !step.isGroup);
  const attempts = calls.reduce((sum, step) => sum + step.attempts.length, 0);
  const count = `${calls.length} ${calls.length === 1 ? "step" : "steps"}`;
  const retried = attempts > calls.length ? `, ${attempts} attempts` : "";
  const took = log.startedAt === undefined ? "" : ` in ${duration(log.lastAt - log.startedAt)}`;
  return `${count}${retried}${took}, ${WORDS[log.status]}`;
}
