// Publishing, subscribing and streams: who hears, what goes wrong, and what is remembered.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";

import { FeatureBus, repflowError } from "./package.mjs";
import { after, eventually } from "./world.mjs";

const invalid = repflowError({ code: "bus.invalid", kind: "validation" });
const aborts = (signal) => getEventListeners(signal, "abort").length;
/** The data of all that `pattern` hears. */
function heardOn(bus, pattern, options) {
  const heard = [];
  bus.subscribe(pattern, ({ data }) => void heard.push(data), options);
  return heard;
}
function failuresOf(bus) {
  const failures = [];
  bus.subscribe("repflow.listener.failed", ({ data }) => void failures.push(data));
  return failures;
}
async function publishAll(bus, topic, list) {
  for (const data of list) await bus.publish(topic, data);
}
async function read(stream, most = Infinity) {
  const found = [];
  if (most === 0) return found;
  for await (const { data } of stream) {
    found.push(data);
    if (found.length === most) break;
  }
  return found;
}

// ── Topics

test("patterns have the meaning of NATS", async () => {
  const bus = new FeatureBus();
  const cases = {
    "workout.*": ["workout.done"],
    "workout.>": ["workout.done", "workout.set.done"],
    "*.done": ["workout.done"],
    "*.set.*": ["workout.set.done"],
    workout: ["workout"],
    Workout: [],
  };
  const heard = {};
  for (const pattern of Object.keys(cases)) {
    heard[pattern] = [];
    bus.subscribe(pattern, ({ type }) => void heard[pattern].push(type));
  }
  for (const topic of ["workout", "workout.done", "workout.set.done", "rest.over"]) await bus.publish(topic, 1);
  assert.deepEqual(heard, cases);
});

test("what is no topic is refused, and so are the topics of the bus", async () => {
  const bus = new FeatureBus();
  for (const topic of ["", "a..b", ".a", "a.", "a b", "$SYS.x", "a.*", ">", "a.>", 5, undefined, null]) {
    await assert.rejects(bus.publish(topic, 1), invalid, String(topic));
  }
  const reserved = [
    "feature.registered", "feature.replaced", "feature.unregistered", "feature.degraded", "feature.recovered",
    "alert.raised", "alert.cleared", "repflow.listener.failed", "repflow.anything", "repflow.a.b",
  ];
  for (const topic of reserved) await assert.rejects(bus.publish(topic, {}), invalid, topic);
  for (const topic of ["feature.other", "alert.mine", "repflows.x"]) await bus.publish(topic, {});
  for (const pattern of ["", "a..b", "a.>.b", "a.b*", "$SYS.>", "a b", 5]) {
    assert.throws(() => bus.subscribe(pattern, () => {}), invalid, String(pattern));
    assert.throws(() => bus.stream(pattern), invalid, String(pattern));
  }
});

test("options that are wrong are refused, each by its name", async () => {
  const bus = new FeatureBus();
  const named = (pointer) => (error) => error.problems.some((problem) => problem.pointer === pointer) && invalid(error);
  for (const [key, value] of [["priority", 1.5], ["signal", {}], ["once", "yes"], ["filter", 5], ["since", {}], ["feature", 5], ["tpyo", 1]]) {
    assert.throws(() => bus.subscribe("a", () => {}, { [key]: value }), named(`/${key}`), key);
  }
  for (const [key, value] of [["source", 5], ["correlationId", 5], ["priority", "high"], ["expiresIn", "soon"], ["tpyo", 1]]) {
    await assert.rejects(bus.publish("a", 1, { [key]: value }), named(`/${key}`), key);
  }
  for (const [key, value] of [["limit", 0], ["overflow", "drop"], ["signal", {}], ["filter", 5], ["tpyo", 1]]) {
    assert.throws(() => bus.stream("a", { [key]: value }), named(`/${key}`), key);
  }
  assert.throws(() => bus.subscribe("a", "handler"), invalid);
});

// ── Who hears

test("higher priority hears first, then who subscribed first, also among patterns", async () => {
  const bus = new FeatureBus();
  const order = [];
  const join = (name, pattern, priority) => bus.subscribe(pattern, () => void order.push(name), { priority });
  join("last", ">", -5);
  join("second", "a.*", undefined);
  join("first", "a.b", 10);
  join("third", "a.b", 0);
  join("fourth", "*.b", undefined);
  await bus.publish("a.b", 1);
  assert.deepEqual(order, ["first", "second", "third", "fourth", "last"]);
});

