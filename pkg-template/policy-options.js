// The options of a policy: data for the core, and the functions that stay here.

import { isObject, pointerOf } from "./definition.js";
import { describe, hasFields, problem } from "./errors.js";
import { report } from "./failures.js";

/** Options as data, and the functions among them. */
export function split(options) {
  const problems = [];
  const host = { fallback: [], classify: report, needsKey: false, caches: false };
  if (!isObject(options)) return { data: options, host, problems };
  const { fallback, ...data } = options;
  const refuse = (pointer, message) => problems.push(problem(pointer, message));
  if (fallback !== undefined) {
    const list = typeof fallback === "function" ? [fallback] : fallback;
    if (!Array.isArray(list)) refuse("/fallback", `\`fallback\` must be a function or a list of them, not ${describe(fallback)}`);
    else {
      for (const [index, each] of list.entries()) {
        if (typeof each !== "function") refuse(`/fallback/${index}`, `a fallback must be a function, not ${describe(each)}`);
      }
      host.fallback = [...list];
    }
  }
  const retryOn = takeFunction(data, "retry");
  const countsOn = takeFunction(data, "circuitBreaker");
  let own;
  if (typeof data.classify === "function") {
    own = data.classify;
    delete data.classify;
  }
  if (retryOn !== undefined || countsOn !== undefined || own !== undefined) {
    host.classify = (error) => judge(error, retryOn, countsOn, own);
  }
  refuseWhatIsNoData(data, "", refuse, new Set());
  if (data.hedge?.with === "fallback" && host.fallback.length === 0) refuse("/hedge/with", "there is no `fallback` that could start early");
  host.caches = data.cache !== undefined;
  host.needsKey = host.caches || data.singleFlight === true;
  return { data, host, problems };
}

/** What JSON would leave out or make null of, each with where it is. */
function refuseWhatIsNoData(value, pointer, refuse, seen) {
  const isNumber = typeof value === "number";
  if (isNumber ? !Number.isFinite(value) : ["function", "symbol", "bigint"].includes(typeof value)) {
    refuse(pointer, `it must be plain data, not ${describe(value)}`);
  } else if (hasFields(value) && !seen.has(value)) {
    seen.add(value);
    for (const key of Object.keys(value)) {
      let field;
      try {
        field = value[key];
      } catch {
        // The core says so.
      }
      refuseWhatIsNoData(field, pointer + pointerOf(key), refuse, seen);
    }
  }
}

/**
 * Data as it is now, for a core that comes later. A function where data belongs becomes null, which the core refuses; JSON
 * would leave it out in silence. What JSON cannot hold at all is the core's to refuse.
 */
export function copyOf(data) {
  try {
    return JSON.parse(JSON.stringify(data, (_, it) => (typeof it === "function" || typeof it === "symbol" ? null : it)));
  } catch {
    return data;
  }
}

/** The predicate `on` of a part of the options, which is data without it. */
function takeFunction(data, name) {
  const on = data[name]?.on;
  if (typeof on !== "function") return undefined;
  const { on: _, ...rest } = data[name];
  data[name] = rest;
  return on;
}

/** What the core is told of an error when predicates of the caller are asked first. One that throws has no opinion. */
function judge(error, retryOn, countsOn, own) {
  const ask = (predicate) => {
    try {
      return predicate === undefined ? undefined : Boolean(predicate(error));
    } catch {
      return undefined;
    }
  };
  let subject = error;
  try {
    const says = own?.(error);
    if (hasFields(says)) {
      // When to come back is said by headers, whatever the error means.
      const headers = error?.headers ?? error?.response?.headers;
      subject = { name: error?.name, message: error?.message, headers, ...says };
    }
  } catch {
    // As for the predicates.
  }
  return report(subject, ask(retryOn), ask(countsOn));
}
