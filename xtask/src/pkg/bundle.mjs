// Makes the scripts of the package small: usage `bundle.mjs DIRECTORY SCRIPT…`, where DIRECTORY holds them all.
//
// The modules behind `api.js` become one file, since one compresses better than a dozen, and is one request; what is loaded
// when it is first asked for becomes another. What they declare stands where gzip has just seen the like of it (`arrange.mjs`). Names of
// variables and functions become short; classes keep theirs, for stack traces. The entries stay files of their own,
// each made small by itself: bundlers look in them for `import("./inline.js")` and `new URL("./core.wasm", …)`, and
// know those by their spelling.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";
import { rolldown } from "rolldown";
import { parseAst } from "rolldown/parseAst";
import { minifySync } from "rolldown/utils";
import { minify as terser } from "terser";

import { arranged } from "./xtask/src/pkg/arrange.mjs";

const [directory, ...scripts] = process.argv.slice(1);
const target = "es2022";
const isEntry = (script) => /^(entry-.*|inline-module)\.js$/.test(basename(script));

/**
 * The modules behind `api.js` in an order of which gzip makes little: that of their declarations where `arrangement.json` has no other.
 * One that is not here comes before the first that needs it.
 */
const ORDER = [
  "formats", "errors", "definition", "canonical", "nearest", "schemas", "templates", "topics", "error-data", "failures",
  "trace", "circuits", "clock", "ids", "bus-event", "aborts", "versions", "standard-schema", "call", "policy-options",
  "context", "runtime", "paths", "nodes", "plans", "events", "step-errors", "journal", "results", "size", "queue", "chain",
  "history", "runs", "stream", "listeners", "feature", "run", "launch", "handle", "attempts", "plain", "telling", "perform",
  "waits", "commands", "hearing", "asking", "link", "policy", "registry", "meters", "bus", "live", "engine", "orchestrator",
  "model-client", "integration",
];

const keepNames = { function: false, class: true };
const minify = { compress: { target, keepNames }, mangle: { toplevel: true, keepNames }, codegen: { removeWhitespace: true } };

/** Bundles a script of the directory; what stands in `external` stays outside. */
async function bundled(script, external) {
  // What both need stands in the script itself.
  const bundle = await rolldown({ input: join(directory, script), external, preserveEntrySignatures: "allow-extension" });
  const { output } = await bundle.generate({ chunkFileNames: "[name].js", minify: false });
  await bundle.close();
  return output;
}

/** A wrapper without copies of parameters as numbers: they become numbers when the wasm gets them. */
function withoutCopies(wrapper) {
  let text = wrapper;
  for (const [line, copy, name] of wrapper.matchAll(/^ +const (val\d+) = \+(\w+);\n/gm)) {
    text = text.replace(line, "").replace(new RegExp(`\\b${copy}\\b`, "g"), name);
  }
  return text;
}

