// Definitions with parameters, and the workflows that are made of them.
//
// This is the module of the facade on its own: that what it makes runs, the orchestrator's tests show.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Templates } from "../../../pkg-template/templates.js";

let templates;
beforeEach(() => {
  templates = new Templates();
});

const step = (more) => ({ id: "w", steps: [{ id: "a", call: "f.act", ...more }] });
/** What becomes of one value in a step. */
const bound = (key, value, params) => {
  templates = new Templates();
  return templates.bind(templates.add(step({ [key]: value })), params).steps[0][key];
};

// ── What parameters become ────────────────────────────────────────────────────────────────────────────────────────────

test("a text that is one parameter keeps its type", () => {
  const params = { n: 5, on: true, list: [1, { a: null }], words: "two words", none: null };
  const given = { n: "{{ parameters.n }}", on: "{{parameters.on}}", of: ["{{ parameters.list[1] }}"] };
  assert.deepEqual(bound("with", given, params), { n: 5, on: true, of: [{ a: null }] });
  assert.equal(bound("with", "{{ parameters.none }}", params), null);
  assert.deepEqual(bound("with", "{{ parameters }}", params), params);
  assert.equal(bound("with", '{{ parameters["words"] }}', params), "two words");
  assert.equal(bound("timeout", "{{ parameters.n }}", params), 5);
});

test("a parameter in other text becomes text", () => {
  const text = "{{ parameters.n }} of {{ parameters.list }} and {{ parameters.on }}: {{ input.name }}";
  assert.equal(bound("with", text, { n: 5, on: false, list: ["a"] }), '5 of ["a"] and false: {{ input.name }}');
  assert.equal(bound("call", "{{ parameters.feature }}.act", { feature: "coach" }), "coach.act");
  assert.equal(bound("idempotencyKey", "{{ parameters.n }}", { n: 5 }), "5");
});

const EXPRESSIONS = [
  ["parameters.age > 18 && input.ready", { age: 20 }, "20 > 18 && input.ready"],
  ["input.sum - parameters.n", { n: -3 }, "input.sum - (-3)"],
  ["input.goal in parameters.goals", { goals: ["a", "b"] }, 'input.goal in ["a", "b"]'],
  ["parameters.name.contains('x')", { name: "xy" }, '"xy".contains(\'x\')'],
  ["parameters.list[input.at].name", { list: [{ name: "a" }] }, '[{ "name": "a" } ][input.at].name'],
  ["'parameters.a' == \"parameters.b\"", {}, "'parameters.a' == \"parameters.b\""],
  ["input.parameters.a || steps.parameters", {}, "input.parameters.a || steps.parameters"],
  ["parameters_of.a", {}, "parameters_of.a"],
  ['r"\\" + parameters.a + r\'\\\'', { a: 1 }, 'r"\\" + 1 + r\'\\\''],
  ['"\\" + parameters.a"', {}, '"\\" + parameters.a"'],
  ["{{ parameters.flag }}", { flag: true }, "{{ true }}"],
  ["parameters . a [ 0 ] == 1e3", { a: [7] }, "7 == 1e3"],
  ["parameters.big == 1.0", { big: 12345678901234567000 }, "12345678901234567000.0 == 1.0"],
];
for (const [source, params, expected] of EXPRESSIONS) {
  test(`in an expression a parameter becomes a literal: ${source}`, () => {
    assert.equal(bound("when", source, params), expected);
  });
}

test("an expression may ask whether there is a parameter, and then do without it", () => {
  const when = "has(parameters.goal) ? parameters.goal == input.goal : true";
  assert.equal(bound("when", when, { goal: "power" }), 'true ? "power" == input.goal : true');
  assert.equal(bound("when", when, {}), "false ? null == input.goal : true");
});

test("what is no template and no expression takes values as they are", () => {
  const metadata = { note: "for {{ parameters.who }}", when: "parameters.who" };
  assert.deepEqual(bound("metadata", metadata, { who: "{{ me }}" }), { note: "for {{ me }}", when: "parameters.who" });
});

