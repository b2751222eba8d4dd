// The clock that everybody keeps: as one bar, and in figures.

import { pairs } from "../coach/workout-view.js";
import { el } from "../parts/dom.js";
import { clock } from "../parts/time.js";

export function clockView(times) {
  const turns = times.rotations * times.turn_s;
  const conditioning = times.total_s - times.warm_up_s - turns - times.cool_down_s;
  const parts = [
    ["warm_up", "Warm-up", times.warm_up_s],
    ...Array.from({ length: times.rotations }, (_, turn) => ["main", `Turn ${turn + 1}`, times.turn_s]),
    ["conditioning", "Together", conditioning],
    ["cool_down", "Cool-down", times.cool_down_s],
  ].filter(([, , seconds]) => seconds > 0);
  const stats = [
    ["Whole", clock(times.total_s)],
    ["Turn", `${clock(times.turn_s)}, ${clock(times.transition_s)} of it to get there`],
    ["Sets in a turn", `${times.sets}, one every ${times.interval_s} s`],
    ["Longest set", `${times.work_s} s`],
    ["Turns", String(times.rotations)],
  ];
  return el(
    "section",
    { "data-testid": "clock" },
    el("h4", {}, "Clock"),
    el(
      "div",
      { class: "session", "aria-hidden": "true" },
      parts.map(([kind, name, seconds]) =>
        el(
          "div",
          { class: "session-part", "data-kind": kind, style: { "--share": seconds / times.total_s } },
          el("span", {}, name),
          el("small", {}, clock(seconds)),
        ),
      ),
    ),
    pairs(stats, "stats", "clock-stats"),
  );
}
