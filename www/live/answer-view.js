// What the coach answers to a signal: the decision and its reasons, what comes next, and at the end the summary.

import { dose, effort, plain } from "../coach/words.js";
import { pairs } from "../coach/workout-view.js";
import { el } from "../parts/dom.js";
import { clock, duration } from "../parts/time.js";

/** What the decisions mean, from the one that ends a session to the one that makes it harder. */
const DECISIONS = {
  stop: "Stop",
  strong_cut: "Much less",
  cut: "Less",
  hold: "As planned",
  progress: "A little more",
};

export function answerView(answer, took) {
  const { decision, reasons, next, changes, recovery } = answer;
  return el(
    "div",
    { class: "answer", "data-testid": "live-decision", "data-decision": decision },
    el(
      "header",
      { class: "workout-head" },
      el("h4", {}, DECISIONS[decision]),
      el("span", { class: "badge", "data-decision": decision }, plain(decision)),
      el("small", { "data-testid": "live-took" }, `answered in ${duration(took)}`),
    ),
    el(
      "ul",
      { class: "reasons" },
      reasons.map(({ rule, message }) => el("li", { "data-testid": "live-reason", "data-rule": rule }, message, " ", el("code", {}, rule))),
    ),
    next ? nextSet(next) : el("p", { class: "notice", "data-testid": "live-over" }, over(answer)),
    pairs(inForce(changes), "stats", "live-changes"),
    recovery && recoveryView(recovery),
  );
}

/** Why nothing comes next. */
const over = ({ recovery, summary }) =>
  recovery ? "The session is stopped." : summary ? "The session is over." : "Nothing is left to do.";

function nextSet(next) {
  const { name, set, sets, rest_s: rest } = next;
  return el(
    "section",
    { class: "next-set", "data-testid": "live-next", "data-exercise": next.exercise_id, "data-set": set },
    el("p", { class: "hint" }, `Next: set ${set} of ${sets}`),
    el("h3", {}, name),
    el("p", { class: "dose" }, dose({ ...next, sets: 1 })),
    el("p", { class: "effort" }, [...effort(next), rest > 0 && `rest ${clock(rest)} after it`].filter(Boolean).map((part) => el("span", {}, part))),
  );
}

const percent = (number) => (number === 0 ? "as planned" : `${number > 0 ? "+" : "−"}${Math.abs(number)} %`);

function inForce({ load_pct: load, rest_pct: rest, sets_left: left }) {
  return [
    ["Load", percent(load)],
    ["Rests", percent(rest)],
    ["Working sets left", String(left)],
  ];
}

function recoveryView({ advice, max_bpm: most, referral }) {
  return el(
    "section",
    { class: "referral", role: "alert", "data-testid": "live-recovery" },
    el("h4", {}, "What now"),
    el("ul", {}, advice.map((line) => el("li", {}, line)), most && el("li", {}, `Stay below ${most} beats a minute.`)),
    referral && referral.reasons.map((reason) => el("p", {}, reason)),
  );
}

export function summaryView(summary) {
  const { sets_done: done, sets_planned: planned, adherence, volume_kg: volume, next_session: next } = summary;
  const stats = [
    ["Working sets", `${done} of ${planned}`],
    ["Adherence", `${Math.round(adherence * 100)} %`],
    ["Volume", volume > 0 || done === 0 ? `${volume} kg` : "needs known weights"],
  ];
  return el(
    "section",
    { class: "summary", "data-testid": "live-summary" },
    el("h4", {}, "Summary"),
    pairs(stats, "stats", "live-summary-stats"),
    next.length > 0 && el("h5", {}, "Next time"),
    el("ul", {}, next.map(({ name, advice }) => el("li", {}, el("b", {}, name), ": ", advice))),
  );
}
