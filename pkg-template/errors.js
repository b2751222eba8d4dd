// The one error of the package.

/**
 * The codes that the facade raises itself, after the kind, the severity and whether to try again; a test holds them against
 * the table of the core. Errors that the core has judged bring all of that with them.
 */
const CODES = [
  [
    "validation", "error", false,
    "config.invalid workflow.invalid workflow.not_registered input.invalid workout.invalid bus.invalid bus.feature_exists run.no_such_signal journal.invalid journal.definition_changed expression.failed",
  ],
  ["validation", "error", true, "output.invalid"],
  ["timeout", "error", true, "bus.timeout step.timeout policy.timeout ai.timeout"],
  ["cancelled", "info", false, "bus.cancelled step.cancelled run.cancelled policy.cancelled"],
  ["failed", "error", false, "step.failed policy.failed bus.failed bus.too_deep ai.refused ai.incomplete ai.filtered"],
  ["failed", "error", true, "ai.malformed ai.invalid_answer"],
  ["network", "error", true, "ai.truncated"],
  ["rate_limited", "error", true, "run.queue_full bulkhead.full bulkhead.timeout rate_limit.exceeded"],
  ["timeout", "error", false, "run.timeout policy.total_timeout"],
  ["unavailable", "error", true, "circuit.open bus.unavailable"],
  ["exhausted", "error", false, "rate_limit.quota_exceeded bus.overflow ai.budget_exceeded"],
  ["unavailable", "error", false, "internal.disposed bus.no_such_feature bus.no_such_action ai.not_cached"],
  ["unavailable", "critical", true, "internal.load_failed"],
  ["internal", "critical", true, "internal.panic"],
];

/** The same by code, once somebody asks. */
let byCode;

function entryOf(code) {
  byCode ??= new Map(CODES.flatMap(([kind, severity, retryable, codes]) => codes.split(" ").map((code) => [code, [kind, severity, retryable]])));
  return byCode.get(code) ?? ["internal", "error", false];
}

/** Where it happened, and what else some errors tell. */
export const PLACES = [
  "runId", "workflowId", "stepId", "iteration", "attempts", "correlationId", "retryAfterMs", "errors", "compensation",
  "status", "serviceCode", "serviceType", "param", "requestId",
];

export class RepflowError extends Error {
  /**
   * @param {string} code one of the stable codes
   * @param {string} message what was wrong, what was expected, what to do
   * @param {object} [details] `problems`, `cause`, and where it happened
   */
  constructor(code, message, details = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    const [kind, severity, retryable] = entryOf(code);
    this.code = code;
    this.kind = details.kind ?? kind;
    this.severity = details.severity ?? severity;
    this.retryable = details.retryable ?? retryable;
    this.problems = details.problems ?? [];
    for (const key of PLACES) {
      if (details[key] !== undefined) this[key] = details[key];
    }
  }

  toJSON() {
    return { name: this.name, message: this.message, ...this };
  }
}

// On the prototype and not per instance: it is the same for all, and stays out of `{ ...error }`.
Object.defineProperty(RepflowError.prototype, "name", { value: "RepflowError", configurable: true, writable: true });

/** An error of the core, whose fields crossed the border as a plain object. */
export function fromCore(fields) {
  return new RepflowError(fields.code, fields.message, fields);
}

/** Whether what the core threw is one of its errors; anything else means that the instance is lost. */
export function isCoreError(thrown) {
  return hasFields(thrown) && !(thrown instanceof Error) && typeof thrown.code === "string";
}

/** An error about arguments, listing every problem. */
export function invalid(code, what, problems) {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ pointer, message }) => `\n- ${pointer || "(whole)"}: ${message}`);
  return new RepflowError(code, `${what} has ${count}:${lines.join("")}`, { problems });
}

/** What is wrong, and where: a JSON pointer (RFC 6901) into what was given; `more` is what else is said of it. */
export const problem = (pointer, message, more) => ({ pointer, message, ...more });