test("publish says how many were told, filtered and failed, when all have ended", async () => {
  const bus = new FeatureBus();
  let open;
  bus.subscribe("a", () => {});
  bus.subscribe("a", () => new Promise((resolve) => (open = resolve)));
  bus.subscribe("a", () => {}, { filter: () => false });
  bus.subscribe("a", () => { throw new Error("at once"); });
  bus.subscribe("a", async () => { throw new Error("later"); });
  bus.subscribe("a", () => ({ then: "no promise" }));
  let result;
  const published = bus.publish("a", 1).then((value) => { result = value; });
  await after(5);
  assert.equal(result, undefined);
  open();
  await published;
  assert.deepEqual(result, { delivered: 3, filtered: 1, failed: 2 });
  assert.deepEqual(await bus.publish("nobody.hears", 1), { delivered: 0, filtered: 0, failed: 0 });
});

test("a handler that throws stops nobody, and is told of", async () => {
  const bus = new FeatureBus();
  const failures = failuresOf(bus);
  const [first, second] = [new Error("at once"), new Error("later")];
  bus.subscribe("a", () => { throw first; }, { priority: 1, feature: "screen" });
  bus.subscribe("a", () => Promise.reject(second));
  const heard = heardOn(bus, "a");
  assert.deepEqual(await bus.publish("a", 1), { delivered: 1, filtered: 0, failed: 2 });
  assert.deepEqual(heard, [1]);
  assert.deepEqual(failures.map(({ topic, feature, error }) => [topic, feature, error]), [["a", "screen", first], ["a", undefined, second]]);
});

test("who fails to hear of failures has no end of them", async () => {
  const bus = new FeatureBus();
  let heard = 0;
  bus.subscribe("repflow.listener.failed", () => {
    heard += 1;
    throw new Error("again");
  });
  bus.subscribe("a", () => { throw new Error("once"); });
  await bus.publish("a", 1);
  await turn();
  assert.equal(heard, 1);
});

test("a handler that does not end is a failure after the time that the bus has", async () => {
  const bus = new FeatureBus({ requestTimeout: "30ms" });
  const failures = failuresOf(bus);
  bus.subscribe("a", () => new Promise(() => {}));
  assert.deepEqual(await bus.publish("a", 1), { delivered: 0, filtered: 0, failed: 1 });
  assert.equal(failures[0].error.code, "bus.timeout");
});

test("once is once, also when its handler publishes the same again", async () => {
  const bus = new FeatureBus();
  const heard = [];
  bus.subscribe("a", ({ data }) => {
    heard.push(data);
    if (data === 1) return bus.publish("a", 2);
  }, { once: true });
  await bus.publish("a", 1);
  await bus.publish("a", 3);
  assert.deepEqual(heard, [1]);
  const passing = heardOn(bus, "b", { once: true, filter: ({ data }) => data > 1 });
  await publishAll(bus, "b", [1, 2, 3]);
  assert.deepEqual(passing, [2]);
});

test("a signal ends a subscription, and nothing is left on it", async () => {
  const bus = new FeatureBus();
  const controller = new AbortController();
  const heard = heardOn(bus, "a", { signal: controller.signal });
  const end = bus.subscribe("a", () => {}, { signal: controller.signal });
  bus.subscribe("a", () => {}, { signal: controller.signal, once: true });
  await bus.publish("a", 1);
  end();
  end();
  assert.ok(aborts(controller.signal) <= 1);
  controller.abort();
  assert.deepEqual(await bus.publish("a", 2), { delivered: 0, filtered: 0, failed: 0 });
  assert.deepEqual(heard, [1]);
  const never = heardOn(bus, "a", { signal: controller.signal });
  await bus.publish("a", 3);
  assert.deepEqual(never, []);
  assert.equal(aborts(controller.signal), 0);
});

