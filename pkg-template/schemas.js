// What data must look like: JSON Schema for the parameters of a workflow, Standard Schema for whatever else is checked.

import { RepflowError, describe, invalid, textOf } from "./errors.js";
import { dereference, format, validate } from "./json-schema.js";
import { nearest } from "./nearest.js";

// ── JSON Schema ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Schemas that have been prepared, by the object that was given. */
const prepared = new WeakMap();

/**
 * Checks an input against the `parameters` of a definition, and fills in the defaults of properties that are absent.
 * Returns the very same value when there is nothing to fill in, otherwise a copy of what had to change. A workflow that
 * takes an object and is given nothing is given `{}`.
 *
 * Throws `input.invalid` with every problem. The schema is prepared once for each object: do not change it afterwards.
 */
export function checkInput(parameters, input, what = "the input") {
  if (parameters === true) return input;
  const schema = schemaOf(parameters);
  const given = input === undefined && schema.takesObject ? {} : input;
  const value = schema.hasDefaults ? filled(schema, schema.root, given, new Set()) : given;
  const problems = schema.problemsOf(value);
  if (problems.length > 0) throw invalid("input.invalid", what, problems);
  return value;
}

/** Everything that is wrong with `parameters` as a schema; pointers lead into it. */
export function checkSchema(parameters) {
  const whole = (message) => [{ pointer: "", message: `\`parameters\` ${message}` }];
  if (typeof parameters === "boolean") return [];
  if (!isObject(parameters)) return whole(`must be a JSON Schema, not ${describe(parameters)}`);
  let schema;
  try {
    schema = schemaOf(parameters);
  } catch (error) {
    return whole(`cannot be read as a JSON Schema: ${textOf(error)}`);
  }
  const problems = [];
  checkKeywords(schema, schema.root, "", problems);
  // Defaults are judged by a schema that can be trusted.
  if (problems.length === 0) checkDefaults(schema, schema.root, "", problems);
  return problems;
}

function schemaOf(parameters) {
  if (parameters === false) return new PreparedSchema(false);
  let schema = prepared.get(parameters);
  if (schema === undefined) {
    schema = new PreparedSchema(parameters);
    prepared.set(parameters, schema);
  }
  return schema;
}

class PreparedSchema {
  constructor(parameters) {
    const text = JSON.stringify(parameters);
    // A copy: the validator writes into what it is given, which may be frozen.
    this.root = JSON.parse(text);
    this.draft = DRAFTS.find(([name]) => `${this.root.$schema}`.includes(name))?.[1] ?? "2020-12";
    this.lookup = dereference(this.root);
    this.hasDefaults = text.includes('"default":');
    this.takesObject = this.root.type === "object" || this.root.properties !== undefined;
  }

  /** The schema that a `$ref` leads to. */
  target(schema) {
    return this.lookup[schema.__absolute_ref__ ?? schema.$ref];
  }

  problemsOf(value, schema = this.root) {
    const units = (seen) => validate(seen, schema, this.draft, this.lookup, false).errors;
    try {
      return told(this, schema, value, units(value));
    } catch {
      // Most often a value that JSON does not have. Looked for only now: most inputs have none.
    }
    try {
      return told(this, schema, value, units(seenAsJson(value)));
    } catch (error) {
      return [{ pointer: "", message: `it cannot be checked: ${textOf(error)}` }];
    }
  }
}

/** By a part of the address in `$schema`. */
const DRAFTS = [
  ["draft-04", "4"],
  ["draft-06", "7"],
  ["draft-07", "7"],
  ["2019-09", "2019-09"],
];

/** Data as the validator can look at it: `undefined` is absent, and what JSON does not have is of no type at all. */
function seenAsJson(value) {
  if (Array.isArray(value)) return value.map((element) => seenAsJson(element ?? null));
  if (typeof value === "object" && value !== null) {
    if (!isPlain(value)) return value;
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([key, field]) => [key, seenAsJson(field)]));
  }
  return ["string", "number", "boolean"].includes(typeof value) || value === null ? value : Number.NaN;
}

