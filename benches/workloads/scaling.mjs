import assert from "node:assert/strict";

import { FeatureBus, WorkflowOrchestrator } from "repflow";

/** Ten times more may cost this many times as much. */
const MOST = 11;
/** The same on a busy machine: what grows with the square costs a hundred times as much. */
const MOST_ROUGHLY = 16;

const upTo = (count) => Array.from({ length: count }, (_, at) => at);
const call = (at) => ({ id: `s${at}`, call: "f.step" });

/**
 * A table: the same at sizes of which each is ten times the one before. `make(size)` gives what does it once. `short`
 * says which two sizes the short form compares.
 */
function table(title, things, sizes, make, short) {
  const name = (size) => `${size.toLocaleString("en")} ${things}`;
  return {
    title,
    unit: "µs",
    contenders: Object.fromEntries(sizes.map((size) => [name(size), async () => {
      const once = await make(size);
      return async (times) => {
        for (let made = 0; made < times; made += 1) await once();
      };
    }])),
    targets: sizes.slice(1).map((size, at) => ({ contender: name(size), against: name(sizes[at]), most: MOST })),
    short: short && [{ contender: name(short[1]), against: name(short[0]), most: MOST_ROUGHLY }],
  };
}

/** Made once: it is not the making of errors that is measured. */
const WRONG = new Error("it failed");

class Steps {
  calls = 0;

  constructor(options) {
    this.bus = new FeatureBus();
    const step = async () => {
      this.calls += 1;
    };
    const fail = async () => {
      this.calls += 1;
      throw WRONG;
    };
    this.bus.registerFeature({ name: "f", version: "1.0.0", actions: { step, fail } });
    this.orchestrator = new WorkflowOrchestrator({ bus: this.bus, ...options });
  }

  /** Does `work`, in which the step has to be called `calls` times. */
  async checked(calls, work) {
    const before = this.calls;
    await work();
    assert.equal(this.calls - before, calls);
  }
}

/** Runs of a definition that `definitionOf(size)` gives once, in which each of `size` steps is called. */
const running = (definitionOf, inputOf = () => undefined) => (size) => {
  const steps = new Steps();
  const definition = definitionOf(size);
  const input = inputOf(size);
  return () => steps.checked(size, () => steps.orchestrator.executeWorkflow(definition, input));
};

/** A definition of `size` steps that nobody has seen before is read, compiled and checked; it waits at its first step. */
function compiling(size) {
  let made = 0;
  const steps = [{ id: "first", wait: { signal: "never" } }, ...handedOn(size).steps];
  return async () => {
    const orchestrator = new WorkflowOrchestrator();
    made += 1;
    const run = orchestrator.start({ id: `new-${made}`, steps });
    run.result.catch(() => {});
    assert.equal(run.status().status, "running");
    orchestrator.dispose();
  };
}

function atOnce(size) {
  const steps = new Steps({ maxConcurrentRuns: size });
  const definition = { id: "five", steps: upTo(5).map(call) };
  const run = () => steps.orchestrator.executeWorkflow(definition);
  return () => steps.checked(5 * size, () => Promise.all(upTo(size).map(run)));
}

/** One event to `size` subscribers of its topic. */
function publishing(size) {
  const bus = new FeatureBus();
  let heard = 0;
  for (const _ of upTo(size)) bus.subscribe("t.x", () => void (heard += 1));
  return async () => {
    const before = heard;
    await bus.publish("t.x", 1);
    assert.equal(heard - before, size);
  };
}

/** An event for each of `size` topics, which has one subscriber. */
function topics(size) {
  const bus = new FeatureBus();
  let heard = 0;
  for (const at of upTo(size)) bus.subscribe(`t.x${at}`, () => void (heard += 1));
  return async () => {
    const before = heard;
    for (const at of upTo(size)) await bus.publish(`t.x${at}`, 1);
    assert.equal(heard - before, size);
  };
}

function comingAndGoing(size) {
  const bus = new FeatureBus();
  return () => {
    const subscriptions = upTo(size).map(() => bus.subscribe("t.x", () => {}));
    for (const unsubscribe of subscriptions) unsubscribe();
  };
}

