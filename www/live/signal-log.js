// A line for each signal: what was told, what was decided, and how long the answer took.

import { plain } from "../coach/words.js";
import { el } from "../parts/dom.js";
import { duration } from "../parts/time.js";

export function signalLog(name, data, { decision }, took) {
  const said = Object.entries(data).map(([key, value]) => `${plain(key)} ${plain(String(value))}`);
  return el(
    "li",
    { "data-testid": "live-signal", "data-signal": name },
    el("span", {}, el("b", {}, name), said.length > 0 && ` ${said.join(", ")}`),
    el("span", { class: "badge", "data-decision": decision }, plain(decision)),
    el("span", { class: "took" }, duration(took)),
  );
}
