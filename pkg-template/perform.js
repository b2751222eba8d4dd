// What the commands of the core mean for a run: call, abort, collect, end.

import { now } from "./clock.js";
import { Cancellable, CallContext, StepContext } from "./context.js";
import { RepflowError } from "./errors.js";
import { REASON, refused, report } from "./failures.js";
import { attemptsOf, byId } from "./results.js";

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

/** What stands for "not known" where the core says in how many milliseconds to ask again; see `pack` in src/wasm/engine.rs. */
const LONGEST_MS = 2 ** 28 - 1;

/** Performs one command. */
export function perform(engine, core, run, op, step, detail) {
  switch (op) {
    case CALL:
      // What was cancelled after this was queued is not begun.
      if (run.cancellation === undefined) call(engine, core, run, step, detail);
      break;
    case TIME_OUT_ATTEMPT:
      abortAttempt(run, step, detail, run.attemptTimedOut(step));
      break;
    case TIME_OUT_STEP:
      abortAttempt(run, step, detail, run.stepTimedOut(step));
      break;
    case SUPERSEDE_ATTEMPT:
      abortAttempt(run, step, detail, new RepflowError("policy.cancelled", "another attempt answered first"));
      break;
    case COLLECT:
      run.outputs[step] = byId(run.plan, run.plan.steps[step].children, (child) => run.outputs[child]);
      break;
    case COMPLETED:
      engine.complete(core, run);
      break;
    case FAILED:
      stepFailed(engine, core, run, step, detail >>> 28, detail & LONGEST_MS);
      break;
    case TIMED_OUT:
      engine.fail(run, run.timedOut(), "timed_out");
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
    default:
      throw new Error(`the core knows a command ${op} that the facade does not`);
  }
}

function call(engine, core, run, step, attempt) {
  const { feature, action, hasWith } = run.plan.steps[step];
  const context = new StepContext(engine, run, step, attempt, answered);
  run.begin(step, context);
  try {
    const params = hasWith ? core.runParams(engine.handle, run.number, step, run.id, run.input, run.outputs) : run.input;
    // Reading the parameters may have run a getter of the caller.
    if (run.ended) return;
    engine.bus.call(core, feature, action, params, context);
  } catch (error) {
    answered(context, false, error);
  }
}

/** The handler of a step has answered. One that nobody waits for any more is not heard. */
function answered(context, isValue, answer) {
  const { engine, run, step } = StepContext.placeOf(context);
  if (run.ended || Cancellable.isOver(context)) return;
  const { attempt } = context;
  run.take(step, attempt);
  const { core } = engine;
  let commands;
  if (isValue) {
    run.outputs[step] = answer;
    commands = core.runSettle(engine.handle, run.number, step, attempt, now());
  } else {
    run.errors[step] = answer;
    const told = report(answer);
    // Reading the error may have run a getter of the caller.
    if (run.ended) return;
    commands = core.runFail(engine.handle, run.number, step, attempt, told, now());
  }
  engine.touch(run);
  engine.take(core, commands);
  engine.work(core);
}

/** It may have answered between the decision and now; that came too late. */
function abortAttempt(run, step, attempt, error) {
  if (error.kind === "timeout") run.errors[step] = error;
  const context = run.take(step, attempt);
  if (context !== undefined) CallContext.abort(context, error);
}

function stepFailed(engine, core, run, step, reason, retryAfterMs) {
  const attempts = attemptsOf(core.runSteps(engine.handle, run.number), step);
  const isTimeout = reason === REASON.timeout || reason === REASON.totalTimeout;
  if (reason === REASON.totalTimeout) run.errors[step] = run.stepTimedOut(step);
  else if (reason !== REASON.error && !isTimeout) {
    run.errors[step] = refused(reason, retryAfterMs === LONGEST_MS ? undefined : retryAfterMs);
  }
  engine.fail(run, run.stepFailed(step, attempts, isTimeout));
}

function buildOutput(engine, core, run) {
  try {
    run.output = core.runOutput(engine.handle, run.number, run.id, run.input, run.outputs);
  } catch (error) {
    if (run.ended) return;
    run.outputError = error;
  }
  if (run.ended) return;
  engine.touch(run);
  const built = run.outputError === undefined ? core.runOutputBuilt : core.runOutputFailed;
  engine.take(core, built(engine.handle, run.number, now()));
}