/** A run that has called a step for each of `size` items, and waits. Its journal has three entries for each. */
async function waiting(size) {
  const steps = new Steps();
  const each = { id: "each", forEach: "{{ input }}", concurrency: 10, steps: [call(0)] };
  const run = steps.orchestrator.start({ id: "journal", steps: [each, { id: "end", wait: { signal: "go" } }] }, upTo(size));
  for await (const event of run.events()) if (event.type === "step.started" && event.stepId === "end") break;
  assert.equal(steps.calls, size);
  return { steps, run };
}

async function keeping(size) {
  const { run } = await waiting(size);
  return () => assert.equal(run.snapshot().workflowId, "journal");
}

/** A run is restored from its journal and goes on to its end; no step is called again. */
async function restoring(size) {
  const { steps, run } = await waiting(size);
  const journal = run.snapshot();
  run.cancel();
  await assert.rejects(run.result);
  return () =>
    steps.checked(0, async () => {
      const orchestrator = new WorkflowOrchestrator({ bus: steps.bus });
      const restored = orchestrator.restore(journal);
      restored.signal("go");
      await restored.result;
      orchestrator.dispose();
    });
}

const STEPS = [100, 1_000, 10_000];
/** A hundred thousand entries, and more. */
const ITEMS = [400, 4_000, 40_000];
const SUBSCRIBERS = [10, 100, 1_000, 10_000];

const chain = (size) => ({ id: "chain", steps: upTo(size).map(call) });
const handedOn = (size) => ({
  id: "handed-on",
  steps: upTo(size).map((at) => ({ ...call(at), with: at === 0 ? 1 : `{{ steps.s${at - 1}.output }}` })),
});
const parallel = (size) => ({ id: "parallel", steps: [{ id: "all", parallel: upTo(size).map(call) }] });
const limited = (size) => ({ id: "limited", steps: [{ id: "all", concurrency: 10, parallel: upTo(size).map(call) }] });
const layerBefore = (at) => upTo(10).map((of) => `s${at - (at % 10) - 10 + of}`);
const layers = (size) => ({
  id: "layers",
  steps: upTo(size).map((at) => ({ ...call(at), needs: at < 10 ? [] : layerBefore(at) })),
});
const eachItem = (...steps) => () => ({ id: "items", steps: [{ id: "each", forEach: "{{ input }}", concurrency: 10, steps }] });
const items = eachItem(call(0));
const choices = eachItem({ id: "choose", switch: [{ when: "item % 2 == 0", steps: [call(0)] }, { steps: [call(1)] }] });
const failures = eachItem({ id: "try", steps: [{ id: "fail", call: "f.fail" }], onError: "continue" });

export default {
  title: "Ten times more",
  about:
    "The same at sizes of which each is ten times the one before: ten times more may cost at most eleven times as much. " +
    "Times are those of the whole: of one run, or of all events. A journal has three entries for each item, so the longest " +
    "has 120,000.",
  packages: [],
  tables: [
    table("A new definition, compiled", "steps", STEPS, compiling, [1_000, 10_000]),
    table("A chain", "steps", STEPS, running(chain)),
    table("A chain in which each step is given the output before it", "steps", STEPS, running(handedOn)),
    table("Steps in parallel", "steps", STEPS, running(parallel)),
    table("Steps in parallel, ten at once", "steps", STEPS, running(limited)),
    table("A graph of layers of ten, each of which needs the whole layer before it", "steps", STEPS, running(layers)),
    table("A step for each item, ten at once", "items", STEPS, running(items, upTo), [1_000, 10_000]),
    table("Runs of five steps, all at once", "runs", STEPS, atOnce),
    table("An event, and who hears it", "subscribers", SUBSCRIBERS, publishing),
    // Of ten thousand, most are not in the cache of a processor, and how many are is another number in each process.
    table("An event for each topic, which has one subscriber", "topics", SUBSCRIBERS, topics, [100, 1_000]),
    table("Subscribers that come and go", "subscribers", SUBSCRIBERS, comingAndGoing),
    table("A run's journal, written", "items", ITEMS, keeping, [400, 4_000]),
    table("A run restored from its journal", "items", ITEMS, restoring, [400, 4_000]),
    table("A choice for each item, ten at once", "items", STEPS, running(choices, upTo), [1_000, 10_000]),
    table("A group for each item that fails, ten at once", "items", STEPS, running(failures, upTo), [1_000, 10_000]),
  ],
};
