// What a workout or a programme can be taken along as: a button for each format.

import { download } from "../parts/download.js";
import { el } from "../parts/dom.js";
import { errorView } from "../parts/error-view.js";

/** What they are called, and what the system takes them for. */
const FORMATS = {
  fit: ["FIT", "application/octet-stream", "for a watch or a bike computer"],
  ics: ["Calendar", "text/calendar", "iCalendar, for any calendar"],
  csv: ["CSV", "text/csv", "a table"],
  jsonld: ["JSON-LD", "application/ld+json", "an ExercisePlan of schema.org"],
};

/**
 * @param {string} name the file's, without its extension
 * @param {string[]} formats
 * @param {(format: string) => Promise<unknown>} make what the package gives for a format
 */
export function exportRow(name, formats, make) {
  const problem = el("div", {});
  async function save(format) {
    const [, type] = FORMATS[format];
    try {
      const made = await make(format);
      download(`${name}.${format}`, type, format === "jsonld" ? JSON.stringify(made, null, 2) : made);
      problem.replaceChildren();
    } catch (error) {
      problem.replaceChildren(errorView(error));
    }
  }
  const button = (format) => {
    const [label, , title] = FORMATS[format];
    return el("button", { type: "button", class: "quiet", title, "data-format": format, onclick: () => save(format) }, label);
  };
  return el(
    "div",
    { class: "exports", role: "group", "aria-label": "Take it along", "data-testid": "exports" },
    el("div", { class: "buttons" }, el("b", {}, "Take it along"), formats.map(button)),
    problem,
  );
}

/** A workout's, as training on a day. */
export function workoutExports(coach, workout, startDate = today()) {
  const createdAt = new Date().toISOString();
  const make = (format) => coach.exportWorkout(workout, format, { startDate, createdAt });
  return exportRow(workout.workout_id, Object.keys(FORMATS), make);
}

/** The day it is here, as `2027-01-04`; `later` days after that. */
export function today(later = 0) {
  const now = new Date();
  return new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate() + later)).toISOString().slice(0, 10);
}
