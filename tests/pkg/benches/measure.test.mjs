// What the benchmarks' figures mean, on a clock that only the work moves. The benchmarks themselves are no test: how fast
// something is depends on what else the machine does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { atOnce, contender, inSequence } from "../../../benches/lib/checked.mjs";
import { measure, median, ratio, settled } from "../../../benches/lib/measure.mjs";
import { contenders } from "../../../benches/lib/steps.mjs";

/** Contenders of known cost in milliseconds, and the clock they move; `cost` may depend on how often it was asked. */
function race(costs) {
  let time = 0;
  const turns = [];
  const contenders = Object.entries(costs).map(([name, cost]) => ({
    name,
    run: async (times) => {
      turns.push(name);
      time += times * (typeof cost === "function" ? cost(turns.length) : cost);
    },
  }));
  return { contenders, turns, now: () => time };
}

test("a call costs what the clock says, in microseconds, in every round", async () => {
  const { contenders, now } = race({ us: 0.25, cheap: 0.125, dear: 1 });
  const results = await measure(contenders, { rounds: 3, slice: 10, now });
  assert.deepEqual(results, [
    { name: "us", samples: [250, 250, 250] },
    { name: "cheap", samples: [125, 125, 125] },
    { name: "dear", samples: [1_000, 1_000, 1_000] },
  ]);
});

test("a ratio is taken within the rounds, and the one in the middle counts", () => {
  const results = [{ name: "us", samples: [10, 200, 12] }, { name: "them", samples: [5, 100, 3] }];
  assert.equal(ratio(results, "us", "them"), 2);
  assert.equal(ratio(results, "them", "us"), 0.5);
  assert.throws(() => ratio(results, "us", "nobody"), /nobody called nobody/);
});

test("in every round each one runs once, and comes after each of the others now and then", async () => {
  const { contenders, turns, now } = race({ a: 100, b: 100, c: 100 });
  await measure(contenders, { rounds: 60, slice: 10, now });
  // The warm-up runs each of them twice.
  const rounds = turns.slice(6).join("").match(/.../g);
  assert.equal(rounds.length, 60);
  for (const round of rounds) assert.equal([...round].sort().join(""), "abc");
  for (const pair of ["ab", "ac", "ba", "bc", "ca", "cb"]) assert.ok(rounds.some((round) => round.includes(pair)), pair);
});

test("a machine that is slow now and then changes nothing", async () => {
  // After the warm-up, which is the first four turns: both in one round, then each of them alone.
  const slow = (cost) => (turn) => ([5, 6, 7, 12].includes(turn) ? 50 : 1) * cost;
  const { contenders, now } = race({ us: slow(16), them: slow(32) });
  const results = await measure(contenders, { rounds: 9, slice: 10, now });
  assert.deepEqual(results.map(({ samples }) => median(samples)), [16_000, 32_000]);
  assert.equal(ratio(results, "them", "us"), 2);
});

test("what loads something first is not taken for slow", async () => {
  const sizes = [];
  let time = 0;
  const run = async (times) => {
    sizes.push(times);
    time += sizes.length === 1 ? 1_000 : times;
  };
  await measure([{ name: "us", run }], { rounds: 1, slice: 8, now: () => time });
  assert.equal(sizes.at(-1), 8);
});

test("a slice is filled, however little a call costs", async () => {
  let time = 0;
  const longest = [];
  const run = async (times) => {
    time += times / 1024;
    longest.push(times / 1024);
  };
  await measure([{ name: "us", run }], { rounds: 2, slice: 64, now: () => time });
  assert.ok(longest.at(-1) >= 64 && longest.at(-1) < 128, `${longest.at(-1)} ms`);
});

test("what is fast only once it is compiled is warm before the first round, and has whole slices then", async () => {
  const sizes = [];
  let time = 0;
  let called = 0;
  const run = async (times) => {
    sizes.push(times);
    for (let call = 0; call < times; call += 1) time += (called += 1) <= 100 ? 4 : 0.5;
  };
  const [{ samples }] = await measure([{ name: "us", run }], { rounds: 3, slice: 16, warmUp: 500, now: () => time });
  assert.deepEqual(samples, [500, 500, 500]);
  assert.ok(sizes.at(-1) >= 32, `${sizes.at(-1)} calls a slice`);
});

test("what takes long each time counts from the seventh time on, or when it is told to", async () => {
  const taking = (...taken) => async () => taken.shift();
  assert.equal(await settled(taking(900, 800, 700, 600, 500, 400, 3, 1, 2)), 2);
  assert.equal(await settled(taking(900), { uncounted: 0, times: 1 }), 900);
});

test("the median is the one in the middle", () => {
  assert.equal(median([9, 1, 100]), 9);
  assert.equal(median([9, 1, 100, 11]), 10);
});

test("who does the work as asked is measured", async () => {
  const workloads = [
    [(work) => work, { kind: "answer", call: inSequence }],
    [(work) => () => work().catch(work).catch(work), { kind: "thirdTime", call: inSequence, attempts: 3 }],
    [(work) => work, { kind: "shared", call: atOnce(4), peak: 4 }],
  ];
  for (const [protect, workload] of workloads) {
    const run = await contender("honest", protect, workload);
    await run(10);
  }
});

test("who does less, answers something else, lets everybody in or only one is found out", async () => {
  const lazy = await contender("lazy", () => async () => 42, { kind: "answer", call: inSequence });
  await assert.rejects(lazy(10), /lazy: the work was not done/);
  const wrong = await contender("wrong", (work) => async () => (await work()) + 1, { kind: "answer", call: inSequence });
  await assert.rejects(wrong(10), /wrong: the answers/);
  const open = await contender("open", (work) => work, { kind: "shared", call: atOnce(5), peak: 4 });
  await assert.rejects(open(10), /open: 5 at once/);
  const narrow = await contender("narrow", (work) => work, { kind: "shared", call: inSequence, peak: 4 });
  await assert.rejects(narrow(10), /narrow: 1 at once/);
});

test("who leaves a step out or gives a wrong answer is found out", async () => {
  const chains = {
    honest: ({ next }) => async () => next(await next(0)),
    lazy: ({ next }) => async () => (await next(0)) + 1,
    wrong: ({ next }) => async () => (await next(await next(0))) + 1,
  };
  const { honest, lazy, wrong } = contenders(chains, { answer: 2, calls: 2 });
  await (await honest())(10);
  await assert.rejects((await lazy())(10), /lazy: the work was not done/);
  await assert.rejects((await wrong())(10), /wrong: the answer is 3, not 2/);
});
