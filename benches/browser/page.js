// Runs in the page: measures the tables of the workloads as Node does, and sends what came out to where the page is from.

import chain from "../workloads/chain.mjs";
import fanOut from "../workloads/fan-out.mjs";
import graph from "../workloads/graph.mjs";
import { measure } from "../lib/measure.mjs";

/** Who is measured here. The others are not made for pages. */
const WHO = ["repflow", "by hand", "by hand, with records", "effect", "langgraph"];

async function measured({ tables: [table] }, pace) {
  const contenders = [];
  for (const [name, make] of Object.entries(table.contenders)) {
    if (WHO.includes(name)) contenders.push({ name, run: await make() });
  }
  const results = await measure(contenders, pace);
  return results.map(({ name, samples }) => ({ name, samples: samples.map((sample) => sample / table.per) }));
}

const send = (body) => fetch("results", { method: "POST", body: JSON.stringify(body) });

try {
  const pace = await (await fetch("pace")).json();
  const tables = [];
  for (const workload of [chain, fanOut, graph]) tables.push(await measured(workload, pace));
  await send({ tables, userAgent: navigator.userAgent });
} catch (error) {
  await send({ error: `${error}\n${error.stack}` });
}
