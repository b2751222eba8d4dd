// What a page has to load of a package: bundled and minified by rolldown, which the root installs.

import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

/** Where imports of what is bundled are looked for; no such file is read. */
const ENTRY = fileURLToPath(new URL("../entry.js", import.meta.url));

/** What the packages ask of Node: a page has nothing of it, and those that cannot do without do not run there. */
const OF_NODE = /^node:|^(assert|async_hooks|buffer|child_process|crypto|dns|events|fs|http|https|module|net|os|path|perf_hooks|process|stream|string_decoder|tls|tty|url|util|v8|vm|worker_threads|zlib)(\/|$)/;

/**
 * The bundle of a module with the text `code`: its chunks, the one to begin with first. what a pattern of `external` matches is left out; `alias` puts
 * other modules in the place of some.
 */
export async function bundle(code, { external = [], alias = {}, minify = true } = {}) {
  const text = { name: "text", resolveId: (id) => (id === ENTRY ? id : null), load: (id) => (id === ENTRY ? code : null) };
  const build = await rolldown({
    input: ENTRY,
    platform: "browser",
    external: (id) => !(id in alias) && [OF_NODE, ...external].some((pattern) => pattern.test(id)),
    resolve: { alias },
    plugins: [text],
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "esm", minify });
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
