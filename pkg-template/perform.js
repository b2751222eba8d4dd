// What the commands of the core mean for a run.

import { abortAttempt, abortCancelled, beginAttempt, prepare } from "./attempts.js";
import { now } from "./clock.js";
import { RepflowError, describe } from "./errors.js";
import { REASON, refused } from "./failures.js";
import { NOWHERE, valueAt } from "./paths.js";
import { VALUE } from "./plans.js";
import { attemptsOf, byId } from "./results.js";
import { conform } from "./standard-schema.js";
import { attemptTimedOut, runTimedOut, stepError, stepTimedOut } from "./step-errors.js";

/** What the first word of a command says; see `encode` in src/wasm/engine.rs. */
const CALL = 0;
const TIME_OUT_ATTEMPT = 1;
const COLLECT = 2;
const COMPLETED = 3;
const FAILED = 4;
const TIMED_OUT = 5;
const CANCELLED = 6;
const BUILD_OUTPUT = 7;
const OUTPUT_FAILED = 8;
const SUPERSEDE_ATTEMPT = 9;
const TIME_OUT_STEP = 10;
const CANCEL_ATTEMPT = 12;
const EVALUATE = 13;
const PREPARE = 14;
const ITERATE = 15;
const RECEIVE = 16;
const STEP_FAILED = 17;
const FELL_BACK = 18;
const KEEP = 19;
const RECALL = 20;
const SHARE = 22;

/** What an EVALUATE asks for: items, which are for the host to keep, or until when to wait. */
const ITEMS = 2;
const UNTIL = 3;
/** Ten years, as long as a duration may be; see `MAX_DURATION` in src/time.rs. */
const LONGEST_WAIT_MS = 10 * 365 * 86_400_000;

/** What stands for "not known" where the core says in how many milliseconds to ask again; see `pack` in src/wasm/engine.rs. */
const LONGEST_MS = 2 ** 28 - 1;

/** Performs one command, now. */
export function perform(engine, core, run, op, node, a, b, at) {
  switch (op) {
    case CALL:
      beginAttempt(engine, run, node, a, b, at);
      break;
    case TIME_OUT_ATTEMPT:
    case TIME_OUT_STEP:
      run.setError(node, (op === TIME_OUT_STEP ? stepTimedOut : attemptTimedOut)(run, node));
      abortAttempt(run, node, a, run.errors[node]);
      break;
    case SUPERSEDE_ATTEMPT:
      abortAttempt(run, node, a, new RepflowError("policy.cancelled", "another attempt answered first"));
      break;
    case CANCEL_ATTEMPT:
      abortCancelled(run, node, a);
      break;
    case COLLECT:
      run.outputs[node] = collected(run, node, a);
      if (run.lists.length > node) run.lists[node] = undefined;
      break;
    case COMPLETED:
      engine.complete(core, run, at);
      break;
    case FAILED:
      engine.fail(run, errorOfStep(engine, core, run, node));
      break;
    case TIMED_OUT:
      engine.fail(run, runTimedOut(run), "timed_out");
      break;
    case CANCELLED:
      engine.fail(run, run.cancellation, "cancelled");
      break;
    case BUILD_OUTPUT:
      buildOutput(engine, core, run);
      break;
    case OUTPUT_FAILED:
      engine.fail(run, run.outputError);
      break;
    case EVALUATE:
      evaluate(engine, core, run, node, a, at);
      break;
    case PREPARE:
      prepare(engine, core, run, node);
      break;
    case ITERATE:
      if (!(b in run.items)) run.items[b] = (run.lists[node] ??= itemsOf(engine, core, run, node))[a];
      break;
    case RECEIVE:
      run.outputs[node] = run.signals[a] ?? null;
      break;
    case STEP_FAILED:
      stepFailed(engine, core, run, node, a, b);
      break;
    case FELL_BACK:
      run.degraded = true;
      ((run.failures ??= [])[node] ??= []).push({ level: a - 1, error: errorOf(run, node, b) });
      break;
    case KEEP:
      engine.keep(a, b, run.outputs[node]);
      break;
    case RECALL:
      run.prepared?.delete(node);
      run.outputs[node] = engine.recall(a, b);
      break;
    case SHARE:
      // Taken with the command: the run that led may be gone by now.
      break;
    default:
      throw new Error(`the core knows a command ${op} that the facade does not`);
  }
}

/** The error that a packed reason stands for. */
function errorOf(run, node, packed) {
  const reason = packed >>> 28;
  const retryAfterMs = packed & LONGEST_MS;
  const known = run.errors[node];
  if (reason === REASON.error || (reason === REASON.timeout && known?.code === "step.timeout")) return known;
  if (reason <= REASON.totalTimeout) return stepTimedOut(run, node);
  return refused(reason, retryAfterMs === LONGEST_MS ? undefined : retryAfterMs);
}

