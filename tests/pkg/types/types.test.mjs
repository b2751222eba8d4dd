import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { project, run, tool } from "../support.mjs";

const source = (path) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");

const STRICT = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--lib", "es2022,dom"];
const SYSTEMS = { nodenext: ["--module", "nodenext"], bundler: ["--module", "esnext", "--moduleResolution", "bundler"] };

for (const [name, system] of Object.entries(SYSTEMS)) {
  const compile = (directory, file) => run(tool("tsc"), [...STRICT, ...system, "--pretty", "false", file], directory);

  test(`tsc, ${name}: what must compile`, async (t) => {
    await compile(await project(t, import.meta.url), "must-compile.ts");
  });

  test(`tsc, ${name}: what must not compile, line by line`, async (t) => {
    const directory = await project(t, import.meta.url);
    const file = "must-not-compile.ts";
    const said = await compile(directory, file).then(() => "", (error) => error.message);
    const found = [...said.matchAll(/must-not-compile\.ts\((\d+),/g)].map((match) => Number(match[1]));
    const lines = (await readFile(join(directory, file), "utf8")).split("\n");
    const marked = lines.flatMap((line, at) => (line.endsWith("// must not compile") ? [at + 1] : []));
    assert.deepEqual([...new Set(found)], marked, said);
  });
}

/** The lists of keys in the core, and the interfaces that describe them. */
const POLICIES = {
  WITH_FALLBACK: ["PolicyOptions"],
  RETRY_KEYS: ["RetrySchedule", "RetryOptions"],
  BUDGET_KEYS: ["RetryBudgetOptions"],
  BREAKER_KEYS: ["CircuitBreakerRules", "CircuitBreakerOptions"],
  RATE_LIMIT_KEYS: ["RateLimitBucket", "RateLimitOptions"],
  BULKHEAD_KEYS: ["BulkheadOptions"],
  ADAPTIVE_KEYS: ["AdaptiveOptions"],
  HEDGE_KEYS: ["HedgeOptions"],
  CACHE_KEYS: ["CacheOptions"],
  ROW_KEYS: ["ErrorRule"],
};

test("the types know every key of a policy that the core knows, and no other", async () => {
  const [core, types] = await Promise.all([source("src/policy/options.rs"), source("pkg-template/index.d.ts")]);
  const after = (text, start) => text.slice(text.indexOf(start) + 1 || assert.fail(`there is no ${start}`));
  const keysOf = (list) => after(core, `const ${list}:`).match(/= &\[([^\]]*)\]/)[1].match(/\w+/g);
  const fieldsOf = (name) => {
    const body = after(types, `interface ${name}`).split(/^}/m, 1)[0];
    return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field]) => field);
  };
  for (const [list, names] of Object.entries(POLICIES)) {
    assert.deepEqual(names.flatMap(fieldsOf).sort(), keysOf(list).sort(), `${list} and ${names}`);
  }
});

/** The interfaces that describe a part of a definition, and that part in its schema. */
const PARTS = {
  WorkflowDefinition: "workflow",
  KeyedConcurrency: "keyedConcurrency",
  StepPolicies: "policies",
  StepCache: "cache",
  CallStep: "callStep",
  WorkflowStep: "workflowStep",
  EmitStep: "emitStep",
  SwitchStep: "switchStep",
  ForEachStep: "forEachStep",
  WaitStep: "waitStep",
};

test("the types know every key of a definition that its schema has, and no other", async () => {
  const [types, schema] = await Promise.all([source("pkg-template/index.d.ts"), source("pkg-template/workflow.schema.json")]);
  const { $defs } = JSON.parse(schema);
  for (const [name, part] of Object.entries(PARTS)) {
    const body = (types.split(`interface ${name} `)[1] ?? assert.fail(`there is no ${name}`)).split(/^}/m, 1)[0];
    const fields = [...body.matchAll(/^ {2}(\$?\w+)\??:/gm)].map(([, field]) => field);
    assert.deepEqual(fields.sort(), Object.keys($defs[part].properties).sort(), name);
  }
});

test("the types know every event of a run", async () => {
  const [core, types] = await Promise.all([source("src/workflow/event.rs"), source("pkg-template/index.d.ts")]);
  const listed = (text, from, to) => text.split(from)[1].split(to)[0].match(/"\w+\.\w+"/g).sort();
  assert.deepEqual(listed(types, "interface RunEventBase", "type WorkflowEvent ="), listed(core, "NAMES: &[&str] = &[", "]"));
});
