// What data must look like, by JSON Schema: the parameters of a workflow. Judging, its words and the check of a schema are
// one file, since all three go by the same keywords.

import { canonical } from "./canonical.js";
import { holdsOnly, isObject, isPlain, pointerOf } from "./definition.js";
import { aCount, aFlag, aString, assertValid, describe, hasFields, isString, problem, strings, textOf } from "./errors.js";
import { FORMATS, isPattern } from "./formats.js";
import { nearest, unknownWord } from "./nearest.js";

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
  assertValid("input.invalid", what, problems);
  return value;
}

/** Everything that is wrong with `parameters` as a schema; pointers lead into it. */
export function checkSchema(parameters) {
  const whole = (message) => [problem("", `\`parameters\` ${message}`)];
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
  /** Schemas by their address, and the targets of references by the schema that refers. */
  #byAddress = new Map();
  #targets = new Map();

  constructor(parameters) {
    const text = JSON.stringify(parameters);
    // A copy: what was given may change.
    this.root = JSON.parse(text);
    this.hasDefaults = text.includes('"default":');
    this.takesObject = this.root.type === "object" || this.root.properties !== undefined;
    /** Beside a `$ref`, older drafts see nothing. */
    this.refersOnly = /draft-0[467]/.test(this.root.$schema);
    const references = [];
    this.#byAddress.set(BASE, this.root);
    this.#index(this.root, BASE, references);
    for (const [schema, address] of references) this.#targets.set(schema, this.#at(address));
  }

  /** The schema that a `$ref` leads to. */
  target(schema) {
    return this.#targets.get(schema);
  }

  problemsOf(value, schema = this.root) {
    let found;
    try {
      found = judged(this, schema, value, "", new Set());
    } catch (error) {
      return [problem("", `it cannot be checked: ${textOf(error)}`)];
    }
    // Two ways through a schema may find the same, and a value of the wrong type is told once.
    const kept = new Map();
    for (const { pointer, message, suggestion, isType } of found) {
      const key = `${pointer}\n${isType ? "" : message}`;
      if (!kept.has(key)) kept.set(key, problem(pointer, message, suggestion !== undefined && { suggestion }));
    }
    return [...kept.values()];
  }

  #index(schema, base, references) {
    if (!hasFields(schema)) return;
    let here = base;
    const text = (key) => (typeof schema[key] === "string" ? schema[key] : undefined);
    const name = (address) => this.#byAddress.set(address, schema);
    const id = text("$id") ?? text("id");
    if (id !== undefined) {
      const [resource, fragment] = addressOf(id, base);
      if (fragment === "") name((here = resource));
      else name(`${resource}#${fragment}`);
    }
    const anchor = text("$anchor");
    if (anchor !== undefined) name(`${here}#${anchor}`);
    const reference = text("$ref") ?? text("$recursiveRef");
    if (reference !== undefined) references.push([schema, addressOf(reference, here)]);
    for (const [key, part] of Object.entries(schema)) if (!DATA.has(key)) this.#index(part, here, references);
  }

  #at([resource, fragment]) {
    const isPointer = fragment === "" || fragment[0] === "/";
    const found = isPointer ? valueAt(this.#byAddress.get(resource), fragment) : this.#byAddress.get(`${resource}#${fragment}`);
    return isSchema(found) ? found : undefined;
  }
}

/** Keywords whose values are no schemas. */
const DATA = new Set(["const", "enum", "default", "examples"]);
/** The address of a schema that gives none. */
const BASE = "repflow:/";

/** What an address means in a schema that has the address `base`: the resource, and the place in it. */
function addressOf(text, base) {
  const [resource, fragment = ""] = new URL(text, base).href.split("#");
  return [resource, decodeURIComponent(fragment)];
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
  for (const part of [schemas.target(schema), ...(schema.allOf ?? [])]) {
    if (part !== undefined) whole = filled(schemas, part, whole, open);
  }
  const isList = Array.isArray(whole);
  if (!isList && (!hasFields(whole) || !isPlain(whole))) return whole;
  let copy;
  const fill = (key, part) => {
    const before = Object.hasOwn(whole, key) ? whole[key] : undefined;
    if (part === undefined || (isList && before === undefined)) return;
    const after = filled(schemas, part, before, open);
    if (after === before) return;
    copy ??= isList ? [...whole] : { ...whole };
    // Not by assignment, which a key `__proto__` would turn into something else.
    Object.defineProperty(copy, key, { value: after, writable: true, enumerable: true, configurable: true });
  };
  if (isList) for (const at of whole.keys()) fill(at, elementOf(schema, at));
  else for (const [key, part] of Object.entries(schema.properties ?? {})) fill(key, part);
  return copy ?? whole;
}

