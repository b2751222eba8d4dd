// What happens to a run before it begins: its definition, its input and what it refers to are found to be in order.

import { pointerTo, textOfDefinition } from "./definition.js";
import { RepflowError, assertValid } from "./errors.js";
import { nextId } from "./ids.js";
import { unknownWord } from "./nearest.js";
import { Run } from "./run.js";
import { checkInput } from "./schemas.js";
import { conform } from "./standard-schema.js";

/** Workflows within workflows: more of them are a mistake, such as one that starts itself. */
const DEEPEST = 32;

/** Begins a run of a definition as soon as it may begin, or fails it. */
export function launch(engine, run, definition) {
  engine.own();
  try {
    // What was given is what runs, also when the caller changes it while the core loads.
    const text = textOfDefinition(definition);
    run.workflowId = typeof definition.id === "string" ? definition.id : undefined;
    const core = engine.attached();
    if (!(core instanceof Promise)) {
      check(engine, core, run, text);
      return;
    }
    run.text = text;
    core.then(() => check(engine, engine.attached(), run, text)).catch((error) => engine.fail(run, error));
  } catch (error) {
    engine.fail(run, error);
  }
}

/** Starts the run of a registered workflow for a step of another one. `whenEnded(child, isValue, answer)` is told once. */
export function launchChild(engine, parent, node, workflow, input, whenEnded) {
  if (parent.depth === DEEPEST) {
    const which = `\`${parent.workflowId}\` would run \`${workflow}\``;
    const message = `workflows are nested more than ${DEEPEST} deep: ${which}; does one of them run itself?`;
    throw new RepflowError("workflow.invalid", message, parent.where);
  }
  const definition = engine.templates.get(workflow);
  return launchPart(engine, parent, node, definition, input, parent.childJournal(node, workflow), whenEnded);
}

/** Goes on with what a run had started and given up, and what was about to undo what it had done. */
export function launchLeaving(engine, parent) {
  for (const [node, journal] of parent.journal.leaving.splice(0)) {
    const whenEnded = (child) => parent.children?.delete(child);
    const child = launchPart(engine, parent, node, journal.definition, undefined, journal, whenEnded);
    if (!child.ended) (parent.children ??= new Map()).set(child, { node });
  }
}

function launchPart(engine, parent, node, definition, input, journal, whenEnded) {
  const { correlationId, trace, priority } = parent;
  const child = new Run(journal?.runId ?? nextId(), journal === undefined ? input : journal.input, { correlationId, trace, priority });
  if (journal !== undefined) {
    child.journal = journal;
    child.isRestored = true;
  }
  child.depth = parent.depth + 1;
  child.keyBase = engine.idempotencyKey(parent, node);
  child.parent = { run: parent, link: linkTo(parent, node) };
  child.whenEnded = whenEnded;
  // It is the step that hears of it.
  child.result.catch(() => {});
  engine.runs.add(child);
  if (parent.isPaused) engine.pause(child);
  launch(engine, child, journal?.definition ?? definition);
  return child;
}

/** How a child says whose it is. */
function linkTo(parent, node) {
  const link = { parentRunId: parent.id, parentStepId: parent.stepAt(node).id };
  const iteration = parent.nodes?.iterationOf(node);
  return iteration === undefined ? link : { ...link, parentIteration: iteration };
}

function check(engine, core, run, text) {
  if (run.ended) return;
  run.plan = engine.plans.get(core, text, run.checksOutput);
  run.workflowId = run.plan.id;
  if (run.cancellation !== undefined) {
    engine.fail(run, run.cancellation, "cancelled");
    return;
  }
  for (const workflow of run.plan.workflows) engine.templates.get(workflow);
  if (run.schemas?.steps !== undefined) checkSteps(run.plan, run.schemas.steps);
  if (run.journal?.isChecked) {
    engine.runs.admit(run);
    return;
  }
  const schema = run.schemas?.input;
  const input = schema === undefined ? run.input : conform(schema, run.input, "input.invalid", "the input of the run", run.where);
  if (schema !== undefined && input instanceof Promise) {
    input.then((input) => admit(engine, run, input)).catch((error) => engine.fail(run, error));
  } else {
    admit(engine, run, input);
  }
}

/** A validator of a step that is not there would check nothing. */
function checkSteps(plan, schemas) {
  const ids = plan.steps.map(({ id }) => id);
  const problems = Object.keys(schemas)
    .filter((id) => !ids.includes(id))
    .map((id) => unknownWord(pointerTo(["steps", id]), `there is no step \`${id}\` in \`${plan.id}\``, id, ids));
  assertValid("config.invalid", "the option `schemas`", problems);
}

function admit(engine, run, input) {
  if (run.ended) return;
  const { parameters } = run.plan;
  run.input = parameters === undefined ? input : checkInput(parameters, input);
  engine.runs.admit(run);
}
