// The validator of JSON Schema against another one: schemas and values by chance, and both have to agree on each.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Validator } from "@cfworker/json-schema";

import { checkInput } from "../../../pkg-template/schemas.js";

const KEYS = ["a", "b", "c", "ab"];

/** The same numbers each time, from `seed`. */
function chance(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
  const pick = (list) => list[Math.floor(next() * list.length)];
  const some = (of) => Object.fromEntries(KEYS.filter(() => next() < 0.5).map((key) => [key, of()]));

  function value(depth) {
    const kind = next();
    if (depth === 0 || kind < 0.5) return pick([null, true, false, 0, 1, 2, 1.5, -3, "", "a", "bb", "abc", 10]);
    if (kind < 0.7) return Array.from({ length: Math.floor(next() * 4) }, () => value(depth - 1));
    return some(() => value(depth - 1));
  }

  const TYPES = ["string", "number", "integer", "boolean", "array", "object", "null", ["string", "null"], ["object", "array"]];
  const size = () => pick([0, 1, 2]);
  const flat = {
    type: () => pick(TYPES),
    enum: () => [value(1), value(1), value(0)],
    const: () => value(1),
    pattern: () => pick(["^a", "b$"]),
    required: () => [pick(KEYS)],
    multipleOf: () => pick([1, 2, 0.5]),
    uniqueItems: () => true,
    dependentRequired: () => ({ a: ["b"] }),
    ...of(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"], () => size),
    ...of(["minItems", "maxItems", "minProperties", "maxProperties"], () => size),
  };
  function deep(depth) {
    const inner = () => schema(depth - 1);
    return {
      ...flat,
      $ref: () => pick(["#/$defs/x", "#y"]),
      patternProperties: () => ({ "^a": inner() }),
      prefixItems: () => [inner()],
      ...of(["anyOf", "oneOf", "allOf"], () => () => [inner(), inner()]),
      ...of(["properties", "dependentSchemas"], () => () => some(inner)),
      ...of(["not", "if", "then", "else", "items", "contains", "propertyNames"], () => inner),
      ...of(["additionalProperties", "unevaluatedProperties", "unevaluatedItems"], () => inner),
      minContains: size,
      maxContains: () => pick([1, 2]),
    };
  }
  function schema(depth) {
    if (next() < 0.1) return next() < 0.5;
    const keywords = depth === 0 ? flat : deep(depth);
    const chosen = Array.from({ length: 1 + Math.floor(next() * 4) }, () => pick(Object.keys(keywords)));
    return Object.fromEntries(chosen.map((key) => [key, keywords[key]()]));
  }
  return { value, schema };
}

function of(keys, make) {
  return Object.fromEntries(keys.map((key) => [key, make(key)]));
}

const accepts = (schema, value) => {
  try {
    checkInput(schema, value);
    return true;
  } catch (error) {
    if (error.code !== "input.invalid") throw error;
    return false;
  }
};

test("both validators agree", () => {
  const { value, schema } = chance(7);
  for (let round = 0; round < 4000; round += 1) {
    const given = { $defs: { x: schema(0), y: { $anchor: "y", ...schema(0) } }, all: schema(3) };
    const whole = { ...(typeof given.all === "object" ? given.all : { not: given.all }), $defs: given.$defs };
    const other = new Validator(structuredClone(whole), "2020-12", false);
    for (let each = 0; each < 4; each += 1) {
      const it = value(3);
      const told = `${JSON.stringify(whole)}\n${JSON.stringify(it)}`;
      assert.equal(accepts(whole, it), other.validate(it).valid, told);
    }
  }
});

const ADDRESSES = [
  { $id: "https://example.com/a.json", $ref: "b.json", $defs: { b: { $id: "b.json", type: "string" } } },
  { $id: "urn:example:a", $ref: "#/$defs/b%20c", $defs: { "b c": { type: "string" } } },
  { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } },
  { $ref: "#name", definitions: { it: { $id: "#name", type: "string" } }, $schema: "http://json-schema.org/draft-07/schema#" },
  { $ref: "https://example.com/b#name", $defs: { b: { $id: "https://example.com/b", $defs: { c: { $anchor: "name", type: "string" } } } } },
];
test("both find what a reference leads to", () => {
  for (const schema of ADDRESSES) {
    assert.ok(accepts(schema, "text"), JSON.stringify(schema));
    assert.ok(!accepts(schema, 1), JSON.stringify(schema));
  }
});

test("beside a reference, older drafts see nothing", () => {
  const schema = { properties: { a: { $ref: "#/definitions/text", maxLength: 1 } }, definitions: { text: { type: "string" } } };
  assert.ok(!accepts(schema, { a: "long" }));
  assert.ok(accepts({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" }, { a: "long" }));
});

test("what older drafts say in another way", () => {
  assert.ok(!accepts({ minimum: 1, exclusiveMinimum: true }, 1));
  assert.ok(!accepts({ items: [{ type: "string" }], additionalItems: false }, ["a", "b"]));
  assert.ok(!accepts({ dependencies: { a: ["b"] } }, { a: 1 }));
  assert.ok(!accepts({ dependencies: { a: { required: ["b"] } } }, { a: 1 }));
});
