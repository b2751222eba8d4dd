// The properties of `internal-names.json` have short names in the package, so nobody outside of the facade may know them.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import test from "node:test";

const root = new URL("../../../", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");

/** What the files of a directory say, by name, of those that end so. */
async function texts(directory, ending) {
  const names = (await readdir(new URL(directory, root))).filter((name) => name.endsWith(ending));
  return Promise.all(names.map((name) => read(directory + name)));
}

const withoutComments = (text) => text.replace(/\/\*[^]*?\*\//g, "").replace(/\/\/.*/g, "");
const wordsOf = (text) => new Set(text.match(/\w+/g));
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

const names = JSON.parse(await read("xtask/src/pkg/internal-names.json"));
const facade = (await texts("pkg-template/", ".js")).map(withoutComments);

/** Fails with those of the names that are among the words. */
function absent(words) {
  assert.deepEqual(names.filter((name) => words.has(name)), []);
}

test("they are sorted, and each is a property of the facade", () => {
  assert.deepEqual(names, [...new Set(names)].sort());
  const isProperty = (name) => facade.some((text) => new RegExp(`[.{,]\\s*(get |async )?${name}\\b|^ +(static |get |async )*${name}\\b`, "m").test(text));
  assert.deepEqual(names.filter((name) => !isProperty(name)), []);
});

test("no type, no schema and no documentation has them", async () => {
  absent(wordsOf(withoutComments((await texts("pkg-template/", ".d.ts")).join())));
  absent(wordsOf((await texts("pkg-template/", ".json")).join().match(/"\w+"/g).join()));
  const docs = [await read("README.md"), await read("pkg-template/README.md"), ...(await texts("docs/", ".md"))];
  absent(wordsOf(docs.flatMap((text) => text.match(/```[^]*?```|`[^`\n]+`/g) ?? []).join()));
});

test("nothing asks for them by a text", () => {
  const literals = facade.flatMap((text) => text.match(/"[^"\n]*"/g) ?? []);
  // What is a sentence is for people; a key stands alone, or among others.
  absent(wordsOf(literals.filter((literal) => /^"[\w ]*"$/.test(literal)).join()));
});

test("no script exports them: what is loaded on demand is asked for by names", () => {
  const exported = facade.flatMap((text) => [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|let) (\w+)/gm)]);
  assert.ok(exported.length > 100);
  absent(new Set(exported.map(([, name]) => name)));
});

test("the border to the core does not have them", async () => {
  const words = [...wordsOf(withoutComments((await texts("src/wasm/", ".rs")).join()))];
  absent(new Set([...words, ...words.map(camel)]));
});

test("what the core exports, which is short as well, is asked for by these names alone", async () => {
  const sources = (await texts("src/wasm/", ".rs")).map(withoutComments);
  const exported = new Set(sources.flatMap((text) => [...text.matchAll(/js_name = (\w*[A-Z]\w*)/g)].map(([, name]) => name)));
  assert.ok(exported.has("policyNew"));
  const known = await texts("pkg-template/", ".d.ts");
  const literals = [...facade, ...sources].flatMap((text) => text.match(/"\w+"/g) ?? []);
  const words = wordsOf([...known.map(withoutComments), ...literals].join());
  assert.deepEqual([...exported].filter((name) => words.has(name)), []);
  assert.deepEqual([...exported].filter((name) => names.includes(name)), []);
});

test("no journal has them, which outlives the package that wrote it", async () => {
  const journal = withoutComments(await read("pkg-template/journal.js"));
  const written = journal.slice(journal.indexOf("const FIELDS"), journal.indexOf("function readJournal"));
  const keys = new Set([...written.matchAll(/^ +(\w+):/gm)].map(([, key]) => key));
  assert.ok(keys.has("degradedNodes"));
  absent(keys);
});