/** Also one of another realm. */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * A value with the defaults that its schema has for it. Branches (`anyOf`, `if` and the like) have none: which of them
 * holds is only known of the value that is complete. `open` are the schemas whose default is being completed, so that
 * one that contains itself comes to an end.
 */
function filled(schemas, schema, value, open) {
  if (typeof schema !== "object") return value;
  if (value === undefined && schema.default !== undefined && !open.has(schema)) {
    return filled(schemas, schema, structuredClone(schema.default), new Set([...open, schema]));
  }
  let whole = value;
  for (const part of [schema.$ref === undefined ? undefined : schemas.target(schema), ...(schema.allOf ?? [])]) {
    if (part !== undefined) whole = filled(schemas, part, whole, open);
  }
  if (Array.isArray(whole)) return filledList(schemas, schema, whole, open);
  if (typeof whole !== "object" || whole === null || !isPlain(whole)) return whole;
  let copy;
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const before = Object.hasOwn(whole, key) ? whole[key] : undefined;
    const after = filled(schemas, part, before, open);
    if (after === before) continue;
    copy ??= { ...whole };
    // Not by assignment, which a key `__proto__` would turn into something else.
    Object.defineProperty(copy, key, { value: after, writable: true, enumerable: true, configurable: true });
  }
  return copy ?? whole;
}

function filledList(schemas, schema, list, open) {
  const heads = schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : []);
  const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
  let copy;
  for (const [at, before] of list.entries()) {
    const part = at < heads.length ? heads[at] : rest;
    if (part === undefined || before === undefined) continue;
    const after = filled(schemas, part, before, open);
    if (after !== before) (copy ??= [...list])[at] = after;
  }
  return copy ?? list;
}

// ── What the validator found, in words ────────────────────────────────────────────────────────────────────────────────

/** Findings that only say that others follow. */
const WRAPPERS = new Set([
  "$ref", "$recursiveRef", "allOf", "if", "properties", "patternProperties", "prefixItems", "items", "additionalItems",
  "dependentSchemas",
]);
/** Findings about one thing too many, which the next one says of `false`. */
const CLOSED = new Set(["additionalProperties", "unevaluatedProperties"]);

/** The findings of the validator as problems. A finding comes right before those that are its reasons. */
function told(schemas, root, value, units) {
  const problems = [];
  const unevaluated = [];
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at];
    if (WRAPPERS.has(unit.keyword)) continue;
    const found = { unit, pointer: pointerOf(unit.instanceLocation), ...placeOf(schemas, root, unit.keywordLocation) };
    found.value = valueAt(value, found.pointer);
    if (unit.keyword === "anyOf" || unit.keyword === "oneOf") {
      const end = endOf(units, at);
      problems.push(...branches(schemas, root, value, found, units.slice(at + 1, end)));
      at = end - 1;
    } else if (CLOSED.has(unit.keyword)) {
      if (units[at + 1]?.keyword !== "false") continue;
      at += 1;
      const list = unit.keyword === "unevaluatedProperties" ? unevaluated : problems;
      list.push(unknown(schemas, found, pointerOf(units[at].instanceLocation)));
    } else if (unit.keyword === "propertyNames") {
      at = endOf(units, at) - 1;
      const message = `\`${quoted(unit.error)}\` is not allowed as the name of a property`;
      problems.push({ pointer: found.pointer, message });
    } else {
      problems.push(problemOf(found));
    }
  }
  // A form that does not hold accounts for no property: those that it has are told only when nothing else is wrong.
  problems.push(...unevaluated.filter((problem) => problems.length === 0 || !problem.isKnown));
  // Two ways through a schema may find the same, and a value of the wrong type is told once.
  const kept = new Map();
  for (const problem of problems) {
    const key = problem.isType ? `${problem.pointer}\ntype` : `${problem.pointer}\n${problem.message}`;
    if (!kept.has(key)) kept.set(key, problem);
  }
  return [...kept.values()].map(({ pointer, message, suggestion }) =>
    suggestion === undefined ? { pointer, message } : { pointer, message, suggestion },
  );
}

