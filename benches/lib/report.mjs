// What a benchmark prints: plain text that can be pasted into an issue and still be understood.

import { readFileSync } from "node:fs";
import { cpus, release, type } from "node:os";

import { ratio } from "./measure.mjs";
import { FIGURES } from "./targets.mjs";

/** The machine, the system and the Node. */
export function setting() {
  const [{ model }, ...others] = cpus();
  return `${model.trim()}, ${others.length + 1} cores; ${type()} ${release()}; Node ${process.version}`;
}

/** The version of an npm package that is installed here. */
export function version(name) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}

/** A table of results as text. */
export function table(measured) {
  const [header, ...rows] = cells(measured);
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = ([name, ...others]) =>
    [name.padEnd(widths[0]), ...others.map((cell, at) => cell.padStart(widths[at + 1]))].join("  ");
  return all.map(line).join("\n");
}

/** The same, cell by cell. Ratios are to `beside`, whom by default this package is judged by first. */
export function cells({ title, unit, results, targets, beside }) {
  const base = beside ?? targets.find(({ against }) => against)?.against ?? results[0].name;
  return [
    [title, `median, ${unit}`, "min", `× ${base}`],
    ...results.map(({ name, samples }) =>
      [name, figures(FIGURES.median(samples)), figures(FIGURES.min(samples)), figures(ratio(results, name, base))]),
  ];
}

/** One judged target, in words. */
export function verdict({ target, value, reached }) {
  return `${reached ? "reached" : "MISSED"}: ${target} (${figures(value)})`;
}

/** Three figures say all that a measurement knows. */
export function figures(number) {
  const decimals = number > 0 ? Math.max(0, 2 - Math.floor(Math.log10(number))) : 0;
  return number.toFixed(Math.min(decimals, 6)).replace(/\B(?<!\..*)(?=(\d{3})+(?!\d))/g, ",");
}