/** Why a step failed, for whoever asks for more than this step. */
const errorOfStep = (engine, core, run, node) => stepError(run, node, attemptsOf(engine.stepsOf(core, run, node, 1), 0));

/** The last word on why a step failed, which may have begun with one inside of it. */
function stepFailed(engine, core, run, node, packed, origin) {
  run.degraded = true;
  run.outputs[node] = null;
  run.setError(node, origin === node ? errorOf(run, node, packed) : errorOfStep(engine, core, run, origin));
}

function evaluate(engine, core, run, node, what, at) {
  const { coreHandle } = engine;
  let commands;
  try {
    if (what === ITEMS) {
      const list = itemsOf(engine, core, run, node);
      if (run.coreId === undefined) return;
      run.lists[node] = list;
      run.outputs = withRoom(run.outputs, run.nodes.expect(node, list.length));
      commands = core.runIterate(coreHandle, run.coreId, node, list.length, now());
    } else {
      const ms = what === UNTIL ? valueAt(run, node, run.stepAt(node).path) : NOWHERE;
      if (run.coreId === undefined) return;
      // What is no duration, the core is to say; or it is one that is written as text.
      commands =
        typeof ms === "number" && ms >= 0 && ms <= LONGEST_WAIT_MS
          ? core.runWait(coreHandle, run.coreId, node, ms, at)
          : core.runEvaluate(coreHandle, run.coreId, node, run.id, run.input, run.outputs, run.items, now());
    }
  } catch (error) {
    // Reading a value may have run a getter of the caller, which may have ended the run.
    if (run.coreId === undefined) return;
    run.setError(node, error);
    commands = core.runEvaluationFailed(coreHandle, run.coreId, node, now());
  }
  engine.telling.touch(run);
  engine.commands.take(core, commands);
}

/** The items of a loop, as they are now. */
function itemsOf(engine, core, run, node) {
  let list = valueAt(run, node, run.stepAt(node).path);
  if (list === NOWHERE && run.coreId !== undefined) {
    list = engine.evaluate(core, run, node, VALUE.items);
  }
  if (Array.isArray(list)) return [...list];
  const message = `\`forEach\` of step \`${run.stepAt(node).id}\` must give a list, not ${describe(list)}`;
  throw new RepflowError("expression.failed", message);
}

/** The same values with room for so many, where those are many more: a list that grows one by one is copied again and again. */
const withRoom = (values, size) => (size > 2 * values.length ? Object.assign(new Array(size), values) : values);

/** The output of a step that is made of those of others; of a `switch`, of those of the case that was chosen, counted from 1. */
function collected(run, node, chosen) {
  const { plan, outputs } = run;
  const step = run.stepAt(node);
  if (step.kind !== "forEach") {
    const steps = step.kind === "group" ? step.children : step.cases[chosen - 1];
    return steps === undefined ? null : byId(plan, steps, (child) => outputs[run.nodeOf(node, child)]);
  }
  // V8 leaves room for more fields in what begins as `{}`; what JSON is read into, and copies of that, have room for these alone.
  step.blank ??= JSON.parse(JSON.stringify(byId(plan, step.children, () => null)));
  const first = run.stepOf(node) + 1;
  return run.nodes.basesOf(node).map((base) => {
    const output = { ...step.blank };
    for (const child of step.children) output[plan.steps[child].id] = outputs[base + child - first];
    return output;
  });
}

function buildOutput(engine, core, run) {
  let output;
  try {
    output = valueAt(run, 0, run.plan.path);
    if (output === NOWHERE && run.coreId !== undefined) {
      output = core.runOutput(engine.coreHandle, run.coreId, run.id, run.input, run.outputs, run.items);
    }
    const schema = run.schemas?.output;
    if (schema !== undefined) output = conform(schema, output, "output.invalid", "the output of the run", run.where);
  } catch (error) {
    outputBuilt(engine, run, undefined, error);
    return;
  }
  if (typeof output?.then !== "function" || run.schemas?.output === undefined) outputBuilt(engine, run, output);
  else output.then((value) => outputBuilt(engine, run, value), (error) => outputBuilt(engine, run, undefined, error));
}

function outputBuilt(engine, run, output, error) {
  if (run.coreId === undefined) return;
  const { core } = engine;
  run.output = output;
  run.outputError = error;
  const built = error === undefined ? core.runOutputBuilt : core.runOutputFailed;
  engine.goOn(core, run, built(engine.coreHandle, run.coreId, now()));
}
