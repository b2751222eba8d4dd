// Errors on their way to the core, which judges them, and failures on their way back.

import { RepflowError, hasFields } from "./errors.js";

/** Why a call failed, by the core's number; see `number_of` in src/wasm/failure.rs. */
export const REASON = { error: 0, timeout: 1, totalTimeout: 2 };

/** What policies read off the headers of an answer. */
export const HEADERS = ["x-should-retry", "retry-after-ms", "retry-after"];

/**
 * What the core is told of an error: everything by which its table knows errors, and what predicates said about retrying
 * it and about counting it. `undefined` for an error that says nothing but its message.
 */
export function report(error, retry, counts) {
  let told;
  try {
    told = read(error);
  } catch {
    // A getter that throws tells nothing.
  }
  if (told === undefined && retry === undefined && counts === undefined) return undefined;
  told ??= [];
  told[8] = retry;
  told[9] = counts;
  return told;
}

function read(error) {
  if (!hasFields(error)) return undefined;
  const { name, message, cause, response, status, headers, retryable, retryAfterMs } = error;
  const body = hasFields(error.error) ? error.error : undefined;
  // Node's `fetch` says what happened in the cause; some servers have numbers for codes.
  const code = codeText(error.code) ?? codeText(body?.code) ?? codeText(cause?.code);
  // Only of an answer's body: many other things have a `type`.
  const type = text(body?.type) ?? (status === undefined ? undefined : text(error.type));
  const statusCode = number(status) ?? number(error.statusCode) ?? number(response?.status);
  const [shouldRetry, afterMs, after] = readHeaders(headers ?? response?.headers);
  const mayRetry = typeof retryable === "boolean" ? retryable : shouldRetry && FLAGS[shouldRetry];
  const waitMs = typeof retryAfterMs === "number" ? String(retryAfterMs) : afterMs;
  const says = code ?? type ?? statusCode ?? mayRetry ?? waitMs ?? after;
  // Most errors say nothing but their message.
  if (says === undefined && name === "Error") return undefined;
  return [code, type, text(name), statusCode, text(message)?.slice(0, 200), mayRetry, waitMs, after];
}

/** What `x-should-retry` says. */
const FLAGS = { true: true, false: false };

const codeText = (value) => (typeof value === "number" ? String(value) : text(value));
const text = (value) => (typeof value === "string" && value !== "" ? value : undefined);
const number = (value) => (typeof value === "number" ? value : undefined);

/** Of `Headers`, or of a plain object or a list of pairs as some clients have it. */
function readHeaders(headers) {
  if (!hasFields(headers)) return [];
  if (typeof headers.get === "function") return HEADERS.map((name) => text(headers.get(name)));
  const pairs = Array.isArray(headers) ? headers.filter(Array.isArray) : Object.entries(headers);
  const byName = Object.fromEntries(pairs.map(([name, value]) => [String(name).toLowerCase(), value]));
  return HEADERS.map((name) => (byName[name] === undefined ? undefined : String(byName[name])));
}

const CLOSED_OFF = "the circuit breaker lets nothing through: it was isolated by hand, or is trying what it guards right now";

/** By number: the code and what is said, and what is said instead where nobody knows when to try again. */
const REFUSED = [
  [],
  ["policy.timeout", "the attempt took longer than its `timeout`; give it more time, or mend what it calls"],
  ["policy.total_timeout", "the call took longer than its `totalTimeout`, with all its attempts"],
  ["circuit.open", "the circuit breaker is open, because what it guards has failed too often", CLOSED_OFF],
  ["bulkhead.full", "as many calls run and wait as may; try later, or raise `maxConcurrent` or `maxQueue`"],
  ["bulkhead.timeout", "the call waited for its turn longer than its `maxWait`"],
  ["rate_limit.exceeded", "the rate limit lets no more through"],
  ["rate_limit.quota_exceeded", "the quota of the day is used up"],
  ["rate_limit.quota_exceeded", "the call costs more than its rate limit ever lets through; raise `burst` or `perDay`"],
];

/** The error of a failure that is a decision of the policies; `retryAfterMs` may be unknown. */
export function refused(reason, retryAfterMs) {
  const [code, message, otherwise = message] = REFUSED[reason];
  if (!Number.isFinite(retryAfterMs)) return new RepflowError(code, otherwise);
  // Whole, and not a part too early.
  const ms = Math.ceil(retryAfterMs);
  return new RepflowError(code, `${message}; try again in ${ms} ms`, { retryAfterMs: ms });
}
