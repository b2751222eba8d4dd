// Makes the scripts of the package small: usage `bundle.mjs DIRECTORY SCRIPT…`, where DIRECTORY holds them all.
//
// The modules behind `api.js` become one file, since one compresses better than a dozen, and is one request. Names of
// variables and functions become short; classes keep theirs, for stack traces. The entries stay files of their own, and
// lose only comments and spaces: bundlers look in them for `import("./inline.js")` and `new URL("./core.wasm", …)`, and
// know those by their spelling.

import { rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { build } from "esbuild";
import { rolldown } from "rolldown";

const [directory, ...scripts] = process.argv.slice(1);
const target = "es2022";
const isEntry = (script) => /^(entry-.*|inline-module)\.js$/.test(basename(script));

/** Bundles a script of the directory; what stands in `external` stays outside. */
async function bundled(script, external, plugins = []) {
  const keepNames = { function: false, class: true };
  const bundle = await rolldown({ input: join(directory, script), external, plugins });
  const { output } = await bundle.generate({
    minify: { compress: { target, keepNames }, mangle: { toplevel: true, keepNames }, codegen: { removeWhitespace: true } },
  });
  await bundle.close();
  return output;
}

/** What the facade uses of the glue: all but its default export, which is another way of loading. */
const withoutDefault = {
  name: "without-default",
  transform: (code, id) => (id.endsWith("core.js") ? code.replace(/^export \{ initSync.*$/m, "export { initSync };") : null),
};

const made = [...(await bundled("api.js", [/\/core\.js$/])), ...(await bundled("core.js", [], [withoutDefault]))];
await build({
  entryPoints: scripts.filter(isEntry), outdir: directory, allowOverwrite: true, target, logLevel: "warning",
  minifyWhitespace: true, minifySyntax: true,
});
await Promise.all(scripts.filter((script) => !isEntry(script)).map((script) => rm(script)));
await Promise.all(made.map(({ fileName, code }) => writeFile(join(directory, fileName), code)));
