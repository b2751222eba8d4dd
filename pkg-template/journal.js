// Journals: a run as plain data, from which it goes on later, also in another process.

import { canonical, ordered } from "./canonical.js";
import { now } from "./clock.js";
import { dataProblems, differences, isObject } from "./definition.js";
import { errorFromData, errorToData } from "./error-data.js";
import { aCount, aFlag, aString, assertValid, invalid, invalidAt, problem, problemsIn, problemsOf } from "./errors.js";
import { EVENT_NUMBERS } from "./events.js";
import { runCancelled } from "./step-errors.js";

const VERSION = 1;

/** What a journal consists of. */
const TEXT = [...aString, true];
const FLAG = [aFlag[0], "true or false", true];
const LIST = [Array.isArray, "a list", true];
const isNumberOrNull = (value) => value === null || Number.isFinite(value);
const isLog = (value) => Array.isArray(value) && value.length % EVENT_NUMBERS === 0 && value.every(isNumberOrNull);
const byNode = [(value) => isObject(value) && Object.keys(value).every((key) => /^\d+$/.test(key)), "an object by node", true];
const FIELDS = {
  version: [(value) => value === VERSION, `${VERSION}, the version that this package reads and writes`, true],
  runId: TEXT,
  workflowId: TEXT,
  correlationId: TEXT,
  priority: [Number.isInteger, "a whole number", true],
  definition: [isObject, "an object", true],
  definitionHash: TEXT,
  seed: [aCount[0], "a whole number", true],
  key: aString,
  log: [isLog, "a list of numbers, six to an event", true],
  input: [() => true],
  isChecked: FLAG,
  checksOutput: FLAG,
  isPaused: FLAG,
  degraded: FLAG,
  degradedNodes: LIST,
  outputs: byNode,
  items: LIST,
  signals: LIST,
  early: LIST,
  errors: byNode,
  failures: byNode,
  cancellation: [isObject, "an object"],
  outputError: [isObject, "an object"],
  children: byNode,
  leaving: LIST,
  at: [Number.isFinite, "milliseconds since the Unix epoch", true],
  checksum: aString,
};

// ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A run as it stands. Throws `journal.invalid` for one that has ended, or whose values are not plain data. */
export function journalOf(engine, run) {
  engine.commands.catchUp();
  const problems = [];
  const data = dataOf(engine, run, "", problems);
  assertValid("journal.invalid", `the journal of the run \`${run.id}\``, problems);
  const copy = ordered(data, "");
  return { ...copy, checksum: hashOf(JSON.stringify(copy)) };
}

function dataOf(engine, run, pointer, problems) {
  if (run.ended || run.isEnding) {
    const message = "the run has ended; a journal is made while it is active";
    problems.push(problem(pointer, message));
    return undefined;
  }
  const check = (value, pointerOf) => {
    const found = dataProblems(value);
    if (found.length > 0) problems.push(...problemsIn(pointer + pointerOf(), found));
    return value;
  };
  const earlyAfter = (count) =>
    (run.early ?? []).map(([name, payload], index) => [name, check(payload ?? null, () => `/early/${count + index}/1`)]);
  if (run.coreId === undefined && run.journal !== undefined) {
    const { checksum: _, early, ...rest } = run.journal;
    return { ...rest, isPaused: run.isPaused, early: [...early, ...earlyAfter(early.length)], at: now() };
  }
  const isBegun = run.coreId !== undefined && engine.isAttached;
  const text = run.plan?.text ?? run.text;
  const definition = JSON.parse(text);
  const data = {
    version: VERSION,
    ...run.where,
    priority: run.priority,
    definition,
    definitionHash: hashOf(canonical(definition)),
    seed: run.seed >>> 0,
    key: run.key,
    log: isBegun ? withoutNaN(engine.eventsOf(engine.core, run, 0)) : [],
    input: check(run.input, () => "/input"),
    isChecked: run.isReady,
    checksOutput: run.checksOutput,
    isPaused: run.isPaused,
    degraded: run.degraded,
    degradedNodes: [...(run.degradedNodes ?? [])],
    outputs: {},
    // A place that nothing has come to yet is no hole for JSON.
    items: Array.from(run.items, (item, frame) => check(item ?? null, () => `/items/${frame}`)),
    signals: run.signals.map((payload, index) => check(payload ?? null, () => `/signals/${index}`)),
    early: earlyAfter(0),
    errors: {},
    failures: {},
    cancellation: run.cancellation === undefined ? undefined : errorToData(run.cancellation.cause),
    outputError: run.outputError === undefined ? undefined : errorToData(run.outputError),
    children: {},
    leaving: [],
    at: now(),
  };
  run.outputs.forEach((output, node) => {
    const { id, fallbacks, compensates } = run.stepAt(node);
    // What is made of outputs of others is made again.
    if (output === null || fallbacks === undefined || compensates !== undefined) return;
    data.outputs[node] = check(output, () => stepPointer(run, node, id));
  });
  run.errors.forEach((error, node) => {
    if (error !== undefined) data.errors[node] = errorToData(error);
  });
  run.failures?.forEach((failures, node) => {
    data.failures[node] = failures.map(({ level, error }) => ({ level, error: errorToData(error) }));
  });
  for (const [child, { node }] of run.children ?? []) {
    const journal = dataOf(engine, child, `${pointer}/children/${node}`, problems);
    // One that was given up and undoes what it did is nobody's answer any more.
    if (child.cancellation === undefined) data.children[node] = journal;
    else data.leaving.push([node, journal]);
  }
  return data;
}

