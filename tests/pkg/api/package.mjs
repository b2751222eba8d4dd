// The installed package, once for each file of tests.

import { after } from "node:test";

import { imported } from "../support.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));

export const { AdvancedWorkflowIntegration, FeatureBus, RepflowError, WorkflowOrchestrator, policy } = await imported(
  { after: (work) => cleanUp.push(work) },
  import.meta.url,
);

/** Checks a rejection: the class, the code, and whatever else `expected` names. */
export const repflowError = (expected) => (error) => {
  if (!(error instanceof RepflowError)) throw error;
  for (const [key, value] of Object.entries(expected)) {
    if (error[key] !== value) throw new Error(`${key} is ${error[key]} instead of ${value}`, { cause: error });
  }
  return true;
};
