// A long life: a million events and a hundred thousand requests while subscriptions and features come and go. Everything is
// accounted for, and the memory is level.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { FeatureBus } from "./package.mjs";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const EVENTS = 1_000_000;
const REQUESTS = 100_000;
const ROUNDS = 1_000;
const TOPICS = ["set.done", "set.begun", "rest.over"];

/** Bytes that are in use when what nobody has is collected. */
async function inUse() {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Who hears, how often, and how often that should have been. */
class Audience {
  /** How many events there were on each topic. */
  published = Object.fromEntries(TOPICS.map((topic) => [topic, 0]));
  heard = 0;
  rejected = 0;
  #bus;

  constructor(bus) {
    this.#bus = bus;
  }

  #sum(topics) {
    return topics.reduce((sum, topic) => sum + this.published[topic], 0);
  }

  /** Subscribes; the function that is returned ends it, and checks that all of `topics` was heard in between. */
  join(pattern, topics, { controller, answer, ...options } = {}) {
    let heard = 0;
    const before = this.#sum(topics);
    const handler = (event) => {
      assert.ok(topics.includes(event.type));
      heard += 1;
      this.heard += 1;
      return answer?.();
    };
    const end = this.#bus.subscribe(pattern, handler, { ...options, ...(controller && { signal: controller.signal }) });
    return () => {
      if (controller) controller.abort();
      else end();
      assert.equal(heard, this.#sum(topics) - before, `${pattern} has not heard everything`);
    };
  }
}

test("a million events and a hundred thousand requests: nothing is lost, and the memory is level", async () => {
  const bus = new FeatureBus();
  await bus.discover();
  const audience = new Audience(bus);
  const { published } = audience;
  const results = { delivered: 0, filtered: 0, failed: 0 };
  const requests = { asked: 0, performed: 0, answered: 0, refused: 0 };
  let told = 0;
  let once = 0;
  let evens = 0;
  bus.subscribe("repflow.listener.failed", () => void (told += 1));
  const stay = [
    audience.join("set.done", ["set.done"]),
    audience.join("set.*", ["set.done", "set.begun"], { priority: 5 }),
    audience.join("*.over", ["rest.over"], { filter: "data.round >= 0" }),
  ];
  bus.subscribe("rest.over", () => void (evens += 1), { filter: ({ data }) => data.count % 2 === 0 });

  const publish = async (round, from, to, source) => {
    const answers = [];
    for (let count = from; count < to; count += 1) {
      const topic = TOPICS[count % TOPICS.length];
      published[topic] += 1;
      answers.push(bus.publish(topic, { round, count }, count % 5 === 0 ? { source } : undefined));
    }
    for (const { delivered, filtered, failed } of await Promise.all(answers)) {
      results.delivered += delivered;
      results.filtered += filtered;
      results.failed += failed;
    }
  };
  const ask = async (name, value) => {
    const action = value % 25 === 0 ? "never" : value % 2 === 0 ? "now" : "nested";
    requests.asked += action === "nested" ? 2 : 1;
    const request = bus.request(name, action, { value });
    if (action === "never") {
      await assert.rejects(request, ({ code }) => code === "bus.failed");
      requests.refused += 1;
    } else {
      assert.equal(await request, value);
      requests.answered += action === "nested" ? 2 : 1;
    }
  };
  const feature = (name, round) => ({
    name,
    version: `1.${round}.0`,
    actions: {
      now: ({ value }) => {
        requests.performed += 1;
        return value;
      },
      nested: async ({ value }, ctx) => {
        requests.performed += 1;
        return ctx.request("constant", "now", { value });
      },
      never: () => {
        requests.performed += 1;
        throw new Error("no");
      },
    },
  });
  bus.registerFeature(feature("constant", 0));

  const quarters = [];
  let leave = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `feature-${round % 10}`;
    // A new one, or a newer one of those that are there.
    bus.registerFeature(feature(name, round));
    const arrive = [
      audience.join("set.done", ["set.done"], { priority: round % 7, feature: name }),
      audience.join("set.>", ["set.done", "set.begun"], { controller: new AbortController() }),
      audience.join("rest.over", ["rest.over"], { answer: () => Promise.resolve() }),
    ];
    bus.subscribe("set.begun", () => void (once += 1), { once: true });
    bus.subscribe("rest.over", () => { throw new Error("deaf"); }, { once: true, feature: name });
    const stream = bus.stream("rest.over", { limit: 4 });

    // Those of the round before leave in the middle of this one, while requests are under way.
    const asked = Array.from({ length: 50 }, (_, value) => ask(name, value));
    await publish(round, 0, EVENTS / ROUNDS / 2, name);
    for (const end of leave) end();
    leave = arrive;
    await publish(round, EVENTS / ROUNDS / 2, EVENTS / ROUNDS, name);
    // Enough for all that there are to be, with those that are asked on the way.
    while (requests.asked < ((round + 1) * REQUESTS) / ROUNDS) asked.push(ask(name, 2 * asked.length));
    const gone = round % 20 >= 10 && bus.unregisterFeature(name);
    await Promise.all([...asked, gone]);
    assert.equal((await stream.next()).value.data.round, round);
    await stream.return();
    if ((round + 1) % (ROUNDS / 4) === 0) quarters.push(await inUse());
  }
  for (const end of [...leave, ...stay]) end();

  const { topics, features, history } = await bus.metrics();
  for (const topic of TOPICS) assert.equal(topics[topic].published, published[topic]);
  assert.equal(Object.values(published).reduce((sum, count) => sum + count), EVENTS);
  // Each reader's place counts as one that hears; nobody of them is slow enough to be dropped.
  assert.equal(results.failed, ROUNDS);
  assert.equal(told, ROUNDS);
  assert.equal(once, ROUNDS);
  assert.equal(results.filtered, published["rest.over"] - evens);
  assert.equal(results.delivered, audience.heard + once + evens + published["rest.over"]);
  assert.deepEqual(
    ["delivered", "filtered", "failed"].map((key) => TOPICS.reduce((sum, topic) => sum + topics[topic][key], 0)),
    [results.delivered, results.filtered, results.failed],
  );

  assert.equal(requests.asked, REQUESTS);
  assert.equal(requests.performed, REQUESTS);
  assert.equal(requests.answered + requests.refused, REQUESTS);
  const counted = Object.values(features);
  assert.equal(counted.reduce((sum, { requests }) => sum + requests, 0), REQUESTS);
  assert.equal(counted.reduce((sum, { errors }) => sum + errors, 0), requests.refused);
  assert.ok(counted.every(({ inFlight }) => inFlight === 0));
  assert.equal(history.events, 1_000);

  // What a quarter adds must not be what one would see if anything stayed of each round: two bytes for each event.
  const [first, , , last] = quarters;
  assert.ok(last - first < 1_500_000, `bytes in use after each quarter: ${quarters}`);
  bus.dispose();
});