test("who is ended before its turn does not hear, and who comes meanwhile hears the next", async () => {
  const bus = new FeatureBus();
  const heard = [];
  const late = () => bus.subscribe("a", ({ data }) => void heard.push(["late", data]), { once: true });
  let hasCome = false;
  bus.subscribe("a", () => {
    end();
    if (!hasCome) late();
    hasCome = true;
  }, { priority: 1 });
  const end = bus.subscribe("a", ({ data }) => void heard.push(["ended", data]));
  assert.deepEqual(await bus.publish("a", 1), { delivered: 1, filtered: 0, failed: 0 });
  await bus.publish("a", 2);
  assert.deepEqual(heard, [["late", 2]]);
});

// ── Filters

test("a filter as text is an expression over the data and the event", async () => {
  const bus = new FeatureBus();
  const cases = {
    "data.minutes > 30": [45],
    "event.source == 'coach'": [45, 20],
    "data.minutes > 30 && event.source == 'coach' && event.type == 'workout.done'": [45],
    "event.data.minutes < 30": [20],
    "data.tags.size() > 0 || data.minutes == 20": [20],
    true: [45, 20],
  };
  const heard = {};
  for (const filter of Object.keys(cases)) {
    heard[filter] = [];
    bus.subscribe("workout.done", ({ data }) => void heard[filter].push(data.minutes), { filter });
  }
  for (const minutes of [45, 20]) await bus.publish("workout.done", { minutes, tags: [] }, { source: "coach" });
  assert.deepEqual(heard, cases);
});

test("a filter as text that is wrong is refused when one subscribes", async () => {
  const bus = new FeatureBus();
  await bus.discover();
  for (const filter of ["data.minutes >", "input.minutes > 3", "steps.a == 1", "unknown(data)", ""]) {
    assert.throws(() => bus.subscribe("a", () => {}, { filter }), (error) => {
      assert.ok(error.problems.some(({ pointer }) => pointer === "/filter"), filter);
      return invalid(error);
    });
    assert.throws(() => bus.stream("a", { filter }), invalid);
  }
});

test("a filter that fails counts as failed, and is told of", async () => {
  const bus = new FeatureBus();
  const failures = failuresOf(bus);
  const reason = new Error("unfit");
  bus.subscribe("a", () => {}, { filter: () => { throw reason; }, feature: "screen" });
  bus.subscribe("a", () => {}, { filter: "data.text > 3" });
  const heard = heardOn(bus, "a", { filter: ({ data }) => data.text === "text" });
  assert.deepEqual(await bus.publish("a", { text: "text" }), { delivered: 1, filtered: 0, failed: 2 });
  assert.equal(heard.length, 1);
  assert.deepEqual([failures[0].error, failures[0].feature, failures[1].error.code], [reason, "screen", "expression.failed"]);
});

// ── Publishing inside of publishing

test("handlers may publish as deep as the bus says, and beyond that it is an error", async () => {
  for (const maxDepth of [undefined, 1, 7, 250]) {
    const bus = new FeatureBus({ maxDepth });
    const failures = failuresOf(bus);
    let deepest = 0;
    const codes = [];
    bus.subscribe("echo", ({ data }) => {
      deepest = Math.max(deepest, data);
      bus.publish("echo", data + 1).catch(({ code }) => codes.push(code));
    });
    await bus.publish("echo", 1);
    await turn();
    assert.equal(deepest, maxDepth ?? 100);
    assert.deepEqual(codes, ["bus.too_deep"]);
    assert.deepEqual(failures.map(({ error }) => error.code), ["bus.too_deep"]);
    // It is over: the next begins at the top.
    assert.deepEqual(await bus.publish("other", 1), { delivered: 0, filtered: 0, failed: 0 });
  }
  for (const maxDepth of [0, 1.5, 251, "deep"]) {
    assert.throws(() => new FeatureBus({ maxDepth }), repflowError({ code: "config.invalid" }));
  }
});

test("a handler that has awaited something publishes outside of what it heard", async () => {
  const bus = new FeatureBus({ maxDepth: 3 });
  let heard = 0;
  bus.subscribe("echo", async ({ data }) => {
    heard += 1;
    await undefined;
    if (data < 500) void bus.publish("echo", data + 1);
  });
  await bus.publish("echo", 1);
  await eventually(() => heard === 500);
});

