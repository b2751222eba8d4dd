// Contenders that cannot take turns in one process, because what is measured is a process: its memory, its first steps.
// Each is measured in new processes, and they still take turns: in every round each runs once, first one, then another.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * Measures `contenders`, each `{ name, args, rounds }`, where `args` is how node is called and `rounds` in how many
 * rounds it takes part: those that take minutes, in fewer. What is called prints an object of figures as its last line.
 * Returns for each, in the same order, `{ name, figures }`: such an object for every round, with `processMs`, how long
 * the process took.
 */
export async function apart(contenders) {
  const measured = contenders.map(({ name, args, rounds }) => ({ name, args, rounds, figures: [] }));
  const most = Math.max(...measured.map(({ rounds }) => rounds));
  for (let round = 0; round < most; round += 1) {
    for (let turn = 0; turn < measured.length; turn += 1) {
      const { args, rounds, figures } = measured[(round + turn) % measured.length];
      if (round < rounds) figures.push(await printed(args));
    }
  }
  return measured.map(({ name, figures }) => ({ name, figures }));
}

/** One of the figures of everybody, as samples. */
export function figure(measured, key) {
  return measured.map(({ name, figures }) => ({ name, samples: figures.map((figures) => figures[key]) }));
}

/** How node is called to measure one contender of a workload: by what the workload exports as `measureAlone`. */
export function alone(workload, contender, pace) {
  return ["--expose-gc", fileURLToPath(new URL("../alone.mjs", import.meta.url)), workload, contender, pace];
}

/** What a new process prints as its last line, which is an object, and how long it took. */
export async function printed(args) {
  const started = performance.now();
  const { stdout } = await execute(process.execPath, args, { maxBuffer: 1 << 26 });
  const processMs = performance.now() - started;
  return { ...JSON.parse(stdout.trimEnd().split("\n").at(-1)), processMs };
}
