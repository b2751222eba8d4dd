// Twelve weeks: three phases with the load of each week, and the sessions of the week that is chosen.

import { exportRow } from "../coach/export-row.js";
import { pairs, referral, warnings } from "../coach/workout-view.js";
import { ownWarnings, plain, standing, standingName } from "../coach/words.js";
import { el, folded, jsonView } from "../parts/dom.js";
import { loadChart } from "./load-chart.js";
import { weekView } from "./week-view.js";

export function programmeView(coach, programme) {
  const notes = ownWarnings(programme);
  return el(
    "article",
    { class: "workout", "data-testid": "programme-view", "data-status": programme.status },
    el(
      "header",
      { class: "workout-head" },
      el("h3", {}, programme.title),
      el("span", { class: "badge", "data-status": standing(programme) }, standingName(programme)),
    ),
    programme.referral && referral(programme.referral),
    programme.weeks.length > 0 && plan(coach, programme),
    notes.length > 0 && warnings(notes),
    el("p", { class: "notice" }, programme.notice),
    folded("The programme as JSON", () => jsonView(programme, "The programme as JSON"), { class: "fold" }),
  );
}

function plan(coach, programme) {
  const { weeks, programme_id: id, days_per_week: days, start_date: start, focus, level } = programme;
  const week = el("div", { "data-testid": "week" });
  const chart = loadChart(programme, (chosen) => week.replaceChildren(weekView(coach, programme, chosen)));
  const stats = [
    ["Weeks", String(weeks.length)],
    ["Days a week", String(days)],
    ["Begins", start ?? "when you like"],
    ["Focus", plain(focus)],
    ["Level", level],
  ];
  // Without a first day there is nothing to put into a calendar.
  const formats = start ? ["ics", "csv"] : ["csv"];
  const make = (format) => coach.exportProgram(programme, format, { createdAt: new Date().toISOString() });
  return [pairs(stats, "stats", "programme-stats"), exportRow(id, formats, make), chart, week];
}