/** Where the reasons of a finding end. */
function endOf(units, at) {
  const inside = `${units[at].keywordLocation}/`;
  let end = at + 1;
  // What `false` refused has no place of its own; it belongs to the finding before.
  const belongs = ({ keyword, keywordLocation }) => keyword === "false" || keywordLocation.startsWith(inside);
  while (end < units.length && belongs(units[end])) end += 1;
  return end;
}

/** Of several forms that a value may have: the problems of the one that was meant, if that can be told, or all forms. */
function branches(schemas, root, value, found, units) {
  const { pointer, unit } = found;
  const forms = new Map();
  const inside = `${unit.keywordLocation}/`;
  let form;
  for (const each of units) {
    if (each.keyword !== "false") form = each.keywordLocation.slice(inside.length).split("/", 1)[0];
    if (!forms.has(form)) forms.set(form, []);
    forms.get(form).push(each);
  }
  const fitsSeveral = /\((?!0 )\d+ matches\)/.test(unit.error);
  if (forms.size === 0 || fitsSeveral) {
    return [{ pointer, message: `${nameOf(pointer)} fits more than one of the forms that exclude each other` }];
  }
  const all = [...forms.values()].map((each) => told(schemas, root, value, each));
  // A form whose problems are all further inside is the one that was meant.
  const meant = all.filter((problems) => problems.every((problem) => problem.pointer !== pointer));
  if (meant.length === 1) return meant[0];
  if (all.length === 1) return all[0];
  const expected = all.map((problems) => /must be (.*?)(?:, not .*)?$/s.exec(problems[0].message)?.[1]);
  if (meant.length === 0 && expected.every((it) => it !== undefined)) {
    const message = `${nameOf(pointer)} must be ${[...new Set(expected)].join(", or ")}, not ${describe(found.value)}`;
    return [{ pointer, message, isType: true, suggestion: all.flat().find((it) => it.suggestion)?.suggestion }];
  }
  const reasons = all.map((problems) => problems[0].message).join("; or ");
  return [{ pointer, message: `${nameOf(pointer)} has none of the forms that it may have: ${reasons}` }];
}

/** A property that nobody knows, and what was probably meant. */
function unknown(schemas, { place }, pointer) {
  const name = tokensOf(pointer).at(-1);
  const known = [...propertiesOf(schemas, place, new Set())];
  if (known.includes(name)) return { pointer, message: `\`${name}\` does not belong here`, isKnown: true };
  const allowed = known.length === 0 ? "none are allowed" : `known are ${known.map((key) => `\`${key}\``).join(", ")}`;
  return { pointer, message: `unknown property \`${name}\`; ${allowed}`, suggestion: nearest(name, known) };
}

function propertiesOf(schemas, schema, names, seen = new Set()) {
  if (typeof schema !== "object" || seen.has(schema)) return names;
  seen.add(schema);
  for (const key of Object.keys(schema.properties ?? {})) names.add(key);
  const { $ref, allOf = [], anyOf = [], oneOf = [], then, else: otherwise } = schema;
  for (const part of [$ref && schemas.target(schema), ...allOf, ...anyOf, ...oneOf, then, otherwise]) {
    propertiesOf(schemas, part, names, seen);
  }
  return names;
}

/** What each keyword asks for, where that needs no more than its limit. */
const ASKS = {
  minimum: (limit) => `${limit} or more`,
  maximum: (limit) => `${limit} or less`,
  exclusiveMinimum: (limit) => `above ${limit}`,
  exclusiveMaximum: (limit) => `below ${limit}`,
  multipleOf: (limit) => `a multiple of ${limit}`,
  minLength: (limit) => `${counted(limit, "character")} or longer`,
  maxLength: (limit) => `${counted(limit, "character")} at most`,
  minItems: (limit) => `a list of ${limit} or more`,
  maxItems: (limit) => `a list of ${limit} at most`,
  minProperties: (limit) => `an object of ${counted(limit, "property", "properties")} or more`,
  maxProperties: (limit) => `an object of ${counted(limit, "property", "properties")} at most`,
  pattern: (limit) => `text that matches the pattern \`${limit}\``,
  format: (limit) => `text of the format \`${limit}\``,
};