/** The glue with the names that its wasm has, and without its default export, which is another way of loading. Tells what it exports. */
async function fitted(glue) {
  const renamed = glue.replace(/js$/, "json");
  const { imports, exports } = JSON.parse(await readFile(renamed, "utf8"));
  const code = await readFile(glue, "utf8");
  const short = new Map(imports.map(([, name, to]) => [name, to]));
  const shortExport = new Map(exports);
  const known = (name) => shortExport.get(name) ?? assert.fail(`the wasm has no ${name}`);
  const fits = code
    // What nothing in the wasm calls any more is not brought to it.
    .replace(/^( +)(__wb\w+)(: function[^]*?^\1\}.*\n)/gm, (_, indent, name, rest) => (short.has(name) ? indent + short.get(name) + rest : ""))
    .replace(/"\.\/\w+_bg\.js"(?=: import0)/, "a")
    .replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${known(name)}`)
    // An answer is there when the call is, and most wrappers have nothing to do but to return it.
    .replace(/^( +)let ret;\n( +__wbg_call_guard\(\);\n +)ret = /gm, "$2const ret = ")
    .replace(/^export function[^]*?^\}/gm, withoutCopies)
    // A view of memory that has grown is of another buffer, also where a host can say that it is detached.
    .replace(/(cachedDataViewMemory0)\.buffer\.detached === true \|\| \(\1\.buffer\.detached === undefined && (\1\.buffer !== [\w.]+)\)/, "$2")
    // The facade gives an object, and what runs this wasm has `encodeInto`.
    .replace(/^ +if \(module !== undefined\) \{[^]*?^    \}\n/m, "({ module } = module);\n")
    .replace(/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?^\}\n/m, "")
    .replace(/^export \{ initSync.*$/m, "export { initSync };");
  await writeFile(glue, fits);
  await rm(renamed);
  return [...fits.matchAll(/^export function (\w+)/gm)].map(([, name]) => name);
}

const GLUES = ["core.js", "coach-glue.js", "model-glue.js"];
const calls = new Set((await Promise.all(GLUES.map((glue) => fitted(join(directory, glue))))).flat());
const written = scripts.filter((script) => !GLUES.includes(basename(script)));
const sources = await Promise.all(written.map((script) => readFile(script, "utf8")));
/** What the facade calls of the core: these names are short, too, on either side. But not plain words, and what tests call. */
const CALLED_BY_TESTS = ["linearMemory", "injectFault"];
const BORDER = [...calls].filter((name) => /[A-Z]/.test(name) && !CALLED_BY_TESTS.includes(name));
// Where there is nothing to break, nothing is said of it.
if (!calls.has("injectFault")) await writeFile(join(directory, "faults.js"), "export const addFaults = () => {};\n");
const api = join(directory, "api.js");
const there = ORDER.filter((name) => scripts.some((script) => basename(script) === `${name}.js`));
const ordered = there.map((name) => `import "./${name}.js";\n`).join("");
await writeFile(api, ordered + (await readFile(api, "utf8")));
const made = (await Promise.all([bundled("api.js", [/\/(core|coach-glue|model-glue)\.js$/]), ...GLUES.map((glue) => bundled(glue, []))])).flat();
await build({
  entryPoints: scripts.filter(isEntry), outdir: directory, allowOverwrite: true, target, logLevel: "warning",
  minify: true,
});
await Promise.all(scripts.filter((script) => !isEntry(script)).map((script) => rm(script)));
// What has no effect when it is not used is said for a tree shaker; the manifest says so of the whole.
const said = (code) => code.replaceAll("/* @__PURE__ */ ", "").replaceAll("/* @__PURE__ */", "");
/**
 * Properties that nobody outside of the facade sees; a test looks whether that is so. They get short names, the same in all scripts.
 */
const INTERNAL = JSON.parse(await readFile("xtask/src/pkg/internal-names.json", "utf8"));

/** The nodes of a syntax tree. */
function* nodesOf(tree) {
  if (typeof tree !== "object" || tree === null) return;
  if (tree.type !== undefined) yield tree;
  for (const part of Object.values(tree)) yield* nodesOf(part);
}

/** Short names, the shortest for what is named most often; none of them is the name of another property. */
function shortNames() {
  const uses = new Map();
  for (const { property, key, computed } of sources.flatMap((source) => [...nodesOf(parseAst(source).body)])) {
    const { name } = property ?? key ?? {};
    if (!computed) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  // Few letters, those that variables have: gzip likes that.
  const letters = [..."etnraioscludpmfh"];
  const free = [...letters, ...letters.flatMap((last) => letters.map((first) => first + last))].filter((name) => !uses.has(name));
  const names = [...INTERNAL, ...BORDER].sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0));
  assert.ok(names.length <= free.length, "there are more names than short ones");
  return Object.fromEntries(names.map((name, place) => [`$${name}`, free[place]]));
}
const nameCache = { props: { props: shortNames() } };

/**
 * The functions at the top as arrows, which take less to say. What is above one has no use for it while the script is loaded: that the
 * scripts still run is seen below.
 */
function withArrows(code) {
  const edits = [];
  for (const node of parseAst(code).body) {
    const { type, id, params, body, async: isAsync, generator, start, end } = node;
    if (type !== "FunctionDeclaration" || generator || [...nodesOf(node)].some(({ type, name }) => type === "ThisExpression" || name === "arguments")) continue;
    const isBare = params.length === 1 && params[0].type === "Identifier";
    const [open, close] = isBare ? [params[0].start, params[0].end] : [id.end, body.start];
    edits.push([start, open, `var ${id.name}=${isAsync ? "async " : ""}`], [close, body.start, "=>"], [end, end, ";"]);
    const answer = body.body[0]?.type === "ReturnStatement" && body.body[0].argument;
    if (!answer) continue;
    // What does nothing but to return something says that alone; braces would be a body, and a comma ends it.
    const [before, after] = code[answer.start] === "{" || answer.type === "SequenceExpression" ? "()" : ["", ""];
    edits.push([body.start, answer.start, before], [answer.end, body.end, after]);
  }
  return edited(code, edits);
}

/** The code with parts of it changed: each has a start, an end, and what stands there instead. */
function edited(code, edits) {
  let text = "";
  let from = 0;
  for (const [start, end, instead] of edits.sort(([a], [b]) => a - b)) {
    text += code.slice(from, start) + instead;
    from = end;
  }
  return text + code.slice(from);
}

/**
 * What need not be said: a field is undefined where nothing else is said, and so is what a prototype has for those that few objects
 * have. And all texts in the same quotes: so much more of it has been there before.
 */
function withLessSaid(code) {
  const edits = [];
  for (const { type, start, end, key, value, arguments: given } of nodesOf(parseAst(code).body)) {
    if (type === "PropertyDefinition" && value?.operator === "void") edits.push([key.end, value.end, ""]);
    if (type === "Literal" && /^"[^$]*`/.test(code.slice(start, end))) edits.push([start, end, `\`${code.slice(start + 1, end - 1).replaceAll("`", "\\`")}\``]);
    if (type !== "CallExpression" || given[0]?.property?.name !== "prototype" || given[1]?.type !== "ObjectExpression") continue;
    for (const each of given[1].properties) {
      if (each.value?.operator === "void") edits.push([each.start, code[each.end] === "," ? each.end + 1 : each.end, ""]);
    }
  }
  return edited(code, edits);
}

