// The order of what a script declares at its top, which is free, and which gzip has an opinion about: it looks back 32 KB for what it
// has seen before, and the nearer that was, the less it costs. `arrangement.json` has the names of the declarations in an order that was
// found by trying; what is not there stays behind what it stands behind in the source.
//
// To try again, when much has changed: `REPFLOW_ARRANGE=600 cargo xtask pkg` goes on from there for so many seconds.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { parseAst } from "rolldown/parseAst";

const FILE = "xtask/src/pkg/arrangement.json";
const SECONDS = Number(process.env.REPFLOW_ARRANGE ?? 0);
/** By script. */
const arrangement = JSON.parse(readFileSync(FILE, "utf8"));

const isFunction = (node) => /Function/.test(node?.type);
const isImport = (part) => part.it.type === "ImportDeclaration";

/** What stands at the top, each declaration by itself: its text, the names that it gives, and what has to stand before it. */
function partsOf(code) {
  const parts = parseAst(code).body.flatMap((node) => {
    const isVariable = node.type === "VariableDeclaration";
    return (isVariable ? node.declarations : [node]).map((it) => ({ it, isVariable, text: code.slice(it.start, it.end), names: namesIn(it.id) }));
  });
  parts.forEach((part, at) => (part.at = at));
  const byName = new Map(parts.flatMap((part) => part.names.map((name) => [name, part])));
  const mentions = (part, isLater) => [...namesFor(part.it, isLater)].map((name) => byName.get(name)).filter((it) => it !== undefined);
  for (const part of parts) part.mentions = mentions(part, true);
  for (const part of parts) {
    // What an import mentions is elsewhere.
    part.needs = new Set(isFunction(part.it.init) || isImport(part) ? [] : mentions(part, false));
    // What is asked for while the script is loaded may be called then.
    for (const need of part.needs) for (const it of need.mentions) part.needs.add(it);
  }
  return parts;
}

/** The names that a pattern gives. */
function namesIn(pattern) {
  if (!pattern) return [];
  const { type, name, properties, elements, left, argument, value } = pattern;
  return type === "Identifier" ? [name] : [properties, elements, left, argument, value].flat().flatMap(namesIn);
}

/** The names that a node mentions: all, or those that it asks for at once, which are not those in functions. */
function namesFor(node, isLater, names = new Set()) {
  if (typeof node !== "object" || node === null || (isFunction(node) && !isLater)) return names;
  if (node.type === "Identifier") names.add(node.name);
  const isOfInstances = node.type === "PropertyDefinition" && !node.static;
  for (const [key, part] of Object.entries(node)) {
    const isName = (key === "property" || key === "key") && !node.computed;
    if (!isName && (isLater || !isOfInstances || key !== "value")) namesFor(part, isLater, names);
  }
  return names;
}

/** The script with its parts in the order of the list: each at its turn, or before that when another one needs it. */
function inOrder(list) {
  const placed = new Set();
  const ordered = [];
  const place = (part) => {
    if (placed.has(part)) return;
    placed.add(part);
    // Of those that need each other, the one that comes first in the source.
    for (const need of part.needs) if (!need.needs.has(part) || need.at < part.at) place(need);
    ordered.push(part);
  };
  list.forEach(place);
  return ordered;
}

/**
 * All declarations are `var`: with one word for all, neighbours are one declaration, and no function has to look whether a constant
 * that it uses is there yet.
 */
function textOf(parts) {
  let text = "";
  let isOpen = false;
  for (const part of parts) {
    if (isOpen) text += part.isVariable ? "," : ";";
    else if (part.isVariable) text += "var ";
    text += part.text;
    isOpen = part.isVariable;
  }
  return text;
}

/** A script with its declarations in order; `named` is the same script with other names, those that `sourceName` knows. */
export function arranged(script, code, named, sourceName) {
  const parts = partsOf(code);
  const twins = partsOf(named);
  assert.equal(twins.length, parts.length);
  twins.forEach(({ names, text }, at) => (parts[at].source = names.length === 0 ? text.slice(0, 30) : sourceName(names[0])));
  const order = arrangement[script] ?? [];
  let place = 0;
  for (const part of parts) {
    if (order.includes(part.source)) place = order.indexOf(part.source);
    part.place = isImport(part) ? -1 : /^Export/.test(part.it.type) ? Infinity : place;
  }
  const list = parts.toSorted((a, b) => a.place - b.place);
  if (SECONDS === 0) return textOf(inOrder(list));
  const found = inOrder(searched(list));
  arrangement[script] = found.map(({ source }) => source);
  writeFileSync(FILE, `${JSON.stringify(arrangement, undefined, 1)}\n`);
  return textOf(found);
}

/** The best order that is found from a list on, by simulated annealing: some neighbours move to another place, again and again. */
function searched(from) {
  const sizeOf = (list) => gzipSync(textOf(inOrder(list)), { level: 9 }).length;
  const random = (below) => Math.floor(Math.random() * below);
  const [first, last] = [from.findIndex((part) => part.place >= 0), from.findLastIndex((part) => part.place < Infinity)];
  const end = Date.now() + SECONDS * 1000 * Math.min(1, from.length / 500);
  const start = Date.now();
  let [list, size] = [from, sizeOf(from)];
  let [best, least] = [list, size];
  while (Date.now() < end) {
    const heat = (3 * (end - Date.now())) / (end - start) + 0.01;
    const moved = [...list];
    const count = 1 + random(2) * random(12);
    const some = moved.splice(first + random(last - first - count), count);
    moved.splice(first + random(last - first - count), 0, ...some);
    const now = sizeOf(moved);
    if (Math.random() >= Math.exp((size - now) / heat)) continue;
    [list, size] = [moved, now];
    if (size < least) [best, least] = [list, size];
  }
  return best;
}
