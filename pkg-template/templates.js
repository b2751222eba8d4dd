// Templates: definitions that are registered once, and made into workflows by giving values to their parameters.

import { canonical } from "./canonical.js";
import { isObject, jsonOf, pointerOf } from "./definition.js";
import { assertValid, describe, hasFields, invalidAt, problem, problemsIn, quoted } from "./errors.js";
import { unknownName, unknownWord } from "./nearest.js";
import { checkInput, checkSchema } from "./schemas.js";

/** The registered definitions. What is in here is a copy, frozen: nobody outside can change it. */
export class Templates {
  #byId = new Map();

  /**
   * Registers a definition and returns its id. The same id with another version takes the place of the one before; with
   * the same version and different content it is refused, because runs tell definitions apart by these two.
   */
  add(definition) {
    const what = "the template";
    const copy = copyOf("workflow.invalid", what, definition);
    const { id, version, parameters } = copy;
    const problems = [];
    if (typeof id !== "string" || id === "") {
      problems.push(problem(id === undefined ? "" : "/id", `\`id\` must be a name, not ${describe(id)}`));
    }
    if (parameters !== undefined) problems.push(...problemsIn("/parameters", checkSchema(parameters)));
    const before = this.#byId.get(id);
    const sorted = canonical(copy);
    if (before !== undefined && before.definition.version === version && before.sorted !== sorted) {
      const known = version === undefined ? "without a `version`" : `in version \`${version}\``;
      const message = `\`${id}\` is registered ${known} already, and differs; give it a new \`version\``;
      problems.push(problem("/version", message));
    }
    assertValid("workflow.invalid", what, problems);
    if (before?.sorted !== sorted) this.#byId.set(id, { definition: frozen(copy), sorted });
    return id;
  }

  /** The registered definition, frozen. Throws `workflow.not_registered`. */
  get(id) {
    const found = this.#byId.get(id);
    if (found !== undefined) return found.definition;
    const known = quoted(this.ids()) || "none are";
    const message = `there is no workflow ${describe(id)}; registered: ${known}`;
    throw unknownName("workflow.not_registered", "", message, typeof id === "string" ? id : "", this.ids());
  }

  /** The ids of all, sorted. */
  ids() {
    return [...this.#byId.keys()].sort();
  }

  /**
   * Makes a definition without parameters: each `{{ … }}` that mentions `parameters` is replaced by what it comes to.
   * Throws `input.invalid` when the parameters do not fit, and `workflow.invalid` where one is used that has no value.
   */
  bind(id, params) {
    const { parameters: schema, ...definition } = this.get(id);
    const what = `the template \`${id}\``;
    const given = schema === undefined ? (params ?? {}) : checkInput(schema, params, `the input of ${what}`);
    const binding = new Binding(copyOf("input.invalid", `the input of ${what}`, given));
    const bound = binding.definition(definition, "");
    assertValid("workflow.invalid", what, binding.problems);
    return bound;
  }
}

/** A copy of an object, of which JSON can hold all. */
function copyOf(code, what, data) {
  const text = jsonOf(code, what, data);
  if (text?.[0] !== "{") throw invalidAt(code, what, "", `it must be an object, not ${describe(data)}`);
  return JSON.parse(text);
}

function frozen(data) {
  if (!hasFields(data)) return data;
  Object.values(data).forEach(frozen);
  return Object.freeze(data);
}

/**
 * What the text in a part of a definition is. A value that is put into it stays a value: what a `template` or an
 * `expression` would read as more than that is escaped. `text` is a template that has to stay a string.
 */
const PARTS = {
  // Any name may be asked for.
  __proto__: null,
  with: "template",
  output: "template",
  value: "template",
  forEach: "template",
  wait: "template",
  key: "text",
  idempotencyKey: "text",
  when: "expression",
  metadata: "plain",
};

/** Puts the values of parameters into a definition, and notes where there are none. */
class Binding {
  problems = [];
  #parameters;

  constructor(parameters) {
    this.#parameters = parameters;
  }

