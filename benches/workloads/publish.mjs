import assert from "node:assert/strict";

import { FeatureBus } from "repflow";

const SUBSCRIBERS = 10;
const TOPIC = "workout.generated";
const DATA = { user: "ada", minutes: 30 };

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
const repflow = subscribed({});
const mitt = async (handlers) => ofTopic((await import("mitt")).default(), handlers);
const eventemitter3 = async (handlers) => ofTopic(new (await import("eventemitter3")).EventEmitter(), handlers);
const emittery = async (handlers) => ofTopic(new (await import("emittery")).default(), handlers);
const byHand = (handlers) => {
  const loop = looping(handlers);
  return () => loop.emit(DATA);
};
const byHandAwaited = (handlers) => {
  const loop = looping(handlers);
  return () => loop.emitted(DATA);
};

function ofTopic(emitter, handlers) {
  for (const handler of handlers) emitter.on(TOPIC, handler);
  return () => emitter.emit(TOPIC, DATA);
}

function looping(handlers) {
  const loop = new Loop();
  for (const handler of handlers) loop.on(handler);
  return loop;
}

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

/** A contender, which publishes by `call`. All handlers are functions of their own that count. */
const publisher = (call, make) => async () => {
  let heard = 0;
  const publish = await make(Array.from({ length: SUBSCRIBERS }, () => () => void (heard += 1)));
  return async (times) => {
    const before = heard;
    await call(publish, times);
    assert.equal(heard - before, SUBSCRIBERS * times, "not everybody has heard everything");
  };
};

export default {
  title: "An event to ten subscribers",
  about:
    "Ten handlers are told of an event, with history and metrics on, as the bus is by default. mitt, eventemitter3 and the " +
    "loop by hand call the handlers and nothing else; emittery is what one takes to await them. Who does not await is " +
    "compared with who does not, and who does with who does. The third table is about subscribers that choose what they hear.",
  packages: ["mitt", "eventemitter3", "emittery"],
  tables: [
    {
      unit: "µs an event",
      contenders: {
        repflow: publisher(notAwaited, repflow),
        mitt: publisher(notAwaited, mitt),
        eventemitter3: publisher(notAwaited, eventemitter3),
        "by hand": publisher(notAwaited, byHand),
      },
      targets: [{ against: "mitt", most: 3 }],
      short: [{ against: "by hand", of: "min", most: 11.5 }],
    },
    {
      title: "An event to ten subscribers, awaited",
      unit: "µs an event",
      contenders: {
        repflow: publisher(awaited, repflow),
        emittery: publisher(awaited, emittery),
        "by hand": publisher(awaited, byHandAwaited),
      },
      targets: [{ against: "emittery", most: 1 }],
    },
    {
      title: "An event to ten subscribers that choose",
      unit: "µs an event",
      contenders: {
        "all of a topic": publisher(notAwaited, repflow),
        "by a pattern": publisher(notAwaited, subscribed({ topic: "workout.*" })),
        "by a function": publisher(notAwaited, subscribed({ options: { filter: ({ data }) => data.minutes > 20 } })),
        "by an expression": publisher(notAwaited, subscribed({ options: { filter: "data.minutes > 20" } })),
      },
    },
  ],
};