function problemOf({ unit, pointer, place, limit, value }) {
  const name = nameOf(pointer);
  const must = (what) => `${name} must be ${what}, not ${describe(value)}`;
  switch (unit.keyword) {
    case "type":
      return { pointer, message: must(typeWords(limit)), isType: true };
    case "enum":
    case "const": {
      const words = unit.keyword === "enum" ? limit : [limit];
      const texts = typeof value === "string" ? words.filter((it) => typeof it === "string") : [];
      return { pointer, message: must(wordsOf(words)), suggestion: nearest(String(value), texts) };
    }
    case "required": {
      const key = quoted(unit.error);
      const schema = place.properties?.[key];
      const expected = expectedOf(schema);
      return { pointer, message: `\`${key}\` is missing${expected === undefined ? "" : `; it must be ${expected}`}` };
    }
    case "uniqueItems": {
      const where = unit.error.replace("Duplicate items", "it does");
      return { pointer, message: `${name} must not hold the same twice: ${where}` };
    }
    case "dependentRequired": {
      const [, given, missing] = /"(.*)" but does not have "(.*)"/s.exec(unit.error);
      return { pointer, message: `\`${missing}\` is missing: it belongs to \`${given}\`` };
    }
    case "contains":
      return { pointer, message: `${name} has no element of the form that one has to have` };
    case "not":
      return { pointer, message: `${name} has a form that is excluded` };
    case "false":
      return { pointer, message: `${name} must not be there` };
    default: {
      const ask = ASKS[unit.keyword];
      if (ask === undefined) return { pointer, message: `${name}: ${unit.error}` };
      if (!unit.keyword.endsWith("Items")) return { pointer, message: must(ask(limit)) };
      return { pointer, message: `${name} must be ${ask(limit)}, not of ${value.length}` };
    }
  }
}

/** What a schema allows, in a few words, when it says so in the usual way. */
function expectedOf(schema) {
  if (typeof schema !== "object") return undefined;
  if (schema.enum !== undefined) return wordsOf(schema.enum);
  if (schema.const !== undefined) return wordsOf([schema.const]);
  return schema.type === undefined ? undefined : typeWords(schema.type);
}

const TYPES = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

const typeWords = (type) => [type].flat().map((it) => TYPES[it]).join(" or ");
const word = (value) => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
const wordsOf = (values) => `${values.length === 1 ? "" : "one of "}${values.map(word).join(", ")}`;
const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
const quoted = (text) => /"(.*)"/s.exec(text)[1];

const escaped = (token) => String(token).replaceAll("~", "~0").replaceAll("/", "~1");
const tokensOf = (pointer) => pointer.split("/").slice(1).map((it) => it.replaceAll("~1", "/").replaceAll("~0", "~"));
/** The validator writes a pointer as the fragment of an address. */
const pointerOf = (location) => decodeURIComponent(location.slice(1));
const nameOf = (pointer) => {
  const name = tokensOf(pointer).at(-1);
  if (name === undefined) return "it";
  return /^\d+$/.test(name) ? `element ${name}` : `\`${name}\``;
};

const valueAt = (value, pointer) => tokensOf(pointer).reduce((at, token) => at?.[token], value);

/** The schema that has a keyword, and what the keyword says. */
function placeOf(schemas, root, location) {
  let [place, limit] = [undefined, root];
  for (const token of tokensOf(pointerOf(location))) {
    // Of a `$ref`, what follows is a place in its target; a property may have that name, too.
    const isReference = token === "$ref" && typeof limit?.$ref === "string";
    [place, limit] = [limit, isReference ? schemas.target(limit) : limit?.[token]];
  }
  return { place, limit };
}