  /** A definition, or a part of it. `kind` is what all text in it is, whatever the names of its keys, once one has said so. */
  definition(part, pointer, kind) {
    if (typeof part === "string") return this.#string(part, kind ?? "plain", pointer);
    if (Array.isArray(part)) return part.map((value, index) => this.definition(value, pointer + pointerOf(index), kind));
    if (!hasFields(part)) return part;
    const bound = ([key, value]) => [key, this.definition(value, pointer + pointerOf(key), kind ?? PARTS[key])];
    return Object.fromEntries(Object.entries(part).map(bound));
  }

  #string(text, kind, pointer) {
    if (!text.includes("parameters")) return text;
    if (kind === "expression") return this.#condition(text, pointer);
    const parts = partsOf(text);
    if (parts === undefined || !parts.some(({ references }) => references?.length > 0)) return text;
    const [only] = parts;
    if (parts.length === 1 && only.whole !== undefined) {
      const value = this.#valueOf(only.whole, pointer);
      if (kind === "template") return escapedDeep(value);
      return kind === "text" ? escaped(asText(value)) : structuredClone(value);
    }
    const bound = parts.map((part) => {
      if (part.text !== undefined || part.references.length === 0) return part;
      if (part.whole !== undefined) return { text: asText(this.#valueOf(part.whole, pointer)) };
      return { source: this.#expression(part, pointer) };
    });
    return joined(bound, kind === "plain" ? (it) => it : escaped);
  }

  /** An expression that may stand in braces, or not. */
  #condition(text, pointer) {
    const [, open = "", source, close = ""] = /^(\s*\{\{)?(.*?)(\}\}\s*)?$/s.exec(text);
    return `${open}${this.#expression({ source, references: referencesOf(source) }, pointer)}${close}`;
  }

  /** An expression with literals in the place of parameters. One that asks `has(…)` of a parameter may do without it. */
  #expression({ source, references }, pointer) {
    const optional = references.filter(({ asked }) => asked).map(({ path }) => path);
    const isOptional = (path) => optional.some((prefix) => prefix.every((key, at) => path[at] === key));
    let text = "";
    let at = 0;
    for (const { start, end, path, asked } of references) {
      const found = this.#find(path);
      let value = found.value;
      if (asked) value = !found.missing;
      else if (found.missing && isOptional(path)) value = null;
      else if (found.missing) this.#note(path, found, pointer);
      text += source.slice(at, start) + literal(value ?? null);
      at = end;
    }
    return text + source.slice(at);
  }

  #valueOf({ path }, pointer) {
    const found = this.#find(path);
    if (found.missing) this.#note(path, found, pointer);
    return found.value ?? null;
  }

  #find(path) {
    let value = this.#parameters;
    for (const [depth, key] of path.entries()) {
      const isThere = hasFields(value) && Object.hasOwn(value, key);
      if (!isThere) return { missing: true, depth, within: value };
      value = value[key];
    }
    return { missing: false, value };
  }

  #note(path, { depth, within }, pointer) {
    const name = ["parameters", ...path.slice(0, depth + 1)].join(".");
    const known = isObject(within) ? Object.keys(within) : [];
    const message = `\`${name}\` has no value; make it required, or give it a \`default\``;
    this.problems.push(unknownWord(pointer, message, String(path[depth]), known));
  }
}

// ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Text and expressions in turn, or nothing when a `{{` is not closed: that is for the core to tell. */
function partsOf(text) {
  const parts = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    if (open > at) parts.push({ text: text.slice(at, open) });
    const close = closeOf(text, open + 2);
    if (close < 0) return undefined;
    const source = text.slice(open + 2, close);
    const references = referencesOf(source);
    const [only] = references;
    const isWhole = only !== undefined && !only.asked && source.trim() === source.slice(only.start, only.end);
    parts.push({ source, references, whole: isWhole ? only : undefined });
    at = close + 2;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** Where `}}` closes an expression; one inside of a string does not. */
function closeOf(text, from) {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '"' || text[at] === "'") at = endOfString(text, at) - 1;
    else if (text.startsWith("}}", at)) return at;
  }
  return -1;
}

