// The installed package, once for each file of tests.

import { after } from "node:test";

import { imported } from "../support.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));

export const { AdvancedWorkflowIntegration, FeatureBus, ModelClient, RepflowError, WorkflowOrchestrator } = await imported(
  { after: (work) => cleanUp.push(work) },
  import.meta.url,
);

/** What a promise is rejected with. */
export const errorOf = (promise) => promise.then((value) => Promise.reject(new Error(`it gave ${JSON.stringify(value)}`)), (error) => error);
