// What a benchmark prints: plain text that can be pasted into an issue and still be understood.

import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** The machine, the Node, and the version of each of the npm `packages` that are measured. */
export function setting(packages) {
  const [{ model }, ...others] = cpus();
  const versions = packages.map((name) => `${name} ${version(name)}`);
  return `${model.trim()}, ${others.length + 1} cores; Node ${process.version}; ${versions.join(", ")}`;
}

function version(name) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}

/** The results of one workload; ratios are to the first. */
export function table(title, results) {
  const rows = [
    [title, "median µs", "min µs", `× ${results[0].name}`],
    ...results.map(({ name, median, min, ratio }) => [name, figures(median), figures(min), ratio.toFixed(2)]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = ([name, ...cells]) =>
    [name.padEnd(widths[0]), ...cells.map((cell, at) => cell.padStart(widths[at + 1]))].join("  ");
  return rows.map(line).join("\n");
}

/** Three figures say all that a measurement knows. */
function figures(number) {
  return number.toFixed(Math.max(0, 2 - Math.floor(Math.log10(number))));
}