/** Past the closing quote of the string that begins at `at`, or past everything. In `r"…"` a backslash is itself. */
function endOfString(text, at) {
  const isRaw = /(?:^|\W)[rR]$/.test(text.slice(Math.max(at - 2, 0), at));
  let end = at + 1;
  while (end < text.length && text[end] !== text[at]) end += text[end] === "\\" && !isRaw ? 2 : 1;
  return end + 1;
}

const TOKEN = /[A-Za-z_]\w*|\d[\w.]*|["']|\S/y;
const FIELD = /\s*\.\s*([A-Za-z_]\w*)(?!\w|\s*\()/y;
const ELEMENT = /\s*\[\s*(?:(\d+)|"([^"\\]*)"|'([^'\\]*)')\s*\]/y;

/** Where an expression mentions `parameters`, with the path that follows; what is computed ends the path. */
function referencesOf(source) {
  const references = [];
  let before = "";
  let at = 0;
  while (at < source.length) {
    const token = next(TOKEN, source, at)?.[0];
    if (token === undefined) {
      at += 1;
    } else if (token === '"' || token === "'") {
      at = endOfString(source, at);
      before = token;
    } else if (token !== "parameters" || before === ".") {
      at += token.length;
      before = token;
    } else {
      const reference = pathFrom(source, at, at + token.length);
      references.push(askedIn(source, reference));
      at = references.at(-1).end;
      before = "";
    }
  }
  return references;
}

function pathFrom(source, start, end) {
  const path = [];
  for (;;) {
    const field = next(FIELD, source, end);
    const element = field ?? next(ELEMENT, source, end);
    if (element === null) return { start, end, path, asked: false };
    path.push(element[1] ?? element[2] ?? element[3]);
    end += element[0].length;
  }
}

/** `has(parameters.path)` is a reference as a whole: no literal may stand inside of it. */
function askedIn(source, { start, end, path }) {
  const before = /\bhas\s*\(\s*$/.exec(source.slice(0, start));
  const after = /^\s*\)/.exec(source.slice(end));
  if (before === null || after === null || path.length === 0) return { start, end, path, asked: false };
  return { start: before.index, end: end + after[0].length, path, asked: true };
}

function next(pattern, source, at) {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

// ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A value as a literal of an expression. Braces keep their distance: `}}` would end the expression. */
function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (hasFields(value)) {
    const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${literal(field)}`);
    return `{ ${fields.join(", ")} } `;
  }
  const text = JSON.stringify(value);
  if (typeof value !== "number") return text;
  // Beyond what an integer can be, it is a number with a fraction in the language of expressions.
  const exact = Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? text : `${text}.0`;
  return value < 0 ? `(${exact})` : exact;
}

/** A value within text, as the core has it: a string as it is, anything else as JSON. */
const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** Text that a template reads as this text. */
const escaped = (text) => text.replaceAll("{{", '{{ "{{" }}');

/** The same of all text in a value, which is data: JSON has all of it. */
const escapedDeep = (value) => JSON.parse(JSON.stringify(value, (_, it) => (typeof it === "string" ? escaped(it) : it)));

/** Text and expressions as one text. Pieces of text are joined first: two braces may come from two of them. */
function joined(parts, escape) {
  let text = "";
  let open = "";
  const flush = (isBeforeBraces) => {
    const escapedText = escape(open);
    // A brace right before those of an expression would shift them.
    const shifts = isBeforeBraces && escape === escaped && escapedText.endsWith("{");
    text += shifts ? `${escapedText.slice(0, -1)}{{ "{" }}` : escapedText;
    open = "";
  };
  for (const part of parts) {
    if (part.text !== undefined) {
      open += part.text;
    } else {
      flush(true);
      text += `{{${part.source}}}`;
    }
  }
  flush(false);
  return text;
}