/** What terser still finds when it looks at the whole several times; and names that gzip likes better, which are not terser's. */
async function smaller(script, bundle) {
  // What is at the top keeps its name for now: `arrange.mjs` knows it by that.
  const { code } = minifySync("script.js", bundle, { module: true, ...minify, mangle: { toplevel: false, keepNames } });
  const { code: compressed } = await terser(said(code), {
    module: true, ecma: 2022, keep_classnames: true, nameCache,
    // Users meet its name, which it has from a variable.
    // Some of the properties have names that hosts use for others, which we do not ask for.
    mangle: { reserved: ["RepflowError", "BusEvent"], properties: { builtins: true, regex: new RegExp(`^(${[...INTERNAL, ...BORDER].join("|")})$`) } },
    // A constant stands on the side where it was written: to turn half of the comparisons around gives gzip more to say.
    // A function that is called in one place stays a function: within the other, each call would make it anew.
    compress: { passes: 3, unsafe_arrows: true, keep_fargs: false, lhs_constants: false, reduce_funcs: false },
  });
  const { code: named } = minifySync("script.js", compressed, { module: true, ...minify, mangle: false });
  const { code: mangled } = minifySync("script.js", compressed, { module: true, ...minify });
  const sources = new Map(Object.entries(nameCache.vars.props).map(([name, short]) => [short, name.slice(1)]));
  const short = arranged(script, withArrows(withLessSaid(mangled)), named, (name) => sources.get(name) ?? name)
    // What a glue exports has the names by which the facade asks for it, which have been found before.
    .replace(/\bexport\{[^}]*\}/g, (list) => list.replace(/(?<= as )\w+/g, (name) => nameCache.props.props[`$${name}`] ?? name))
    // Not every bundler takes a template for a text.
    .replace(/\bimport\(`([^`$]+)`\)/g, 'import("$1")');
  // One character beyond Latin-1, and V8 keeps the whole script with two bytes for each.
  return short.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What `api.js` exports for the other scripts has the name there that it has within: an alias would have to be said. */
function withoutAliases(scripts) {
  const own = new Map();
  const bare = (each) => {
    const [name, alias] = each.split(" as ");
    // The entries pass it on.
    if (alias === undefined || alias === "RepflowError") return each;
    own.set(alias, name);
    return name;
  };
  const renamed = (each) => {
    const [name, within = name] = each.split(" as ");
    const now = own.get(name) ?? name;
    return now === within ? now : `${now} as ${within}`;
  };
  const api = scripts["api.js"].replace(/\bexport\{([^}]*)\}/, (_, list) => `export{${list.split(",").map(bare)}}`);
  const asks = /\bimport\{([^}]*)\}from"\.\/api\.js"/;
  const others = Object.entries(scripts).map(([name, code]) => [name, code.replace(asks, (_, list) => `import{${list.split(",").map(renamed)}}from"./api.js"`)]);
  return { ...Object.fromEntries(others), "api.js": api };
}

const short = {};
// One after the other, since they share names.
for (const { fileName, code } of made) short[fileName] = await smaller(fileName, code);
for (const entry of scripts.filter(isEntry)) short[basename(entry)] = await readFile(entry, "utf8");
for (const [fileName, code] of Object.entries(withoutAliases(short))) await writeFile(join(directory, fileName), code);

const FIRST_RUN = `
  const { FeatureBus, WorkflowOrchestrator } = await import(process.argv[1]);
  const bus = new FeatureBus();
  bus.registerFeature({ name: "greeter", version: "1.0.0", actions: { hello: async ({ name }) => name } });
  await new WorkflowOrchestrator({ bus }).executeWorkflow({ id: "greet", steps: [{ id: "hello", call: "greeter.hello" }] }, { name: "Ada" });
