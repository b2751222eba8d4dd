// A group's session: who trains and who does not, the clock, the stations, who is when where, and everybody's own sheet.

import { workoutExports } from "../coach/export-row.js";
import { pairs, warnings, workoutView } from "../coach/workout-view.js";
import { clearanceName, dose, plain } from "../coach/words.js";
import { el, folded, jsonView } from "../parts/dom.js";
import { clockView } from "./clock-view.js";
import { rotationTable } from "./rotation-table.js";

export function groupView(coach, group) {
  const trains = group.participants.length > 0;
  return el(
    "article",
    { class: "workout", "data-testid": "group-view", "data-status": group.status },
    el("header", { class: "workout-head" }, el("h3", {}, group.title), el("span", { class: "badge" }, plain(group.focus))),
    group.excluded.map(excludedView),
    group.warnings.length > 0 && warnings(group.warnings),
    trains && [clockView(group.clock), stations(group), rotationTable(group), everybody(coach, group)],
    compatibility(group.compatibility),
    el("p", { class: "notice" }, group.notice),
    folded("The group's workout as JSON", () => jsonView(group, "The group's workout as JSON"), { class: "fold" }),
  );
}

function excludedView({ user_id: who, reasons, referral }) {
  return el(
    "section",
    { class: "referral", "data-testid": "excluded", "data-user": who },
    el("h4", {}, `${who} does not train today`),
    el("p", {}, el("b", {}, `${clearanceName(referral.clearance)}.`)),
    reasons.map((reason) => el("p", {}, reason)),
  );
}

/** What each exercise is called; the stations have ids alone. */
function namesOf({ participants }) {
  const steps = participants.flatMap(({ workout }) => workout.blocks.flatMap((block) => block.steps));
  return new Map(steps.map(({ exercise_id: id, name }) => [id, name]));
}

function stations(group) {
  const names = namesOf(group);
  return el(
    "section",
    {},
    el("h4", {}, "Stations"),
    el("div", { class: "stations" }, group.stations.map((station) => stationView(station, names))),
  );
}

function stationView({ station, pattern, capacity, equipment, exercises }, names) {
  const items = Object.entries(equipment).filter(([, count]) => count > 0);
  const gear = items.length > 0 ? items.map(([item, count]) => `${count} × ${plain(item)}`).join(", ") : "No equipment";
  return el(
    "section",
    { class: "station", "data-testid": "station", "data-station": station },
    el("h5", {}, `${station}: ${plain(pattern)}`),
    el("ul", {}, exercises.map((id) => el("li", {}, names.get(id) ?? id))),
    el("p", { class: "hint" }, `${gear}; up to ${capacity} at once`),
  );
}

/** Everybody's exercises in a line each, and the whole sheet to unfold. */
function everybody(coach, group) {
  return el(
    "section",
    {},
    el("h4", {}, "Everybody's own"),
    group.participants.map(({ user_id: who, level, workout, summary }) =>
      el(
        "section",
        { class: "member", "data-testid": "member", "data-user": who },
        el("h5", {}, who, el("small", {}, ` ${level}. ${summary}`)),
        el("ol", {}, turnsOf(workout).map((step) => el("li", {}, el("b", {}, step.name), " ", dose(step)))),
        folded(`The sheet of ${who}`, () => workoutView(workout, [workoutExports(coach, workout)])),
      ),
    ),
  );
}

const turnsOf = ({ blocks }) => blocks.filter(({ kind }) => kind !== "warm_up" && kind !== "cool_down").flatMap(({ steps }) => steps);

function compatibility({ score, pairs: couples, notes }) {
  const list = couples.map(({ a, b, score: one }) => [`${a} and ${b}`, `${Math.round(one * 100)} %`]);
  return el(
    "section",
    { "data-testid": "compatibility" },
    el("h4", {}, `How well they train together: ${Math.round(score * 100)} %`),
    notes.map((note) => el("p", {}, note)),
    pairs(list, "stats", "pairs"),
  );
}
