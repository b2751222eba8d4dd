// What the bus counts.
//
// These are the modules of the facade on their own, at times of the tests' making.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Latencies, figuresOf } from "../../../pkg-template/figures.js";
import { ActionMeter, Histogram, Meters, Rate, TopicMeter } from "../../../pkg-template/meters.js";
import { random } from "./random.mjs";

const MINUTE = 60_000;
/** The beginning of a generation of latencies, and of a step of a rate. */
const START = 1_000 * 5 * MINUTE;

const errorRate = (rate, at) => figuresOf([{ rate, latency: new Histogram() }], at).errorRate;

// ── Latencies

const seen = (histogram, at) => new Latencies(histogram.generations(at));

const exact = (values, share) => [...values].sort((a, b) => a - b)[Math.max(Math.ceil(share * values.length), 1) - 1];
const near = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) <= 0.05 * expected, `${actual} is not within 5 % of ${expected}`);

test("percentiles are within 5 % of the exact ones", () => {
  const rng = random();
  const kinds = {
    uniform: () => 0.001 + rng() * 300,
    exponential: () => 0.001 - Math.log(1 - rng()) * 20,
    "from microseconds to minutes": () => 10 ** (rng() * 8 - 3),
    constant: () => 12.5,
  };
  for (const [kind, draw] of Object.entries(kinds)) {
    for (const count of [1, 2, 10, 5_000]) {
      const values = Array.from({ length: count }, draw);
      const histogram = new Histogram();
      for (const value of values) histogram.record(value, START);
      rng.explain(`${kind}, ${count} values`, () => {
        for (const share of [0, 0.01, 0.5, 0.9, 0.95, 0.99, 1]) near(seen(histogram, START).percentile(share), exact(values, share));
        const { p50, p90, p95, p99, max, mean } = seen(histogram, START).summary();
        assert.deepEqual([p50, p90, p95, p99], [0.5, 0.9, 0.95, 0.99].map((share) => seen(histogram, START).percentile(share)));
        assert.equal(max, Math.max(...values));
        near(mean, values.reduce((sum, value) => sum + value) / count);
      });
    }
  }
});

test("without latencies there are no percentiles", () => {
  const histogram = new Histogram();
  assert.equal(seen(histogram, START).percentile(0.5), undefined);
  assert.equal(seen(histogram, START).summary(), undefined);
});

test("what took no time, and what took days, is counted too", () => {
  const histogram = new Histogram();
  for (const ms of [0, 0.0001, 1e9]) histogram.record(ms, START);
  assert.ok(seen(histogram, START).percentile(0.5) <= 0.002);
  assert.equal(seen(histogram, START).summary().max, 1e9);
});

test("latencies are forgotten after 5 to 10 minutes", () => {
  const histogram = new Histogram();
  histogram.record(10, START);
  histogram.record(1_000, START + 6 * MINUTE);
  near(seen(histogram, START + 9 * MINUTE).percentile(0), 10);
  near(seen(histogram, START + 11 * MINUTE).percentile(0), 1_000);
  assert.equal(seen(histogram, START + 16 * MINUTE).percentile(0), undefined);
});

test("after a long rest, nothing of before is left", () => {
  const histogram = new Histogram();
  histogram.record(10, START);
  histogram.record(20, START + 60 * MINUTE);
  near(seen(histogram, START + 60 * MINUTE).percentile(0), 20);
});

test("histograms together tell of all values", () => {
  const [one, other] = [new Histogram(), new Histogram()];
  one.record(10, START);
  one.record(20, START + 6 * MINUTE);
  other.record(400, START + 7 * MINUTE);
  const both = new Latencies([one, other].flatMap((each) => each.generations(START + 8 * MINUTE)));
  const { max, mean } = both.summary();
  assert.equal(max, 400);
  near(mean, 430 / 3);
  near(both.percentile(0.5), 20);
});

// ── Rates

test("a rate knows what a list of ten steps knows", () => {
  const rng = random();
  const STEP = 6_000;
  for (let round = 0; round < 50; round += 1) {
    const rate = new Rate();
    const added = [];
    let at = START + rng() * MINUTE;
    const first = at;
    for (let step = 0; step < 300; step += 1) {
      at += rng() < 0.05 ? rng() * 2 * MINUTE : rng() * 2_000;
      const choice = rng();
      if (choice < 0.6 || added.length === 0) {
        const hasFailed = rng() < 0.3;
        rate.add(at, hasFailed);
        added.push({ at, hasFailed });
      } else if (choice < 0.7) {
        const late = added[Math.floor(rng() * added.length)];
        // What has left is not known any more, and each fails once.
        if (!late.hasFailed) {
          late.hasFailed = true;
          rate.fail(late.at);
        }
      }
      const oldest = (Math.floor(at / STEP) - 9) * STEP;
      const lately = added.filter((each) => each.at >= oldest);
      const failed = lately.filter(({ hasFailed }) => hasFailed).length;
      rng.explain(`round ${round}, step ${step}`, () => {
        assert.equal(rate.count(at), lately.length);
        assert.equal(rate.errors(at), failed);
        assert.equal(errorRate(rate, at), lately.length === 0 ? 0 : failed / lately.length);
        const looked = Math.max(at - Math.max(oldest, added[0]?.at ?? first), 1_000);
        assert.ok(Math.abs(rate.perSecond(at) - (lately.length * 1_000) / looked) < 1e-9);
      });
    }
  }
});