`;

/** The functions that are called when the package is loaded and makes its first run: where each begins and ends, by script. */
async function calledAtFirst() {
  const results = await mkdtemp(join(tmpdir(), "repflow-"));
  try {
    const args = ["--input-type=module", "-e", FIRST_RUN, pathToFileURL(join(directory, "entry-node.js")).href];
    await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_V8_COVERAGE: results } });
    const [name] = await readdir(results);
    const { result } = JSON.parse(await readFile(join(results, name), "utf8"));
    const placesIn = ({ functions }) => functions.map(({ ranges: [it] }) => it).filter(({ count }) => count > 0).map((it) => `${it.startOffset}-${it.endOffset}`);
    return new Map(result.map((script) => [basename(script.url), new Set(placesIn(script))]));
  } finally {
    await rm(results, { recursive: true });
  }
}

/** What is shorter is read twice in no time, and its mark is two characters more. */
const WORTH_A_MARK = 200;

/**
 * The functions that are `called` at first, in parentheses: V8 takes that for a function that is called at once, and compiles it with
 * what stands around it. Otherwise it reads each of them twice, first to find its end, and then, when it is called, to compile it. That is
 * some 110 functions, and 1.5 ms of a cold start. There is no such mark for methods.
 */
function withMarks(code, called) {
  const marks = [];
  for (const { type, start, end } of nodesOf(parseAst(code).body)) {
    if (type === "ArrowFunctionExpression" && end - start >= WORTH_A_MARK && called.has(`${start}-${end}`)) marks.push([start, start, "("], [end, end, ")"]);
  }
  return edited(code, marks);
}

/**
 * Of an error that nobody catches, Node shows the line in which it was made, and this script is one line. Where a line has this in it, Node
 * shows the error alone.
 */
const NOT_SHOWN = "/*node-do-not-add-exception-line*/";

const called = await calledAtFirst();
for (const { fileName } of made) {
  const places = called.get(fileName);
  if (places === undefined) continue;
  const script = join(directory, fileName);
  const marked = withMarks(await readFile(script, "utf8"), places);
  // All errors are made there.
  await writeFile(script, fileName === "api.js" ? NOT_SHOWN + marked : marked);
}
// All of them load, and the first run still runs.
await Promise.all(made.map(({ fileName }) => import(pathToFileURL(join(directory, fileName)).href)));
await calledAtFirst();
