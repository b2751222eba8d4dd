// Definitions on their way to the core: plain data, as JSON text.

import { assertValid, describe, hasFields, invalidAt, problem, textOf } from "./errors.js";

/**
 * Definitions that were given before: their `text`, and from the second time on what is compared, `laid` out. Most are given many
 * times, and to compare takes a fifth of what it takes to check them and write them down again. What is frozen need not even be
 * compared.
 */
const known = new WeakMap();

/**
 * A definition as JSON text, which is what runs, also when the caller changes the object later. What JSON would drop or
 * make something else of is refused, with every place; the rest is judged by the core.
 */
export function textOfDefinition(definition) {
  const before = known.get(definition);
  if (before?.isFixed) return before.text;
  if (before?.laid !== undefined && compared(definition, before.laid, 0) === before.laid.length) {
    before.isFixed = isFixed(definition);
    return before.text;
  }
  const problems = [];
  checkData(definition, [], [], false, problems);
  if (!hasFields(definition)) {
    problems.push(problem("", `a workflow definition must be an object, not ${describe(definition)}`));
  }
  assertValid("workflow.invalid", "the workflow definition", problems);
  const text = jsonOf("workflow.invalid", "the workflow definition", definition);
  known.set(definition, { text, laid: before?.text === text ? laidOut(JSON.parse(text)) : undefined });
  return text;
}

/** Data as JSON text, or an error of `code` that says why there is none. */
export function jsonOf(code, what, data) {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    throw invalidAt(code, what, "", `it must be plain data that JSON can hold: ${textOf(cause)}`);
  }
}

/** What stands for a list and for an object where they are laid out, and for the end of an object. */
const LIST = {};
const OBJECT = {};
const END = {};

/** What JSON has made of a value, in the order in which it is compared: so that nothing of it has to be looked up by its key. */
function laidOut(value, into = []) {
  if (Array.isArray(value)) {
    into.push(LIST, value.length);
    for (const each of value) laidOut(each, into);
  } else if (isObject(value)) {
    into.push(OBJECT);
    for (const key in value) {
      into.push(key);
      laidOut(value[key], into);
    }
    into.push(END);
  } else {
    into.push(value);
  }
  return into;
}

/**
 * How far a value is what was laid out: the place behind it, or -1 where JSON would make something else of it. Said only of plain
 * objects and lists, where there is nothing to it but their fields; of anything else, who asks looks closer.
 */
function compared(value, laid, from) {
  let at = from + 1;
  if (typeof value !== "object" || value === null) return value === laid[from] ? at : -1;
  if (Array.isArray(value)) {
    if (laid[from] !== LIST || laid[at] !== value.length) return -1;
    at += 1;
    for (let index = 0; at > 0 && index < value.length; index += 1) at = compared(value[index], laid, at);
    return at;
  }
  if (laid[from] !== OBJECT || value.constructor !== Object || value.toJSON !== undefined) return -1;
  for (const key in value) {
    if (key !== laid[at]) return -1;
    const each = value[key];
    at = typeof each !== "object" ? (each === laid[at + 1] ? at + 2 : -1) : compared(each, laid, at + 1);
    if (at < 0) return -1;
  }
  return laid[at] === END ? at + 1 : -1;
}

/** Whether plain data is frozen through and through, and has no getters. */
const isFixed = (value) =>
  !hasFields(value) ||
  (Object.isFrozen(value) && Object.values(Object.getOwnPropertyDescriptors(value)).every((it) => !it.get && isFixed(it.value)));

/** Where a value is something else than plain data, which JSON would not give back as it was. */
export function dataProblems(value) {
  const problems = [];
  checkData(value, [], [], true, problems);
  return problems;
}

/**
 * `open` are the objects that `value` is in, `path` the keys that lead to it. What says itself how it looks as JSON, and
 * instances of classes, are data unless it is `strict`.
 */
function checkData(value, path, open, strict, problems) {
  const refuse = (message) => problems.push(problem(pointerTo(path), message));
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) refuse(`a number must be finite, not ${describe(value)}`);
      return;
    case "bigint":
      refuse("JSON has no BigInt; give a number, or text");
      return;
    case "function":
    case "symbol":
      // As the whole, it is not even an object.
      if (path.length > 0 || strict) refuse(`it must be plain data, not a ${typeof value}`);
      return;
    case "object":
      break;
    default:
      return;
  }
  if (value === null) return;
  if (open.includes(value)) {
    refuse("it contains itself, and must be plain data that JSON can hold");
    return;
  }
  open.push(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      path.push(index);
      if (value[index] === undefined) problems.push(problem(pointerTo(path), "a list has no place for `undefined`"));
      else checkData(value[index], path, open, strict, problems);
      path.pop();
    }
  } else if (strict || typeof value.toJSON !== "function") {
    if (!isPlain(value)) {
      // Such as a Map, of which JSON would make an empty object.
      const kind = Object.prototype.toString.call(value).slice(8, -1);
      if (strict || kind !== "Object") refuse(`it must be plain data, not a ${kind}`);
    }
    for (const key in value) {
      path.push(key);
      checkData(value[key], path, open, strict, problems);
      path.pop();
    }
  }
  open.pop();
}


/** Whether something has fields, and is no list. */
export const isObject = (value) => hasFields(value) && !Array.isArray(value);

/** Whether something is an object all of whose values are so, and whose keys are among `keys` where these are given. */
export const holdsOnly = (value, is, keys) => isObject(value) && Object.entries(value).every(([key, it]) => is(it) && keys?.includes(key) !== false);

/** Whether an object is no instance of a class; also one of another realm. */
export function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Where two definitions differ, as problems of the newer one. */
export function differences(was, is, path = []) {
  if (was === is) return [];
  if (!hasFields(was) || !hasFields(is) || Array.isArray(was) !== Array.isArray(is)) {
    return [problem(pointerTo(path), `it was ${inWords(was)}, and is ${inWords(is)}`)];
  }
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.flatMap((key) => differences(was[key], is[key], [...path, key]));
}

function inWords(value) {
  if (value === undefined) return "not there";
  const text = JSON.stringify(value);
  return `\`${text.length <= 80 ? text : `${text.slice(0, 79)}…`}\``;
}

/** The JSON pointer (RFC 6901) of a path. */
export function pointerTo(path) {
  return path.map(pointerOf).join("");
}

/** The same of one key, which goes on from the pointer of what has it. */
export function pointerOf(key) {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
