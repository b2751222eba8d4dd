// Features as they come, change and go: registering, replacing, unregistering, loading, limits, schemas and discovery.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeatureBus, WorkflowOrchestrator, repflowError } from "./package.mjs";
import { after, eventually } from "./world.mjs";

const feature = (more = {}) => ({ name: "coach", version: "1.0.0", actions: { plan: () => "plan" }, ...more });
const busOf = (...features) => {
  const bus = new FeatureBus();
  for (const each of features) bus.registerFeature(each);
  return bus;
};
const codeOf = (promise) => promise.then((value) => value, ({ code }) => code);
/** What is told on `pattern`, as it comes. */
function tellings(bus, pattern) {
  const told = [];
  bus.subscribe(pattern, ({ type, source, data }) => void told.push([type, data, source]));
  return told;
}
/** An action that answers when it is told to; `waiting` has those that were called. */
function gate() {
  const waiting = [];
  const action = (params, { signal }) => new Promise((resolve, reject) => waiting.push({ params, signal, resolve, reject }));
  return { waiting, action };
}

// ── Registering

test("everything that is wrong with a feature is told at once", () => {
  const bus = new FeatureBus();
  const wrong = {
    name: "my coach",
    version: "1",
    description: 5,
    capabilities: "speech",
    metadata: { team: 7 },
    actions: { "a b": () => {}, plan: "plan", told: { handler: 5 } },
    healthCheck: true,
    limits: { bulkhead: { maxConcurrent: 0 } },
    speed: "high",
  };
  assert.throws(() => bus.registerFeature(wrong), (error) => {
    const pointers = error.problems.map(({ pointer }) => pointer);
    for (const pointer of ["/name", "/version", "/description", "/capabilities", "/actions/a b", "/actions/plan", "/healthCheck", "/speed"]) {
      assert.ok(pointers.includes(pointer), `${pointer} is not among ${pointers}`);
    }
    assert.ok(pointers.some((pointer) => pointer.startsWith("/metadata")), `${pointers}`);
    assert.ok(pointers.some((pointer) => pointer.startsWith("/actions/told")), `${pointers}`);
    return repflowError({ code: "bus.invalid", kind: "validation" })(error);
  });
  for (const not of [undefined, null, 5, "coach"]) assert.throws(() => bus.registerFeature(not), repflowError({ code: "bus.invalid" }));
});

test("a feature has actions, or a function that loads them, not both and not none", () => {
  const bus = new FeatureBus();
  const both = feature({ load: async () => ({}) });
  assert.throws(() => bus.registerFeature(both), repflowError({ code: "bus.invalid" }));
  assert.throws(() => bus.registerFeature({ name: "coach", version: "1.0.0" }), repflowError({ code: "bus.invalid" }));
});

test("limits that are wrong are refused", async () => {
  const bus = new FeatureBus();
  await bus.discover();
  for (const limits of [{ bulkhead: { maxConcurrent: 0 } }, { retry: {} }, { rateLimit: { limit: 0 } }, 5]) {
    assert.throws(() => bus.registerFeature(feature({ limits })), (error) => {
      assert.match(error.problems[0].pointer, /^\/limits/);
      return repflowError({ code: "bus.invalid" })(error);
    }, JSON.stringify(limits));
  }
  assert.deepEqual(await bus.discover(), []);
});

test("a name is taken by the same version, and by a higher one, as SemVer has it", () => {
  const taken = repflowError({ code: "bus.feature_exists" });
  // Each is higher than the one before.
  const rising = [
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
    "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0",
  ];
  const bus = new FeatureBus();
  for (const [at, version] of rising.entries()) {
    bus.registerFeature(feature({ version }));
    for (const other of rising.slice(0, at + 1)) assert.throws(() => bus.registerFeature(feature({ version: other })), taken, `${other} after ${version}`);
  }
  // What was built does not count.
  assert.throws(() => bus.registerFeature(feature({ version: "10.0.0+build.5" })), taken);
});

// ── Replacing and unregistering

