// What goes wrong in the worst way: hostile values, misuse, reentrance, listeners and timers left behind.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { project, run } from "../support.mjs";
import { AdvancedWorkflowIntegration, FeatureBus, RepflowError, WorkflowOrchestrator, repflowError } from "./package.mjs";

/** An orchestrator whose bus has one feature `world` with these actions. */
function world(actions, options) {
  const bus = new FeatureBus(options);
  bus.registerFeature({ name: "world", version: "1.0.0", actions });
  return new WorkflowOrchestrator({ bus });
}

const one = (step) => ({ id: "one", steps: [{ id: "only", call: "world.act", ...step }] });
const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

test("a key `__proto__` is data like any other", async () => {
  const orchestrator = world({ act: (params) => params });
  const evil = JSON.parse('{ "__proto__": { "polluted": "{{ input }}" }, "plain": "{{ input }}" }');
  const { output } = await orchestrator.executeWorkflow(one({ with: evil }), 1);
  assert.deepEqual(Object.keys(output).sort(), ["__proto__", "plain"]);
  assert.equal(Object.getPrototypeOf(output), Object.prototype);
  assert.equal({}.polluted, undefined);
});

test("what others have put on `Object.prototype` is no option that is missing", async () => {
  Object.prototype.others = function () {};
  try {
    const orchestrator = world({ act: (params) => params }, { history: { maxEvents: 10 } });
    assert.equal((await orchestrator.bus.request("world", "act", 1)), 1);
  } finally {
    delete Object.prototype.others;
  }
});

test("whatever a handler throws, who waits for it is told", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const shy = new Proxy({}, { getPrototypeOf: () => { throw new Error("nobody may ask"); } });
  for (const [thrown, message] of [[proxy, /revoked/], [shy, /nobody may ask/]]) {
    for (const act of [() => { throw thrown; }, () => Promise.reject(thrown)]) {
      const orchestrator = world({ act });
      await assert.rejects(orchestrator.executeWorkflow(one({ timeout: "1h" }), 1), { code: "step.failed", message });
      await assert.rejects(orchestrator.bus.request("world", "act", 1), { code: "bus.failed", message });
    }
  }
});

test("a host that drops timers and tasks with the request that left them keeps nobody waiting", async () => {
  const orchestrator = world({
    act: (params) => (params === "never" ? new Promise(() => {}) : params),
    busy: () => {
      const end = performance.now() + 6;
      while (performance.now() < end);
    },
  });
  const steps = [1, 2, 3].map((id) => ({ id: `busy${id}`, call: "world.busy", timeout: 20 }));
  await orchestrator.executeWorkflow({ id: "loads", steps }, 1);
  await tick();
  const { setTimeout, setImmediate } = globalThis;
  globalThis.setTimeout = globalThis.setImmediate = () => ({});
  // One that ends, and one that lets the host have its turn, and never comes back.
  orchestrator.executeWorkflow(one({ timeout: 20 }), 1).catch(() => {});
  orchestrator.executeWorkflow({ id: "yields", steps }, 1).catch(() => {});
  await Promise.resolve();
  Object.assign(globalThis, { setTimeout, setImmediate });
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  assert.equal((await orchestrator.executeWorkflow(one({ timeout: 20 }), 1)).output, 1);
  await assert.rejects(orchestrator.executeWorkflow(one({ timeout: 20 }), "never"), { code: "step.timeout" });
});

test("inherited properties are not data", async () => {
  const orchestrator = world({ act: (params) => params });
  const failing = orchestrator.executeWorkflow(one({ with: "{{ input.constructor }}" }), {});
  await assert.rejects(failing, (error) => {
    assert.equal(error.cause.code, "expression.failed");
    assert.match(error.message, /constructor/);
    return repflowError({ code: "step.failed", kind: "validation", stepId: "only" })(error);
  });
});

