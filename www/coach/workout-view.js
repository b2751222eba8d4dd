// A workout as a coach would print it.

import { el, folded, jsonView } from "../parts/dom.js";
import { clock } from "../parts/time.js";
import {
  blockName,
  blockNotes,
  clearanceName,
  coachingOf,
  dose,
  effort,
  equipmentNotes,
  nextTime,
  origin,
  ownWarnings,
  plain,
  rest,
  safetyName,
  standing,
  standingName,
  totals,
} from "./words.js";

/** The whole sheet, with `tools` below its head. A workout of a programme or of a group has no advice of other steps. */
export function workoutView(workout, tools = []) {
  const trains = workout.blocks.length > 0;
  const notes = ownWarnings(workout);
  return el(
    "article",
    { class: "workout", "data-testid": "workout", "data-status": workout.status },
    el(
      "header",
      { class: "workout-head" },
      el("h3", { "data-testid": "workout-title" }, workout.title),
      el("span", { class: "badge", "data-status": standing(workout), "data-testid": "standing" }, standingName(workout)),
    ),
    workout.referral && referral(workout.referral),
    trains && pairs(totals(workout), "stats", "totals"),
    tools,
    notes.length > 0 && warnings(notes),
    trains && session(workout),
    workout.blocks.map((block, index) => blockView(workout, block, startOf(workout, index))),
    el(
      "div",
      { class: "cards" },
      muscles(workout.totals.sets_per_muscle),
      workout.safety && safety(workout.safety, workout.blocks),
      workout.equipment && card("Equipment", "equipment-card", trains ? equipmentNotes(workout) : []),
      workout.recommendations && card("Next time", "next-time", nextTime(workout)),
    ),
    el("p", { class: "notice", "data-testid": "notice" }, workout.notice),
    provenance(workout),
    folded("The workout as JSON", () => jsonView(workout, "The workout as JSON"), { class: "fold", "data-testid": "workout-json" }),
  );
}

const startOf = ({ blocks }, index) => blocks.slice(0, index).reduce((sum, block) => sum + block.duration_s, 0);

/** Names and texts, side by side. */
export function pairs(list, name, testid) {
  return el(
    "dl",
    { class: name, "data-testid": testid },
    list.map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, text))),
  );
}

/** The session as one bar, a piece for each block. The blocks below say the same in words. */
function session({ blocks, totals: { duration_s: whole } }) {
  return el(
    "div",
    { class: "session", "aria-hidden": "true" },
    blocks.map(({ kind, duration_s: seconds }) =>
      el(
        "div",
        { class: "session-part", "data-kind": kind, style: { "--share": seconds / whole } },
        el("span", {}, blockName(kind)),
        el("small", {}, clock(seconds)),
      ),
    ),
  );
}

function blockView(workout, block, start) {
  const whole = workout.totals.duration_s;
  const notes = [clock(block.duration_s), ...blockNotes(block)];
  const style = { "--from": start / whole, "--to": (start + block.duration_s) / whole };
  return el(
    "section",
    { class: "block", "data-testid": "block", "data-kind": block.kind },
    el("header", {}, el("h4", {}, blockName(block.kind)), el("p", { class: "block-notes" }, notes.join(" · "))),
    el("div", { class: "block-time", "aria-hidden": "true" }, el("span", { style })),
    el("ol", { class: "exercises" }, block.steps.map((step) => exercise(workout, block, step))),
  );
}

function exercise(workout, block, step) {
  return el(
    "li",
    { class: "exercise", "data-testid": "exercise", "data-exercise": step.exercise_id },
    el(
      "div",
      { class: "exercise-head" },
      el("h5", {}, step.name, step.set_type === "ramp_up" && el("span", { class: "tag" }, "ramp-up")),
      el("p", { class: "dose", "data-testid": "dose" }, dose(step)),
    ),
    el("p", { class: "effort" }, [...effort(step), rest(step, block)].filter(Boolean).map((part) => el("span", {}, part))),
    el("p", { class: "cue" }, step.cue),
    more(workout, step),
  );
}

/** How to do it, what to do instead, and how to go on; a warm-up needs none of it. */
function more(workout, step) {
  if (step.set_type !== "working" || step.coaching === undefined) return undefined;
  const { notes, alternatives, progression } = coachingOf(workout, step);
  return el(
    "details",
    { class: "more", "data-testid": "exercise-more" },
    el("summary", {}, alternatives.length > 0 ? "How, and what instead" : "How"),
    el("ul", {}, notes.map((note) => el("li", {}, note))),
    alternatives.length > 0 && el("h6", {}, "Instead"),
    alternatives.length > 0 &&
      el(
        "ul",
        { "data-testid": "alternatives" },
        alternatives.map(({ name, reason }) => el("li", {}, el("b", {}, name), " ", reason)),
      ),
    progression && el("h6", {}, "Next step"),
    progression && el("p", {}, progression),
  );
}

/** What to know before. */
export function warnings(list) {
  return el(
    "section",
    { class: "warnings", "data-testid": "warnings" },
    el("h4", {}, "Know before you start"),
    el("ul", {}, list.map(({ code, message }) => el("li", { "data-code": code }, message))),
  );
}

/** Who should be seen first, and why. */
export function referral({ clearance, reasons }) {
  return el(
    "section",
    { class: "referral", role: "alert", "data-testid": "referral" },
    el("h4", {}, clearanceName(clearance)),
    reasons.map((reason) => el("p", {}, reason)),
  );
}

function card(name, testid, notes) {
  if (notes.length === 0) return undefined;
  return el("section", { "data-testid": testid }, el("h4", {}, name), el("ul", {}, notes.map((note) => el("li", {}, note))));
}

function safety({ status, violations }, blocks) {
  return el(
    "section",
    { "data-testid": "safety", "data-status": status },
    el("h4", {}, "Safety check"),
    el("p", {}, safetyName(status, blocks)),
    violations.length > 0 && el("ul", {}, violations.map(({ rule, message }) => el("li", {}, `${rule}: ${message}`))),
  );
}

function muscles(sets) {
  const list = Object.entries(sets).sort(([, a], [, b]) => b - a);
  if (list.length === 0) return undefined;
  const most = list[0][1];
  return el(
    "section",
    { class: "muscles", "data-testid": "muscles" },
    el("h4", {}, "Working sets per muscle ", el("small", {}, "primary 1, secondary ½")),
    el(
      "ul",
      {},
      list.map(([muscle, count]) =>
        el("li", { style: { "--share": count / most } }, el("span", {}, plain(muscle)), el("b", {}, String(count))),
      ),
    ),
  );
}

function provenance(workout) {
  const { rules, sources } = workout.provenance;
  return el(
    "section",
    { class: "provenance", "data-testid": "provenance" },
    el("h4", {}, "Where it came from"),
    pairs(origin(workout), "stats", undefined),
    el("h5", {}, "Rules that decided something"),
    el("ul", { class: "tags" }, rules.map((rule) => el("li", { class: "tag" }, rule))),
    el("h5", {}, "What the numbers rest on"),
    el("ul", { class: "sources" }, sources.map((source) => el("li", {}, source))),
  );
}
