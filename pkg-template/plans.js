// Definitions, compiled: what the core says of a plan, and what the facade needs beside that.

import { assertValid, hasFields, problemsIn } from "./errors.js";
import { listsOf } from "./nodes.js";
import { pathOf } from "./paths.js";
import { milliseconds } from "./runtime.js";
import { checkSchema } from "./schemas.js";

/** What the core is asked for of a step; see `runValue`. */
export const VALUE = { items: 0, cacheKey: 1, idempotencyKey: 2 };

/**
 * What all steps have, and all fallbacks of theirs: so they all look alike to the engine that runs this, and it need not find out where
 * each of them has what. First what is asked for whenever a step runs: together it is one line of a processor's cache, and with ten
 * thousand steps each such line comes from further away. `found` and `epoch` are what the bus knows of an action; see `Registry.find`.
 * The `path` is where that stands which it is given, or waits for, or goes through, where the facade can read it; see `valueAt`. The
 * `blank` of a loop is what an item of its output is copied from; see `collected`.
 */
const STEP = {
  found: undefined, epoch: 0, feature: undefined, path: undefined, leadsTo: undefined, compensates: undefined, kind: undefined,
  action: undefined, workflow: undefined, topic: undefined, id: undefined, fallbacks: undefined, blank: undefined,
};

/** Compiled definitions that are kept. */
const KEPT_PLANS = 64;

export class Plans {
  #engine;
  /** By their JSON text; the least recently used first. */
  #byText = new Map();
  #lastKey = undefined;
  #lastPlan = undefined;

  constructor(engine) {
    this.#engine = engine;
  }

  /** The plan of a definition; with an output in any case, when `needsOutput` says so. */
  get(core, text, needsOutput) {
    const key = needsOutput ? `${text}\n` : text;
    // Mostly it is the same again, and comparing is cheaper than looking up.
    if (key === this.#lastKey) return this.#lastPlan;
    let plan = this.#byText.get(key);
    if (plan === undefined) {
      const timeout = milliseconds(core, this.#engine.bus.requestTimeout, "requestTimeout");
      plan = compiled(core, this.#engine.coreHandle, text, needsOutput, timeout);
      if (this.#byText.size >= KEPT_PLANS) {
        const [[oldest, old]] = this.#byText;
        this.#byText.delete(oldest);
        old.isFree = true;
        core.planFree(this.#engine.coreHandle, old.handle);
      }
    } else {
      this.#byText.delete(key);
    }
    this.#byText.set(key, plan);
    this.#lastKey = key;
    this.#lastPlan = plan;
    return plan;
  }

  /** The core is gone, and all plans with it. */
  clear() {
    for (const plan of this.#byText.values()) plan.isFree = true;
    this.#byText.clear();
    this.#lastKey = this.#lastPlan = undefined;
  }
}

/** Compiles a definition. Throws `workflow.invalid` with everything that is wrong with it. */
function compiled(core, engine, text, needsOutput, defaultTimeoutMs) {
  const definition = JSON.parse(text);
  const { parameters } = definition;
  const problems = parameters === undefined ? [] : problemsIn("/parameters", checkSchema(parameters));
  let plan;
  try {
    plan = core.planCompile(engine, needsOutput ? withOutput(definition) : definition, defaultTimeoutMs);
  } catch (error) {
    if (error.code !== "workflow.invalid" || problems.length === 0) throw error;
    problems.push(...error.problems);
  }
  if (problems.length > 0 && plan !== undefined) core.planFree(engine, plan.handle);
  assertValid("workflow.invalid", "the workflow definition", problems);
  // Of equal lists one: most steps lead to the one behind them, and what all of them share is at hand.
  const offsets = {};
  const made = (it) => ({
    ...STEP, ...it, path: pathOf(it.path), leadsTo: it.leadsTo && (offsets[it.leadsTo] ??= it.leadsTo), fallbacks: it.fallbacks?.map(made),
  });
  const steps = plan.steps.map(made);
  plan.path = pathOf(plan.path);
  plan.steps = steps;
  plan.text = text;
  plan.parameters = parameters;
  plan.noOutputs = steps.map(() => null);
  plan.lists = listsOf(steps);
  plan.blockers = blockersOf(steps);
  plan.hasLoops = steps.some(({ kind }) => kind === "forEach");
  plan.canUndo = steps.some(({ compensates }) => compensates !== undefined);
  const targets = steps.flatMap((step) => [step, ...(step.fallbacks ?? [])]);
  plan.workflows = [...new Set(targets.map(({ workflow }) => workflow).filter((workflow) => workflow !== undefined))];
  return plan;
}

/** How many others each step waits for, where some wait for more than one. */
function blockersOf(steps) {
  const blockers = steps.map(() => 0);
  steps.forEach(({ leadsTo = [] }, step) => leadsTo.forEach((offset) => (blockers[step + offset] += 1)));
  return blockers.some((count) => count > 1) ? blockers : undefined;
}

/** The same workflow, with its output written down: only what is written down is built, and can be checked before the end. */
function withOutput(definition) {
  const last = Array.isArray(definition.steps) ? definition.steps.at(-1)?.id : undefined;
  if (definition.output !== undefined || typeof last !== "string") return definition;
  return { ...definition, output: `{{ steps[${JSON.stringify(last)}].output }}` };
}

/** The signals that a definition waits for, before the core has looked at it. */
export function signalsIn(text) {
  const found = new Set();
  const look = (part) => {
    if (!hasFields(part)) return;
    if (typeof part.wait?.signal === "string") found.add(part.wait.signal);
    Object.values(part).forEach(look);
  };
  if (text !== undefined) look(JSON.parse(text));
  return [...found];
}
