// What is said about figures, on figures that are made up: which targets count as reached, and what is printed and written.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { document } from "../../../benches/lib/document.mjs";
import { PEERS } from "../../../benches/lib/peers.mjs";
import { figures, table, verdict } from "../../../benches/lib/report.mjs";
import { judge } from "../../../benches/lib/targets.mjs";
import { judgeAll, measureAll, together } from "../../../benches/lib/workload.mjs";

const results = [
  { name: "repflow", samples: [3, 30, 4] },
  { name: "them", samples: [2, 10, 4] },
  { name: "others", samples: [0.5, 0.04, 0.0867] },
];
const judged = (target) => judge(results, [target], "µs a step")[0];

test("so many times as much is just reached, and anything above is missed", () => {
  assert.equal(judged({ against: "them", most: 1.5 }).reached, true);
  assert.equal(judged({ against: "them", most: 1.49 }).reached, false);
  assert.deepEqual(judged({ contender: "them", against: "others", most: 50 }), {
    target: "them ≤ 50 × others",
    contender: "them",
    against: "others",
    most: 50,
    value: 4 / 0.0867,
    reached: true,
  });
});

test("without somebody to compare with, the bound is in the unit of the table", () => {
  assert.deepEqual([judged({ most: 4 }).target, judged({ most: 4 }).reached], ["repflow ≤ 4 µs a step", true]);
  assert.deepEqual([judged({ most: 29, of: "max" }).target, judged({ most: 29, of: "max" }).reached], ["repflow ≤ 29 µs a step (max)", false]);
});

test("of the fastest rounds, each side's own counts", () => {
  const { target, value } = judged({ against: "others", most: 80, of: "min" });
  assert.deepEqual([target, value], ["repflow ≤ 80 × others (min)", 3 / 0.04]);
});

test("who was not measured cannot be judged", () => {
  assert.throws(() => judged({ against: "nobody", most: 1 }), /nobody called nobody/);
  assert.throws(() => judged({ contender: "nobody", most: 1 }), /nobody called nobody/);
});

test("three figures say all", () => {
  const said = [0, 0.04321, 0.5, 1, 12.34, 999.6, 1_234.5, 1_234_567].map(figures);
  assert.deepEqual(said, ["0", "0.0432", "0.500", "1.00", "12.3", "1,000", "1,235", "1,234,567"]);
});

const measured = (targets) => ({ title: "work", unit: "µs a step", results, targets: judge(results, targets, "µs a step") });

test("a table has ratios to whom the package is judged by", () => {
  assert.equal(table(measured([{ most: 4 }, { against: "them", most: 2 }])), [
    "work     median, µs a step     min  × them",
    "repflow               4.00    3.00    1.50",
    "them                  4.00    2.00    1.00",
    "others              0.0867  0.0400  0.0217",
  ].join("\n"));
  assert.match(table({ ...measured([{ against: "them", most: 2 }]), beside: "others" }), /× others\n/);
  assert.match(table(measured([])), /× repflow\n/);
});

test("a verdict says the target and what was measured", () => {
  const [reached, missed] = judge(results, [{ against: "them", most: 2 }, { against: "them", most: 1 }], "µs");
  assert.equal(verdict(reached), "reached: repflow ≤ 2 × them (1.50)");
  assert.equal(verdict(missed), "MISSED: repflow ≤ 1 × them (1.50)");
});

test("the document has every figure of the results, and no other", () => {
  const tables = [measured([{ against: "them", most: 2 }, { against: "them", most: 1 }]), { ...measured([]), title: "more work" }];
  const packages = { repflow: "0.1.0", them: "2.3.4" };
  const workload = { name: "work", title: "work", about: "What is done.", pace: "thorough", load: 1.25, packages, tables };
  const text = document({ workloads: [workload, { ...workload, load: 3 }], setting: "a machine", commit: "abc123", date: "2026-11-30" });
  for (const said of [
    "measured it on 2026-11-30, at commit abc123.",
    "- Machine: a machine. Its load when a workload began was 1.3 to 3.0,",
    "- Versions: repflow 0.1.0, them 2.3.4.",
    "| work | repflow ≤ 2 × them | 1.50 | yes |",
    "| work | repflow ≤ 1 × them | 1.50 | **no** |",
    "## work\n\nWhat is done.\n\n|  | median, µs a step | min | × them |\n| --- | ---: | ---: | ---: |\n| repflow | 4.00 | 3.00 | 1.50 |",
    "- repflow ≤ 2 × them: 1.50, reached\n- repflow ≤ 1 × them: 1.50, **not reached**",
    "### more work\n\n|  | median, µs a step | min | × repflow |",
    "as fast as hand-written JavaScript",
  ]) assert.ok(text.includes(said), `the document does not say: ${said}\n\n${text}`);
  assert.doesNotMatch(text, /undefined|NaN|quick run/);
  assert.match(document({ workloads: [{ ...workload, pace: "quick" }], setting: "", commit: "", date: "" }), /quick run/);
});

