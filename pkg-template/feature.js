// What a feature is: its description, its actions, and what is under way in it.

import { Chain } from "./chain.js";
import { now } from "./clock.js";
import { isDone } from "./call.js";
import { holdsOnly, isObject, pointerOf } from "./definition.js";
import { RepflowError, aHandler, aString, assertValid, describe, hasFields, invalid, matching, problem, problemsIn, problemsOf, strings, textOf } from "./errors.js";
import { missing } from "./nearest.js";
import { checkInput, checkSchema } from "./schemas.js";
import { conform, isStandardSchema } from "./standard-schema.js";
import { VERSION } from "./versions.js";

const NAME = /^[A-Za-z0-9_-]+$/;
const isSchema = [(schema) => isStandardSchema(schema) || isObject(schema) || typeof schema === "boolean", "a JSON Schema or a Standard Schema"];

const FEATURE = {
  name: [matching(NAME), "letters, digits, `_` and `-`", true],
  version: [matching(VERSION), "a semantic version such as `1.2.0`", true],
  description: aString,
  capabilities: strings,
  metadata: [(metadata) => holdsOnly(metadata, aString[0]), "an object of strings"],
  actions: [hasFields, "an object of functions"],
  load: aHandler,
  healthCheck: aHandler,
  limits: [(limits) => holdsOnly(limits, () => true, ["bulkhead", "rateLimit"]), "an object with `bulkhead` and `rateLimit`, as policies have them"],
};
/** Under this an action of the coach has schemas that are only read, since the core judges what it is given. */
export const described = Symbol("repflow.described");

const ACTION = { handler: [...aHandler, true], description: aString, input: isSchema, output: isSchema };

/** Reads actions; what is wrong with them is noted. */
function readActions(actions, problems) {
  const read = new Map();
  for (const [name, given] of Object.entries(actions)) {
    const pointer = `/actions${pointerOf(name)}`;
    const action = typeof given === "function" ? { handler: given } : given;
    if (!NAME.test(name)) problems.push(problem(pointer, "the name of an action must be letters, digits, `_` and `-`"));
    if (!isObject(action)) problems.push(problem(pointer, `an action must be a function, or an object with \`handler\`, not ${describe(given)}`));
    else problems.push(...problemsIn(pointer, problemsOf(action, ACTION)));
    for (const key of ["input", "output"]) {
      if (!isStandardSchema(action?.[key]) && action?.[key] !== undefined) {
        for (const { message } of checkSchema(action[key])) problems.push(problem(`${pointer}/${key}`, message));
      }
    }
    read.set(name, { ...action, isPlain: action?.input === undefined && action?.output === undefined, meter: undefined });
  }
  return read;
}

/** How healthy a feature may be, by the core's numbers; a test holds the two lists against each other. */
export const HEALTH_STATUSES = ["healthy", "degraded", "unhealthy"];

/** A feature, and what is under way in it. */
export class Registered {
  /** How healthy it is, as it was last told: a place in `HEALTH_STATUSES`. */
  status = 0;
  /** Since when, in milliseconds, and what its last check said. */
  health;
  /** The core's number for its health, while there is one. */
  coreId = undefined;
  actions = new Map();
  /** How many calls are under way, and those of requests. */
  underWay = 0;
  #requests = new Chain();
  /**
   * Calls that ended well and that the core has not been told of, when the last of them did, and before which time in microseconds
   * one more may wait with them; see `Registry.record`.
   */
  untold = 0;
  untoldAt = -Infinity;
  tellBy = -Infinity;
  /** When a call last ended otherwise. */
  blemishedAt = -Infinity;
  /** What actions are called on. */
  receiver;
  /** The inside of the bus that it is registered on. */
  bus;
  #load;
  #loading = undefined;
  #idle = undefined;

