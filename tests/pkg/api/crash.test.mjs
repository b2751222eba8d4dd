// A run whose process ends at any moment, again and again, ends like one that nobody has interrupted.
//
// Workflows are drawn at random, of all kinds of steps, from a seed that a failure tells. Their steps run one after the
// other, and what handlers answer depends on what they are given alone: so there is one way for each to end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { after, call, world } from "./world.mjs";

const ROUNDS = 60;
const INPUT = { yes: true, no: false, list: ["x", "y", "z"] };

/** Numbers from 0 to below 1, by a seed (mulberry32). */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let it = Math.imul(state ^ (state >>> 15), 1 | state);
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
    return ((it ^ (it >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A workflow of random steps. */
function drawn(random) {
  const below = (count) => Math.floor(random() * count);
  const one = (list) => list[below(list.length)];
  const often = (share) => random() < share;
  let count = 0;
  const steps = (depth, most) => Array.from({ length: 1 + below(most) }, () => step(depth));
  function step(depth) {
    const id = `s${count++}`;
    const base = { id };
    if (often(0.15)) base.when = one(["input.yes", "input.no", "!input.no"]);
    if (often(0.25)) base.onError = "continue";
    const simple = ["call", "call", "wait", "workflow"];
    switch (depth > 2 ? one(simple) : one([...simple, "call", "signal", "parallel", "steps", "switch", "forEach", "emit"])) {
      case "wait":
        return { ...base, wait: 1 + below(6) };
      case "signal":
        return { ...base, wait: { signal: one(["go", "stop"]), timeout: 5 + below(20) }, onError: "continue" };
      case "parallel":
        return { ...base, parallel: steps(depth + 1, 3), concurrency: 1 };
      case "steps":
        return { ...base, steps: steps(depth + 1, 3) };
      case "switch":
        return { ...base, switch: [{ when: one(["input.yes", "input.no"]), steps: steps(depth + 1, 3) }, { steps: steps(depth + 1, 2) }] };
      case "forEach":
        return { ...base, forEach: often(0.5) ? "{{ input.list }}" : [1, { two: 2 }].slice(below(3)), concurrency: 1, steps: steps(depth + 1, 2) };
      case "emit":
        return { ...base, emit: "topic.x", with: { id } };
      case "workflow":
        return { ...base, workflow: one(["kid", "bad-kid"]), with: { id }, ...(often(0.3) ? { fallback: [{ value: "no kid" }] } : {}) };
      default: {
        const made = { ...base, ...call(id, one(["echo", "echo", "slow", "slow", "fail", "flaky"]), { with: { id, n: below(5) } }) };
        if (often(0.3)) made.retry = { maxAttempts: 3, delay: 1 + below(3), jitter: "none" };
        if (often(0.2)) made.fallback = [{ call: "world.fail" }, often(0.5) ? { value: { fell: id } } : { call: "world.echo" }];
        if (often(0.25)) made.compensate = { call: one(["world.undo", "world.undo", "world.fail"]), with: { out: `{{ steps.${id}.output }}` } };
        return made;
      }
    }
  }
  return { id: "drawn", steps: steps(0, 5) };
}

const undone = { compensate: { call: "world.undo" } };
const templates = [
  { id: "kid", steps: [call("a", "slow", { with: "{{ input.id }}", ...undone }), { id: "b", wait: 3 }, call("c", "echo", { with: "{{ steps.a.output }}" })] },
  { id: "bad-kid", steps: [call("a", "slow", undone), call("b", "fail")] },
];

const aWorld = () =>
  world({ templates }, {
    slow: (params) => after(4, { slow: params }),
    flaky: (params, { attempt }) => {
      if (attempt === 1) throw new Error("flaky");
      return after(1, { flaky: params });
    },
    undo: (params) => after(2, params),
  }).orchestrator;

/** How a run ended, without what differs each time. */
async function endOf(handle) {
  const told = await handle.result.then(
    ({ status, degraded, output, steps }) => ({ status, degraded, output, steps }),
    ({ code, stepId, message, compensation }) => ({ code, stepId, message, compensation }),
  );
  const own = ["durationMs", "runId", "attempts", "correlationId", "stack"];
  const text = JSON.stringify({ ...told, final: handle.status().status }, (key, value) => (own.includes(key) ? undefined : value));
  return JSON.parse(text.replaceAll(/ after \d+ attempts/g, ""));
}

test("a run that is interrupted at any moment ends like the uninterrupted one", async () => {
  let interruptions = 0;
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const random = chance(seed);
    const definition = drawn(random);
    const begin = (orchestrator) => {
      const handle = orchestrator.start(definition, INPUT);
      if (JSON.stringify(definition).includes('"signal":"go"')) handle.signal("go", 1);
      return handle;
    };
    const whole = aWorld();
    const expected = await endOf(begin(whole));
    whole.dispose();

    let orchestrator = aWorld();
    let handle = begin(orchestrator);
    handle.result.catch(() => {});
    for (let round = 0; round < 4; round += 1) {
      const isOver = await Promise.race([handle.result.then(() => true, () => true), after(Math.floor(random() * 12), false)]);
      if (isOver || handle.status().endedAt !== null) break;
      const journal = JSON.parse(JSON.stringify(handle.snapshot()));
      orchestrator.dispose();
      orchestrator = aWorld();
      handle = orchestrator.restore(journal);
      handle.result.catch(() => {});
      interruptions += 1;
    }
    assert.deepEqual(await endOf(handle), expected, `seed ${seed}: ${JSON.stringify(definition)}`);
    orchestrator.dispose();
  }
  assert.ok(interruptions > ROUNDS / 2, `${interruptions} interruptions`);
});
