// An orchestrator over one feature `world`, with actions that the tests steer.

import { FeatureBus, WorkflowOrchestrator } from "./package.mjs";

export const after = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
/** Waits until something is so, however busy the machine is. */
export async function eventually(isSo) {
  const patience = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > patience) throw new Error(`it never came: ${isSo}`);
    await after(1);
  }
}
export const until = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/**
 * `echo` answers what it is given, `never` waits until it is told to stop, `fail` throws, `gate` waits for `open(name)`.
 * `calls` has the `name` (or the step) of every call, in order.
 */
export function world(options = {}, actions = {}) {
  const bus = new FeatureBus();
  const gates = new Map();
  const calls = [];
  const noted = (act) => (params, ctx) => {
    calls.push(params?.name ?? ctx.stepId);
    return act(params, ctx);
  };
  const known = {
    echo: (params) => params,
    never: (_, { signal }) => until(signal),
    fail: ({ why } = {}) => { throw new Error(why ?? "no"); },
    gate: ({ name }) => new Promise((resolve, reject) => gates.set(name, { resolve, reject })),
    ...actions,
  };
  bus.registerFeature({
    name: "world",
    version: "1.0.0",
    actions: Object.fromEntries(Object.entries(known).map(([name, act]) => [name, noted(act)])),
  });
  const orchestrator = new WorkflowOrchestrator({ bus, ...options });
  // At once where the gate is there, otherwise when it is.
  const open = (name, value = name) => gates.has(name) ? gates.get(name).resolve(value) : eventually(() => gates.has(name)).then(() => gates.get(name).resolve(value));
  const shut = (name, error) => gates.has(name) ? gates.get(name).reject(error) : eventually(() => gates.has(name)).then(() => gates.get(name).reject(error));
  return { bus, orchestrator, calls, open, shut, gates };
}

/** A definition of these steps. */
export const flow = (steps, more = {}) => ({ id: "flow", steps, ...more });
/** A step that calls an action of the world. */
export const call = (id, action, more = {}) => ({ id, call: `world.${action}`, ...more });

/** The types of events, with what they are about. */
export const storyOf = (events) =>
  events.map(({ type, stepId, iteration, compensation }) =>
    [type, stepId && [stepId, ...(iteration ?? [])].join("/"), compensation && "undo"].filter(Boolean).join(" "));
