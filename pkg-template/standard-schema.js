// What data must look like, by a validator of somebody else: zod, valibot, arktype and whoever has the Standard Schema.

import { holdsOnly, isObject, pointerTo } from "./definition.js";
import { RepflowError, describe, hasFields, invalid, problem, textOf } from "./errors.js";

/** Whether something is a validator as the Standard Schema has it; some vendors' are functions. */
export function isStandardSchema(schema) {
  const mayBe = hasFields(schema) || typeof schema === "function";
  return mayBe && typeof schema["~standard"]?.validate === "function";
}

const arePair = (pair) => holdsOnly(pair, (schema) => schema === undefined || isStandardSchema(schema), ["input", "output"]);

function areRunSchemas(schemas) {
  if (!isObject(schemas)) return false;
  const { steps = {}, ...own } = schemas;
  return arePair(own) && holdsOnly(steps, arePair);
}

/** The option `schemas` of a run, for `checkOptions`. */
export const runSchemas = [
  areRunSchemas,
  "an object of Standard Schemas (zod, valibot, arktype): `input`, `output`, and `steps` with the same by the id of a step",
];

/**
 * Has a Standard Schema judge a value. Returns what the schema makes of it, which may differ; a promise only when the
 * schema takes its time. What is wrong becomes an error of `code`, with `place` saying where it happened.
 */
export function conform(schema, value, code, what, place = {}) {
  const failed = (cause) =>
    new RepflowError(code, `${what} could not be checked: its schema failed: ${textOf(cause)}`, { ...place, cause });
  const judge = (result) => {
    if (!hasFields(result)) throw failed(new TypeError(`it answered ${describe(result)}`));
    if (!result.issues) return result.value;
    throw Object.assign(invalid(code, what, [...result.issues].map(problemOfIssue)), place);
  };
  let result;
  try {
    result = schema["~standard"].validate(value);
  } catch (cause) {
    throw failed(cause);
  }
  if (typeof result?.then !== "function") return judge(result);
  return Promise.resolve(result).then(judge, (cause) => {
    throw failed(cause);
  });
}

function problemOfIssue({ message, path = [] }) {
  const keys = Array.from(path, (part) => (isObject(part) ? part.key : part));
  return problem(pointerTo(keys), message);
}
