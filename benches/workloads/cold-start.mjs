import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { apart, figure } from "../lib/apart.mjs";

const ROUNDS = { thorough: 25, quick: 2 };
const NAMES = ["repflow", "xstate", "effect", "langgraph", "mastra"];
const script = (name) => [fileURLToPath(new URL(`../cold-start/${name}.mjs`, import.meta.url))];

export default {
  title: "Cold start",
  about:
    "A new Node process imports the package and makes one run of a workflow of one step. Measured inside of the process, " +
    "from before the import to the end of the run, and from outside, from before the process to its end; a process that " +
    "imports nothing is given beside them. The files have been read before, so a disk is not measured.",
  packages: ["xstate", "effect", "@langchain/langgraph", "@mastra/core"],
  tables: [
    { title: "Cold start, import to the first run's end", unit: "ms", targets: [{ most: 20 }] },
    { title: "Cold start, the whole process", unit: "ms", beside: "nothing" },
  ],
  measure: async (pace) => {
    const contenders = [...NAMES, "nothing"].map((name) => ({ name, args: script(name), rounds: ROUNDS[pace] + 1 }));
    const measured = await apart(contenders);
    for (const { name, figures } of measured) {
      for (const { output } of figures) assert.equal(output, "Hello Ada!", name);
      // Of the first round: it read from the disk.
      figures.shift();
    }
    return [figure(measured.filter(({ name }) => name !== "nothing"), "ms"), figure(measured, "processMs")];
  },
};
