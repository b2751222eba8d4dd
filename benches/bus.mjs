// What it costs to tell ten subscribers, with history and metrics on, as the bus is by default.
//
// mitt is a loop over handlers and nothing else, so it is the measure of what a loop costs; emittery is what one takes to
// await handlers. Who does not await is compared with who does not, and who does with who does. All handlers are
// functions of their own that count, and after every run the counts have to be right.
//
// `--quick` runs everything briefly and judges nothing.

import assert from "node:assert/strict";

import Emittery from "emittery";
import mitt from "mitt";
import { FeatureBus } from "repflow";

import { atMost, measure, notDearer, QUICK, THOROUGH } from "./lib/measure.mjs";
import { setting, table } from "./lib/report.mjs";

const SUBSCRIBERS = 10;
const TOPIC = "workout.generated";
const DATA = { user: "ada", minutes: 30 };
/** What the bus may cost, as a multiple of mitt's loop. */
const MOST = 3;

/** By hand: what one writes before one looks for a package. */
class Loop {
  #handlers = [];

  on(handler) {
    this.#handlers.push(handler);
  }

  emit(data) {
    for (const handler of this.#handlers) handler(data);
  }

  async emitted(data) {
    await Promise.all(this.#handlers.map((handler) => handler(data)));
  }
}

/** Each makes a bus whose subscribers are these handlers, and returns what publishes once. */
const makes = {
  mitt: (handlers) => {
    const emitter = mitt();
    for (const handler of handlers) emitter.on(TOPIC, handler);
    return () => emitter.emit(TOPIC, DATA);
  },
  emittery: (handlers) => {
    const emitter = new Emittery();
    for (const handler of handlers) emitter.on(TOPIC, handler);
    return () => emitter.emit(TOPIC, DATA);
  },
  repflow: subscribed({}),
  "by hand": (handlers) => {
    const loop = new Loop();
    for (const handler of handlers) loop.on(handler);
    return () => loop.emit(DATA);
  },
  "by hand, awaited": (handlers) => {
    const loop = new Loop();
    for (const handler of handlers) loop.on(handler);
    return () => loop.emitted(DATA);
  },
};

function subscribed({ topic = TOPIC, options }) {
  return (handlers) => {
    const bus = new FeatureBus();
    for (const handler of handlers) bus.subscribe(topic, handler, options);
    return () => bus.publish(TOPIC, DATA);
  };
}

/** One after the other, each when the one before has ended. */
async function awaited(publish, times) {
  for (let made = 0; made < times; made += 1) await publish();
}

/** All at once. Promises settle in their order, so when the last one has, all have; one that rejects ends the process. */
async function notAwaited(publish, times) {
  let last;
  for (let made = 0; made < times; made += 1) last = publish();
  await last;
}

/** A contender for `measure`, which publishes by `call`. */
function publisher(name, call, make = makes[name]) {
  let heard = 0;
  const publish = make(Array.from({ length: SUBSCRIBERS }, () => () => void (heard += 1)));
  const run = async (times) => {
    const before = heard;
    await call(publish, times);
    assert.equal(heard - before, SUBSCRIBERS * times, `${name}: not everybody has heard everything`);
  };
  return { name, run };
}

/** A contender that asks for an answer, again and again. */
function asker(name, ask) {
  let asked = 0;
  const call = ask(async ({ value }) => {
    asked += 1;
    return value;
  });
  const run = async (times) => {
    const before = asked;
    let sum = 0;
    for (let made = 0; made < times; made += 1) sum += await call({ value: 2 });
    assert.equal(sum, 2 * times, `${name}: the answers are wrong`);
    assert.equal(asked - before, times, `${name}: not every question was asked`);
  };
  return { name, run };
}

async function workload(title, contenders) {
  const results = await measure(contenders, quick ? QUICK : THOROUGH);
  console.log(`\n${table(title, results)}`);
  return results;
}

const quick = process.argv.includes("--quick");
console.log(setting(["repflow", "mitt", "emittery"]));
const fast = await workload(`to ${SUBSCRIBERS} subscribers`, [
  publisher("mitt", notAwaited),
  publisher("repflow", notAwaited),
  publisher("repflow, each awaited", awaited, makes.repflow),
  publisher("by hand", notAwaited),
]);
const patient = await workload(`to ${SUBSCRIBERS} subscribers, each awaited`, [
  publisher("repflow", awaited),
  publisher("emittery", awaited),
  publisher("by hand, awaited", awaited),
]);
await workload(`to ${SUBSCRIBERS} subscribers that choose`, [
  publisher("all of a topic", notAwaited, makes.repflow),
  publisher("by a pattern", notAwaited, subscribed({ topic: "workout.*" })),
  publisher("by a function", notAwaited, subscribed({ options: { filter: ({ data }) => data.minutes > 20 } })),
  publisher("by an expression", notAwaited, subscribed({ options: { filter: "data.minutes > 20" } })),
]);
await workload("a request and its answer", [
  asker("repflow", (answer) => {
    const bus = new FeatureBus();
    bus.registerFeature({ name: "echo", version: "1.0.0", actions: { answer } });
    return (params) => bus.request("echo", "answer", params);
  }),
  asker("async function", (answer) => answer),
]);

const failures = [
  ...(atMost(fast, "repflow", MOST) ? [] : [`repflow costs more than ${MOST} times what mitt does`]),
  ...notDearer(patient, ["emittery"]).map((name) => `awaited, repflow is not cheaper than ${name}`),
];
if (quick) {
  console.log("\n--quick: everything ran; too short to judge");
} else if (failures.length > 0) {
  console.log(`\nFAILED: to ${SUBSCRIBERS} subscribers, ${failures.join(" and ")}`);
  process.exitCode = 1;
} else {
  console.log(`\nto ${SUBSCRIBERS} subscribers, repflow costs at most ${MOST} times what mitt does; awaited, it is cheaper than emittery`);
}
