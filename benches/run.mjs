// Measures one workload: node --expose-gc run.mjs NAME [--quick | --short] [--out DIR]
//
// One, because what one workload leaves behind in a process (compiled code, garbage, timers) is not the next one's to
// pay for. `--quick` runs everything briefly and judges nothing; `--short` measures what needs no peer, against bounds
// that hold on a busy machine. `--out` keeps the results as DIR/NAME.json. `--part` prints, as its last line, what was measured in
// this process alone.

import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { printed } from "./lib/apart.mjs";
import { PROCESSES } from "./lib/measure.mjs";
import { setting, table, verdict, version } from "./lib/report.mjs";
import { judgeAll, measureAll, together } from "./lib/workload.mjs";

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, short: { type: "boolean" }, part: { type: "boolean" }, out: { type: "string" } },
});

async function run(name) {
  const { default: workload } = await import(`./workloads/${name}.mjs`);
  const pace = options.quick ? "quick" : options.short ? "short" : "thorough";
  if (options.part) {
    const tables = await measureAll(workload, pace);
    console.log(JSON.stringify({ parts: tables.map(({ results }) => results) }));
    return;
  }
  const [load] = loadavg();
  console.log(`${setting()}; load ${load.toFixed(1)}`);
  const isApart = pace === "thorough" && workload.measure === undefined;
  const tables = isApart ? judgeAll(workload, pace, await inProcesses(name)) : await measureAll(workload, pace);
  for (const measured of tables) {
    console.log(`\n${table(measured)}`);
    if (pace !== "quick") for (const target of measured.targets) console.log(verdict(target));
  }
  if (options.out) {
    const packages = ["repflow", ...(pace === "short" ? [] : workload.packages)].map((name) => [name, version(name)]);
    const { title, about } = workload;
    const result = { name, title, about, pace, load, packages: Object.fromEntries(packages), tables };
    writeFileSync(join(options.out, `${name}.json`), JSON.stringify(result, null, 1));
  }
  if (pace === "quick") return;
  if (tables.some(({ targets }) => targets.some(({ reached }) => !reached))) process.exitCode = 1;
}

/** Measures in several processes, one after the other. */
async function inProcesses(name) {
  const parts = [];
  const args = ["--expose-gc", fileURLToPath(import.meta.url), name, "--part"];
  for (let process = 0; process < PROCESSES; process += 1) parts.push((await printed(args)).parts);
  return together(parts);
}

if (names.length !== 1) throw new Error("name one workload: a file of workloads/, without .mjs");
await run(names[0]);
