// A template that is a path and nothing more is read where its value stands; any other is evaluated in the core. They mean the same.

import assert from "node:assert/strict";
import test from "node:test";

import { random } from "./random.mjs";
import { call, flow, world } from "./world.mjs";

const ROUNDS = 400;
const KEYS = ["a", "b", "length", "constructor", "__proto__", "0"];

const pick = (next, list) => list[Math.floor(next() * list.length)];

/** Anything that a caller may give. */
function value(next, depth = 0) {
  const scalars = [undefined, null, true, 0, -0, 1.5, -1, NaN, Infinity, 1e300, "", "5ms", "text", 10n, Symbol("s"), () => 1];
  const inner = () => value(next, depth + 1);
  const makes = [
    () => [inner(), inner()],
    // eslint-disable-next-line no-sparse-arrays
    () => [inner(), , inner()],
    () => ({ a: inner(), b: inner() }),
    () => Object.assign(Object.create({ a: "inherited" }), { b: inner() }),
    () => Object.assign(Object.create(null), { a: inner(), constructor: inner() }),
    () => Object.defineProperty({ b: inner() }, "a", { get: () => "got" }),
    () => Object.defineProperty({ b: inner() }, "a", { get: () => { throw new Error("no"); } }),
    () => Object.assign(() => 1, { a: inner() }),
    () => JSON.parse('{"__proto__": {"a": 1}, "0": "zero"}'),
    () => new Map([["a", 1]]),
    () => new Uint8Array([1, 2]),
    () => new Proxy({ a: inner() }, {}),
    () => new Proxy([inner()], {}),
    () => new Proxy({ a: 1 }, { getOwnPropertyDescriptor: () => { throw new Error("no"); } }),
    () => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy; },
  ];
  return depth < 3 && next() < 0.8 ? pick(next, makes)() : pick(next, scalars);
}

/** Some steps of a path. */
const path = (next) => Array.from({ length: Math.floor(next() * 4) }, () =>
  next() < 0.4 ? `[${pick(next, [0, 1, 2, 4_294_967_295, 9_007_199_254_740_993n, "1.0", -1])}]` : `["${pick(next, KEYS)}"]`).join("");

/** The same, for the core: no path any more. */
const evaluated = (path) => `true ? ${path} : null`;

/** What comes of a run: its output, or its error, of which the text of the expression is no part. */
async function outcomeOf(run) {
  try {
    return { output: (await run).output };
  } catch (error) {
    const { code, message, cause } = error;
    return { code, cause: cause?.code, message: message.replace(/`\{\{.*\}\}` fails at column \d+/, "it fails") };
  }
}

/** That both outcomes are the same, and values the very same. */
function assertSame(one, other, where) {
  assert.ok(Object.is(one.output, other.output), where);
  assert.deepEqual({ ...one, output: 0 }, { ...other, output: 0 }, where);
}

/** Runs a definition made with a path, and with what the core is to evaluate instead. */
async function compare(next, make, root, given = value(next)) {
  const { orchestrator } = world();
  const text = `${root}${path(next)}`;
  const outcomes = [];
  for (const expression of [text, evaluated(text)]) {
    outcomes.push(await outcomeOf(orchestrator.executeWorkflow(make(`{{ ${expression} }}`), given)));
  }
  assertSame(outcomes[0], outcomes[1], text);
  return outcomes[0];
}

const held = (next) => ({ a: value(next), b: [value(next)], 0: value(next) });
const echoed = (more) => [{ id: "inner", call: "world.echo", ...more }];

const KINDS = {
  "what a step is given, of the input": { root: "input", make: (text) => flow([call("one", "echo", { with: text })]) },
  "what a step is given, of another step": {
    root: "steps.one.output",
    make: (text) => flow([call("one", "echo"), call("two", "echo", { with: text })]),
  },
  "what a fallback is given": {
    root: "input",
    make: (text) => flow([call("one", "fail", { with: {}, fallback: [{ call: "world.echo", with: text }] })]),
  },
  "the output of a run": { root: "steps.one.output", make: (text) => flow([call("one", "echo")], { output: text }) },
};

for (const [what, { root, make }] of Object.entries(KINDS)) {
  test(`a path and an expression give the same: ${what}`, async () => {
    const next = random();
    let found = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      try {
        const { code } = await compare(next, make, root, next() < 0.5 ? held(next) : value(next));
        if (code === undefined) found += 1;
      } catch (error) {
        next.explain(`round ${round}`, () => { throw error; });
      }
    }
    assert.ok(found > ROUNDS / 10 && found < ROUNDS, `some lead to something, some do not: ${found}`);
  });
}

