// The schema of the definition against the core: which keys there are, and what each of them says of the same definitions.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Validator } from "@cfworker/json-schema";

import { checkSchema } from "../../../pkg-template/schemas.js";
import { Templates } from "../../../pkg-template/templates.js";
import { project } from "../support.mjs";

const cleanUp = [];
after(() => Promise.all(cleanUp.map((work) => work())));

const directory = await project({ after: (work) => cleanUp.push(work) }, import.meta.url);
const installed = (path) => join(directory, "node_modules/repflow", path);
const json = async (path) => JSON.parse(await readFile(path, "utf8"));
const corpus = (name) => json(new URL(name, import.meta.url));

const { WorkflowOrchestrator } = await import(pathToFileURL(join(directory, "entry.mjs")).href);
const schema = await json(installed("workflow.schema.json"));

const validator = new Validator(structuredClone(schema), "2020-12", false);
const told = (errors) => errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join("\n");

const shared = { circuitBreaker: {}, rateLimit: { limit: 5 }, bulkhead: {}, retry: { budget: {} } };
const orchestrator = new WorkflowOrchestrator({ policies: { model: shared } });
after(() => orchestrator.dispose());

/** What the core says; a run that was cancelled before it began is judged, and calls nobody. */
async function refusal(definition) {
  const error = await orchestrator
    .executeWorkflow(definition, {}, { signal: AbortSignal.abort() })
    .then(() => assert.fail("it was cancelled"), (error) => error);
  assert.ok(["run.cancelled", "workflow.invalid"].includes(error.code), `${error.code}: ${error.message}`);
  return error.code === "workflow.invalid" ? error.message : undefined;
}

for (const [name, definition] of Object.entries(await corpus("valid.json"))) {
  test(`valid for both: ${name}`, async () => {
    const { valid, errors } = validator.validate(definition);
    assert.ok(valid, told(errors));
    assert.equal(await refusal(definition), undefined);
  });
}

for (const [name, definition] of Object.entries(await corpus("invalid.json"))) {
  test(`invalid for both: ${name}`, async () => {
    assert.equal(validator.validate(definition).valid, false);
    assert.ok(await refusal(definition), "the core takes it");
  });
}

// What relates one part of a definition to another, and what expressions say, no schema can tell.
for (const [name, definition] of Object.entries(await corpus("beyond-the-schema.json"))) {
  test(`invalid for the core alone: ${name}`, async () => {
    const { valid, errors } = validator.validate(definition);
    assert.ok(valid, told(errors));
    assert.ok(await refusal(definition), "the core takes it");
  });
}

for (const [name, { definition, params }] of Object.entries(await corpus("templates.json"))) {
  test(`a template is valid, and so is what it makes: ${name}`, async () => {
    const templates = new Templates();
    const bound = templates.bind(templates.add(definition), params);
    for (const each of [definition, bound]) {
      const { valid, errors } = validator.validate(each);
      assert.ok(valid, told(errors));
    }
    assert.equal(await refusal(bound), undefined);
  });
}

test("the schema is a schema", () => {
  assert.deepEqual(checkSchema(schema), []);
});

test("the schema explains every key", () => {
  const unexplained = [];
  for (const [name, { properties = {} }] of Object.entries(schema.$defs)) {
    for (const [key, property] of Object.entries(properties)) {
      if (!(at(schema, property).description ?? property.description)) unexplained.push(`${name}.${key}`);
    }
  }
  assert.deepEqual(unexplained, []);
});

/** The schema that a property refers to, if it does. */
function at(root, { $ref, ...own }) {
  if ($ref === undefined) return own;
  return $ref.split("/").slice(1).reduce((part, token) => part[token], root);
}

// ── The keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const keysOf = (...names) => {
  const all = names.flatMap((name) => Object.keys(schema.$defs[name]?.properties ?? assert.fail(`no $defs/${name}`)));
  return [...new Set(all)].sort();
};
const KINDS = ["callStep", "workflowStep", "emitStep", "parallelStep", "groupStep", "switchStep", "forEachStep", "waitStep"];

/**
 * Every list of keys in the readers of the core, by the constant that has it, and the definitions of the
 * schema that have the same keys between them. A list that is not here fails the test, and so does an entry without one.
 */
const LISTS = {
  DEFINITION_KEYS: ["workflow"],
  CONCURRENCY_KEYS: ["keyedConcurrency"],
  STEP_KEYS: ["step", "policies", ...KINDS],
  CASE_KEYS: ["case"],
  WAIT_KEYS: ["waitDuration", "waitUntil", "waitSignal"],
  FALLBACK_KEYS: ["fallback"],
  COMPENSATE_KEYS: ["compensation"],
  RETRY_KEYS: ["retry"],
  BUDGET_KEYS: ["budget"],
  BREAKER_KEYS: ["circuitBreaker"],
  RATE_LIMIT_KEYS: ["rateLimit"],
  BUCKET_KEYS: ["bucket"],
  BULKHEAD_KEYS: ["bulkhead"],
  ADAPTIVE_KEYS: ["adaptive"],
  STEP_HEDGE_KEYS: ["hedge"],
  STEP_CACHE_KEYS: ["cache"],
  ROW_KEYS: ["errorRule"],
  WITH_FALLBACK: ["policies"],
};
/** Lists whose keys are not those of one part of a definition, and what they are instead. */
const OTHERS = {
  STEP_KINDS: "the kinds of a step, held against the schema below",
  TAKEN: "names that mean something else in expressions, held against the schema below",
  CACHE_KEYS: "the cache of `policy()`",
  HEDGE_KEYS: "the hedge of `policy()`",
  SHARED_KEYS: "what can be shared by name",
};

/** The lists of words in a source, by their constants. */
function listsOf(source) {
  // A reader that gets its keys in another way would go unnoticed.
  assert.doesNotMatch(source, /\b(?:check_keys|nested|each|part)\([^()]*"[^()]*, &\["/);
  const lists = {};
  for (const [, name, words] of source.matchAll(/\bconst (\w+): &\[&str\] =\s*&\[([^\]]*)\]/g)) {
    assert.ok(!(name in lists), `there are two lists ${name}`);
    lists[name] = words.match(/[\w$]+/g).sort();
  }
  return lists;
}

async function readers() {
  const root = new URL("../../../src/", import.meta.url);
  const definition = new URL("workflow/definition/", root);
  const files = (await readdir(definition)).filter((name) => name.endsWith(".rs")).map((name) => new URL(name, definition));
  const sources = await Promise.all([...files, new URL("policy/options.rs", root)].map((file) => readFile(file, "utf8")));
  const lists = {};
  for (const found of sources.map(listsOf)) {
    for (const [name, keys] of Object.entries(found)) {
      assert.ok(!(name in lists), `there are two lists ${name}`);
      lists[name] = keys;
    }
  }
  return lists;
}

test("the schema has every key that the core reads, and no other", async () => {
  const lists = await readers();
  assert.deepEqual(Object.keys(lists).sort(), [...Object.keys(LISTS), ...Object.keys(OTHERS)].sort());
  for (const [name, definitions] of Object.entries(LISTS)) assert.deepEqual(keysOf(...definitions), lists[name], name);
  assert.deepEqual(schema.$defs.step.oneOf.map(({ required }) => required[0]).sort(), lists.STEP_KINDS);
  assert.deepEqual([...schema.$defs.forEachStep.properties.as.not.enum].sort(), lists.TAKEN);
});