test("a key of data that has the name of an option is data", () => {
  const data = { when: "{{ parameters.n }}", key: "{{ parameters.n }}", metadata: ["{{ parameters.n }}"] };
  assert.deepEqual(bound("with", data, { n: 1 }), { when: 1, key: 1, metadata: [1] });
});

test("every kind of step is looked into", () => {
  const n = "{{ parameters.n }}";
  const act = { id: "a", call: "f.a" };
  const definition = {
    id: "w",
    parameters: { type: "object", required: ["n"], properties: { n: { type: "integer" } } },
    timeout: n,
    concurrency: { key: n, perKey: n },
    steps: [
      { id: "p", parallel: [{ ...act, fallback: [{ value: n }], cache: { ttl: "1s", key: n } }] },
      { id: "s", switch: [{ when: "parameters.n > 1", steps: [{ id: "b", wait: { duration: n } }] }] },
      { id: "e", forEach: n, steps: [{ ...act, compensate: { call: "f.u", with: n } }] },
    ],
    output: { n },
  };
  assert.deepEqual(templates.bind(templates.add(definition), { n: 2 }), {
    id: "w",
    timeout: 2,
    concurrency: { key: "2", perKey: 2 },
    steps: [
      { id: "p", parallel: [{ ...act, fallback: [{ value: 2 }], cache: { ttl: "1s", key: "2" } }] },
      { id: "s", switch: [{ when: "2 > 1", steps: [{ id: "b", wait: { duration: 2 } }] }] },
      { id: "e", forEach: 2, steps: [{ ...act, compensate: { call: "f.u", with: 2 } }] },
    ],
    output: { n: 2 },
  });
});

// ── What parameters cannot become ─────────────────────────────────────────────────────────────────────────────────────

test("a value is never read as an expression", () => {
  const evil = "{{ steps.secret.output }}";
  const escaped = '{{ "{{" }} steps.secret.output }}';
  assert.equal(bound("with", "{{ parameters.text }}", { text: evil }), escaped);
  assert.deepEqual(bound("with", "{{ parameters.data }}", { data: { a: [evil] } }), { a: [escaped] });
  assert.equal(bound("with", "say {{ parameters.text }}", { text: evil }), `say ${escaped}`);
  assert.equal(bound("idempotencyKey", "{{ parameters.text }}", { text: evil }), escaped);
});

test("two braces cannot be put together from pieces", () => {
  assert.equal(bound("with", "{{ parameters.a }}{{ parameters.b }} input }}", { a: "{", b: "{" }), '{{ "{{" }} input }}');
  assert.equal(bound("with", "{{ parameters.a }}{{ input.b }}", { a: "x{" }), 'x{{ "{" }}{{ input.b }}');
});

test("a value cannot leave the literal that it becomes", () => {
  const name = "' || true || '\" }} {{ \\";
  assert.equal(bound("when", "input.name == parameters.name", { name }), `input.name == ${JSON.stringify(name)}`);
  assert.equal(bound("when", "{{ parameters.name }}", { name: "true" }), '{{ "true" }}');
});

test("an object in an expression does not close its braces", () => {
  const text = bound("with", "n: {{ size(parameters.map) }}", { map: { a: { b: {} } } });
  assert.equal(text.indexOf("}}"), text.length - 2);
});

test("a key `__proto__` stays data", () => {
  const params = JSON.parse('{ "data": { "__proto__": { "polluted": true } } }');
  const made = bound("with", "{{ parameters.data }}", params);
  assert.deepEqual(Object.keys(made), ["__proto__"]);
  assert.equal({}.polluted, undefined);
  assert.throws(() => bound("with", "{{ parameters.constructor }}", {}), { code: "workflow.invalid" });
});

