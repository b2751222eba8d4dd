// The coach with pauses, so that a run of a few milliseconds can be watched, and cancelled.

import { wait } from "../parts/wait.js";

/** What a step waits, in milliseconds, one after the other. */
const PAUSES = [700, 500, 900, 650, 1_150, 800];

/**
 * A bus whose features wait and then ask the coach on a bus of its own. They have the names of the coach's features,
 * and a feature that is there already takes its place.
 */
export async function slowBus({ AdvancedWorkflowIntegration, FeatureBus }) {
  const coach = new AdvancedWorkflowIntegration();
  await coach.generateComprehensiveWorkout(ANY_REQUEST);
  const bus = new FeatureBus();
  let count = 0;
  for (const { name, version, description, actions } of await coach.bus.discover()) {
    const calls = actions.map(({ name: action }) => {
      const pause = PAUSES[count % PAUSES.length];
      count += 1;
      const call = async (params, { signal }) => {
        await wait(pause, signal);
        return coach.bus.request(name, action, params, { signal });
      };
      return [action, call];
    });
    bus.registerFeature({ name, version, description, actions: Object.fromEntries(calls) });
  }
  return bus;
}

/** The coach puts its features on the bus at the first request. */
const ANY_REQUEST = { userId: "demo", duration: 30, focus: "strength", equipment: [], fitnessLevel: "beginner" };