test("a template keeps identity and type, and mixes into text", async () => {
  const orchestrator = world({ act: (params) => params });
  const input = { map: new Map([[1, 2]]), list: [10, { deep: true }], when: new Date(0), none: null, "a key": "value" };
  const { output } = await orchestrator.executeWorkflow(
    one({
      with: {
        map: "{{ input.map }}",
        deep: "{{ input.list[1] }}",
        text: "{{ input.list[0] }} and {{ input.list }} and {{ input['a key'] }} and {{ input.none }}",
        braces: "{{ '{{' }}",
        nested: ["{{ input.when }}", { untouched: 1.5 }],
      },
    }),
    input,
  );
  assert.equal(output.map, input.map);
  assert.equal(output.deep, input.list[1]);
  assert.equal(output.nested[0], input.when);
  assert.equal(output.text, ' 10 and [10,{"deep":true}] and value and null'.slice(1));
  assert.equal(output.braces, "{{");
  assert.deepEqual(output.nested[1], { untouched: 1.5 });
});

test("a getter that a template reads may use the orchestrator", async () => {
  const orchestrator = world({ act: (params) => params });
  let inner;
  const input = {
    get value() {
      inner = orchestrator.executeWorkflow(one({}), "inner");
      return "outer";
    },
  };
  const { output } = await orchestrator.executeWorkflow(one({ with: "{{ input.value }}" }), input);
  assert.equal(output, "outer");
  assert.equal((await inner).output, "inner");
});

test("a value that throws when it is read fails its step, and nothing else", async () => {
  const orchestrator = world({ act: (params) => params, wait: () => tick().then(() => "fine") });
  const bystander = orchestrator.executeWorkflow({ id: "w", steps: [{ id: "wait", call: "world.wait" }] }, {});
  const hostile = [
    { get value() { throw new Error("no"); } },
    new Proxy({}, { getOwnPropertyDescriptor() { throw new Error("no"); } }),
    Proxy.revocable({}, {}).proxy,
  ];
  for (const input of hostile) {
    await assert.rejects(
      orchestrator.executeWorkflow(one({ with: "{{ input.value }}" }), input),
      repflowError({ code: "step.failed", kind: "validation" }),
    );
  }
  assert.equal((await bystander).output, "fine");
});

test("a thenable that misbehaves settles its step once", async () => {
  const orchestrator = world({
    act: () => ({
      then(resolve, reject) {
        resolve("first");
        resolve("second");
        reject(new Error("third"));
        throw new Error("fourth");
      },
    }),
  });
  assert.equal((await orchestrator.executeWorkflow(one({}), {})).output, "first");
});

test("anything that is not a definition is refused with a typed error", async () => {
  const orchestrator = world({ act: () => assert.fail("nothing may start") });
  const circular = { id: "circular", steps: [] };
  circular.metadata = circular;
  for (const definition of [undefined, null, 1, "text", [], () => {}, Symbol("x"), circular, { id: 1n, steps: [] }]) {
    await assert.rejects(orchestrator.executeWorkflow(definition, {}), (error) => {
      assert.ok(error.problems.length > 0);
      return repflowError({ code: "workflow.invalid", kind: "validation", retryable: false })(error);
    });
  }
});

