// Attempts of steps: whom they ask, with what, and what comes of the answer.

import { canonical } from "./canonical.js";
import { now } from "./clock.js";
import { Cancellable, CallContext, StepContext } from "./context.js";
import { report } from "./failures.js";
import { launchChild } from "./launch.js";
import { VALUE } from "./plans.js";
import { unattended } from "./runtime.js";
import { conform } from "./standard-schema.js";
import { childFailed, rootOf, stepCancelled } from "./step-errors.js";

/** Begins an attempt. */
export function call(engine, core, run, node, attempt, level) {
  const step = run.stepAt(node);
  // What was cancelled after this was queued is not begun; what undoes a step of a cancelled run is.
  if (run.revoked?.delete(placeOf(node, attempt)) || (run.cancellation !== undefined && step.compensates === undefined)) return;
  const target = level === 0 ? step : step.fallbacks[level - 1];
  const context = new StepContext(engine, run, node, step.id, target, attempt, level, answered);
  run.begin(node, context);
  try {
    const params = level === 0 ? paramsOf(engine, core, run, node, step) : fallbackParams(engine, core, run, node, level);
    // Reading the parameters may have run a getter of the caller, which may have ended the run.
    if (run.number === undefined) return;
    const schema = level === 0 ? schemasOf(run, step)?.input : undefined;
    if (schema === undefined) {
      ask(engine, core, run, node, target, params, context);
      return;
    }
    const checked = conform(schema, params, "input.invalid", `the input of step \`${step.id}\``, run.where);
    if (!(checked instanceof Promise)) ask(engine, core, run, node, target, checked, context);
    else checked.then((params) => askLater(engine, run, node, target, params, context), (error) => fail(context, error));
  } catch (error) {
    CallContext.answer(context, false, error);
  }
}

/** What a step is given. */
function paramsOf(engine, core, run, node, step) {
  const prepared = run.prepared?.get(node);
  if (prepared?.error !== undefined) throw prepared.error;
  if (prepared !== undefined) return prepared.params;
  if (!step.hasWith && step.compensates === undefined) return run.input;
  return core.runParams(engine.handle, run.number, node, 0, run.id, run.input, run.outputs, run.items);
}

function fallbackParams(engine, core, run, node, level) {
  return core.runParams(engine.handle, run.number, node, level, run.id, run.input, run.outputs, run.items);
}

/** Validators are those of the step, not of what undoes it. */
const schemasOf = (run, step) =>
  step.compensates === undefined && run.schemas?.steps !== undefined && Object.hasOwn(run.schemas.steps, step.id)
    ? run.schemas.steps[step.id]
    : undefined;

function askLater(engine, run, node, target, params, context) {
  if (run.number === undefined || CallContext.isDone(context)) return;
  try {
    ask(engine, engine.core, run, node, target, params, context);
  } catch (error) {
    fail(context, error);
  }
}

function ask(engine, core, run, node, target, params, context) {
  switch (target.kind) {
    case "call":
      engine.bus.call(core, target.feature, target.action, params, context);
      break;
    case "workflow":
      askWorkflow(engine, run, node, target.workflow, params, context);
      break;
    case "emit":
      engine.bus.emit(target.topic, params, run.workflowId, run.correlationId, run.trace);
      CallContext.answer(context, true, null);
      break;
    default:
      CallContext.answer(context, true, params);
  }
}

/** A workflow answers with its output. Who gives up the attempt cancels the run. */
function askWorkflow(engine, run, node, workflow, input, context) {
  const whenEnded = (child, isValue, answer) => {
    run.children?.delete(child);
    if (isValue && answer.degraded) {
      run.degraded = true;
      (run.degradedNodes ??= new Set()).add(node);
    }
    unattended(() => CallContext.answer(context, isValue, isValue ? answer.output : childFailed(child, answer)));
  };
  const child = launchChild(engine, run, node, workflow, input, whenEnded);
  // It may have ended as it began.
  if (CallContext.isDone(context)) return;
  (run.children ??= new Map()).set(child, { node, attempt: context.attempt });
  Cancellable.hold(context, {
    leave: (_, reason, isOver) => {
      if (isOver) unattended(() => engine.cancel(child, reason));
    },
  });
}

