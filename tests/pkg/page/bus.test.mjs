// What the bus promises, in a real browser.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { entry, project, serve, visit } from "../support.mjs";

test("the bus keeps in a page what it promises", async (t) => {
  const directory = await project(t, import.meta.url);
  const html = join(directory, "bus.html");
  await writeFile(html, (await readFile(html, "utf8")).replace("ENTRY", await entry(directory, "browser")));
  const { workout: { kept, broken }, problems } = await visit(t, `${await serve(t, directory)}bus.html`);
  assert.deepEqual(broken, {});
  assert.equal(kept.length, 13);
  assert.deepEqual(problems, []);
});