/** The log as JSON can hold it. It is long: a list that grows would be copied many times, and an iterator takes its time. */
function withoutNaN(numbers) {
  const log = new Array(numbers.length);
  for (let at = 0; at < log.length; at += 1) log[at] = Number.isNaN(numbers[at]) ? null : numbers[at];
  return log;
}

function stepPointer(run, node, id) {
  const iteration = run.nodes?.iterationOf(node);
  return `/steps/${id}${iteration === undefined ? "" : `/iterations/${iteration.join("/")}`}/output`;
}

// ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A journal that was given, as a copy. Throws `journal.invalid`. */
export function readJournal(journal) {
  const what = "the journal";
  assertValid("journal.invalid", what, problemsOf(journal, FIELDS));
  const { checksum, ...data } = journal;
  let copy;
  let text;
  try {
    copy = ordered(data, "");
    text = JSON.stringify(copy);
  } catch (error) {
    throw invalidAt("journal.invalid", what, "", `it must be plain data: ${error.message}`);
  }
  if (checksum !== hashOf(text)) {
    const message = "something in the journal was changed or lost: its checksum does not fit";
    throw invalidAt("journal.invalid", what, "/checksum", message);
  }
  return copy;
}

/** The ids of a run and of all that it has started. */
export function* idsIn(journal) {
  yield journal.runId;
  for (const child of childrenIn(journal)) yield* idsIn(child);
}

const childrenIn = ({ children, leaving }) => [...Object.values(children), ...leaving.map(([, child]) => child)];

/**
 * Refuses a journal whose workflow is not what it was any more: by the definition that the caller has, or by the one
 * that is registered under its id. A workflow that was made from a template has no parameters left, and is not compared
 * with the template.
 */
export function checkDefinition(journal, definition, templates) {
  const { definition: was, workflowId } = journal;
  const now = definition ?? (templates.ids().includes(workflowId) ? templates.get(workflowId) : undefined);
  const isMadeFromIt = definition === undefined && now?.parameters !== undefined && was.parameters === undefined;
  if (now !== undefined && !isMadeFromIt) {
    const problems = differences(was, JSON.parse(JSON.stringify(now)));
    if (problems.length > 0) {
      const error = invalid("journal.definition_changed", `the workflow \`${workflowId}\`, since the run \`${journal.runId}\` began,`, problems);
      throw Object.assign(error, { runId: journal.runId, workflowId });
    }
  }
  for (const child of childrenIn(journal)) checkDefinition(child, undefined, templates);
}

/** The log that a run goes on from, as the core reads it; nothing for one that begins. */
export function logOf(run) {
  const log = run.journal?.log;
  if (log === undefined || log.length === 0) return undefined;
  const numbers = new Float64Array(log.length);
  for (let at = 0; at < log.length; at += 1) numbers[at] = log[at] ?? Number.NaN;
  return numbers;
}

/** Gives a run the values of its journal back. */
export function restoreValues(run) {
  const { journal } = run;
  run.early = [...journal.early, ...(run.early ?? [])];
  if (journal.log.length === 0) return;
  run.seed = journal.seed;
  run.key = journal.key;
  [, run.startedAt] = journal.log;
  // Who listens hears what happens from now on.
  run.told = journal.log.length / EVENT_NUMBERS;
  run.isPaused = journal.isPaused;
  run.degraded = journal.degraded;
  run.degradedNodes = journal.degradedNodes.length === 0 ? undefined : new Set(journal.degradedNodes);
  if (run.plan.signals.length > 0) run.signals = journal.signals;
  if (run.plan.hasLoops) {
    run.items = journal.items;
    delete run.items[0];
  }
  for (const [node, output] of Object.entries(journal.outputs)) run.outputs[node] = output;
  for (const [node, error] of Object.entries(journal.errors)) run.setError(node, errorFromData(error));
  for (const [node, failures] of Object.entries(journal.failures)) {
    (run.failures ??= [])[node] = failures.map(({ level, error }) => ({ level, error: errorFromData(error) }));
  }
  if (journal.outputError !== undefined) run.outputError = errorFromData(journal.outputError);
  if (journal.cancellation !== undefined) run.cancellation = runCancelled(errorFromData(journal.cancellation), run.where);
}

// ── Hashes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * FNV-1a with 64 bits, over the UTF-16 units of a text. In parts of 32, 16 and 16 bits, so that all of it is done with whole
 * numbers of a processor.
 */
export function hashOf(text) {
  let high = 0xcbf29ce4;
  let middle = 0x8422;
  let low = 0x2325;
  for (let at = 0; at < text.length; at += 1) {
    low ^= text.charCodeAt(at);
    // Times 2 ** 40 + 0x1b3.
    const product = low * 0x1b3;
    const above = middle * 0x1b3 + (product >>> 16);
    high = (Math.imul(high, 0x1b3) + (above >>> 16) + (middle << 24) + (low << 8)) | 0;
    middle = above & 0xffff;
    low = product & 0xffff;
  }
  const hex = (number, digits) => number.toString(16).padStart(digits, "0");
  return hex(high >>> 0, 8) + hex(middle, 4) + hex(low, 4);
}