test("a circle of three topics ends", async () => {
  const bus = new FeatureBus();
  let heard = 0;
  const next = { a: "b", b: "c", c: "a" };
  for (const [topic, following] of Object.entries(next)) {
    bus.subscribe(topic, (event, ctx) => {
      heard += 1;
      return ctx.publish(following, event.data);
    });
  }
  const result = await bus.publish("a", 1);
  assert.equal(heard, 100);
  assert.equal(result.delivered + result.failed, 1);
});

// ── Streams

test("a stream hears from when it is made, in order", async () => {
  const bus = new FeatureBus();
  await bus.publish("a", 0);
  const stream = bus.stream("a");
  await publishAll(bus, "a", [1, 2]);
  const reading = read(stream, 4);
  await publishAll(bus, "a", [3, 4]);
  assert.deepEqual(await reading, [1, 2, 3, 4]);
  assert.equal(stream.dropped, 0);
});

test("what has no place in a stream leaves as it was said", async () => {
  const bus = new FeatureBus();
  const oldest = bus.stream("a", { limit: 2 });
  const newest = bus.stream("a", { limit: 2, overflow: "dropNewest" });
  const strict = bus.stream("a", { limit: 2, overflow: "error" });
  await publishAll(bus, "a", [1, 2, 3, 4]);
  assert.deepEqual([oldest.dropped, newest.dropped], [2, 2]);
  assert.deepEqual(await read(oldest, 2), [3, 4]);
  assert.deepEqual(await read(newest, 2), [1, 2]);
  const found = [];
  await assert.rejects(async () => {
    for await (const { data } of strict) found.push(data);
  }, repflowError({ code: "bus.overflow", retryable: false }));
  assert.deepEqual(found, [1, 2]);
  assert.deepEqual(await strict.next(), { value: undefined, done: true });
});

test("a limit is 256 when none is said", async () => {
  const bus = new FeatureBus();
  const stream = bus.stream("a");
  for (let data = 0; data < 300; data += 1) await bus.publish("a", data);
  assert.equal(stream.dropped, 44);
  assert.deepEqual(await read(stream, 1), [44]);
});

test("who reads in time misses nothing, however many there are", async () => {
  const bus = new FeatureBus();
  const stream = bus.stream("a", { limit: 1, overflow: "error" });
  const reading = read(stream, 500);
  for (let data = 0; data < 500; data += 1) {
    await bus.publish("a", data);
    await turn();
  }
  assert.deepEqual(await reading, Array.from({ length: 500 }, (_, data) => data));
});

test("a stream ends by leaving the loop, by return, by its signal, by dispose and with the bus", async () => {
  const bus = new FeatureBus();
  const controller = new AbortController();
  const left = bus.stream("a");
  const returned = bus.stream("a");
  const aborted = bus.stream("a", { signal: controller.signal });
  const disposed = bus.stream("a");
  const withBus = bus.stream("a");
  await bus.publish("a", 1);
  assert.deepEqual(await read(left, 1), [1]);
  assert.equal((await returned.return()).done, true);
  controller.abort();
  assert.deepEqual(await read(aborted), [1]);
  await disposed[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]?.();
  await disposed.return();
  for (const stream of [left, returned, aborted, disposed]) assert.equal((await stream.next()).done, true);
  assert.deepEqual(await bus.publish("a", 2), { delivered: 1, filtered: 0, failed: 0 });
  bus.dispose();
  assert.deepEqual(await read(withBus), [1, 2]);
  assert.equal(aborts(controller.signal), 0);
  const never = new FeatureBus().stream("a", { signal: AbortSignal.abort() });
  assert.equal((await never.next()).done, true);
});

test("however a stream or a subscription ends, nothing is left on its signal", async () => {
  const ends = {
    return: (stream) => stream.return(),
    "the loop": (stream) => read(stream, 1),
    overflow: () => {},
    "the bus": (stream, bus) => bus.dispose(),
  };
  for (const [name, end] of Object.entries(ends)) {
    const bus = new FeatureBus();
    const { signal } = new AbortController();
    const stream = bus.stream("a", { signal, limit: 1, overflow: name === "overflow" ? "error" : "dropOldest" });
    await publishAll(bus, "a", [1, 2]);
    await end(stream, bus);
    assert.equal(aborts(signal), 0, `a stream that ends by ${name}`);
  }
  const bus = new FeatureBus();
  const { signal } = new AbortController();
  await bus.publish("a", 1);
  bus.subscribe("a", () => {}, { signal, once: true });
  bus.subscribe("a", () => {}, { signal, once: true, since: "start" });
  await turn();
  await bus.publish("a", 2);
  assert.equal(aborts(signal), 0, "subscriptions that have heard what they waited for");
  bus.subscribe("a", () => {}, { signal });
  bus.subscribe("a", () => {}, { signal, since: "start" });
  bus.dispose();
  await turn();
  assert.equal(aborts(signal), 0, "subscriptions of a bus that is gone");
});