test("a path and an expression give the same in loops within loops", async () => {
  const next = random();
  for (let round = 0; round < ROUNDS; round += 1) {
    const given = [[value(next), held(next)], [held(next)]];
    const root = pick(next, ["item", "each", "steps.seen.output", "index"]);
    const seen = { id: "seen", call: "world.echo", with: "{{ item }}" };
    const make = (text) => flow([
      { id: "outer", forEach: "{{ input }}", as: "each", steps: [
        { id: "loop", forEach: "{{ each }}", as: "item", steps: [seen, ...echoed({ with: text })] },
      ] },
    ], { output: "{{ steps.outer.output.map(o, o.loop.map(i, i.inner)) }}" });
    const { orchestrator } = world();
    const text = root + path(next);
    const outcomes = [];
    for (const expression of [text, evaluated(text)]) {
      outcomes.push(await outcomeOf(orchestrator.executeWorkflow(make(`{{ ${expression} }}`), given)));
    }
    next.explain(`round ${round}`, () => {
      const [one, other] = outcomes.map(({ output }) => output?.flat());
      assert.equal(one?.length, other?.length, text);
      one?.forEach((value, at) => assert.ok(Object.is(value, other[at]), text));
      assert.deepEqual({ ...outcomes[0], output: 0 }, { ...outcomes[1], output: 0 }, text);
    });
  }
});

test("a path and an expression give the same items of a loop", async () => {
  const next = random();
  for (let round = 0; round < ROUNDS; round += 1) {
    const make = (text) => flow([{ id: "loop", forEach: text, as: "item", steps: echoed({ with: "{{ item }}" }) }], { output: "{{ size(steps.loop.output) }}" });
    await compare(next, make, "input", next() < 0.5 ? { a: [1, 2], b: [[], [3]] } : value(next));
  }
});

test("a path and an expression give the same time to wait", async () => {
  const { orchestrator } = world();
  const times = [0, -0, 0.4, 1.5, -1, -0.001, NaN, Infinity, 1e300, 3.2e11, "1ms", "1.5ms", "-1ms", "x", null, undefined, true, [], {}, 2n];
  for (const kind of ["duration", "until"]) {
    for (const time of [...times, Date.now(), new Date(), new Date().toISOString()]) {
      const outcomes = [];
      for (const text of ["input.time", evaluated("input.time")]) {
        const definition = flow([{ id: "pause", wait: { [kind]: `{{ ${text} }}` } }]);
        const run = orchestrator.start(definition, { time });
        // What is so far off that it would not end is cancelled.
        if (time === 3.2e11 || (kind === "duration" && time > 1e12)) setTimeout(() => run.cancel("enough"), 5);
        outcomes.push(await outcomeOf(run.result));
      }
      assertSame(outcomes[0], outcomes[1], `${kind} ${String(time)}`);
    }
  }
});

test("a getter that ends its run is read, and nothing comes of it", async () => {
  const makes = [
    (text) => flow([call("one", "echo", { with: text })]),
    (text) => flow([{ id: "one", wait: { duration: text } }]),
    (text) => flow([{ id: "one", forEach: text, as: "item", steps: echoed() }], { output: "{{ size(steps.one.output) }}" }),
    (text) => flow([call("one", "echo", { with: {} })], { output: text }),
  ];
  const list = [];
  const answers = [() => 5, () => list, () => { throw new Error("no"); }];
  const ends = [(orchestrator) => orchestrator.list()[1].id, (orchestrator) => orchestrator.dispose()];
  for (const [make, answer, end] of makes.flatMap((make) => answers.flatMap((answer) => ends.map((end) => [make, answer, end])))) {
    const outcomes = [];
    for (const text of ["input.a", evaluated("input.a")]) {
      const { orchestrator } = world();
      const other = outcomeOf(orchestrator.start(flow([call("other", "never")]), {}).result);
      const input = {
        get a() {
          const id = end(orchestrator);
          if (id !== undefined) orchestrator.get(id).cancel("enough");
          return answer();
        },
      };
      const outcome = await outcomeOf(orchestrator.executeWorkflow(make(`{{ ${text} }}`), input));
      // Nothing that was meant for the run has come to another one.
      const isThere = orchestrator.list({ status: "running" }).length;
      orchestrator.dispose();
      outcomes.push({ ...outcome, isThere, other: await other });
    }
    assertSame(outcomes[0], outcomes[1], make("…"));
  }
});
