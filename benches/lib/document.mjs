// docs/benchmarks.md, from the results of workloads.

import { PROCESSES } from "./measure.mjs";
import { PEERS } from "./peers.mjs";
import { cells, figures } from "./report.mjs";

/** The document. `workloads` are the results as run.mjs keeps them, in the order in which they are to be read. */
export function document({ workloads, setting, commit, date }) {
  const sections = [
    preface({ workloads, setting, commit, date }),
    summary(workloads),
    ...workloads.map(section),
    peers(),
  ];
  return `${sections.join("\n\n")}\n`;
}

function preface({ workloads, setting, commit, date }) {
  const versions = Object.assign({}, ...workloads.map(({ packages }) => packages));
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const loads = workloads.map(({ load }) => load);
  const load = [Math.min(...loads), Math.max(...loads)].map((load) => load.toFixed(1)).join(" to ");
  const quick = workloads.some(({ pace }) => pace === "quick");
  return `# Benchmarks

<!-- Written by \`cargo xtask bench\`: what is changed here by hand is gone after the next run. -->

What Repflow costs beside what one would pick instead, as \`cargo xtask bench\` measured it on ${date}, at commit ${commit}.
${quick ? "\nThis was a quick run, which shows that everything runs: no figure below means anything.\n" : ""}
- Machine: ${setting}. Its load when a workload began was ${load}, of which the benchmark itself is about 1.
- Versions: ${named.join(", ")}.

Everybody does the same work and is checked to give the same answers. Where they can take turns in one process they do, for many short
rounds, each in another order, in ${PROCESSES} processes: what is given is the median of all rounds, and a ratio is the
median of the ratios within the rounds. Before that each has worked for half a second, in which the engine compiles. Ratios
decide; absolute times are those of this machine. The package is the packed one, with its defaults.

What may be concluded is that Repflow is as fast as hand-written JavaScript where a table below says so, with records,
limits and recovery, which hand-written JavaScript has not. It is never fast because it is Rust: a scheduler of the same design
in plain JavaScript is as fast. [What everybody does](#what-everybody-does) for the time that is measured differs.`;
}

function summary(workloads) {
  const rows = workloads.flatMap(({ tables }) => tables.flatMap(({ title, targets }) =>
    targets.map(({ target, value, reached }) => [title, target, figures(value), reached ? "yes" : "**no**"])));
  return `## What has to be reached\n\n${markdown(["workload", "target", "measured", "reached"], rows)}`;
}

function section({ title, about, tables }) {
  const parts = tables.map((table) => {
    const [header, ...rows] = cells(table);
    const heading = table.title === title ? [] : [`### ${table.title}`];
    const targets = table.targets.map(({ target, value, reached }) =>
      `- ${target}: ${figures(value)}, ${reached ? "reached" : "**not reached**"}`);
    return [...heading, markdown(["", ...header.slice(1)], rows), ...(targets.length > 0 ? [targets.join("\n")] : [])];
  });
  return [`## ${title}`, about, ...parts.flat()].join("\n\n");
}

function peers() {
  const rows = PEERS.map(({ name, does, not }) => [name, does, not]);
  return `## What everybody does

In the time that is measured, with the options that the benchmarks use.

${markdown(["", "does", "does not"], rows)}`;
}

/** A table; all columns but the first are numbers when every cell of them is one. */
function markdown(header, rows) {
  const numeric = header.map((_, at) => rows.length > 0 && rows.every((row) => /^[\d.,]+$/.test(row[at])));
  const line = (row) => `| ${row.join(" | ")} |`;
  return [line(header), line(numeric.map((is) => (is ? "---:" : "---"))), ...rows.map(line)].join("\n");
}
