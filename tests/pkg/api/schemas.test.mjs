// What data must look like: the parameters of a workflow as JSON Schema, everything else as Standard Schema.
//
// These are the modules of the facade on their own: what they are for, the orchestrator's tests show.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

import { RepflowError } from "../../../pkg-template/errors.js";
import { checkInput, checkSchema } from "../../../pkg-template/schemas.js";
import { conform, isStandardSchema, runSchemas } from "../../../pkg-template/standard-schema.js";

const thrown = (act) => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof RepflowError, error.stack);
    return error;
  }
  return assert.fail("nothing was thrown");
};
const problemsOf = (schema, input) => thrown(() => checkInput(schema, input)).problems;
const person = {
  type: "object",
  required: ["name"],
  additionalProperties: false,
  properties: {
    name: { type: "string", minLength: 2 },
    age: { type: "integer", minimum: 18 },
    goal: { enum: ["strength", "power", "endurance"] },
    mail: { type: "string", format: "email" },
  },
};

// ── Parameters ────────────────────────────────────────────────────────────────────────────────────────────────────────

test("an input that fits is the very same object", () => {
  const input = { name: "Ada", age: 36 };
  assert.equal(checkInput(person, input), input);
  assert.deepEqual(checkInput(true, input), input);
});

test("an input is refused with every problem, by pointer, and with what was meant", () => {
  const error = thrown(() => checkInput(person, { nmae: "Ada", age: 12.5, goal: "strenght", mail: "nobody" }));
  assert.deepEqual([error.code, error.kind, error.retryable], ["input.invalid", "validation", false]);
  assert.deepEqual(error.problems, [
    { pointer: "", message: "`name` is missing; it must be a string" },
    { pointer: "/age", message: "`age` must be a whole number, not `12.5`" },
    { pointer: "/age", message: "`age` must be 18 or more, not `12.5`" },
    {
      pointer: "/goal",
      message: "`goal` must be one of `strength`, `power`, `endurance`, not `strenght`",
      suggestion: "strength",
    },
    { pointer: "/mail", message: "`mail` must be text of the format `email`, not `nobody`" },
    { pointer: "/nmae", message: "unknown property `nmae`; known are `name`, `age`, `goal`, `mail`", suggestion: "name" },
  ]);
});

test("a pointer escapes what has a meaning in it", () => {
  const schema = { type: "object", properties: { "a/b ~ü#": { type: "array", items: { type: "number" } } } };
  assert.deepEqual(problemsOf(schema, { "a/b ~ü#": [1, "two"] }), [
    { pointer: "/a~1b ~0ü#/1", message: "element 1 must be a number, not `two`" },
  ]);
});

const LIMITS = [
  [{ type: ["string", "null"] }, 5, "it must be a string or null, not `5`"],
  [{ const: "go" }, "stop", "it must be `go`, not `stop`"],
  [{ exclusiveMinimum: 0 }, 0, "it must be above 0, not `0`"],
  [{ exclusiveMaximum: 1 }, 1, "it must be below 1, not `1`"],
  [{ maximum: 5 }, 6, "it must be 5 or less, not `6`"],
  [{ multipleOf: 5 }, 6, "it must be a multiple of 5, not `6`"],
  [{ maxLength: 1 }, "two", "it must be 1 character at most, not `two`"],
  [{ pattern: "^a" }, "b", "it must be text that matches the pattern `^a`, not `b`"],
  [{ minItems: 1 }, [], "it must be a list of 1 or more, not of 0"],
  [{ uniqueItems: true }, [1, 1], "it must not hold the same twice: it does at indexes 0 and 1."],
  [{ minProperties: 1 }, {}, "it must be an object of 1 property or more, not an object"],
  [{ propertyNames: { pattern: "^[a-z]+$" } }, { A: 1 }, "`A` is not allowed as the name of a property"],
  [{ dependentRequired: { a: ["b"] } }, { a: 1 }, "`b` is missing: it belongs to `a`"],
  [{ dependentRequired: { 'a"b': ["c"] } }, { 'a"b': 1 }, '`c` is missing: it belongs to `a"b`'],
  [{ contains: { type: "string" } }, [1], "it has no element of the form that one has to have"],
  [{ prefixItems: [{}], items: false }, [1, 2], "element 1 must not be there"],
  [{ not: { type: "string" } }, "x", "it has a form that is excluded"],
  [{ anyOf: [{ type: "string" }, { type: "number" }] }, true, "it must be a string, or a number, not `true`"],
  [{ oneOf: [{ type: "number" }, { minimum: 1 }] }, 2, "it fits more than one of the forms that exclude each other"],
  [false, 1, "it must not be there"],
];
for (const [schema, input, message] of LIMITS) {
  test(`a problem in words: ${JSON.stringify(schema)}`, () => {
    assert.deepEqual(problemsOf(schema, input).map((problem) => problem.message), [message]);
  });
}

