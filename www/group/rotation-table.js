// Who is when where: a row for everybody who trains, a column for each turn.

import { el } from "../parts/dom.js";

export function rotationTable({ rotation, clock }) {
  const turns = Array.from({ length: clock.rotations }, (_, turn) => el("th", { scope: "col" }, `Turn ${turn + 1}`));
  return el(
    "section",
    {},
    el("h4", {}, "Rotation"),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rotation" },
      el(
        "table",
        { "data-testid": "rotation" },
        el("thead", {}, el("tr", {}, el("td", {}), turns)),
        el(
          "tbody",
          {},
          rotation.map(({ user_id: who, stations }) =>
            el("tr", { "data-user": who }, el("th", { scope: "row" }, who), stations.map((station) => el("td", {}, station))),
          ),
        ),
      ),
    ),
  );
}