/** The schema of an element. */
function elementOf({ prefixItems, items, additionalItems }, at) {
  const heads = prefixItems ?? (Array.isArray(items) ? items : []);
  if (at < heads.length) return heads[at];
  return Array.isArray(items) ? additionalItems : items;
}

// ── What is wrong with a value, in words ──────────────────────────────────────────────────────────────────────────────

const TYPES = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

/** By type, the keywords that set a limit: whether it is kept, and what it asks for. */
const LIMITS = {
  number: {
    minimum: [(it, limit) => it >= limit, (limit) => `${limit} or more`],
    maximum: [(it, limit) => it <= limit, (limit) => `${limit} or less`],
    // True in draft 4, beside the limit.
    exclusiveMinimum: [(it, limit, { minimum }) => it > (limit === true ? minimum : limit), (limit) => `above ${limit}`],
    exclusiveMaximum: [(it, limit, { maximum }) => it < (limit === true ? maximum : limit), (limit) => `below ${limit}`],
    multipleOf: [isMultiple, (limit) => `a multiple of ${limit}`],
  },
  string: {
    minLength: [(it, limit) => [...it].length >= limit, (limit) => `${counted(limit, "character")} or longer`],
    maxLength: [(it, limit) => [...it].length <= limit, (limit) => `${counted(limit, "character")} at most`],
    pattern: [(it, limit) => new RegExp(limit, "u").test(it), (limit) => `text that matches the pattern \`${limit}\``],
    format: [(it, limit) => !Object.hasOwn(FORMATS, limit) || FORMATS[limit](it), (limit) => `text of the format \`${limit}\``],
  },
  array: {
    minItems: [(it, limit) => it.length >= limit, (limit) => `a list of ${limit} or more`],
    maxItems: [(it, limit) => it.length <= limit, (limit) => `a list of ${limit} at most`],
  },
  object: {
    minProperties: [(it, limit) => keysOf(it).length >= limit, (limit) => `an object of ${counted(limit, "property", "properties")} or more`],
    maxProperties: [(it, limit) => keysOf(it).length <= limit, (limit) => `an object of ${counted(limit, "property", "properties")} at most`],
  },
};

/** Of numbers with fractions, as near as they can be written. */
function isMultiple(value, limit) {
  const times = value / limit;
  return Math.abs(times - Math.round(times)) <= Number.EPSILON * Math.abs(times);
}

