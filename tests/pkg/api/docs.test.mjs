// The examples of the documentation run as they stand, and give what is said behind `// →`.

import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { project, run } from "../support.mjs";

const EXAMPLE = /^```js\n(.*?)^```$/gms;

/** An example as a program that checks what it says. */
function program(example) {
  const checked = example.replace(/^(\S.*?);? \/\/ → (.*)$/gm, (_, said, value) => `assert.deepEqual(${said}, ${value});`);
  return `import assert from "node:assert/strict";\n${checked}`;
}

for (const name of ["workflows", "bus", "ai", "exports", "fitness"]) {
  test(`the examples of docs/${name}.md`, async (t) => {
    const text = await readFile(new URL(`../../../docs/${name}.md`, import.meta.url), "utf8");
    const examples = [...text.matchAll(EXAMPLE)].map(([, example]) => example);
    t.assert.ok(examples.length >= 5, `there are ${examples.length} examples`);
    const directory = await project(t, import.meta.url);
    for (const [index, example] of examples.entries()) {
      const file = join(directory, `example-${index}.mjs`);
      await writeFile(file, program(example));
      await run("node", [file], directory);
    }
  });
}

test("the example of a group session", async (t) => {
  const directory = await project(t, import.meta.url);
  await cp(fileURLToPath(new URL("../../../examples", import.meta.url)), directory, { recursive: true });
  const told = async (...people) => (await run("node", ["group-session.mjs", ...people], directory)).trim().split("\n");
  t.assert.deepEqual(await told("Ada", "Grace"), [
    "Ada begins at station 1 (intermediate)", "Grace begins at station 2 (advanced)",
  ]);
  t.assert.deepEqual(await told("X"), ["X trains alone", "Somebody could not be looked at, and is taken for a beginner."]);
  await t.assert.rejects(told(), /input\.invalid/);
});