test("of several forms, the problems of the one that was meant", () => {
  const schema = { anyOf: [{ type: "string" }, { type: "object", properties: { n: { type: "number" } } }] };
  assert.deepEqual(problemsOf(schema, { n: "1" }), [{ pointer: "/n", message: "`n` must be a number, not `1`" }]);
});

const FORMATS = {
  date: ["2027-01-31", "2027-02-30"],
  time: ["18:00:00Z", "25:00:00Z"],
  "date-time": ["2027-01-31T18:00:00Z", "2027-01-31"],
  duration: ["PT5M", "5m"],
  uri: ["https://example.com/a?b#c", "example"],
  email: ["ada@example.com", "ada"],
  hostname: ["example.com", "-a-"],
  ipv4: ["127.0.0.1", "256.0.0.1"],
  ipv6: ["::1", ":::1"],
  uuid: ["8c5bd6ee-4a52-4b63-92ad-0c2b3a0a2f0c", "8c5bd6ee"],
  regex: ["^a+$", "("],
  "json-pointer": ["/a/b", "a/b"],
};
test("formats are checked", () => {
  for (const [format, [right, wrong]] of Object.entries(FORMATS)) {
    assert.equal(checkInput({ format }, right), right);
    assert.equal(problemsOf({ format }, wrong).length, 1, format);
  }
});

test("values that JSON does not have are problems where something else is asked for", () => {
  assert.deepEqual(problemsOf(person, { name: () => {}, age: 36n }), [
    { pointer: "/name", message: "`name` must be a string, not a function" },
    { pointer: "/age", message: "`age` must be a whole number, not a bigint" },
  ]);
  const input = { name: "Ada", age: undefined };
  assert.equal(checkInput(person, input), input, "undefined is absent");
  const live = { name: "Ada", run() {}, map: new Map() };
  assert.equal(checkInput({ ...person, additionalProperties: true }, live), live, "what nobody asks about may be anything");
});

test("an inherited property is not there", () => {
  const schema = { type: "object", required: ["toString"] };
  assert.deepEqual(problemsOf(schema, {}), [{ pointer: "", message: "`toString` is missing" }]);
});

test("a schema is prepared once, and neither it nor the input is written to", () => {
  const schema = { ...person, $defs: { unused: {} } };
  const freeze = (it) => Object(it) === it && Object.values(Object.freeze(it)).forEach(freeze);
  freeze(schema);
  const input = Object.freeze({ name: "Ada" });
  assert.equal(checkInput(schema, input), input);
  assert.equal(checkInput(schema, input), input);
  assert.deepEqual(Reflect.ownKeys(schema), ["type", "required", "additionalProperties", "properties", "$defs"]);
});

// ── Defaults ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const planned = {
  type: "object",
  properties: {
    weeks: { type: "integer", default: 8 },
    rest: { type: "object", default: {}, properties: { seconds: { type: "number", default: 60 } } },
    days: { type: "array", items: { $ref: "#/$defs/day" } },
    start: { allOf: [{ properties: { hour: { default: 7 } } }] },
  },
  $defs: { day: { type: "object", properties: { sets: { type: "integer", default: 3 } } } },
};

test("absent properties get their defaults, at every depth, without a change to what was given", () => {
  const input = { days: [{ name: "mon" }, { sets: 5 }], start: {}, rest: undefined };
  const before = structuredClone(input);
  assert.deepEqual(checkInput(planned, input), {
    days: [{ name: "mon", sets: 3 }, { sets: 5 }],
    start: { hour: 7 },
    rest: { seconds: 60 },
    weeks: 8,
  });
  assert.deepEqual(input, before);
});

