// Contenders in processes of their own, what a page has to load, and the longest way through a workflow.

import assert from "node:assert/strict";
import { test } from "node:test";

import { apart, figure } from "../../../benches/lib/apart.mjs";
import { bundle, loadedAtOnce } from "../../../benches/lib/bundle.mjs";
import { criticalPath } from "../../../benches/lib/critical-path.mjs";

const script = (text) => ["--input-type=module", "--eval", text];

test("each contender is a new process in every round, and its last line says the figures", async () => {
  const measured = await apart([
    { name: "us", args: script('console.log("loading\\n" + JSON.stringify({ ms: 2, kb: 3 }))'), rounds: 2 },
    { name: "slow", args: script("console.log(JSON.stringify({ ms: process.pid }))"), rounds: 1 },
    { name: "them", args: script("console.log(JSON.stringify({ ms: process.pid }))"), rounds: 2 },
  ]);
  const [us, slow, them] = figure(measured, "ms");
  assert.deepEqual(us, { name: "us", samples: [2, 2] });
  assert.deepEqual(figure(measured, "kb")[0], { name: "us", samples: [3, 3] });
  assert.equal(slow.samples.length, 1);
  assert.equal(new Set([...slow.samples, ...them.samples, process.pid]).size, 4);
  for (const { samples } of figure(measured, "processMs")) assert.ok(samples.every((ms) => ms > 1), `${samples}`);
});

test("a contender that fails, or says nothing, fails the measurement", async () => {
  const alone = (text) => apart([{ name: "us", args: script(text), rounds: 1 }]);
  await assert.rejects(alone('throw new Error("wrong answer")'), /wrong answer/);
  await assert.rejects(alone(""), SyntaxError);
});

test("a page loads what is imported, and later what is asked for", async () => {
  const own = new URL("../../../benches/lib/critical-path.mjs", import.meta.url).pathname;
  const other = new URL("../../../benches/lib/measure.mjs", import.meta.url).pathname;
  const [at, later] = [own, other].map((path) => JSON.stringify(path));
  const chunks = await bundle(`export { criticalPath } from ${at}; export const later = () => import(${later});`);
  assert.equal(chunks.length, 2);
  const [first, ...others] = loadedAtOnce(chunks);
  assert.deepEqual(others, []);
  assert.match(first.code, /which are not looked at here/);
  assert.doesNotMatch(first.code, /nobody called/);
});

test("the critical path goes through what takes longest, step after step", () => {
  const asks = (task) => ({ id: task, metadata: { task } });
  const all = { id: "all", parallel: [asks("b"), { id: "two", steps: [asks("c"), asks("d")] }] };
  const steps = [asks("a"), { id: "check" }, all, asks("e")];
  assert.equal(criticalPath(steps, { a: 1, b: 5, c: 2, d: 4, e: 10 }), 17);
  assert.equal(criticalPath(steps, { a: 1, b: 7, c: 2, d: 4 }), 8);
  assert.throws(() => criticalPath([{ id: "x", needs: ["y"] }], {}), /x has needs/);
});