test("a newer version takes over, and what is under way ends with the old one", async () => {
  const old = gate();
  const bus = busOf(feature({ actions: { plan: old.action, gone: () => "still there" } }));
  await bus.discover();
  const told = tellings(bus, "feature.*");
  const begun = bus.request("coach", "plan", { n: 1 });
  await eventually(() => old.waiting.length === 1);
  bus.registerFeature(feature({ version: "1.1.0", actions: { plan: () => "new" } }));
  assert.equal(await bus.request("coach", "plan", {}), "new");
  assert.equal(await codeOf(bus.request("coach", "gone", {})), "bus.no_such_action");
  assert.equal(old.waiting[0].signal.aborted, false);
  old.waiting[0].resolve("old");
  assert.equal(await begun, "old");
  const [{ version }, ...others] = await bus.discover();
  assert.deepEqual([version, others], ["1.1.0", []]);
  assert.deepEqual(told, [["feature.replaced", { name: "coach", version: "1.1.0", previous: "1.0.0" }, "repflow"]]);
});

test("unregistering waits for what is under way, and takes nothing new", async () => {
  const { waiting, action } = gate();
  const bus = busOf(feature({ actions: { plan: action } }));
  const begun = [bus.request("coach", "plan", {}), bus.request("coach", "plan", {})];
  await eventually(() => waiting.length === 2);
  let isGone = false;
  const gone = bus.unregisterFeature("coach").then(() => { isGone = true; });
  assert.match(await codeOf(bus.request("coach", "plan", {})), /^bus\.(no_such_feature|unavailable)$/);
  waiting[0].resolve("first");
  assert.equal(await begun[0], "first");
  await after(5);
  assert.equal(isGone, false);
  waiting[1].resolve("second");
  assert.equal(await begun[1], "second");
  await gone;
  assert.deepEqual(await bus.discover(), []);
});

test("after its grace, what is still under way is cancelled", async () => {
  const { waiting, action } = gate();
  const bus = busOf(feature({ actions: { plan: action } }));
  const begun = bus.request("coach", "plan", {});
  await eventually(() => waiting.length === 1);
  const rejected = assert.rejects(begun, repflowError({ code: "bus.unavailable", kind: "unavailable", retryable: true }));
  await bus.unregisterFeature("coach", { grace: "20ms" });
  await rejected;
  assert.ok(waiting[0].signal.aborted);
});

test("who ends within the grace is not cancelled", async () => {
  const { waiting, action } = gate();
  const bus = busOf(feature({ actions: { plan: action } }));
  const begun = bus.request("coach", "plan", {});
  await eventually(() => waiting.length === 1);
  const gone = bus.unregisterFeature("coach", { grace: "10m" });
  waiting[0].resolve("in time");
  assert.equal(await begun, "in time");
  await gone;
});

test("a name that was left can be taken again, by any version", async () => {
  const bus = busOf(feature({ version: "2.0.0" }));
  await bus.unregisterFeature("coach");
  bus.registerFeature(feature({ version: "1.0.0", actions: { plan: () => "again" } }));
  assert.equal(await bus.request("coach", "plan", {}), "again");
});

test("to unregister what is not there is told, with the nearest name", async () => {
  const bus = busOf(feature());
  await assert.rejects(bus.unregisterFeature("coahc"), (error) => {
    assert.match(error.message, /`coach`/);
    return repflowError({ code: "bus.no_such_feature" })(error);
  });
});

test("who comes and goes is told", async () => {
  const bus = new FeatureBus();
  await bus.discover();
  const told = tellings(bus, "feature.*");
  bus.registerFeature(feature());
  bus.registerFeature(feature({ version: "2.0.0" }));
  await bus.unregisterFeature("coach");
  await eventually(() => told.length === 3);
  assert.deepEqual(told, [
    ["feature.registered", { name: "coach", version: "1.0.0" }, "repflow"],
    ["feature.replaced", { name: "coach", version: "2.0.0", previous: "1.0.0" }, "repflow"],
    ["feature.unregistered", { name: "coach", version: "2.0.0" }, "repflow"],
  ]);
});

// ── Lazy features

test("a lazy feature is loaded by its first request, once, however many ask", async () => {
  let loads = 0;
  const bus = busOf({
    name: "coach",
    version: "1.0.0",
    load: async () => {
      loads += 1;
      await after(10);
      return { actions: { plan: ({ n }) => n } };
    },
  });
  const [before] = await bus.discover();
  assert.deepEqual([before.loaded, before.actions, loads], [false, [], 0]);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => bus.request("coach", "plan", { n })));
  assert.deepEqual(answers, Array.from({ length: 20 }, (_, n) => n));
  assert.equal(await bus.request("coach", "plan", { n: 21 }), 21);
  const [loaded] = await bus.discover();
  assert.deepEqual([loaded.loaded, loaded.actions.map(({ name }) => name), loads], [true, ["plan"], 1]);
});

