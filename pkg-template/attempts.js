// Attempts of steps: whom they ask, with what, and what comes of the answer.

import { Call, abort, answerCall, isDone } from "./call.js";
import { canonical } from "./canonical.js";
import { now } from "./clock.js";
import { StepContext } from "./context.js";
import { report } from "./failures.js";
import { launchChild } from "./launch.js";
import { NOWHERE, valueAt } from "./paths.js";
import { VALUE } from "./plans.js";
import { unattended } from "./runtime.js";
import { conform } from "./standard-schema.js";
import { childFailed, rootOf, stepCancelled } from "./step-errors.js";

/** Begins an attempt, now. */
export function beginAttempt(engine, run, node, attempt, level, at) {
  const step = run.stepAt(node);
  // What was cancelled after this was queued is not begun; what undoes a step of a cancelled run is.
  if (run.revoked?.delete(placeOf(node, attempt)) || (run.cancellation !== undefined && step.compensates === undefined)) return;
  const call = new Call(run, node, step, attempt, level, run.schemas === undefined ? settle : answered);
  run.begin(node, call);
  try {
    const params = paramsOf(engine, run, node, step, level);
    // Reading the parameters may have run a getter of the caller, which may have ended the run.
    if (run.coreId === undefined) return;
    const schema = level === 0 ? schemasOf(run, step)?.input : undefined;
    if (schema === undefined) {
      // Mostly, and then by the shortest way: whoever throws in there makes a trace of all that led to it.
      if (level === 0 && step.feature !== undefined) engine.bus.asking.invoke(engine.bus.registry.find(step), params, call, new StepContext(call), at);
      else ask(engine, call, params, at);
      return;
    }
    const checked = conform(schema, params, "input.invalid", `the input of step \`${step.id}\``, run.where);
    if (!(checked instanceof Promise)) ask(engine, call, checked, at);
    else checked.then((params) => askLater(engine, call, params), (error) => fail(call, error));
  } catch (error) {
    answerCall(call, false, error);
  }
}

/** What a step is given, or its fallback. */
function paramsOf(engine, run, node, step, level) {
  const prepared = level === 0 ? run.prepared?.get(node) : undefined;
  if (prepared?.error !== undefined) throw prepared.error;
  if (prepared !== undefined) return prepared.params;
  const params = valueAt(run, node, (level === 0 ? step : step.fallbacks[level - 1]).path);
  if (params !== NOWHERE || run.coreId === undefined) return params;
  return engine.core.runParams(engine.coreHandle, run.coreId, node, level, run.id, run.input, run.outputs, run.items);
}

/** Validators are those of the step, not of what undoes it. */
const schemasOf = (run, step) =>
  step.compensates === undefined && run.schemas?.steps !== undefined && Object.hasOwn(run.schemas.steps, step.id)
    ? run.schemas.steps[step.id]
    : undefined;

function askLater(engine, call, params) {
  if (call.of.coreId === undefined || isDone(call)) return;
  try {
    ask(engine, call, params, now());
  } catch (error) {
    fail(call, error);
  }
}

function ask(engine, call, params, at) {
  const { target } = call;
  switch (target.kind) {
    case "call":
      engine.bus.asking.invoke(engine.bus.registry.find(target), params, call, new StepContext(call), at);
      break;
    case "workflow":
      askWorkflow(engine, call, target.workflow, params);
      break;
    case "emit": {
      const { workflowId, correlationId, trace } = call.of;
      engine.bus.hearing.emitFor(target.topic, params, workflowId, correlationId, trace);
      answerCall(call, true, null);
      break;
    }
    default:
      answerCall(call, true, params);
  }
}

/** A workflow answers with its output. Who gives up the attempt cancels the run. */
function askWorkflow(engine, call, workflow, input) {
  const { of: run, node, attempt } = call;
  const whenEnded = (child, isValue, answer) => {
    run.children?.delete(child);
    if (isValue && answer.degraded) {
      run.degraded = true;
      (run.degradedNodes ??= new Set()).add(node);
    }
    unattended(() => answerCall(call, isValue, isValue ? answer.output : childFailed(child, answer)));
  };
  const child = launchChild(engine, run, node, workflow, input, whenEnded);
  // It may have ended as it began.
  if (isDone(call)) return;
  (run.children ??= new Map()).set(child, { node, attempt });
  call.place = {
    leave: (_call, _hasFailed, reason, isOver) => {
      if (isOver) unattended(() => engine.cancel(child, reason));
    },
  };
}

/** Nobody awaits what comes of this: of a panic, whoever waits has been told already. */
const fail = (call, error) => unattended(() => answerCall(call, false, error));

/** Whether an answer is of no use any more. */
const isLate = (call) => call.of.coreId === undefined || call.isOver;

