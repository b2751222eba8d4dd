// A week: what it is about, and its sessions, one of them in full.

import { workoutExports } from "../coach/export-row.js";
import { pairs, workoutView } from "../coach/workout-view.js";
import { title } from "../coach/words.js";
import { el } from "../parts/dom.js";

const DAY_MS = 86_400_000;

export function weekView(coach, programme, week) {
  const sheet = el("div", { class: "week-sheet", "data-testid": "session" });
  const days = week.sessions.map((session) =>
    el("button", { type: "button", class: "quiet", "data-testid": "session-day", onclick: () => choose(session) }, dayOf(programme, week, session)),
  );
  function choose(session) {
    days.forEach((button, index) => button.setAttribute("aria-pressed", String(week.sessions[index] === session)));
    const tools = workoutExports(coach, session.workout, dateOf(programme, week, session));
    sheet.replaceChildren(workoutView(session.workout, [tools]));
  }
  choose(week.sessions[0]);
  return el(
    "section",
    { class: "week-view" },
    el("h4", {}, `Week ${week.week}`, el("small", {}, ` ${title(week.phase)}`), week.deload && el("span", { class: "tag" }, "deload")),
    el("p", {}, week.note),
    pairs(figures(week), "stats", "week-stats"),
    el("div", { class: "buttons", role: "group", "aria-label": `Sessions of week ${week.week}` }, days),
    sheet,
  );
}

function figures({ pct_1rm: share, load_ratio: ratio, rir, sets_pct: sets }) {
  return [
    ["Load", `${Math.round(share * 100)} % of 1RM`],
    ratio && ["Against the last week that was no deload", `${ratio < 1 ? "−" : "+"}${Math.abs(Math.round((ratio - 1) * 100))} %`],
    ["Reserve", rir === 1 ? "1 repetition" : `${rir} repetitions`],
    ["Sets", `${sets} % of a usual week`],
  ].filter(Boolean);
}

/** The date of a session, where the programme has a first day: weeks begin on that day. */
function dateOf({ start_date: start }, { week }, { day }) {
  if (!start) return undefined;
  const first = new Date(start);
  const later = (day - first.getUTCDay() + 7) % 7;
  return new Date(first.getTime() + ((week - 1) * 7 + later) * DAY_MS).toISOString().slice(0, 10);
}

/** `Monday, 4 January`; without a date `Monday`. */
function dayOf(programme, week, session) {
  const date = dateOf(programme, week, session);
  const more = date === undefined ? {} : { day: "numeric", month: "long" };
  // The first of January 2024 was a Monday.
  const shown = date === undefined ? Date.UTC(2024, 0, session.day) : new Date(date);
  return new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone: "UTC", ...more }).format(shown);
}