  /** Reads what `registerFeature` was given; `policyOf` makes a policy of limits. */
  constructor(bus, feature, at, policyOf) {
    this.bus = bus;
    const problems = problemsOf(feature, FEATURE);
    const { name, version, description = "", capabilities = [], metadata = {}, actions, load, healthCheck, limits } = feature ?? {};
    if (isObject(actions)) this.actions = readActions(actions, problems);
    if (problems.length === 0 && (actions === undefined) === (load === undefined)) {
      problems.push(problem("", "a feature has either `actions`, or `load`, which loads them at the first request"));
    }
    assertValid("bus.invalid", "the feature", problems);
    // What was registered is what is called, also when the object changes later.
    this.info = { name, version, description, capabilities: [...capabilities], metadata: { ...metadata } };
    this.health = { since: at };
    this.healthCheck = healthCheck?.bind(feature);
    try {
      this.limits = limits && policyOf(limits);
    } catch (error) {
      throw invalid("bus.invalid", "the feature", problemsIn("/limits", error.problems));
    }
    this.receiver = actions;
    this.#load = load;
  }

  get name() {
    return this.info.name;
  }

  get isLoaded() {
    return this.#load === undefined;
  }

  /** Loads the actions, once; when that fails, the next request tries again. */
  load() {
    return (this.#loading ??= this.#take().finally(() => {
      this.#loading = undefined;
    }));
  }

  async #take() {
    try {
      const loaded = await this.#load();
      const given = loaded?.default ?? loaded;
      const functions = Object.entries(given).filter(([name, it]) => typeof it === "function" && name !== "healthCheck");
      const actions = given.actions ?? Object.fromEntries(functions);
      const problems = [];
      const read = readActions(actions, problems);
      assertValid("bus.invalid", `the feature \`${this.name}\``, problems);
      this.actions = read;
      this.receiver = actions;
      this.healthCheck ??= given.healthCheck?.bind(given);
      this.#load = undefined;
    } catch (cause) {
      throw unavailable(`the feature \`${this.name}\` could not be loaded: ${textOf(cause)}; the next request tries again`, { cause });
    }
  }

  /** An action by its name. */
  actionOf(name, details) {
    return this.actions.get(name) ?? missing("bus.no_such_action", `the feature \`${this.name}\` has no action`, name, this.actions.keys(), details);
  }

  /** Resolves when nothing is under way. */
  idle() {
    if (this.underWay > 0) this.#idle ??= withResolvers();
    return this.#idle?.promise;
  }

  begin(call) {
    call.feature = this;
    call.place = this;
    this.underWay += 1;
    if (call.node === undefined) this.#requests.add(call.of);
  }

  leave(call, hasFailed, error, _, at) {
    this.underWay -= 1;
    if (call.node === undefined) this.#requests.remove(call.of);
    if (this.underWay === 0) this.#idle?.resolve();
    this.bus.registry.record(call, hasFailed, error, at);
  }

  /** The calls that are under way, in the order of their begin. Engines know those of their runs: to keep them here, too, is dear. */
  calls() {
    const requests = this.#requests.all().map(({ call }) => call);
    return [...requests, ...this.bus.runtime.owners.flatMap((owner) => owner.calls?.() ?? [])].filter((call) => call?.place === this).sort((a, b) => a.began - b.began);
  }
}

/** A feature, and one of its actions when it is there; see `Asking.invoke`. */
export const foundIn = (feature, action) => ({ feature, action, known: feature.actions.get(action) });

/** Has a schema of either kind judge what an action is given or answers; returns what it makes of it, or a promise of that. */
export function judged(schema, value, code, what) {
  if (isStandardSchema(schema)) return conform(schema, value, code, what);
  try {
    return checkInput(schema, value, what);
  } catch (error) {
    throw invalid(code, what, error.problems);
  }
}

/**
 * The answer of an action whose answer comes in parts: what its generator returns, or the list of all parts. Whoever wants the
 * parts one by one has them poured into a sink, and then there is no list.
 */
export async function drained(parts, call, context) {
  const { sink } = call;
  const list = [];
  if (sink !== undefined) sink.isStream = true;
  for (;;) {
    const { value, done } = await parts.next();
    if (done) return value === undefined && sink === undefined ? list : value;
    call.firstAt ??= now();
    if (sink === undefined) {
      list.push(value);
      context.progress(value);
    } else if (!isDone(call)) {
      await sink.pour(value);
    }
    if (isDone(call)) {
      // Nobody reads any more; what it has to clean up is its own concern.
      parts.return().catch(() => {});
      return undefined;
    }
  }
}

export const unavailable = (message, details) => new RepflowError("bus.unavailable", message, details);

/** `Promise.withResolvers`, which Node 20 does not have. */
export function withResolvers() {
  let resolve, reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