/** An error about one place in the arguments. */
export const invalidAt = (code, what, pointer, message) => invalid(code, what, [problem(pointer, message)]);

/** Throws an error about arguments when there are problems with them. */
export function assertValid(code, what, problems) {
  if (problems.length > 0) throw invalid(code, what, problems);
}

/** Throws that a script of the package, which is loaded when it is needed, is not there. */
export const notLoaded = (script) => (cause) => {
  throw new RepflowError("internal.load_failed", `\`${script}\` of the package could not be loaded: ${textOf(cause)}`, { cause });
};

/** An error about something that was disposed of. */
export function disposed() {
  return new RepflowError("internal.disposed", "this has been disposed of; make a new one");
}

/** Refuses what is not a plain object of known keys; `checks` gives each key a test and what it must be. */
export function checkOptions(code, what, options, checks) {
  assertValid(code, what, problemsOf(options, checks));
}

/** Everything that is wrong with options. */
export function problemsOf(options, checks) {
  if (!hasFields(options)) {
    return [problem("", `it must be an object, not ${describe(options)}`)];
  }
  const problems = [];
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      problems.push(problem(`/${key}`, `unknown key \`${key}\`; known keys are ${quoted(Object.keys(checks))}`));
    } else if (value !== undefined && !check[0](value)) {
      problems.push(problem(`/${key}`, `\`${key}\` must be ${check[1]}, not ${describe(value)}`));
    }
  }
  for (const [key, [, expected, required]] of Object.entries(checks)) {
    if (required && options[key] === undefined) {
      problems.push(problem("", `\`${key}\` is missing; it must be ${expected}`));
    }
  }
  return problems;
}

/** Problems of a part, as those of the whole that has it at `pointer`. */
export const problemsIn = (pointer, problems) => problems.map((problem) => ({ ...problem, pointer: pointer + problem.pointer }));

/** What an error says, whatever was thrown. */
export function textOf(error) {
  try {
    return String(error?.message ?? error);
  } catch {
    return describe(error);
  }
}

/** What is said of fallbacks that have failed as well. */
export function soDid(fallbacks) {
  if (fallbacks === 0) return "";
  return `, and so did ${fallbacks === 1 ? "its fallback" : `its ${fallbacks} fallbacks`}`;
}

/** Names, as a message shows them. */
export const quoted = (names) => names.map((name) => `\`${name}\``).join(", ");

/** What was given, in a word; a short string is shown. */
export function describe(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return value.length <= 40 ? `\`${value}\`` : "a string";
  if (typeof value === "number" || typeof value === "boolean" || value === undefined) return `\`${value}\``;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** What stands for options that were not given. */
export const NO_OPTIONS = Object.freeze({});

/** How a duration looks; what it comes to, and whether that is too long, is the core's to say. */
export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

export const isString = (value) => typeof value === "string";

/** A test for text that has a form. */
export const matching = (pattern) => (value) => isString(value) && pattern.test(value);

/** A whole number that is neither below `least` nor above `most`. */
export const whole = (least, most = Infinity) => [
  (value) => Number.isInteger(value) && value >= least && value <= most,
  most === Infinity ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`,
];

/** Whether something has fields: also a list. */
export const hasFields = (value) => typeof value === "object" && value !== null;

// What the options of many calls have in common: a test, and what it must be.

export const aString = [isString, "a string"];
export const strings = [(value) => Array.isArray(value) && value.every(isString), "a list of strings"];
export const aHandler = [(value) => typeof value === "function", "a function"];
export const aSignal = [(value) => typeof value?.addEventListener === "function" && typeof value.aborted === "boolean", "an AbortSignal"];
export const aFlag = [(value) => typeof value === "boolean", "`true` or `false`"];
export const aCount = whole(0);
export const anInteger = [(value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31, "a whole number"];
export const aDuration = [
  (value) => (isString(value) ? DURATION.test(value) : Number.isFinite(value) && value > 0),
  'a duration such as "250ms" or "10s", or milliseconds above 0',
];