// ── Whether a schema is one ───────────────────────────────────────────────────────────────────────────────────────────

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isSchema = (value) => isObject(value) || typeof value === "boolean";
const isSize = (value) => Number.isInteger(value) && value >= 0;
const isWords = (value) => Array.isArray(value) && value.every((it) => typeof it === "string");
const isType = (value) => typeof value === "string" && Object.hasOwn(TYPES, value);
const isPattern = (value) => {
  try {
    return typeof value === "string" && new RegExp(value, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

const SCHEMA = [isSchema, "a schema: an object, true or false"];
const SCHEMAS = [(value) => Array.isArray(value) && value.length > 0 && value.every(isSchema), "a list of schemas"];
const SCHEMAS_BY_NAME = [(value) => isObject(value) && Object.values(value).every(isSchema), "an object of schemas"];
const NUMBER = [Number.isFinite, "a number"];
const SIZE = [isSize, "a whole number, 0 or more"];
const FLAG = [(value) => typeof value === "boolean", "true or false"];
const TEXT = [(value) => typeof value === "string", "a string"];
const WORDS = [isWords, "a list of strings"];
const LIST = [Array.isArray, "a list"];
const ANY = [() => true];

/** What each keyword must be. */
const KEYWORDS = {
  type: [
    (value) => isType(value) || (Array.isArray(value) && value.length > 0 && value.every(isType)),
    `a list of, or one of ${Object.keys(TYPES).map((type) => `\`${type}\``).join(", ")}`,
  ],
  enum: LIST,
  required: WORDS,
  pattern: [isPattern, "a regular expression"],
  multipleOf: [(value) => Number.isFinite(value) && value > 0, "a number above 0"],
  dependentRequired: [(value) => isObject(value) && Object.values(value).every(isWords), "an object of lists of strings"],
  patternProperties: [
    (value) => SCHEMAS_BY_NAME[0](value) && Object.keys(value).every(isPattern),
    "an object of schemas by regular expression",
  ],
  items: [(value) => isSchema(value) || SCHEMAS[0](value), SCHEMA[1]],
  dependencies: [isObject, "an object"],
  exclusiveMinimum: [(value) => Number.isFinite(value) || typeof value === "boolean", "a number"],
  exclusiveMaximum: [(value) => Number.isFinite(value) || typeof value === "boolean", "a number"],
  ...every(["properties", "$defs", "definitions", "dependentSchemas"], SCHEMAS_BY_NAME),
  ...every(["additionalProperties", "unevaluatedProperties", "propertyNames"], SCHEMA),
  ...every(["additionalItems", "unevaluatedItems", "contains"], SCHEMA),
  ...every(["not", "if", "then", "else", "contentSchema"], SCHEMA),
  ...every(["allOf", "anyOf", "oneOf", "prefixItems"], SCHEMAS),
  ...every(["minimum", "maximum"], NUMBER),
  ...every(["minLength", "maxLength", "minProperties", "maxProperties"], SIZE),
  ...every(["minItems", "maxItems", "minContains", "maxContains"], SIZE),
  ...every(["uniqueItems", "deprecated", "readOnly", "writeOnly"], FLAG),
  ...every(["title", "description", "format", "contentEncoding", "contentMediaType"], TEXT),
  ...every(["$id", "$schema", "$ref", "$anchor", "$comment"], TEXT),
  ...every(["const", "default", "examples", "example", "$vocabulary"], ANY),
};

/** Keywords of the standard that the validator would pass over in silence. */
const UNSUPPORTED = ["$dynamicRef", "$dynamicAnchor"];

function every(keys, check) {
  return Object.fromEntries(keys.map((key) => [key, check]));
}

function checkKeywords(schemas, schema, pointer, problems) {
  for (const [key, value] of Object.entries(schema)) {
    const at = `${pointer}/${escaped(key)}`;
    const check = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined;
    if (UNSUPPORTED.includes(key)) {
      problems.push({ pointer: at, message: `\`${key}\` is not supported; use \`$ref\` and \`$defs\`` });
    } else if (check === undefined) {
      // The standard has room for keywords of others, but a slip of the pen would check nothing.
      const suggestion = nearest(key, Object.keys(KEYWORDS));
      if (suggestion !== undefined) problems.push({ pointer: at, message: `unknown keyword \`${key}\``, suggestion });
    } else if (!check[0](value)) {
      const problem = { pointer: at, message: `\`${key}\` must be ${check[1]}, not ${describe(value)}` };
      const suggestion = key === "type" && typeof value === "string" ? nearest(value, Object.keys(TYPES)) : undefined;
      problems.push(suggestion === undefined ? problem : { ...problem, suggestion });
    } else if (key === "$ref" && schemas.target(schema) === undefined) {
      problems.push({ pointer: at, message: `\`$ref\` leads to nothing: \`${value}\` is not in this schema` });
    } else if (key === "$ref" && comesBack(schemas, schema, new Set())) {
      problems.push({ pointer: at, message: "`$ref` leads back to itself: no value could be judged by it" });
    } else if (key === "format" && !Object.hasOwn(format, value)) {
      // A format of others is not judged, but a slip of the pen would not be either.
      const suggestion = nearest(value, Object.keys(format));
      if (suggestion !== undefined) problems.push({ pointer: at, message: `unknown format \`${value}\``, suggestion });
    }
  }
  for (const [part, at] of partsOf(schema, pointer)) checkKeywords(schemas, part, at, problems);
}

