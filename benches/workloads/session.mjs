import { AdvancedWorkflowIntegration } from "repflow";

import { random } from "../../tests/pkg/api/random.mjs";
import { Draw } from "../../tests/pkg/fitness/requests.mjs";
import { median } from "../lib/measure.mjs";

const SESSIONS = { thorough: 1_000, quick: 10 };
const SEED = 8;
const FIRST = { userId: "ada", duration: 30, focus: "strength", equipment: [], fitnessLevel: "beginner", seed: SEED };
/** How often each is asked for. The one in the middle counts: the worst of 1,000 shall be one of ours. */
const TIMES = 5;

export default {
  title: "A session, offline",
  about:
    "1,000 random requests, each answered by the coach in wasm: whole sessions from warm-up to cool-down, chosen, checked " +
    "and returned by a workflow of one step. Each is asked for five times, and the time in the middle counts, so that the " +
    "worst one is the coach's and not the machine's. Those that nobody could meet are refused and not counted. The first " +
    "one loads the coach.",
  packages: [],
  tables: [
    { title: "A session, each of 1,000", unit: "ms a session", targets: [{ most: 5 }, { most: 20, of: "max" }] },
    { title: "A session, the first one", unit: "ms" },
  ],
  measure: async (pace) => {
    const draw = new Draw(random(SEED));
    const coach = new AdvancedWorkflowIntegration();
    const first = await timed(coach, FIRST);
    const samples = [];
    let refused = 0;
    while (samples.length < SESSIONS[pace]) {
      const request = draw.workout();
      const taken = [];
      for (let time = 0; time < TIMES; time += 1) taken.push(await timed(coach, request));
      if (taken.includes(undefined)) refused += 1;
      else samples.push(median(taken));
      if (refused > SESSIONS[pace]) throw new Error("more is refused than answered");
    }
    return [[{ name: "repflow", samples }], [{ name: "repflow", samples: [first] }]];
  },
};

/** How long a session takes, or nothing when the request cannot be met. */
async function timed(coach, request) {
  const started = performance.now();
  try {
    const { status, blocks } = await coach.quickWorkoutSetup(request);
    const ms = performance.now() - started;
    // Who is sent to a doctor has no session.
    if (status === "referral") return undefined;
    if (blocks.length < 3) throw new Error(`a session of ${blocks.length} blocks`);
    return ms;
  } catch (error) {
    if (error.code === "workout.infeasible") return undefined;
    throw error;
  }
}
