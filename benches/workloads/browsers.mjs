import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { posted } from "../lib/browsers.mjs";
import { bundle } from "../lib/bundle.mjs";
import chain from "./chain.mjs";
import fanOut from "./fan-out.mjs";
import graph from "./graph.mjs";

/** Longer slices than in Node: a page's clock is coarse. */
const PACES = { thorough: { rounds: 15, slice: 150, warmUp: 1_000 }, quick: { rounds: 2, slice: 20 } };
/** What is measured: the first table of each, as browser/page.js has it. */
const WORKLOADS = [chain, fanOut, graph];
const BROWSERS = ["Chromium", "Firefox"];

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const HTML = `<!doctype html>
<meta charset="utf-8">
<title>Benchmarks</title>
<script type="module" src="page.js"></script>`;

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
    "The chain, the fan-out and the graph in pages of real browsers, bundled by rolldown. The clock of a page is coarse, " +
    "so it measures longer.",
  packages: ["effect", "@langchain/langgraph"],
  tables: BROWSERS.flatMap((browser) =>
    WORKLOADS.map(({ title, tables: [{ unit, targets }] }) => ({ title: `${title}, in ${browser}`, unit, targets }))),
  measure: async (pace) => {
    const files = await page(pace);
    const results = [];
    for (const browser of BROWSERS) {
      const { tables, error } = await posted(browser, files);
      if (error) throw new Error(`${browser}: ${error}`);
      results.push(...tables);
    }
    return results;
  },
};