test("a parameter without a value is a problem at its place, with what was meant", () => {
  const definition = step({ with: { to: ["{{ parameters.naem }}"] }, when: "parameters.user.age > 1" });
  templates.add({ ...definition, output: "{{ parameters.name }}!" });
  assert.throws(() => templates.bind("w", { name: "Ada", user: {} }), {
    code: "workflow.invalid",
    problems: [
      {
        pointer: "/steps/0/with/to/0",
        message: "`parameters.naem` has no value; make it required, or give it a `default`",
        suggestion: "name",
      },
      { pointer: "/steps/0/when", message: "`parameters.user.age` has no value; make it required, or give it a `default`" },
    ],
  });
});

test("parameters are checked, and their defaults filled in", () => {
  const parameters = {
    type: "object",
    required: ["goal"],
    additionalProperties: false,
    properties: { goal: { enum: ["strength", "power"] }, weeks: { type: "integer", default: 8 } },
  };
  templates.add({ ...step({ with: "{{ parameters.weeks }}" }), parameters });
  assert.equal(templates.bind("w", { goal: "power" }).steps[0].with, 8);
  assert.throws(() => templates.bind("w", { gaol: "power", weeks: "8" }), (error) => {
    assert.equal(error.code, "input.invalid");
    const told = error.problems.map(({ pointer, suggestion }) => [pointer, suggestion]);
    assert.deepEqual(told, [["", undefined], ["/weeks", undefined], ["/gaol", "goal"]]);
    return true;
  });
});

// ── The registry ──────────────────────────────────────────────────────────────────────────────────────────────────────

test("a template that nobody registered is told with near names", () => {
  templates.add({ ...step(), id: "weekly-plan" });
  for (const use of [() => templates.get("weekly-plam"), () => templates.bind("weekly-plam")]) {
    assert.throws(use, (error) => {
      assert.deepEqual([error.code, error.kind], ["workflow.not_registered", "validation"]);
      assert.match(error.message, /^there is no workflow `weekly-plam`; registered: `weekly-plan`; did you mean `weekly-plan`/);
      assert.equal(error.problems[0].suggestion, "weekly-plan");
      return true;
    });
  }
  assert.throws(() => new Templates().get("a"), /registered: none are/);
});

test("neither what was registered nor what is made can be changed through the other", () => {
  const definition = step({ with: { list: [1] }, metadata: {} });
  templates.add(definition);
  definition.steps[0].with.list.push(2);
  const made = templates.bind("w", {});
  made.steps[0].with.list.push(3);
  assert.deepEqual(templates.bind("w", {}).steps[0].with, { list: [1] });
  assert.throws(() => templates.get("w").steps.push({}), TypeError);
  const params = { data: [1] };
  templates.add({ ...step({ with: "{{ parameters.data }}" }), id: "v" });
  templates.bind("v", params).steps[0].with.push(2);
  assert.deepEqual(params, { data: [1] });
});

test("another version takes the place of the one before; another content of the same version does not", () => {
  templates.add({ ...step({ with: 1 }), version: "1.0.0" });
  assert.equal(templates.add({ version: "1.0.0", ...step({ with: 1 }) }), "w", "the same again, in another order");
  const message = "`w` is registered in version `1.0.0` already, and differs; give it a new `version`";
  assert.throws(() => templates.add({ ...step({ with: 2 }), version: "1.0.0" }), {
    code: "workflow.invalid",
    problems: [{ pointer: "/version", message }],
  });
  assert.equal(templates.bind("w").steps[0].with, 1);
  templates.add({ ...step({ with: 2 }), version: "1.0.1" });
  assert.equal(templates.bind("w").steps[0].with, 2);
  assert.deepEqual(templates.ids(), ["w"]);
});

test("what is no definition is refused", () => {
  const circle = {};
  circle.circle = circle;
  for (const wrong of [undefined, null, "w", [], () => {}, circle, { steps: [] }, { id: 5 }]) {
    assert.throws(() => templates.add(wrong), { code: "workflow.invalid" });
  }
  assert.throws(() => templates.add({ ...step(), parameters: { type: "objekt" } }), (error) => {
    const told = error.problems.map(({ pointer, suggestion }) => [pointer, suggestion]);
    assert.deepEqual(told, [["/parameters/type", "object"]]);
    return true;
  });
});