test("a module is its actions, its default export or its functions", async () => {
  const modules = {
    actions: { actions: { plan: () => "plan" } },
    standard: { default: { actions: { plan: () => "plan" } } },
    functions: { plan: () => "plan" },
  };
  const bus = busOf(...Object.entries(modules).map(([name, module]) => ({ name, version: "1.0.0", load: async () => module })));
  for (const name of Object.keys(modules)) assert.equal(await bus.request(name, "plan", {}), "plan", name);
  assert.equal(await codeOf(bus.request("functions", "plam", {})), "bus.no_such_action");
});

test("a load that fails is told as it is, and tried again by the next request", async () => {
  const reason = new Error("offline");
  const modules = [reason, reason, { actions: { plan: () => "plan" } }];
  let loads = 0;
  const bus = busOf({ name: "coach", version: "1.0.0", load: async () => {
    const module = modules[loads];
    loads += 1;
    await after(2);
    if (module === reason) throw reason;
    return module;
  } });
  // Those that wait for the same attempt share what becomes of it.
  const first = [bus.request("coach", "plan", {}), bus.request("coach", "plan", {})];
  const check = (error) => {
    assert.equal(error.cause, reason);
    return repflowError({ code: "bus.unavailable", retryable: true })(error);
  };
  await Promise.all(first.map((request) => assert.rejects(request, check)));
  assert.equal(loads, 1);
  await assert.rejects(bus.request("coach", "plan", {}), check);
  assert.equal(await bus.request("coach", "plan", {}), "plan");
  assert.equal(loads, 3);
});

test("a module without actions is no feature", async () => {
  for (const module of [undefined, 5, { actions: 5 }, { actions: { plan: "plan" } }]) {
    const bus = busOf({ name: "coach", version: "1.0.0", load: async () => module });
    await assert.rejects(bus.request("coach", "plan", {}), ({ code }) => /^bus\./.test(code), String(module));
  }
});

test("loading counts towards the timeout of who asks, and is there for the next", async () => {
  let arrive;
  const bus = busOf({ name: "coach", version: "1.0.0", load: () => new Promise((resolve) => (arrive = resolve)) });
  await assert.rejects(bus.request("coach", "plan", {}, { timeout: "20ms" }), repflowError({ code: "bus.timeout" }));
  const next = bus.request("coach", "plan", {});
  arrive({ actions: { plan: () => "plan" } });
  assert.equal(await next, "plan");
});

test("a feature that is replaced, or leaves, while it is loaded keeps nobody waiting", async () => {
  let arrive;
  const lazy = { name: "coach", version: "1.0.0", load: () => new Promise((resolve) => (arrive = resolve)) };
  const bus = busOf(lazy);
  const old = bus.request("coach", "plan", {});
  await eventually(() => arrive !== undefined);
  bus.registerFeature(feature({ version: "2.0.0", actions: { plan: () => "new" } }));
  assert.equal(await bus.request("coach", "plan", {}), "new");
  arrive({ actions: { plan: () => "old" } });
  assert.equal(await old, "old");

  arrive = undefined;
  const leaving = busOf(lazy);
  const asked = leaving.request("coach", "plan", {});
  await eventually(() => arrive !== undefined);
  const refused = assert.rejects(asked, repflowError({ code: "bus.unavailable" }));
  await leaving.unregisterFeature("coach", { grace: "20ms" });
  await refused;
});

test("steps of a workflow load a feature, keep its limits, and are checked by its schemas", async () => {
  const { waiting, action } = gate();
  const input = { type: "object", required: ["days"] };
  let loads = 0;
  const bus = busOf(
    { name: "lazy", version: "1.0.0", load: async () => {
      loads += 1;
      return { actions: { plan: { handler: ({ days }) => days, input } } };
    } },
    feature({ name: "narrow", actions: { wait: action }, limits: { bulkhead: { maxConcurrent: 1, maxQueue: 5 } } }),
  );
  const orchestrator = new WorkflowOrchestrator({ bus });
  const run = (steps) => orchestrator.executeWorkflow({ id: "flow", steps }, {});
  const planned = await run([{ id: "all", parallel: [3, 5].map((days) => ({ id: `d${days}`, call: "lazy.plan", with: { days } })) }]);
  assert.deepEqual([planned.output, loads], [{ d3: 3, d5: 5 }, 1]);
  await assert.rejects(run([{ id: "wrong", call: "lazy.plan", with: {} }]), (error) => {
    for (let each = error; each !== undefined; each = each.cause) if (each.code === "input.invalid") return true;
    throw error;
  });
  const narrow = run([{ id: "all", parallel: [1, 2].map((n) => ({ id: `n${n}`, call: "narrow.wait", with: { n } })) }]);
  await eventually(() => waiting.length === 1);
  await after(10);
  assert.equal(waiting.length, 1);
  waiting[0].resolve("one");
  await eventually(() => waiting.length === 2);
  waiting[1].resolve("two");
  assert.deepEqual(Object.values((await narrow).output).sort(), ["one", "two"]);
  orchestrator.dispose();
});