test("only what gets a default is copied", () => {
  const input = { weeks: 1, rest: { seconds: 1 }, days: [{}, { sets: 1 }], other: {} };
  const filled = checkInput(planned, input);
  assert.notEqual(filled, input);
  assert.equal(filled.rest, input.rest);
  assert.equal(filled.other, input.other);
  assert.equal(filled.days[1], input.days[1]);
  const complete = { weeks: 1, rest: { seconds: 1 }, days: [{ sets: 1 }] };
  assert.equal(checkInput(planned, complete), complete);
});

test("defaults are not shared between inputs", () => {
  const first = checkInput(planned, {});
  first.rest.seconds = 0;
  assert.deepEqual(checkInput(planned, {}).rest, { seconds: 60 });
});

test("a workflow that takes an object and is given nothing is given an empty one", () => {
  assert.deepEqual(checkInput(planned, undefined), { weeks: 8, rest: { seconds: 60 } });
  assert.deepEqual(problemsOf(person, undefined), [{ pointer: "", message: "`name` is missing; it must be a string" }]);
  assert.deepEqual(problemsOf(planned, null), [{ pointer: "", message: "it must be an object, not null" }]);
});

test("a default that contains itself comes to an end", () => {
  const schema = { type: "object", properties: { next: { $ref: "#", default: {} } } };
  assert.deepEqual(checkInput(schema, {}), { next: {} });
});

// ── Schemas ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test("what is no schema is refused with every problem", () => {
  const wrong = {
    type: "strng",
    requird: ["a"],
    properties: { a: { $ref: "#/$defs/nobody" }, b: { format: "emial" }, c: { pattern: "(" }, d: { minimum: "1" } },
    items: { $dynamicRef: "#x" },
  };
  assert.deepEqual(checkSchema(wrong).map(({ pointer, suggestion }) => [pointer, suggestion]), [
    ["/type", "string"],
    ["/requird", "required"],
    ["/properties/a/$ref", undefined],
    ["/properties/b/format", "email"],
    ["/properties/c/pattern", undefined],
    ["/properties/d/minimum", undefined],
    ["/items/$dynamicRef", undefined],
  ]);
  assert.equal(checkSchema("object")[0].message, "`parameters` must be a JSON Schema, not `object`");
});

test("a reference that leads back to itself is refused, one to a part of the value is not", () => {
  const $defs = { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { $ref: "#/$defs/a" }, tree: { items: { $ref: "#/$defs/tree" } } };
  assert.deepEqual(checkSchema({ $defs }).map(({ pointer }) => pointer), ["/$defs/a/allOf/0/$ref", "/$defs/b/$ref"]);
  assert.deepEqual(checkSchema({ $ref: "#/$defs/tree", $defs: { tree: $defs.tree } }), []);
});

test("a property may have the name of a keyword", () => {
  const schema = { properties: { $ref: { type: "string" }, default: { type: "string" }, id: { type: "string" } } };
  assert.deepEqual(checkSchema(schema), []);
  assert.deepEqual(problemsOf(schema, { $ref: 1, default: 2, id: 3 }).map(({ message }) => message), [
    "`$ref` must be a string, not `1`",
    "`default` must be a string, not `2`",
    "`id` must be a string, not `3`",
  ]);
});

test("keywords of others, and what vendors make of their schemas, are schemas", () => {
  const fields = { name: z.string().min(1), when: z.iso.datetime().optional(), tags: z.array(z.string()) };
  const vendor = z.toJSONSchema(z.object(fields));
  for (const schema of [planned, person, true, false, { "x-order": 1, nullable: true, markdownDescription: "" }, vendor]) {
    assert.deepEqual(checkSchema(schema), []);
  }
  assert.equal(problemsOf(vendor, { name: "", tags: [] }).length, 1);
});

test("whatever a keyword is given, that is judged and not stumbled over", () => {
  const keywords = Object.keys({ ...person, ...planned }).concat(
    ["$ref", "$id", "$anchor", "$defs", "allOf", "anyOf", "if", "then", "not", "items", "prefixItems", "contains"],
    ["enum", "const", "pattern", "patternProperties", "format", "minimum", "dependentRequired", "dependentSchemas", "default"],
  );
  for (const keyword of keywords) {
    for (const value of [null, 5, "x", "(", [], [5], [null], {}, { a: 5 }, { a: null }, true]) {
      const schema = { properties: { inner: { [keyword]: value } }, [keyword]: value };
      assert.ok(Array.isArray(checkSchema(schema)), `${keyword}: ${JSON.stringify(value)}`);
    }
  }
});

