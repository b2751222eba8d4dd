// What a page has to load of a package: bundled and minified by rolldown, which the root installs.

import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

/** Where imports of what is bundled are looked for; no such file is read. */
const ENTRY = fileURLToPath(new URL("../entry.js", import.meta.url));

/**
 * The bundle of a module with the text `code`, minified: its chunks, the one to begin with first. What one of the patterns
 * in `external` matches is left out, and so is what a package asks of Node; `alias` puts other modules in the place of some.
 */
export async function bundle(code, { external = [], alias = {} } = {}) {
  const text = {
    name: "text",
    resolveId: (id) => (id === ENTRY ? id : null),
    load: (id) => (id === ENTRY ? code : null),
  };
  const build = await rolldown({
    input: ENTRY,
    platform: "browser",
    external: (id) => !(id in alias) && (isBuiltin(id) || external.some((pattern) => pattern.test(id))),
    resolve: { alias },
    plugins: [text],
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  return output.filter(({ type }) => type === "chunk").sort((a, b) => Number(b.isEntry) - Number(a.isEntry));
}

/** The chunks that are loaded with the first one, without those that are imported when something asks for them. */
export function loadedAtOnce(chunks) {
  const loaded = [chunks[0]];
  for (const { imports } of loaded) {
    for (const name of imports) {
      const chunk = chunks.find(({ fileName }) => fileName === name);
      if (chunk && !loaded.includes(chunk)) loaded.push(chunk);
    }
  }
  return loaded;
}