const typeOf = (value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
const isOf = (type, value) => (type === "integer" ? Number.isInteger(value) : typeOf(value) === type);
const isSame = (a, b) => a === b || (typeof a === "object" && typeof b === "object" && canonical(a) === canonical(b));

const typeWords = (type) => [type].flat().map((it) => TYPES[it]).join(" or ");
const word = (value) => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
const wordsIn = (schema) => schema.enum ?? ("const" in schema ? [schema.const] : undefined);
const wordsOf = (values) => `${values.length === 1 ? "" : "one of "}${values.map(word).join(", ")}`;
const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const tokensOf = (pointer) => pointer.split("/").slice(1).map((it) => it.replaceAll("~1", "/").replaceAll("~0", "~"));
const valueAt = (value, pointer) =>
  tokensOf(pointer).reduce((at, token) => (Object.hasOwn(Object(at), token) ? at[token] : undefined), value);
const nameOf = (pointer) => {
  const name = tokensOf(pointer).at(-1);
  if (name === undefined) return "it";
  return /^\d+$/.test(name) ? `element ${name}` : `\`${name}\``;
};

/** What is undefined is not there, as in JSON. */
const has = (value, key) => Object.hasOwn(value, key) && value[key] !== undefined;
const keysOf = (value) => Object.keys(value).filter((key) => value[key] !== undefined);

/**
 * The problems of a value. `seen` gathers the properties and elements that a schema speaks of, for
 * `unevaluatedProperties` and `unevaluatedItems`.
 */
function judged(schemas, schema, value, pointer, seen) {
  if (schema === true) return [];
  const problems = [];
  const note = (message, more) => problems.push(problem(pointer, `${nameOf(pointer)} ${message}`, more));
  const must = (be, more, not = describe(value)) => note(`must be ${be}, not ${not}`, { be, ...more });
  const missing = (key, why) => problems.push(problem(pointer, `\`${key}\` is missing${why}`));
  const of = (part, into = seen) => judged(schemas, part, value, pointer, into);
  const also = (part) => part !== undefined && problems.push(...of(part));
  const within = (part, key) => {
    seen.add(key);
    return judged(schemas, part, value[key] ?? (isOf("array", value) ? null : value[key]), pointer + pointerOf(key), new Set());
  };
  if (schema === false) {
    note("must not be there");
    return problems;
  }
  also(schemas.target(schema));
  if (schemas.refersOnly && schema.$ref !== undefined) return problems;

  const { type, anyOf, oneOf } = schema;
  const words = wordsIn(schema);
  if (type !== undefined && ![type].flat().some((it) => isOf(it, value))) must(typeWords(type), { isType: true });
  if (words !== undefined && !words.some((it) => isSame(it, value))) {
    const texts = typeof value === "string" ? words.filter((it) => typeof it === "string") : [];
    must(wordsOf(words), { suggestion: nearest(String(value), texts) });
  }
  const kind = typeOf(value);
  for (const [key, [keeps, asks]] of Object.entries(LIMITS[kind] ?? {})) {
    const limit = schema[key];
    if (limit === undefined || limit === false || keeps(value, limit, schema)) continue;
    must(asks(limit), {}, kind === "array" ? `of ${value.length}` : undefined);
  }
  if (schema.not !== undefined && of(schema.not, new Set()).length === 0) note("has a form that is excluded");
  for (const part of schema.allOf ?? []) also(part);
  for (const [parts, isExclusive] of [[anyOf, false], [oneOf, true]]) {
    if (parts === undefined) continue;
    const tried = parts.map((part) => {
      const into = new Set();
      return { into, found: of(part, into) };
    });
    const fitting = tried.filter(({ found }) => found.length === 0);
    // Of forms none of which holds, any may have been meant.
    for (const { into } of fitting.length > 0 ? fitting : tried) for (const key of into) seen.add(key);
    if (fitting.length === 0) problems.push(...ofForms(tried.map(({ found }) => found), pointer, value));
    else if (isExclusive && fitting.length > 1) note("fits more than one of the forms that exclude each other");
  }
  if (schema.if !== undefined) {
    const into = new Set();
    const holds = of(schema.if, into).length === 0;
    if (holds) for (const key of into) seen.add(key);
    also(holds ? schema.then : schema.else);
  }
  if (kind === "object") inObject();
  if (kind === "array") inList();
  return problems;

  function inObject() {
    for (const key of schema.required ?? []) {
      if (has(value, key)) continue;
      const expected = expectedOf(schema.properties?.[key]);
      missing(key, expected === undefined ? "" : `; it must be ${expected}`);
    }
    const keys = keysOf(value);
    for (const key of schema.propertyNames === undefined ? [] : keys) {
      if (judged(schemas, schema.propertyNames, key, pointer, new Set()).length === 0) continue;
      problems.push(problem(pointer + pointerOf(key), `\`${key}\` is not allowed as the name of a property`));
    }
    for (const [key, part] of ["dependentRequired", "dependentSchemas", "dependencies"].flatMap((it) => Object.entries(schema[it] ?? {}))) {
      if (!has(value, key)) continue;
      if (!Array.isArray(part)) also(part);
      else for (const other of part) if (!has(value, other)) missing(other, `: it belongs to \`${key}\``);
    }
    const own = new Set();
    const look = (part, key) => {
      own.add(key);
      problems.push(...within(part, key));
    };
    for (const [key, part] of Object.entries(schema.properties ?? {})) if (has(value, key)) look(part, key);
    for (const [pattern, part] of Object.entries(schema.patternProperties ?? {})) {
      const regex = new RegExp(pattern, "u");
      for (const key of keys) if (regex.test(key)) look(part, key);
    }
    const { additionalProperties, unevaluatedProperties } = schema;
    const [rest, known] = additionalProperties === undefined ? [unevaluatedProperties, seen] : [additionalProperties, own];
    for (const key of rest === undefined ? [] : keys) {
      if (known.has(key)) continue;
      if (rest !== false) problems.push(...within(rest, key));
      else problems.push(unknown(schemas, schema, pointer + pointerOf(key), key));
    }
  }

  function inList() {
    const { contains, minContains = 1, maxContains = Infinity, unevaluatedItems, uniqueItems } = schema;
    let count = 0;
    for (const at of value.keys()) {
      const part = elementOf(schema, at);
      if (part !== undefined) problems.push(...within(part, at));
      if (contains === undefined || judged(schemas, contains, value[at] ?? null, pointer, new Set()).length > 0) continue;
      count += 1;
      seen.add(at);
    }
    if (contains !== undefined && count === 0 && minContains === 1) note("has no element of the form that one has to have");
    else if (contains !== undefined && (count < minContains || count > maxContains)) {
      const limit = count < minContains ? `${minContains} or more` : `${maxContains} at most`;
      note(`must have ${limit} elements of a form that ${count} have`);
    }
    if (unevaluatedItems !== undefined) {
      for (const at of value.keys()) if (!seen.has(at)) problems.push(...within(unevaluatedItems, at));
    }
    for (let at = 1; uniqueItems && at < value.length; at += 1) {
      const before = value.slice(0, at).findIndex((it) => isSame(it, value[at]));
      if (before < 0) continue;
      note(`must not hold the same twice: it does at indexes ${before} and ${at}.`);
      break;
    }
  }
}

/** Of several forms that a value may have: the problems of the one that was meant, if that can be told, or all forms. */
function ofForms(all, pointer, value) {
  // A form whose problems are all further inside is the one that was meant.
  const meant = all.filter((problems) => problems.every((problem) => problem.pointer !== pointer));
  if (meant.length === 1) return meant[0];
  if (all.length === 1) return all[0];
  const expected = all.map(([{ be }]) => be);
  if (meant.length === 0 && expected.every((it) => it !== undefined)) {
    const be = [...new Set(expected)].join(", or ");
    const { suggestion } = all.flat().find((it) => it.suggestion) ?? {};
    return [problem(pointer, `${nameOf(pointer)} must be ${be}, not ${describe(value)}`, { be, isType: true, suggestion })];
  }
  const reasons = all.map(([{ message }]) => message).join("; or ");
  return [problem(pointer, `${nameOf(pointer)} has none of the forms that it may have: ${reasons}`)];
}

/** A property that nobody knows, and what was probably meant. */
function unknown(schemas, schema, pointer, name) {
  const known = [...propertiesOf(schemas, schema, new Set())];
  if (known.includes(name)) return problem(pointer, `\`${name}\` does not belong here`);
  const allowed = known.length === 0 ? "none are allowed" : `known are ${known.map(word).join(", ")}`;
  return problem(pointer, `unknown property \`${name}\`; ${allowed}`, { suggestion: nearest(name, known) });
}

function propertiesOf(schemas, schema, names, open = new Set()) {
  if (typeof schema !== "object" || open.has(schema)) return names;
  open.add(schema);
  for (const key of Object.keys(schema.properties ?? {})) names.add(key);
  const { allOf, anyOf, oneOf, then, else: otherwise } = schema;
  for (const part of [schemas.target(schema), allOf, anyOf, oneOf, then, otherwise].flat()) propertiesOf(schemas, part, names, open);
  return names;
}

/** What a schema allows, in a few words, when it says so in the usual way. */
function expectedOf(schema) {
  if (typeof schema !== "object") return undefined;
  const words = wordsIn(schema);
  if (words !== undefined) return wordsOf(words);
  return schema.type === undefined ? undefined : typeWords(schema.type);
}

// ── Whether a schema is one ───────────────────────────────────────────────────────────────────────────────────────────

const isSchema = (value) => isObject(value) || typeof value === "boolean";
const isTextPattern = (value) => isString(value) && isPattern(value);
const areTypes = (value) => [value].flat().every((it) => isString(it) && Object.hasOwn(TYPES, it)) && value.length > 0;
const areSchemas = (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema);

const SCHEMA = [isSchema, "a schema: an object, true or false"];
const SCHEMAS = [areSchemas, "a list of schemas"];
const NAMED = [(value) => holdsOnly(value, isSchema), "an object of schemas"];
const PATTERNS = [(value) => holdsOnly(value, isSchema) && Object.keys(value).every(isPattern), "an object of schemas by regular expression"];
const ITEMS = [(value) => isSchema(value) || areSchemas(value), SCHEMA[1]];

/** What keywords must be: a test, how it is put, and which they are. */
const KEYWORDS = [
  [SCHEMA, "additionalProperties unevaluatedProperties propertyNames additionalItems unevaluatedItems contains not if then else contentSchema"],
  [SCHEMAS, "allOf anyOf oneOf prefixItems"],
  [NAMED, "properties $defs definitions dependentSchemas"],
  [PATTERNS, "patternProperties"],
  [ITEMS, "items"],
  [[areTypes, `a list of, or ${wordsOf(Object.keys(TYPES))}`], "type"],
  [[isTextPattern, "a regular expression"], "pattern"],
  [strings, "required"],
  [[(value) => holdsOnly(value, strings[0]), "an object of lists of strings"], "dependentRequired"],
  [[(value) => holdsOnly(value, (it) => strings[0](it) || isSchema(it)), "an object of schemas and lists of strings"], "dependencies"],
  [[Array.isArray, "a list"], "enum"],
  [[Number.isFinite, "a number"], "minimum maximum"],
  [[(value) => Number.isFinite(value) || typeof value === "boolean", "a number"], "exclusiveMinimum exclusiveMaximum"],
  [[(value) => Number.isFinite(value) && value > 0, "a number above 0"], "multipleOf"],
  [
    aCount,
    "minLength maxLength minProperties maxProperties minItems maxItems minContains maxContains",
  ],
  [[aFlag[0], "true or false"], "uniqueItems deprecated readOnly writeOnly"],
  [aString, "title description format contentEncoding contentMediaType $id $schema $ref $anchor $comment"],
  [[() => true], "const default examples example $vocabulary $recursiveRef $recursiveAnchor"],
];

/** The same by keyword, once a schema is looked at. */
let byKeyword;

function keywords() {
  return (byKeyword ??= new Map(KEYWORDS.flatMap(([check, names]) => names.split(" ").map((name) => [name, check]))));
}

function checkKeywords(schemas, schema, pointer, problems) {
  for (const [key, value] of Object.entries(schema)) {
    const check = keywords().get(key);
    const at = pointer + pointerOf(key);
    const note = (message, word, known) => problems.push(known === undefined ? problem(at, message) : unknownWord(at, message, word, known));
    if (key === "$dynamicRef" || key === "$dynamicAnchor") {
      // The standard has them, and they would be passed over in silence.
      note(`\`${key}\` is not supported; use \`$ref\` and \`$defs\``);
    } else if (check === undefined) {
      // The standard has room for keywords of others, but a slip of the pen would check nothing.
      if (nearest(key, keywords().keys())) note(`unknown keyword \`${key}\``, key, keywords().keys());
    } else if (!check[0](value)) {
      const types = key === "type" && isString(value) ? Object.keys(TYPES) : undefined;
      note(`\`${key}\` must be ${check[1]}, not ${describe(value)}`, value, types);
    } else if (key === "$ref" && schemas.target(schema) === undefined) {
      note(`\`$ref\` leads to nothing: \`${value}\` is not in this schema`);
    } else if (key === "$ref" && comesBack(schemas, schema, new Set())) {
      note("`$ref` leads back to itself: no value could be judged by it");
    } else if (key === "format" && nearest(value, Object.keys(FORMATS)) && !Object.hasOwn(FORMATS, value)) {
      // A format of others is not judged, but a slip of the pen would not be either.
      note(`unknown format \`${value}\``, value, Object.keys(FORMATS));
    }
  }
  for (const [part, at] of partsOf(schema, pointer)) checkKeywords(schemas, part, at, problems);
}

/** Whether a schema applies itself to the same value again. */
function comesBack(schemas, schema, open) {
  if (!isObject(schema)) return false;
  if (open.has(schema)) return true;
  const { allOf, anyOf, oneOf, not, if: condition, then, else: otherwise } = schema;
  const parts = [schemas.target(schema), allOf, anyOf, oneOf, not, condition, then, otherwise].flat();
  return parts.some((part) => comesBack(schemas, part, new Set([...open, schema])));
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
function partsOf(schema, pointer) {
  return Object.entries(schema).flatMap(([key, value]) => {
    const at = pointer + pointerOf(key);
    const check = keywords().get(key);
    if (isObject(value) && (check === SCHEMA || check === ITEMS)) return [[value, at]];
    const holdsMany = Array.isArray(value) ? check === SCHEMAS || check === ITEMS : check === NAMED || check === PATTERNS;
    if (!holdsMany || !hasFields(value)) return [];
    return Object.entries(value).flatMap(([name, part]) => (isObject(part) ? [[part, at + pointerOf(name)]] : []));
  });
}
