// Errors as plain data, and back: what a journal keeps of them.

import { PLACES, RepflowError, hasFields, textOf } from "./errors.js";

/** How far a chain of causes is followed. */
const DEEPEST = 8;

/** An error, or whatever else was thrown, as data that JSON can hold. */
export function errorToData(error, depth = 0) {
  if (!hasFields(error)) {
    return error === null || isScalar(error) ? { thrown: error } : { message: textOf(error) };
  }
  const data = { message: textOf(error) };
  for (const key of error instanceof RepflowError ? TYPED : UNTYPED) {
    const value = read(error, key);
    if (isScalar(value) || (key === "iteration" && Array.isArray(value))) data[key] = value;
  }
  if (error instanceof RepflowError) {
    data.isTyped = true;
    data.problems = error.problems.map((problem) => ({ ...problem }));
    if (Array.isArray(error.errors) && depth < DEEPEST) data.errors = error.errors.map((it) => errorToData(it, depth + 1));
  }
  const cause = read(error, "cause");
  if (cause !== undefined && depth < DEEPEST) data.cause = errorToData(cause, depth + 1);
  return data;
}

const isScalar = (value) => typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

/** What is kept of errors of our own, beside their problems and causes, and of others. */
const TYPED = ["code", "kind", "severity", "retryable", ...PLACES.filter((key) => key !== "errors" && key !== "compensation")];
const UNTYPED = ["name", "code", "status", "retryable", "stack"];

/** A getter that throws tells nothing. */
function read(error, key) {
  try {
    return error[key];
  } catch {
    return undefined;
  }
}

export function errorFromData(data) {
  if ("thrown" in data) return data.thrown;
  const details = { ...data };
  if ("cause" in data) details.cause = errorFromData(data.cause);
  if (data.isTyped) {
    if (data.errors !== undefined) details.errors = data.errors.map(errorFromData);
    return new RepflowError(data.code, data.message, details);
  }
  const error = new Error(data.message, "cause" in data ? { cause: details.cause } : undefined);
  for (const key of UNTYPED) {
    if (data[key] === undefined) continue;
    const isHidden = key === "name" || key === "stack";
    Object.defineProperty(error, key, { value: data[key], enumerable: !isHidden, configurable: true, writable: true });
  }
  return error;
}