test("a rate that is only read has nothing", () => {
  const rate = new Rate();
  assert.deepEqual([rate.count(START), rate.errors(START), errorRate(rate, START), rate.perSecond(START)], [0, 0, 0, 0]);
  rate.add(START + 30 * MINUTE);
  assert.equal(rate.perSecond(START + 30 * MINUTE), 1);
});

// ── Topics, actions, and all of them

test("a topic counts who publishes and who hears", () => {
  const meter = new TopicMeter();
  for (const source of ["coach", "coach", "app", "coach"]) meter.publish(source, START);
  meter.hear("log", false);
  meter.hear("log", true);
  meter.hear("planner", false);
  meter.end(2, 1, 0, undefined, START);
  meter.end(1, 0, 2, 8, START + 8);
  const { published, delivered, filtered, failed } = meter;
  assert.deepEqual({ published, delivered, filtered, failed }, { published: 4, delivered: 3, filtered: 1, failed: 2 });
  assert.deepEqual(plain(meter.publishers), { coach: { count: 3, errors: 0 }, app: { count: 1, errors: 0 } });
  assert.deepEqual(plain(meter.hearers), { log: { count: 2, errors: 1 }, planner: { count: 1, errors: 0 } });
  assert.equal(seen(meter.latency, START + 8).summary().max, 8);
  assert.equal(errorRate(meter.rate, START + 8), 0.25);
});

test("a failure that comes late counts for when the event was published", () => {
  const meter = new TopicMeter();
  meter.publish("coach", START);
  meter.end(0, 0, 1, 30_000, START + 30_000);
  assert.equal(errorRate(meter.rate, START + 30_000), 1);
  meter.publish("coach", START + MINUTE);
  assert.equal(errorRate(meter.rate, START + MINUTE), 0);
});

test("whoever has no name is counted as well", () => {
  const meter = new TopicMeter();
  meter.publish(undefined, START);
  meter.hear(undefined, true);
  assert.deepEqual([meter.publishers.get(undefined).count, meter.hearers.get(undefined).errors], [1, 1]);
});

const plain = (map) => Object.fromEntries([...map].map(([name, tally]) => [name, { ...tally }]));

test("an action counts errors, timeouts and cancellations for what they are", () => {
  const meter = new ActionMeter();
  const ends = [
    undefined,
    Object.assign(new Error("secret"), { code: "bus.timeout", kind: "timeout" }),
    Object.assign(new Error("secret"), { code: "bus.cancelled", kind: "cancelled" }),
    new DOMException("secret", "AbortError"),
    new TypeError("secret"),
  ];
  for (const error of ends) {
    meter.begin("app", START);
    meter.end("app", error, 5, START + 5);
  }
  meter.begin("planner", START);
  const { requests, errors, timeouts, cancelled, inFlight, lastError } = meter;
  assert.deepEqual([requests, errors, timeouts, cancelled, inFlight], [6, 2, 1, 2, 1]);
  assert.deepEqual(lastError, { code: "TypeError", at: START + 5 });
  assert.deepEqual(plain(meter.callers), { app: { count: 5, errors: 2 }, planner: { count: 1, errors: 0 } });
  assert.equal(errorRate(meter.rate, START + 5), 2 / 3);
  assert.equal(JSON.stringify(meter).includes("secret"), false);
});

test("errors that are no errors have a code as well", () => {
  const codes = [null, "text", 7, { code: 404 }, { name: 1 }].map((error) => {
    const meter = new ActionMeter();
    meter.end("app", error, 1, START);
    return meter.lastError.code;
  });
  assert.deepEqual(codes, ["object", "string", "number", "object", "object"]);
});

test("a thousand are told apart, and all others are one", () => {
  const meters = new Meters();
  for (let count = 0; count < 1_500; count += 1) {
    meters.topic(`topic.${count}`).publish("app", START);
    meters.action("coach", `action-${count}`).begin("app", START);
  }
  assert.equal(meters.topics.size, 1_001);
  assert.equal(meters.topics.get("(other)").published, 500);
  assert.equal(meters.topic("topic.999"), meters.topics.get("topic.999"));
  assert.equal(meters.actions.get("(other)").requests, 500);
  assert.deepEqual(meters.byFeature().get("(other)"), [["(other)", meters.actions.get("(other)")]]);
  assert.equal(meters.byFeature().get("coach").length, 1_000);
  const meter = meters.topic("topic.0");
  for (let count = 0; count < 1_500; count += 1) {
    meter.publish(`source-${count}`, START);
    meter.hear(`feature-${count}`, false);
  }
  assert.deepEqual({ ...meter.publishers.get("(other)") }, { count: 501, errors: 0 });
  assert.equal(meter.hearers.size, 1_001);
});

test("several meters are summed up", () => {
  const meters = [new ActionMeter(), new ActionMeter()];
  meters[0].end("app", undefined, 10, START);
  meters[0].end("app", new Error("no"), 20, START);
  meters[1].end("app", undefined, 400, START);
  const { count, failed, errorRate, perSecond, latency } = figuresOf(meters, START);
  assert.deepEqual({ count, failed, errorRate, perSecond }, { count: 3, failed: 1, errorRate: 1 / 3, perSecond: 3 });
  assert.equal(latency.summary().max, 400);
  assert.equal(figuresOf([], START).errorRate, 0);
});
