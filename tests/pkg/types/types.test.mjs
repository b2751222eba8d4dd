import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { project, run, tool } from "../support.mjs";

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
