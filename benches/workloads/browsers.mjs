import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { posted } from "../lib/browsers.mjs";
import { bundle } from "../lib/bundle.mjs";

/** Longer slices than in Node: a page's clock is coarse. */
const PACES = { thorough: { rounds: 15, slice: 150 }, quick: { rounds: 2, slice: 20 } };
const TABLES = [["chain", "µs a step"], ["fan-out", "µs a task"], ["graph", "µs a node"]];
const NAMES = ["Chromium", "Firefox"];

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const HTML = '<!doctype html><meta charset="utf-8"><title>Benchmarks</title><script type="module" src="page.js"></script>';

/** The page, with what it loads, by path. */
async function page(pace) {
  const chunks = await bundle(`import ${JSON.stringify(path("../browser/page.js"))};`, {
    alias: {
      "node:assert/strict": path("../browser/assert.js"),
      "@langchain/langgraph": path("../node_modules/@langchain/langgraph/dist/web.js"),
    },
    // Peers that are not measured here, and need Node.
    external: [/^@mastra\//, /^flowcraft$/],
  });
  const [first, ...others] = chunks;
  return {
    "index.html": HTML,
    "page.js": first.code,
    ...Object.fromEntries(others.map(({ fileName, code }) => [fileName, code])),
    "core.wasm": readFileSync(path("../node_modules/repflow/core.wasm")),
    pace: JSON.stringify(PACES[pace]),
  };
}

export default {
  title: "In browsers",
  about:
    "The chain, the fan-out and the graph in pages of real browsers, bundled by rolldown. The clock of a page is coarse, so it measures longer.",
  packages: ["effect", "@langchain/langgraph"],
  tables: NAMES.flatMap((browser) =>
    TABLES.map(([workload, unit]) => ({ title: `${workload}, ${browser}`, unit, targets: [{ against: "effect", most: 1 }] }))),
  measure: async (pace) => {
    const files = await page(pace);
    const results = [];
    for (const browser of NAMES) {
      const { tables, error } = await posted(browser, files);
      if (error) throw new Error(`${browser}: ${error}`);
      results.push(...tables);
    }
    return results;
  },
};