test("a reader that waits is told of the end", async () => {
  const controller = new AbortController();
  const ends = [
    (stream) => stream.return(),
    () => controller.abort(),
    (stream, bus) => bus.dispose(),
  ];
  for (const end of ends) {
    const bus = new FeatureBus();
    const stream = bus.stream("a", { signal: controller.signal });
    // Two that wait at once, too.
    const waiting = [stream.next(), stream.next()];
    await turn();
    end(stream, bus);
    for (const next of waiting) assert.deepEqual(await next, { value: undefined, done: true });
  }
});

test("a stream may choose, and begin with what is remembered", async () => {
  const bus = new FeatureBus();
  await publishAll(bus, "a", [1, 2, 3, 4]);
  const chosen = bus.stream("a", { since: "start", filter: "data > 1" });
  const even = bus.stream("a", { since: "start", filter: ({ data }) => data % 2 === 0 });
  await publishAll(bus, "a", [5, 6]);
  assert.deepEqual(await read(chosen, 5), [2, 3, 4, 5, 6]);
  assert.deepEqual(await read(even, 3), [2, 4, 6]);
});

// ── History and replay

test("what was missed is heard first, in its order, and nothing twice", async () => {
  const bus = new FeatureBus();
  await publishAll(bus, "a", [1, 2, 3]);
  const [, second] = await bus.history();
  const all = heardOn(bus, "a", { since: "start" });
  const following = heardOn(bus, "a", { since: second.id });
  const unknown = heardOn(bus, "a", { since: "no-such-id" });
  const byTime = heardOn(bus, "a", { since: new Date(0) });
  const future = heardOn(bus, "a", { since: Date.now() + 3_600_000 });
  const first = heardOn(bus, "a", { since: "start", once: true });
  const odd = heardOn(bus, ">", { since: "start", filter: "data % 2 == 1" });
  assert.deepEqual(all, [], "not before subscribe has returned");
  // In the same turn as those that are remembered.
  const published = [bus.publish("a", 4), bus.publish("a", 5)];
  await Promise.all(published);
  await turn();
  await bus.publish("a", 6);
  assert.deepEqual(all, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(following, [3, 4, 5, 6]);
  assert.deepEqual(unknown, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(byTime, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(first, [1]);
  assert.deepEqual(odd, [1, 3, 5]);
  assert.deepEqual(future.length <= 3, true);
});

test("who asked for what was missed keeps the place in which it subscribed", async () => {
  const bus = new FeatureBus();
  await bus.publish("b", 0);
  const order = [];
  bus.subscribe("a", () => void order.push("first"));
  bus.subscribe("a", () => void order.push("second"), { since: "start" });
  bus.subscribe("a", () => void order.push("third"));
  await turn();
  await bus.publish("a", 1);
  assert.deepEqual(order, ["first", "second", "third"]);
});

test("who is ended before the replay hears nothing, and during it nothing more", async () => {
  const bus = new FeatureBus();
  await publishAll(bus, "a", [1, 2, 3]);
  const none = [];
  bus.subscribe("a", ({ data }) => void none.push(data), { since: "start" })();
  const some = [];
  const end = bus.subscribe("a", ({ data }) => {
    some.push(data);
    if (data === 2) end();
  }, { since: "start" });
  await turn();
  assert.deepEqual([none, some], [[], [1, 2]]);
});

test("the history has the last so many, and answers by topic, feature, correlation and time", async () => {
  const bus = new FeatureBus({ history: { maxEvents: 4 } });
  await bus.publish("old", 0);
  const began = Date.now();
  await bus.publish("a.b", 1, { source: "coach", correlationId: "x" });
  await bus.publish("a.c", 2, { source: "screen", correlationId: "x" });
  await bus.publish("a.b", 3, { source: "coach" });
  await bus.publish("b.c", 4, { source: "coach", correlationId: "x" });
  const ask = async (query) => (await bus.history(query)).map(({ data }) => data);
  const [first] = await bus.history();
  const cases = [
    [undefined, [1, 2, 3, 4]], [{}, [1, 2, 3, 4]], [{ topic: "a.b" }, [1, 3]], [{ topic: "a.*" }, [1, 2, 3]],
    [{ topic: "*.c" }, [2, 4]], [{ feature: "coach" }, [1, 3, 4]], [{ correlationId: "x" }, [1, 2, 4]],
    [{ correlationId: "x", feature: "coach", topic: ">" }, [1, 4]], [{ limit: 2 }, [3, 4]], [{ topic: "a.>", limit: 1 }, [3]],
    [{ since: "start" }, [1, 2, 3, 4]], [{ since: first.id }, [2, 3, 4]], [{ since: began - 60_000 }, [1, 2, 3, 4]],
    [{ since: new Date(began + 3_600_000) }, []], [{ until: began - 60_000 }, []], [{ until: new Date(began + 3_600_000) }, [1, 2, 3, 4]],
    [{ since: first.at, until: first.at, limit: 1, topic: "nothing" }, []],
  ];
  for (const [query, expected] of cases) assert.deepEqual(await ask(query), expected, JSON.stringify(query));
  for (const query of [{ topic: "a..b" }, { limit: -1 }, { limit: 1.5 }, { since: {} }, { tpyo: 1 }, 5]) {
    await assert.rejects(bus.history(query), invalid, JSON.stringify(query));
    await assert.rejects(bus.exportHistory(query), invalid, JSON.stringify(query));
  }
});

test("by default a thousand events are remembered, and none when that is asked for", async () => {
  const bus = new FeatureBus();
  for (let data = 0; data < 1_100; data += 1) await bus.publish("a", data);
  const remembered = await bus.history();
  assert.deepEqual([remembered.length, remembered[0].data, remembered.at(-1).data], [1_000, 100, 1_099]);
  const forgetful = new FeatureBus({ history: { maxEvents: 0 } });
  await forgetful.publish("a", 1);
  assert.deepEqual(await forgetful.history(), []);
  const heard = heardOn(forgetful, "a", { since: "start" });
  await turn();
  await forgetful.publish("a", 2);
  assert.deepEqual(heard, [2]);
});

test("what is published before the replay begins is heard, whatever the history keeps", async () => {
  for (const history of [{ maxEvents: 0 }, { maxEvents: 2 }, { maxBytes: 10 }]) {
    const bus = new FeatureBus({ history });
    await bus.discover();
    const heard = heardOn(bus, "a", { since: "start" });
    await Promise.all([1, 2, 3, 4].map((data) => bus.publish("a", data)));
    await turn();
    assert.deepEqual(heard, [1, 2, 3, 4], JSON.stringify(history));
  }
});

test("bytes bound the history, too", async () => {
  const bus = new FeatureBus({ history: { maxBytes: 20_000 } });
  for (let n = 0; n < 50; n += 1) await bus.publish("a", { n, text: "x".repeat(1_000) });
  const remembered = await bus.history();
  assert.ok(remembered.length >= 4 && remembered.length <= 20, `${remembered.length}`);
  assert.equal(remembered.at(-1).data.n, 49);
  const { history } = await bus.metrics();
  assert.ok(history.bytes <= 20_000 && history.bytes >= 4_000, `${history.bytes}`);
  assert.equal(history.evicted, 50 - remembered.length);
  await bus.publish("a", { n: 50, text: "x".repeat(100_000) });
  assert.ok((await bus.history()).every(({ data }) => data.n !== 50), "what is larger than all is not kept");
});

test("an event that has expired is not told again", async () => {
  const bus = new FeatureBus();
  await bus.publish("a", "short", { expiresIn: "5ms" });
  await bus.publish("a", "long", { expiresIn: "1h" });
  await after(30);
  assert.deepEqual((await bus.history()).map(({ data }) => data), ["long"]);
  assert.ok(!(await bus.exportHistory()).includes("short"));
  const heard = heardOn(bus, "a", { since: "start" });
  await turn();
  assert.deepEqual(heard, ["long"]);
});
