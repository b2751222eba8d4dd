// A workload: the same work for everybody, with what has to be reached. One file in `workloads/` each:
//
//   title, about    what is done, in words; `about` is a paragraph of docs/benchmarks.md
//   packages        the npm packages that are measured beside this one
//   tables          each is measured by itself:
//     title, unit   such as "µs a step"
//     per           how many of the unit's things one turn does; 1 by default
//     contenders    by name: a function that sets one up and returns `run(times)`, which does the work that often and
//                   checks that it was done. It imports what it needs, so that a run without peers can leave it out
//     targets       see targets.mjs
//     beside        whom the ratios that are shown are to; by default, whom the first target is about
//     short         the targets of the short form, which measures only the contenders that they name: what was measured,
//                   times 1.6. Who makes something faster lowers its bound
//   measure         instead of `contenders`, for what cannot take turns in one process: given the pace ("thorough",
//                   "short" or "quick"), it returns the results of each table, `[{ name, samples }]`

import { measure, QUICK, SHORT, THOROUGH } from "./measure.mjs";
import { judge, US } from "./targets.mjs";

const PACES = { thorough: THOROUGH, short: SHORT, quick: QUICK };

/** Measures a workload in this process, and judges it. `rounds` is as for `measure`. */
export async function measureAll(workload, pace, rounds = PACES[pace]) {
  const results = await (workload.measure?.(pace) ?? inTurns(tablesOf(workload, pace), pace, rounds));
  return judgeAll(workload, pace, results);
}

/** What was measured in several processes: of each contender of each table, the samples of all of them. */
export const together = ([first, ...others]) =>
  first.map((table, at) => table.map(({ name, samples }, who) => (
    { name, samples: [...samples, ...others.flatMap((tables) => tables[at][who].samples)] })));

/** The tables of a workload, each with its `results` and judged `targets`. */
export function judgeAll(workload, pace, results) {
  return tablesOf(workload, pace).map(({ title = workload.title, unit, targets = [], short, beside }, at) => ({
    title,
    unit,
    beside,
    results: results[at],
    targets: judge(results[at], pace === "short" ? short : targets, unit),
  }));
}

function tablesOf({ title, tables }, pace) {
  const measured = pace === "short" ? tables.filter(({ short }) => short) : tables;
  if (measured.length === 0) throw new Error(`"${title}" has no ${pace} form`);
  return measured;
}

async function inTurns(tables, pace, rounds) {
  const all = [];
  for (const table of tables) {
    const contenders = [];
    for (const [name, make] of Object.entries(chosen(table, pace))) contenders.push({ name, run: await make() });
    const results = await measure(contenders, rounds);
    const per = table.per ?? 1;
    all.push(results.map(({ name, samples }) => ({ name, samples: samples.map((sample) => sample / per) })));
  }
  return all;
}

function chosen({ contenders, short }, pace) {
  if (pace !== "short") return contenders;
  const named = new Set(short.flatMap(({ contender = US, against }) => [contender, against]));
  return Object.fromEntries(Object.entries(contenders).filter(([name]) => named.has(name)));
}
