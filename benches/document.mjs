// Writes docs/benchmarks.md: node document.mjs FILE --commit COMMIT RESULT.json…
//
// Figures come from the results and from nowhere else; prose comes from the workloads and from lib/peers.mjs.

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { document } from "./lib/document.mjs";
import { setting } from "./lib/report.mjs";

const { values: { commit }, positionals: [file, ...results] } = parseArgs({
  allowPositionals: true,
  options: { commit: { type: "string" } },
});
const workloads = results.map((result) => JSON.parse(readFileSync(result, "utf8")));
const date = new Date().toISOString().slice(0, "2026-01-01".length);
writeFileSync(file, document({ workloads, setting: setting(), commit, date }));
