// Measures one workload: node --expose-gc run.mjs NAME [--quick | --short] [--out DIR]
//
// One, because what one workload leaves behind in a process (compiled code, garbage, timers) is not the next one's to
// pay for. `--quick` runs everything briefly and judges nothing; `--short` measures what needs no peer, against bounds
// that hold on a busy machine. `--out` keeps the results as DIR/NAME.json.

import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { setting, table, verdict, version } from "./lib/report.mjs";
import { measureAll } from "./lib/workload.mjs";

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, short: { type: "boolean" }, out: { type: "string" } },
});

async function run(name) {
  const { default: workload } = await import(`./workloads/${name}.mjs`);
  const pace = options.quick ? "quick" : options.short ? "short" : "thorough";
  const [load] = loadavg();
  console.log(`${setting()}; load ${load.toFixed(1)}`);
  const tables = await measureAll(workload, pace);
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

if (names.length !== 1) throw new Error("name one workload: a file of workloads/, without .mjs");
await run(names[0]);
