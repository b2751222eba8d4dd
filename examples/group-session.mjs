// Plans a session for a group: `node group-session.mjs Ada Grace`, in a project that has the package.

import { readFile } from "node:fs/promises";

import { FeatureBus, WorkflowOrchestrator } from "repflow";

const bus = new FeatureBus();
bus.registerFeature({
  name: "people",
  version: "1.0.0",
  actions: {
    profile: async ({ name }) => {
      if (name.length < 2) throw new TypeError(`nobody is called ${name}`);
      return { name, level: name.length > 3 ? "advanced" : "intermediate" };
    },
  },
});
bus.registerFeature({
  name: "plans",
  version: "1.0.0",
  actions: {
    stations: (people) => people.map(({ name, level }, at) => `${name} begins at station ${at + 1} (${level})`),
    alone: ({ name }) => [`${name} trains alone`],
  },
});

const definition = JSON.parse(await readFile(new URL("group-session.workflow.json", import.meta.url), "utf8"));
const orchestrator = new WorkflowOrchestrator({ bus });
const result = await orchestrator.executeWorkflow(definition, { people: process.argv.slice(2) });
for (const line of result.output) console.log(line);
if (result.degraded) console.log("Somebody could not be looked at, and is taken for a beginner.");