// ── Limits and schemas

test("limits hold for all requests to a feature together", async () => {
  const { waiting, action } = gate();
  const actions = { plan: action, other: action };
  const bus = busOf(feature({ actions, limits: { bulkhead: { maxConcurrent: 2, maxQueue: 1 } } }));
  const asked = ["plan", "other", "plan", "other"].map((name, n) => bus.request("coach", name, { n }));
  await assert.rejects(asked[3], repflowError({ code: "bulkhead.full" }));
  await eventually(() => waiting.length === 2);
  waiting[0].resolve("first");
  assert.equal(await asked[0], "first");
  await eventually(() => waiting.length === 3);
  assert.deepEqual(waiting.map(({ params }) => params.n), [0, 1, 2]);
  waiting[1].resolve("second");
  waiting[2].resolve("third");
  assert.deepEqual(await Promise.all(asked.slice(0, 3)), ["first", "second", "third"]);
});

test("a rate is limited", async () => {
  const bus = busOf(feature({ limits: { rateLimit: { limit: 2, per: "1h" } } }));
  const codes = await Promise.all([1, 2, 3].map(() => codeOf(bus.request("coach", "plan", {}))));
  assert.deepEqual(codes, ["plan", "plan", "rate_limit.exceeded"]);
});

test("who waits for its place can give up, and its place is free", async () => {
  const { waiting, action } = gate();
  const bus = busOf(feature({ actions: { plan: action }, limits: { bulkhead: { maxConcurrent: 1, maxQueue: 1 } } }));
  const first = bus.request("coach", "plan", { n: 0 });
  await eventually(() => waiting.length === 1);
  const controller = new AbortController();
  const given = bus.request("coach", "plan", { n: 1 }, { signal: controller.signal });
  const late = bus.request("coach", "plan", { n: 9 }, { timeout: "10ms" });
  await assert.rejects(late, ({ code }) => code === "bulkhead.full");
  controller.abort("no more");
  await assert.rejects(given, (error) => error.cause === "no more" && repflowError({ code: "bus.cancelled" })(error));
  const timed = bus.request("coach", "plan", { n: 2 }, { timeout: "20ms" });
  await assert.rejects(timed, repflowError({ code: "bus.timeout" }));
  const last = bus.request("coach", "plan", { n: 3 });
  waiting[0].resolve("first");
  await first;
  await eventually(() => waiting.length === 2);
  assert.equal(waiting[1].params.n, 3);
  waiting[1].resolve("last");
  assert.equal(await last, "last");
});

test("an action's schemas refuse what does not fit, on the way in and out", async () => {
  let calls = 0;
  const plan = {
    handler: ({ days }) => {
      calls += 1;
      return days === 7 ? "too much" : days;
    },
    description: "Plans a week",
    input: { type: "object", required: ["days"], properties: { days: { type: "integer", maximum: 7 } } },
    output: { type: "integer" },
  };
  const bus = busOf(feature({ actions: { plan } }));
  assert.equal(await bus.request("coach", "plan", { days: 3 }), 3);
  for (const params of [{}, { days: "3" }, { days: 8 }, undefined]) {
    await assert.rejects(bus.request("coach", "plan", params), repflowError({ code: "input.invalid", kind: "validation" }));
  }
  assert.equal(calls, 1);
  await assert.rejects(bus.request("coach", "plan", { days: 7 }), repflowError({ code: "output.invalid" }));
});