test("options with a typo are refused, and say what there is", async () => {
  const refused = (code, pointer) => (error) => {
    assert.equal(error.problems[0].pointer, pointer);
    return repflowError({ code })(error);
  };
  assert.throws(() => new FeatureBus({ requestTimeOut: 1 }), refused("config.invalid", "/requestTimeOut"));
  assert.throws(() => new WorkflowOrchestrator({ bus: {} }), refused("config.invalid", "/bus"));
  assert.throws(() => new AdvancedWorkflowIntegration({ ia: {} }), refused("config.invalid", "/ia"));
  const orchestrator = world({ act: () => assert.fail("nothing may start") });
  await assert.rejects(orchestrator.executeWorkflow(one({}), {}, { sgnal: 1 }), refused("config.invalid", "/sgnal"));
  await assert.rejects(orchestrator.executeWorkflow(one({}), {}, { signal: 1 }), refused("config.invalid", "/signal"));
  const { bus } = orchestrator;
  assert.throws(() => new FeatureBus({ requestTimeout: "soon" }), refused("config.invalid", "/requestTimeout"));
  await assert.rejects(bus.request("world", "act", {}, { timeout: "soon" }), refused("bus.invalid", "/timeout"));
  await assert.rejects(bus.request("world", "act", {}, { timeout: "1e9d" }), refused("bus.invalid", "/timeout"));
  await assert.rejects(bus.request("world", "act", {}, { timeout: "99999999d" }), refused("config.invalid", "/timeout"));
  await assert.rejects(bus.request("world", "act", {}, { timeout: -1 }), refused("bus.invalid", "/timeout"));
  assert.throws(() => bus.subscribe("a b", () => {}), refused("bus.invalid", "/topic"));
  assert.throws(() => bus.subscribe("a..b", () => {}), refused("bus.invalid", "/topic"));
  assert.throws(() => bus.subscribe(">.a", () => {}), refused("bus.invalid", "/topic"));
  assert.throws(() => bus.subscribe("topic", "handler"), refused("bus.invalid", "/handler"));
  assert.throws(() => bus.subscribe("topic", () => {}, { priority: 0.5 }), refused("bus.invalid", "/priority"));
  await assert.rejects(bus.publish("a.*", {}), repflowError({ code: "bus.invalid" }));
  assert.throws(
    () => bus.registerFeature({ name: "has space", version: "1", actions: { ok: () => {}, not: "a function" }, extra: 1 }),
    (error) => {
      assert.deepEqual(error.problems.map(({ pointer }) => pointer).sort(), ["/actions/not", "/extra", "/name", "/version"]);
      return repflowError({ code: "bus.invalid" })(error);
    },
  );
  assert.throws(
    () => bus.registerFeature({ name: "bad", version: "1.0.0", actions: { "a/b": 1 } }),
    (error) => error.problems.every(({ pointer }) => pointer === "/actions/a~1b") && error.problems.length === 2,
  );
  assert.throws(
    () => bus.registerFeature({ name: "world", version: "1.0.0", actions: {} }),
    repflowError({ code: "bus.feature_exists" }),
  );
});

test("ten thousand steps that answer at once are no deeper than one, and let the event loop turn", async () => {
  const orchestrator = world({ act: (count) => count + 1, start: () => 0 });
  const steps = [{ id: "s0", call: "world.start" }];
  for (let index = 1; index < 10_000; index += 1) {
    steps.push({ id: `s${index}`, call: "world.act", with: `{{ steps.s${index - 1}.output }}` });
  }
  let turns = 0;
  const interval = setInterval(() => { turns += 1; }, 1);
  const { output } = await orchestrator.executeWorkflow({ id: "long", steps }, {});
  clearInterval(interval);
  assert.equal(output, 9_999);
  assert.ok(turns >= 1, "the event loop did not turn once");
});

test("a handler may run another workflow, and cancel its own run", async () => {
  const orchestrator = world({
    act: async () => (await orchestrator.executeWorkflow(one({ call: "world.inner" }), {})).output,
    inner: () => "from inside",
    cancel: () => {
      handle.cancel("enough");
      handle.cancel("again");
      return "too late";
    },
  });
  assert.equal((await orchestrator.executeWorkflow(one({}), {})).output, "from inside");
  let handle;
  await orchestrator.bus.discover();
  await tick();
  const definition = { id: "suicidal", steps: [{ id: "wait", call: "world.act" }, { id: "cancel", call: "world.cancel" }] };
  handle = orchestrator.start(definition, {});
  await assert.rejects(handle.result, (error) => {
    assert.equal(error.cause, "enough");
    return repflowError({ code: "run.cancelled", kind: "cancelled", runId: handle.id })(error);
  });
});

