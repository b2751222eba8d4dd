// The load of each week as a bar, by phase; a bar is a button that chooses its week.

import { plain, title } from "../coach/words.js";
import { el } from "../parts/dom.js";

/** @param {(week: object) => void} onChoose hears of the first week at once, and of whichever is chosen later */
export function loadChart({ phases, weeks }, onChoose) {
  const buttons = weeks.map((week) => bar(week, () => choose(week)));
  function choose(week) {
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(weeks[index] === week)));
    onChoose(week);
  }
  choose(weeks[0]);
  // Phases that are planned by the same rule say the same.
  const progressions = new Set(phases.map(({ progression }) => progression));
  return el(
    "div",
    { class: "load", "data-testid": "load-chart" },
    el(
      "div",
      { class: "phases" },
      phases.map((phase) => phaseView(phase, buttons.filter((_, index) => weeks[index].phase === phase.phase))),
    ),
    [...progressions].map((progression) => el("p", { class: "hint" }, progression)),
  );
}

function phaseView({ phase, focus, weeks: [first, last], summary }, buttons) {
  return el(
    "section",
    { class: "phase", "data-testid": "phase", "data-phase": phase },
    el("h4", {}, title(phase), el("small", {}, ` weeks ${first} to ${last}, ${plain(focus)}`)),
    summary && el("p", {}, summary),
    el("div", { class: "weeks", role: "group", "aria-label": `Weeks of ${plain(phase)}` }, buttons),
  );
}

/** A week: its share of the maximum as length, its repetitions in reserve, and whether it is an easy one. */
function bar({ week, pct_1rm: share, rir, deload }, onclick) {
  const load = `${Math.round(share * 100)} %`;
  const label = `Week ${week}: ${load} of 1RM, ${rir} in reserve${deload ? ", deload" : ""}`;
  return el(
    "button",
    { type: "button", class: "week", "aria-label": label, "data-testid": "week-bar", "data-deload": deload ? "yes" : "no", onclick },
    el("span", { class: "week-number" }, String(week)),
    el("span", { class: "week-track" }, el("span", { class: "week-load", style: { "--share": share } }, load, deload && " deload")),
    el("span", { class: "week-note" }, `${rir} RIR`),
  );
}