test("a default has to fit", () => {
  assert.deepEqual(checkSchema({ properties: { weeks: { type: "integer", default: "8" } } }), [
    { pointer: "/properties/weeks/default", message: "the default does not fit: it must be a whole number, not `8`" },
  ]);
});

// ── Standard Schema ───────────────────────────────────────────────────────────────────────────────────────────────────

const VENDORS = {
  zod: z.object({ name: z.string(), sets: z.array(z.object({ reps: z.number() })) }),
  valibot: v.object({ name: v.string(), sets: v.array(v.object({ reps: v.number() })) }),
  arktype: type({ name: "string", sets: type({ reps: "number" }).array() }),
};

for (const [vendor, schema] of Object.entries(VENDORS)) {
  test(`${vendor}: a value that fits, and one that does not`, () => {
    assert.ok(isStandardSchema(schema));
    const value = { name: "Ada", sets: [{ reps: 5 }] };
    assert.deepEqual(conform(schema, value, "input.invalid", "the input"), value);
    const wrong = { name: "Ada", sets: [{ reps: 5 }, { reps: "five" }] };
    const error = thrown(() => conform(schema, wrong, "output.invalid", "the output of `a`", { runId: "r", stepId: "a" }));
    assert.deepEqual([error.code, error.kind, error.retryable], ["output.invalid", "validation", true]);
    assert.deepEqual([error.runId, error.stepId], ["r", "a"]);
    assert.deepEqual(error.problems.map(({ pointer }) => pointer), ["/sets/1/reps"]);
    assert.match(error.message, /^the output of `a` has 1 problem/);
  });
}

test("what a schema makes of a value takes its place", () => {
  assert.equal(conform(z.string().transform(Number), "5", "input.invalid", "it"), 5);
  assert.equal(conform(v.pipe(v.string(), v.trim()), " a ", "input.invalid", "it"), "a");
  assert.equal(conform(type("string.numeric.parse"), "5", "input.invalid", "it"), 5);
  assert.deepEqual(conform(z.object({ n: z.number().default(1) }), {}, "input.invalid", "it"), { n: 1 });
});

test("only a schema that takes its time gives a promise", async () => {
  const slow = z.string().refine(async (text) => text === "yes", "not yes");
  assert.equal(await conform(slow, "yes", "input.invalid", "it"), "yes");
  const refused = conform(slow, "no", "input.invalid", "it");
  assert.ok(refused instanceof Promise);
  await assert.rejects(refused, { code: "input.invalid", problems: [{ pointer: "", message: "not yes" }] });
});

test("a schema that throws, rejects or answers nothing is an error with its cause", async () => {
  const cause = new Error("broken");
  const standard = (validate) => ({ "~standard": { version: 1, vendor: "test", validate } });
  const throwing = standard(() => {
    throw cause;
  });
  assert.equal(thrown(() => conform(throwing, 1, "input.invalid", "it")).cause, cause);
  assert.equal(thrown(() => conform(standard(() => {}), 1, "input.invalid", "it")).code, "input.invalid");
  const rejecting = conform(standard(() => Promise.reject(cause)), 1, "output.invalid", "it");
  await assert.rejects(rejecting, { code: "output.invalid", cause });
});

test("a path may hold keys, and objects that hold one", () => {
  const issues = [{ message: "odd", path: ["a/b", { key: 0 }, Symbol("c")] }, { message: "whole" }];
  const schema = { "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) } };
  assert.deepEqual(thrown(() => conform(schema, 1, "input.invalid", "it")).problems, [
    { pointer: "/a~1b/0/Symbol(c)", message: "odd" },
    { pointer: "", message: "whole" },
  ]);
});

test("the schemas of a run are Standard Schemas, by place", () => {
  const [accepts] = runSchemas;
  assert.ok(accepts({ input: VENDORS.zod, output: VENDORS.arktype, steps: { a: { input: VENDORS.valibot } } }));
  assert.ok(accepts({ input: undefined }));
  for (const wrong of [null, [], 1, { inputs: VENDORS.zod }, { input: {} }, { steps: [] }, { steps: { a: VENDORS.zod } }]) {
    assert.ok(!accepts(wrong), JSON.stringify(wrong));
  }
});