test("a signal that was aborted before means that nothing starts", async () => {
  const orchestrator = world({ act: () => assert.fail("nothing may start") });
  const reason = new Error("never mind");
  await assert.rejects(
    orchestrator.executeWorkflow(one({}), {}, { signal: AbortSignal.abort(reason) }),
    (error) => error.cause === reason && repflowError({ code: "run.cancelled" })(error),
  );
});

test("no listener stays on a signal", async () => {
  const orchestrator = world({ act: () => "done", fail: () => { throw new Error("no"); } });
  const { bus } = orchestrator;
  const { signal } = new AbortController();
  await orchestrator.executeWorkflow(one({}), {}, { signal });
  await assert.rejects(orchestrator.executeWorkflow(one({ call: "world.fail" }), {}, { signal }));
  await assert.rejects(orchestrator.executeWorkflow({ wrong: true }, {}, { signal }));
  await bus.request("world", "act", {}, { signal });
  await assert.rejects(bus.request("world", "fail", {}, { signal }));
  await assert.rejects(bus.request("world", "missing", {}, { signal }));
  await assert.rejects(bus.request("world", "act", {}, { signal, timeout: "nonsense" }));
  bus.subscribe("topic", () => {}, { signal })();
  orchestrator.on("*", () => {}, { signal })();
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a listener that throws does not touch the run, and is told on the bus", async () => {
  const orchestrator = world({ act: () => "done" });
  const told = [];
  orchestrator.bus.subscribe("repflow.listener.failed", ({ data }) => {
    told.push(data.event);
    throw new Error("and this one throws as well");
  });
  const { output } = await orchestrator.executeWorkflow(one({}), {}, {
    onEvent: ({ type }) => { if (type === "step.started") throw new Error("no"); },
  });
  assert.equal(output, "done");
  assert.deepEqual(told, ["step.started"]);
});

test("a run whose output cannot be built has failed, and its events say so", async () => {
  const orchestrator = world({ act: () => "done" });
  const told = [];
  const failing = orchestrator.executeWorkflow({ ...one({}), output: "{{ steps.only.output.missing }}" }, {}, {
    onEvent: ({ type }) => told.push(type),
  });
  await assert.rejects(failing, repflowError({ code: "expression.failed", workflowId: "one" }));
  assert.deepEqual(told, ["run.started", "step.started", "attempt.started", "step.completed", "run.failed"]);
  const { output } = await orchestrator.executeWorkflow({ ...one({}), output: { is: "{{ steps.only.output }}" } }, {});
  assert.deepEqual(output, { is: "done" });
});

test("a definition that never ran has no run", async () => {
  const orchestrator = world({});
  await assert.rejects(orchestrator.executeWorkflow({ id: "x" }, {}), (error) => error.runId === undefined);
});

test("a step sees why it was stopped", async () => {
  const reasons = [];
  const orchestrator = world({
    act: (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => reasons.push(signal.reason.code))),
    fail: () => tick().then(() => { throw new Error("sibling"); }),
  });
  await assert.rejects(orchestrator.executeWorkflow(one({ timeout: 5 }), {}), repflowError({ code: "step.timeout" }));
  await assert.rejects(orchestrator.executeWorkflow({ ...one({}), timeout: 5 }, {}), repflowError({ code: "run.timeout" }));
  const siblings = { id: "s", steps: [{ id: "p", parallel: [{ id: "a", call: "world.act" }, { id: "b", call: "world.fail" }] }] };
  await assert.rejects(orchestrator.executeWorkflow(siblings, {}), repflowError({ code: "step.failed", stepId: "b" }));
  assert.deepEqual(reasons, ["step.timeout", "run.timeout", "step.failed"]);
});

