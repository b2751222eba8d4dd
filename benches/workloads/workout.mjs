import { AdvancedWorkflowIntegration, ModelClient } from "repflow";

import { random } from "../../tests/pkg/api/random.mjs";
import { criticalPath } from "../lib/critical-path.mjs";

const WORKOUTS = { thorough: 4, quick: 1 };
const AT_ONCE = { thorough: 8, quick: 2 };
/** How long the model takes for an answer. */
const LATENCY_MS = { thorough: [1_000, 5_000], quick: [10, 50] };
const SEED = 8;

const REQUEST = {
  userId: "ada", duration: 45, focus: "strength", equipment: ["dumbbells", "bench"], fitnessLevel: "intermediate",
};

/** A model that takes its time and answers as the offline coach would. It keeps how long every answer took, by task. */
function slowModel(rules, latency, spans) {
  const complete = async ({ messages, task }) => {
    const started = performance.now();
    const { text } = await rules.complete({ messages, task });
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, latency() - (performance.now() - started))));
    spans[task.name] = (spans[task.name] ?? 0) + performance.now() - started;
    return { text };
  };
  return new ModelClient({ provider: { name: "slow", complete }, model: "slow-1", cache: false });
}

export default {
  title: "The comprehensive workout, with a model",
  about:
    "`generateComprehensiveWorkout` with a simulated model, which takes 1 to 5 s for every answer, drawn by a seed. The " +
    "critical path is the longest way through the workflow's steps when only the model's answers take time: no engine can " +
    "be faster.",
  packages: [],
  tables: [
    { title: "The workout with a model, one at a time", unit: "ms", targets: [{ against: "critical path", most: 1.01 }] },
    { title: "The workout with a model, eight at once", unit: "ms", beside: "critical path" },
  ],
  measure: async (pace) => {
    const rules = new ModelClient({ provider: "offline-coach", cache: false });
    const next = random(SEED);
    const [least, most] = LATENCY_MS[pace];
    const run = async (latency) => {
      const spans = {};
      const coach = new AdvancedWorkflowIntegration({ ai: { client: slowModel(rules, latency, spans) } });
      const started = performance.now();
      const { provenance } = await coach.generateComprehensiveWorkout(REQUEST);
      const ms = performance.now() - started;
      if (provenance.provider !== "slow") throw new Error(`${provenance.provider} has chosen the exercises`);
      if (Object.keys(spans).length !== 3) throw new Error(`the model was asked for ${Object.keys(spans)}`);
      const { steps } = await coach.template("comprehensive-workout");
      return { ms, path: criticalPath(steps, spans) };
    };
    // What is loaded at the first question is not the workflow's to wait for.
    await run(() => 0);
    const drawn = () => least + next() * (most - least);
    const runs = [];
    while (runs.length < WORKOUTS[pace]) runs.push(await run(drawn));
    return [results(runs), results(await Promise.all(Array.from({ length: AT_ONCE[pace] }, () => run(drawn))))];
  },
};

const results = (runs) => [
  { name: "repflow", samples: runs.map(({ ms }) => ms) },
  { name: "critical path", samples: runs.map(({ path }) => path) },
];
