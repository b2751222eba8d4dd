// A workout for a terminal.

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
  standingName,
  totals,
} from "./words.js";

const STYLES = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39] };

/** @param {{ width?: number, colours?: boolean }} [options] */
export function workoutText(workout, { width = 100, colours = false } = {}) {
  const style = (name, text) => (colours ? `\u001b[${STYLES[name][0]}m${text}\u001b[${STYLES[name][1]}m` : text);
  const lines = [];
  const heading = (text) => lines.push("", style("bold", text));
  const paragraph = (text, indent, hang = indent) => {
    wrap(text, width - indent.length).forEach((line, index) => lines.push((index === 0 ? indent : hang) + line));
  };
  const pairs = (list) => list.forEach(([name, text]) => paragraph(text, `  ${name.padEnd(16)}`, " ".repeat(18)));

  const list = (name, notes, mark = "-") => {
    if (notes.length > 0) heading(name);
    for (const note of notes) paragraph(note, `  ${mark} `, "    ");
  };

  lines.push(style("bold", workout.title), style("dim", standingName(workout)));
  if (workout.referral) list(clearanceName(workout.referral.clearance), workout.referral.reasons, style("yellow", "!"));
  for (const block of workout.blocks) {
    const notes = [clock(block.duration_s), ...blockNotes(block)].join(", ");
    lines.push("", `${style("bold", style("green", blockName(block.kind)))}  ${style("dim", notes)}`);
    block.steps.forEach((step, index) => {
      lines.push(`  ${String(index + 1).padStart(2)}. ${style("bold", step.name)}${rampUp(step)}`);
      paragraph([dose(step), ...effort(step), rest(step, block)].filter(Boolean).join(" · "), "      ");
      wrap(step.cue, width - 6).forEach((line) => lines.push(`      ${style("dim", line)}`));
      const alternatives = step.set_type === "working" ? coachingOf(workout, step).alternatives : [];
      if (alternatives.length > 0) paragraph(alternatives.map(({ name }) => name).join(", "), "      instead: ", " ".repeat(15));
    });
  }
  if (workout.blocks.length > 0) {
    heading("Totals");
    pairs(totals(workout));
  }
  const muscles = Object.entries(workout.totals.sets_per_muscle).sort(([, a], [, b]) => b - a);
  if (muscles.length > 0) pairs([["Sets per muscle", muscles.map(([muscle, sets]) => `${plain(muscle)} ${sets}`).join(", ")]]);
  list("Warnings", ownWarnings(workout).map(({ message }) => message), style("yellow", "!"));
  heading("Safety check");
  paragraph(safetyName(workout.safety.status, workout.blocks), "  ");
  list("Equipment", equipmentNotes(workout));
  list("Next time", nextTime(workout));
  heading("Where it came from");
  pairs(origin(workout));
  pairs([["Rules", workout.provenance.rules.join(", ")]]);
  workout.provenance.sources.forEach((source, index) => pairs([[index === 0 ? "Sources" : "", source]]));
  lines.push("", ...wrap(workout.notice, width));
  return lines.join("\n");
}

const rampUp = ({ set_type: type }) => (type === "ramp_up" ? " (ramp-up)" : "");

/** Lines of at most `width` characters, broken between words. */
function wrap(text, width) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