test("unregistering waits for what is under way, and refuses what is new", async () => {
  const bus = new FeatureBus();
  let finish;
  bus.registerFeature({ name: "slow", version: "1.0.0", actions: { act: () => new Promise((yes) => { finish = yes; }) } });
  const request = bus.request("slow", "act", {});
  await tick();
  let gone = false;
  const unregistered = bus.unregisterFeature("slow").then(() => { gone = true; });
  await assert.rejects(bus.request("slow", "act", {}), repflowError({ code: "bus.no_such_feature" }));
  await tick();
  assert.equal(gone, false);
  finish("answer");
  assert.equal(await request, "answer");
  await unregistered;
  assert.ok(gone);
  await assert.rejects(bus.unregisterFeature("slow"), repflowError({ code: "bus.no_such_feature" }));
});

test("what is disposed of rejects what it had under way, and everything after", async () => {
  const orchestrator = world({ act: () => new Promise(() => {}) });
  const { bus } = orchestrator;
  const inFlight = [orchestrator.executeWorkflow(one({}), {}), bus.request("world", "act", {})];
  await tick();
  orchestrator.dispose();
  bus.dispose();
  orchestrator.dispose();
  bus.dispose();
  for (const promise of inFlight) await assert.rejects(promise, repflowError({ code: "internal.disposed" }));
  await assert.rejects(orchestrator.executeWorkflow(one({}), {}), repflowError({ code: "internal.disposed" }));
  await assert.rejects(bus.publish("topic", {}), repflowError({ code: "internal.disposed" }));
  assert.throws(() => bus.subscribe("topic", () => {}), repflowError({ code: "internal.disposed" }));
});

test("runs leave nothing behind in the core", async (t) => {
  const directory = await project(t, import.meta.url);
  const at = (file) => pathToFileURL(join(directory, "node_modules/repflow", file)).href;
  const core = await import(at("core.js"));
  const { FeatureBus, WorkflowOrchestrator } = await import(at("entry-node.js"));
  const bus = new FeatureBus();
  bus.registerFeature({ name: "world", version: "1.0.0", actions: { act: () => "x", fail: () => { throw new Error("no"); } } });
  const orchestrator = new WorkflowOrchestrator({ bus });
  const rounds = async (count) => {
    for (let round = 0; round < count; round += 1) {
      await orchestrator.executeWorkflow({ ...one({}), timeout: "1h" }, {});
      await orchestrator.executeWorkflow(one({ call: "world.fail", retry: { maxAttempts: 2, delay: 0 } }), {}).catch(() => {});
      await bus.request("world", "act", {});
      // A definition of its own each time: compiled ones are kept, but not without end.
      await orchestrator.executeWorkflow({ id: `w${round}`, steps: [{ id: "s", call: "world.act" }] }, {});
    }
  };
  await rounds(300);
  const before = core.linearMemory().buffer.byteLength;
  await rounds(3_000);
  const grown = core.linearMemory().buffer.byteLength - before;
  // 9,000 runs and 3,000 requests later: one page of fragmentation at the most, which is 8 bytes a run.
  assert.ok(grown <= 65_536, `the core has grown by ${grown} bytes`);
});

test("a process that is done ends by itself, whatever timeouts it had", async (t) => {
  const directory = await project(t, import.meta.url);
  const script = `
    import { FeatureBus, WorkflowOrchestrator } from "repflow";
    const bus = new FeatureBus();
    bus.registerFeature({ name: "world", version: "1.0.0", actions: { act: () => "done", hang: () => new Promise(() => {}) } });
    const orchestrator = new WorkflowOrchestrator({ bus });
    await bus.request("world", "act", {}, { timeout: "1h" });
    const step = { id: "s", call: "world.act", timeout: "1h" };
    await orchestrator.executeWorkflow({ id: "w", timeout: "1h", steps: [step] }, {});
    const hanging = orchestrator.start({ id: "h", timeout: "1h", steps: [{ id: "s", call: "world.hang", timeout: "1h" }] }, {});
    hanging.cancel();
    await hanging.result.catch(() => {});
    console.log("ended");
  `;
  assert.match(await run(process.execPath, ["--input-type=module", "-e", script], directory), /ended/);
});