/** Nobody awaits what comes of this: of a panic, whoever waits has been told already. */
const fail = (context, error) => unattended(() => CallContext.answer(context, false, error));

/** An attempt has answered. One that nobody waits for any more is not heard. */
function answered(context, isValue, answer) {
  const run = StepContext.runOf(context);
  if (run.number === undefined || Cancellable.isOver(context)) return;
  const node = StepContext.nodeOf(context);
  const schema = isValue && run.schemas !== undefined ? schemasOf(run, run.stepAt(node))?.output : undefined;
  if (schema === undefined) {
    settle(context, run, node, isValue, answer);
    return;
  }
  const done = (isValue, answer) => {
    if (run.number !== undefined && !Cancellable.isOver(context)) settle(context, run, node, isValue, answer);
  };
  let checked;
  try {
    checked = conform(schema, answer, "output.invalid", `the output of step \`${context.stepId}\``, run.where);
  } catch (error) {
    done(false, error);
    return;
  }
  if (!(checked instanceof Promise)) done(true, checked);
  else checked.then((value) => unattended(() => done(true, value)), (error) => unattended(() => done(false, error)));
}

function settle(context, run, node, isValue, answer) {
  const engine = StepContext.engineOf(context);
  if (engine.commands.isYielding) engine.commands.answerLater(settleInTurn, context, isValue, answer);
  else settleNow(engine, context, run, node, isValue, answer);
}

function settleInTurn(context, isValue, answer) {
  const run = StepContext.runOf(context);
  if (run.number === undefined || Cancellable.isOver(context)) return;
  settleNow(StepContext.engineOf(context), context, run, StepContext.nodeOf(context), isValue, answer);
}

function settleNow(engine, context, run, node, isValue, answer) {
  const { attempt } = context;
  run.take(node, attempt);
  run.prepared?.delete(node);
  const { core } = engine;
  const time = now();
  let commands;
  if (isValue) {
    // For what reads it, nothing is null.
    run.outputs[node] = answer === undefined ? null : answer;
    commands = core.runSettle(engine.handle, run.number, node, attempt, time);
  } else {
    run.errors[node] = answer;
    const told = report(rootOf(answer));
    // Reading the error may have run a getter of the caller, which may have ended the run.
    if (run.number === undefined) return;
    commands = core.runFail(engine.handle, run.number, node, attempt, told, time);
  }
  engine.telling.touch(run);
  engine.commands.take(core, commands);
  engine.commands.work(core, time);
}

/** It may have answered between the decision and now; that came too late. */
export function abortAttempt(run, node, attempt, error) {
  const context = run.take(node, attempt);
  if (context !== undefined) CallContext.abort(context, error);
}

/** The run goes on without this attempt, which may not even have begun. */
export function abortCancelled(run, node, attempt) {
  run.revoked?.delete(placeOf(node, attempt));
  abortAttempt(run, node, attempt, run.cancellation ?? stepCancelled(run, node));
}

export const placeOf = (node, attempt) => node * 2 ** 20 + attempt;

/** A call whose answer others may have: what tells it from other calls is known here. */
export function prepare(engine, core, run, node) {
  const { handle } = engine;
  const step = run.stepAt(node);
  if (run.cancellation !== undefined) return;
  const prepared = {};
  (run.prepared ??= new Map()).delete(node);
  let key;
  try {
    prepared.params = paramsOf(engine, core, run, node, step);
    if (run.number === undefined) return;
    key = step.hasKey
      ? core.runValue(handle, run.number, node, VALUE.cacheKey, run.id, run.input, run.outputs, run.items)
      : keyOf(step, prepared.params);
  } catch (error) {
    // Its attempt fails with that.
    prepared.error = error;
  }
  if (run.number === undefined) return;
  run.prepared.set(node, prepared);
  engine.telling.touch(run);
  engine.commands.take(core, core.runBegin(handle, run.number, node, key, now()));
}

/** The action, and what it is given. What has no text is nobody else's. */
function keyOf(step, params) {
  try {
    return canonical([step.feature === undefined ? step.workflow : `${step.feature}.${step.action}`, params ?? null]);
  } catch {
    return undefined;
  }
}
