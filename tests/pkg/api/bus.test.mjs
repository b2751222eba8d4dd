// The bus as an app uses it: features, requests, subscriptions, and what goes wrong.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeatureBus, repflowError } from "./package.mjs";

/** A bus with one feature `greeter`, whose actions these are. */
function busWith(actions, options) {
  const bus = new FeatureBus(options);
  bus.registerFeature({ name: "greeter", version: "1.2.0", actions });
  return bus;
}

/** An action that only ends when it is told to. */
const untilAborted = (params, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a request reaches the action and brings back its very answer", async () => {
  const [params, answer] = [{ name: "Ada" }, { text: "hello" }];
  const seen = [];
  const bus = busWith({ greet: async (params) => { seen.push(params); return answer; } });
  assert.equal(await bus.request("greeter", "greet", params), answer);
  assert.equal(seen.length, 1);
  assert.equal(seen[0], params);
});

test("an action may answer at once, without a promise", async () => {
  assert.equal(await busWith({ greet: () => "hello" }).request("greeter", "greet", {}), "hello");
});

test("an action may call the bus again", async () => {
  const bus = busWith({ greet: (params) => bus.request("names", "full", params) });
  bus.registerFeature({ name: "names", version: "1.0.0", actions: { full: ({ name }) => `${name} Lovelace` } });
  assert.equal(await bus.request("greeter", "greet", { name: "Ada" }), "Ada Lovelace");
});

test("a feature or an action that is not there is named", async () => {
  const bus = busWith({ greet: () => "hello" });
  await assert.rejects(bus.request("greter", "greet", {}), (error) => {
    assert.match(error.message, /greter/);
    return repflowError({ code: "bus.no_such_feature" })(error);
  });
  await assert.rejects(bus.request("greeter", "wave", {}), repflowError({ code: "bus.no_such_action" }));
});

test("features come and go", async () => {
  const bus = busWith({ greet: () => "hello" });
  assert.deepEqual((await bus.discover()).map(({ name, version }) => [name, version]), [["greeter", "1.2.0"]]);
  await bus.unregisterFeature("greeter");
  assert.deepEqual(await bus.discover(), []);
  await assert.rejects(bus.request("greeter", "greet", {}), repflowError({ code: "bus.no_such_feature" }));
});

test("a request that takes too long is a timeout, and the action is told", async () => {
  let told = false;
  const bus = busWith({
    greet: (params, { signal }) => {
      signal.addEventListener("abort", () => { told = true; });
      return new Promise(() => {});
    },
  });
  const request = bus.request("greeter", "greet", {}, { timeout: "50ms" });
  await assert.rejects(request, repflowError({ code: "bus.timeout", kind: "timeout" }));
  assert.ok(told);
});

test("a bus may have its own limit for every request", async () => {
  const bus = busWith({ greet: untilAborted }, { requestTimeout: "50ms" });
  await assert.rejects(bus.request("greeter", "greet", {}), repflowError({ code: "bus.timeout" }));
});

test("a request can be cancelled, before and while it runs", async () => {
  const bus = busWith({ greet: untilAborted });
  await assert.rejects(
    bus.request("greeter", "greet", {}, { signal: AbortSignal.abort() }),
    repflowError({ code: "bus.cancelled", kind: "cancelled" }),
  );
  const controller = new AbortController();
  const request = bus.request("greeter", "greet", {}, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(request, repflowError({ code: "bus.cancelled" }));
});

test("subscribers hear in the order of their priority, then of their subscription", async () => {
  const bus = new FeatureBus();
  const heard = [];
  const hear = (who) => (event) => heard.push([who, event?.data ?? event]);
  bus.subscribe("done", () => heard.push("first of equals"));
  bus.subscribe("done", () => heard.push("urgent"), { feature: "recommender", priority: 10 });
  bus.subscribe("done", () => heard.push("second of equals"));
  bus.subscribe("other", hear("other"));
  assert.deepEqual(await bus.publish("done", { id: 1 }), { delivered: 3, filtered: 0, failed: 0 });
  assert.deepEqual(heard, ["urgent", "first of equals", "second of equals"]);
});

test("a subscriber that throws is counted, and the others still hear", async () => {
  const bus = new FeatureBus();
  let heard = 0;
  bus.subscribe("done", () => { throw new Error("deaf"); }, { priority: 1 });
  bus.subscribe("done", async () => { heard += 1; });
  assert.deepEqual(await bus.publish("done", {}), { delivered: 1, filtered: 0, failed: 1 });
  assert.equal(heard, 1);
});

test("a subscription ends when it is told to, or with its signal", async () => {
  const bus = new FeatureBus();
  const controller = new AbortController();
  let heard = 0;
  const unsubscribe = bus.subscribe("done", () => { heard += 1; });
  bus.subscribe("done", () => { heard += 1; }, { signal: controller.signal });
  await bus.publish("done", {});
  unsubscribe();
  controller.abort();
  assert.deepEqual(await bus.publish("done", {}), { delivered: 0, filtered: 0, failed: 0 });
  assert.equal(heard, 2);
});