/** A source of the core, and one of the facade. */
const core = (path) => readFile(new URL(`../../../src/${path}`, import.meta.url), "utf8");
const facade = (path) => readFile(new URL(`../../../pkg-template/${path}`, import.meta.url), "utf8");

test("the facade's table of errors is the core's", async () => {
  const source = await core("error.rs");
  const nameOf = (variant) => variant.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  const codes = new Map(
    [...source.matchAll(/^ {4}\w+ = "([a-z_.]+)", (\w+), (\w+), (true|false);$/gm)].map(([, code, kind, severity, retryable]) => [
      code, { kind: nameOf(kind), severity: nameOf(severity), retryable: retryable === "true" },
    ]),
  );
  assert.ok(codes.size >= 30);
  const text = await facade("errors.js");
  const table = text.slice(text.indexOf("const CODES"), text.indexOf("flatMap"));
  const known = [...table.matchAll(/[a-z_]+\.[a-z_]+/g)].map(([code]) => code);
  assert.ok(known.length >= 20);
  for (const code of known) {
    const { kind, severity, retryable } = new RepflowError(code, "");
    assert.deepEqual({ kind, severity, retryable }, codes.get(code), code);
  }
  const types = await facade("index.d.ts");
  for (const code of codes.keys()) assert.ok(types.includes(`"${code}"`), `index.d.ts does not name ${code}`);
});

test("the facade's names for the core's numbers are the core's", async () => {
  const strings = (text) => [...text.matchAll(/"([a-z_.]+)"/g)].map(([, name]) => name);
  const between = (text, start, end) => text.slice(text.indexOf(start) + start.length || assert.fail(start)).split(end, 1)[0];
  const events = strings(between(await core("workflow/event.rs"), "pub const NAMES: &[&str] = &[", "];"));
  assert.deepEqual(strings(between(await facade("events.js"), "const RUN_EVENTS = [", "];")), events);
  // The names stand in the order of the numbers, as the variants do.
  const statuses = strings(between(await core("workflow/state.rs"), "pub fn name(self)", "\n    }\n"));
  assert.deepEqual(strings(between(await facade("results.js"), "const STEP_STATUSES = [", "];")), statuses);
  const states = strings(between(await core("policy/breaker/mod.rs"), "pub const fn name(self)", "\n    }\n"));
  assert.deepEqual(strings(between(await facade("circuits.js"), "const CIRCUIT_STATES = [", "];")), states);

  const healths = strings(between(await core("bus/health.rs"), "pub const fn name(self)", "\n    }"));
  assert.deepEqual(strings(between(await facade("feature.js"), "const HEALTH_STATUSES = [", "];")), healths);
});

test("an answer that comes while its timeout waits to be told is late, and the next attempt counts", async () => {
  const late = [];
  const orchestrator = world({
    act: (_, { attempt }) => {
      if (attempt > 1) return "second attempt";
      return new Promise((resolve) => late.push(() => resolve("too late")));
    },
    // Holds the thread, so that the timeouts are due together and wait for their turn.
    busy: () => {
      const end = performance.now() + 30;
      while (performance.now() < end);
      for (const answer of late) answer();
      return tick();
    },
  });
  const steps = Array.from({ length: 50 }, (_, index) => (
    { id: `s${index}`, call: "world.act", timeout: 10, retry: { maxAttempts: 2, delay: 0 } }
  ));
  const { output } = await orchestrator.executeWorkflow(
    { id: "late", steps: [{ id: "all", parallel: [...steps, { id: "busy", call: "world.busy" }] }] },
    {},
  );
  const answers = new Set(Object.values(output));
  answers.delete(output.busy);
  assert.ok(answers.size >= 1 && [...answers].every((answer) => ["second attempt", "too late"].includes(answer)));
});