/** An attempt has answered, in a run with validators. */
function answered(call, isValue, answer, at) {
  if (isLate(call)) return;
  const { of: run, step } = call;
  const schema = isValue ? schemasOf(run, step)?.output : undefined;
  if (schema === undefined) {
    settle(call, isValue, answer, at);
    return;
  }
  const done = (isValue, answer) => settle(call, isValue, answer, now());
  let checked;
  try {
    checked = conform(schema, answer, "output.invalid", `the output of step \`${step.id}\``, run.where);
  } catch (error) {
    done(false, error);
    return;
  }
  if (!(checked instanceof Promise)) done(true, checked);
  else checked.then((value) => unattended(() => done(true, value)), (error) => unattended(() => done(false, error)));
}

/** No step behind a node, but itself. */
const HERE = [0];

/**
 * Tells how an attempt ended, when it is its turn. One that nobody waits for any more is not heard. Those that follow begin in here,
 * and not one function further: whoever throws in there makes a trace of all that led to it.
 */
function settle(call, isValue, answer, at) {
  if (isLate(call)) return;
  const { of: run, node, attempt } = call;
  const { engine } = run;
  const { commands } = engine;
  if (commands.isYielding(at)) {
    commands.answerLater(settle, call, isValue, answer);
    return;
  }
  run.take(node, attempt);
  run.prepared?.delete(node);
  let told, from;
  let offsets = HERE;
  if (isValue) {
    // For what reads it, nothing is null.
    run.outputs[node] = answer === undefined ? null : answer;
    // Why an earlier attempt failed is of no interest any more, and holds much: a trace, and what that knows.
    if (run.errors.length > node) run.errors[node] = undefined;
    const { leadsTo } = call.step;
    if (run.isCertain && leadsTo !== undefined) {
      offsets = run.unblocked(node, leadsTo);
      from = commands.follow(run, node, leadsTo, at);
    }
    if (from === undefined) told = engine.core.runSettle(engine.coreHandle, run.coreId, node, attempt, at);
  } else {
    run.setError(node, answer);
    const reported = report(rootOf(answer));
    // Reading the error may have run a getter of the caller, which may have ended the run.
    if (run.coreId === undefined) return;
    told = engine.core.runFail(engine.coreHandle, run.coreId, node, attempt, reported, at);
  }
  const next = isValue ? 1 : attempt + 1;
  if (from === undefined) {
    engine.telling.touch(run);
    from = commands.goOn(run, told, next, at);
    if (from === undefined) return;
    offsets = HERE;
  }
  let time = at;
  try {
    // By its place: to go through a list otherwise is dearer, and mostly there is one.
    for (let index = 0; index < offsets.length; index += 1) {
      const offset = offsets[index];
      // A handler that was called may have taken its time, or ended the run.
      if (index > 0) time = now();
      if (run.coreId === undefined) break;
      if (commands.isLate(time)) commands.later(run, from + offset, next);
      else beginAttempt(engine, run, from + offset, next, 0, time);
    }
  } catch (error) {
    engine.fail(run, error);
  } finally {
    commands.begun(time);
  }
}

/** It may have answered between the decision and now; that came too late. */
export function abortAttempt(run, node, attempt, error) {
  const call = run.take(node, attempt);
  if (call !== undefined) abort(call, error);
}

/** The run goes on without this attempt, which may not even have begun. */
export function abortCancelled(run, node, attempt) {
  run.revoked?.delete(placeOf(node, attempt));
  abortAttempt(run, node, attempt, run.cancellation ?? stepCancelled(run, node));
}

export const placeOf = (node, attempt) => node * 2 ** 20 + attempt;

/** A call whose answer others may have: what tells it from other calls is known here. */
export function prepare(engine, core, run, node) {
  const { coreHandle } = engine;
  const step = run.stepAt(node);
  if (run.cancellation !== undefined) return;
  const prepared = {};
  (run.prepared ??= new Map()).delete(node);
  let key;
  try {
    prepared.params = paramsOf(engine, run, node, step, 0);
    if (run.coreId === undefined) return;
    key = step.hasKey
      ? engine.evaluate(core, run, node, VALUE.cacheKey)
      : keyOf(step, prepared.params);
  } catch (error) {
    // Its attempt fails with that.
    prepared.error = error;
  }
  if (run.coreId === undefined) return;
  run.prepared.set(node, prepared);
  engine.telling.touch(run);
  engine.commands.take(core, core.runBegin(coreHandle, run.coreId, node, key, now()));
}

/** The action, and what it is given. What has no text is nobody else's. */
function keyOf(step, params) {
  try {
    return canonical([step.feature === undefined ? step.workflow : `${step.feature}.${step.action}`, params ?? null]);
  } catch {
    return undefined;
  }
}