/** Whether a schema applies itself to the same value again. */
function comesBack(schemas, schema, open) {
  if (!isObject(schema)) return false;
  if (open.has(schema)) return true;
  const { $ref, allOf, anyOf, oneOf, not, if: condition, then, else: otherwise } = schema;
  const target = $ref === undefined ? undefined : schemas.target(schema);
  return [target, allOf, anyOf, oneOf, not, condition, then, otherwise].flat().some((part) => comesBack(schemas, part, new Set([...open, schema])));
}

function checkDefaults(schemas, schema, pointer, problems) {
  if (schema.default !== undefined) {
    const value = filled(schemas, schema, schema.default, new Set([schema]));
    for (const problem of schemas.problemsOf(value, schema)) {
      const message = `the default does not fit: ${problem.message}`;
      problems.push({ ...problem, pointer: `${pointer}/default${problem.pointer}`, message });
    }
  }
  for (const [part, at] of partsOf(schema, pointer)) checkDefaults(schemas, part, at, problems);
}

/** The schemas inside of a schema, with where they are. */
function* partsOf(schema, pointer) {
  for (const [key, value] of Object.entries(schema)) {
    const check = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined;
    const at = `${pointer}/${escaped(key)}`;
    if (check === SCHEMA || key === "items" || check === SCHEMAS) {
      if (isObject(value)) yield [value, at];
      if (!Array.isArray(value)) continue;
      for (const [index, part] of value.entries()) if (isObject(part)) yield [part, `${at}/${index}`];
    } else if ((check === SCHEMAS_BY_NAME || key === "patternProperties") && isObject(value)) {
      for (const [name, part] of Object.entries(value)) if (isObject(part)) yield [part, `${at}/${escaped(name)}`];
    }
  }
}

// ── Standard Schema ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether something is a validator as the Standard Schema has it; some vendors' are functions. */
export function isStandardSchema(schema) {
  const mayBe = (typeof schema === "object" && schema !== null) || typeof schema === "function";
  return mayBe && typeof schema["~standard"]?.validate === "function";
}

const arePair = (pair) =>
  isObject(pair) &&
  Object.entries(pair).every(
    ([key, schema]) => ["input", "output"].includes(key) && (schema === undefined || isStandardSchema(schema)),
  );

function areRunSchemas(schemas) {
  if (!isObject(schemas)) return false;
  const { steps = {}, ...own } = schemas;
  return arePair(own) && isObject(steps) && Object.values(steps).every(arePair);
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
    if (typeof result !== "object" || result === null) throw failed(new TypeError(`it answered ${describe(result)}`));
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
  return { pointer: keys.map((key) => `/${escaped(typeof key === "symbol" ? key.toString() : key)}`).join(""), message };
}