test("of every peer that is installed it is said what it does", () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL("../../../benches/package.json", import.meta.url), "utf8"));
  // What others need, and nobody is measured by.
  const helpers = ["zod", "@langchain/core"];
  const said = PEERS.flatMap(({ name }) => name.split(/, | \+ /));
  const short = (name) => name.replace(/^@langchain\/|^@|\/core$/g, "");
  const unsaid = Object.keys(devDependencies).filter((name) => !helpers.includes(name) && !said.includes(short(name)));
  assert.deepEqual(unsaid, []);
});

/** A workload whose contenders move the clock by what they cost, in milliseconds, and note that they were set up. */
function workloadOf(costs, table) {
  let time = 0;
  const setUp = [];
  const contenders = Object.fromEntries(Object.entries(costs).map(([name, cost]) => [name, async () => {
    setUp.push(name);
    return async (times) => void (time += cost * times);
  }]));
  const workload = { title: "work", tables: [{ unit: "µs a step", contenders, ...table }] };
  return { workload, setUp, rounds: { rounds: 3, slice: 10, now: () => time } };
}

test("a workload's figures are those of one step", async () => {
  const { workload, rounds } = workloadOf({ repflow: 0.5, peer: 0.25 }, { per: 100, targets: [{ against: "peer", most: 2 }] });
  const [{ title, unit, results, targets }] = await measureAll(workload, "thorough", rounds);
  assert.deepEqual([title, unit], ["work", "µs a step"]);
  assert.deepEqual(results, [{ name: "repflow", samples: [5, 5, 5] }, { name: "peer", samples: [2.5, 2.5, 2.5] }]);
  assert.deepEqual(targets.map(({ value, reached }) => [value, reached]), [[2, true]]);
});

test("the short form sets up and judges only whom its targets name", async () => {
  const costs = { repflow: 0.5, "by hand": 0.25, peer: 0.125 };
  const short = [{ against: "by hand", of: "min", most: 1.5 }];
  const { workload, setUp, rounds } = workloadOf(costs, { targets: [{ against: "peer", most: 8 }], short });
  const [{ targets }] = await measureAll(workload, "short", rounds);
  assert.deepEqual(setUp, ["repflow", "by hand"]);
  assert.deepEqual(targets.map(({ target, reached }) => [target, reached]), [["repflow ≤ 1.5 × by hand (min)", false]]);
});

test("a workload without a short form cannot pass for one", async () => {
  const { workload } = workloadOf({ repflow: 1, peer: 1 }, { targets: [{ against: "peer", most: 1 }] });
  await assert.rejects(measureAll(workload, "short"), /"work" has no short form/);
});

test("what several processes measure counts together", async () => {
  const { workload } = workloadOf({ repflow: 1, peer: 1 }, { targets: [{ against: "peer", most: 1 }] });
  const part = (us, them) => [[{ name: "repflow", samples: us }, { name: "peer", samples: them }]];
  const results = together([part([1, 2], [1, 1]), part([3], [2]), part([4, 5], [4, 5])]);
  assert.deepEqual(results, part([1, 2, 3, 4, 5], [1, 1, 2, 4, 5]));
  const [{ targets }] = judgeAll(workload, "thorough", results);
  assert.deepEqual(targets.map(({ value, reached }) => [value, reached]), [[1, true]]);
});

test("who measures otherwise is judged the same", async () => {
  const { workload } = workloadOf({}, { targets: [{ most: 3 }] });
  workload.measure = async (pace) => [[{ name: "repflow", samples: [pace.length] }]];
  const [{ targets }] = await measureAll(workload, "thorough");
  assert.deepEqual(targets.map(({ value, reached }) => [value, reached]), [[8, false]]);
});