test("a validator with the standard interface may change what goes on", async () => {
  const doubled = { "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value: { n: value.n * 2 } }) } };
  const picky = { "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "not today", path: ["n"] }] }) } };
  const bus = busOf(feature({ actions: {
    plan: { handler: ({ n }) => n, input: doubled },
    never: { handler: () => "no", input: picky },
  } }));
  assert.equal(await bus.request("coach", "plan", { n: 4 }), 8);
  await assert.rejects(bus.request("coach", "never", { n: 4 }), (error) => /not today/.test(error.message) && repflowError({ code: "input.invalid" })(error));
});

// ── Discovery

test("what is there is described, sorted by name", async () => {
  const input = { type: "object", required: ["text"] };
  const output = { type: "string" };
  const bus = busOf(
    feature({
      name: "voice",
      version: "1.4.0",
      description: "Speaks",
      capabilities: ["speech", "text"],
      metadata: { team: "audio" },
      actions: { speak: { handler: ({ text }) => text, description: "Says it", input, output }, hush: () => {} },
    }),
    feature({ name: "notes" }),
  );
  const [notes, voice] = await bus.discover();
  assert.deepEqual([notes.name, voice.name], ["notes", "voice"]);
  const { since, ...health } = voice.health;
  assert.ok(Number.isFinite(Date.parse(since)));
  const actions = [...voice.actions].sort((one, other) => (one.name < other.name ? -1 : 1));
  assert.deepEqual({ ...voice, health, actions }, {
    name: "voice",
    version: "1.4.0",
    description: "Speaks",
    capabilities: ["speech", "text"],
    metadata: { team: "audio" },
    loaded: true,
    actions: [{ name: "hush" }, { name: "speak", description: "Says it", input, output }],
    health: { status: "healthy" },
    load: { inFlight: 0, requestsPerSecond: 0 },
  });
});

test("discovery filters by all that is asked for", async () => {
  const bus = busOf(
    feature({ name: "a", version: "1.2.3", capabilities: ["speech", "text"] }),
    feature({ name: "b", version: "1.9.0", capabilities: ["text"] }),
    feature({ name: "c", version: "2.0.0", healthCheck: () => false }),
    feature({ name: "d", version: "0.2.3" }),
    feature({ name: "e", version: "1.2.0-rc.1" }),
  );
  await bus.checkHealth();
  const names = async (filter) => (await bus.discover(filter)).map(({ name }) => name).join("");
  const cases = [
    [undefined, "abcde"], [{}, "abcde"], [{ name: "a" }, "a"], [{ name: "x" }, ""],
    [{ capability: "text" }, "ab"], [{ capability: ["text", "speech"] }, "a"], [{ capability: [] }, "abcde"],
    [{ version: "1.2.3" }, "a"], [{ version: "^1.2.0" }, "ab"], [{ version: "~1.2.0" }, "a"], [{ version: ">=1.9.0" }, "bc"],
    [{ version: "^0.2.0" }, "d"], [{ version: "^0.1.0" }, ""], [{ version: "1.2.0-rc.1" }, "e"],
    [{ health: "healthy" }, "abde"], [{ health: "degraded" }, "c"], [{ health: ["degraded", "unhealthy"] }, "c"],
    [{ capability: "text", version: "^1.3.0", health: "healthy" }, "b"],
  ];
  for (const [filter, expected] of cases) assert.equal(await names(filter), expected, JSON.stringify(filter));
});

test("a filter that is wrong is refused", async () => {
  const bus = busOf(feature());
  for (const filter of [{ version: "1" }, { version: ">1.0.0" }, { health: "ill" }, { capability: 5 }, { kind: "x" }, 5]) {
    await assert.rejects(bus.discover(filter), repflowError({ code: "bus.invalid" }), JSON.stringify(filter));
  }
});

test("how busy a feature is can be seen", async () => {
  const { waiting, action } = gate();
  const bus = busOf(feature({ actions: { plan: action } }));
  const asked = [1, 2, 3].map(() => bus.request("coach", "plan", {}));
  await eventually(() => waiting.length === 3);
  assert.equal((await bus.discover())[0].load.inFlight, 3);
  for (const { resolve } of waiting) resolve();
  await Promise.all(asked);
  const [{ load }] = await bus.discover();
  assert.equal(load.inFlight, 0);
  assert.ok(load.requestsPerSecond > 0);
});

test("what is described is a copy", async () => {
  const capabilities = ["text"];
  const metadata = { team: "audio" };
  const bus = busOf(feature({ capabilities, metadata }));
  capabilities.push("speech");
  metadata.team = "other";
  const [described] = await bus.discover();
  described.capabilities.push("flight");
  described.metadata.team = "stolen";
  const [again] = await bus.discover();
  assert.deepEqual([again.capabilities, again.metadata], [["text"], { team: "audio" }]);
});
