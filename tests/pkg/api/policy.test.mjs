// policy(): what the issue promises, asked of the packed package.

import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";

import { RepflowError, policy, repflowError } from "./package.mjs";

const ISSUE = {
  retry: { maxAttempts: 3, backoff: "exponential", delay: "200ms", maxDelay: "5s", jitter: "full" },
  timeout: "10s",
  circuitBreaker: { failureRate: 0.5, minCalls: 10, window: "30s", openFor: "10s" },
  bulkhead: { maxConcurrent: 4, maxQueue: 16 },
};

const AT_ONCE = { delay: 0, jitter: "none" };
/** Opens at the first failure, and stays open. */
const TRIPS = { failureRate: 0.1, minCalls: 1, openFor: "1h" };

const after = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
const never = () => new Promise(() => {});
const fail = (message = "no") => () => {
  throw new Error(message);
};
const is = (code, more) => repflowError({ code, ...more });
const listeners = (signal) => getEventListeners(signal, "abort").length;

/** A promise, and what settles it. */
function deferred() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

/** The types of the events of a policy, as they come. */
function hear(guarded, pick = ({ type }) => type) {
  const heard = [];
  guarded.on("*", (event) => heard.push(pick(event)));
  return heard;
}

// ── The call ──

test("the example of the issue", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let seen;
  const value = { the: "value" };
  const guarded = policy(ISSUE);
  const answer = await guarded.execute((context) => {
    seen = context;
    return value;
  }, { signal });
  assert.equal(answer, value);
  assert.equal(seen.attempt, 1);
  assert.equal(seen.level, 0);
  assert.equal(seen.signal.aborted, false);
  assert.equal(typeof seen.commit, "function");
  assert.equal(listeners(signal), 0);
  const { calls, succeeded, attempts, inFlight, circuit, bulkhead } = guarded.stats();
  assert.deepEqual({ calls, succeeded, attempts, inFlight }, { calls: 1, succeeded: 1, attempts: 1, inFlight: 0 });
  assert.deepEqual(circuit, { state: "closed", calls: 1, failures: 0, slow: 0 });
  assert.deepEqual(bulkhead, { running: 0, limit: 4, queued: 0 });
});

test("whatever is thrown comes through as it is, thrown or rejected", async () => {
  const guarded = policy({});
  const things = [new Error("x"), new TypeError("y"), { plain: true }, "text", 7, undefined, null, Symbol("z"), Object.create(null)];
  for (const thing of things) {
    for (const execute of [() => { throw thing; }, () => Promise.reject(thing), async () => { throw thing; }]) {
      let caught = "nothing";
      await guarded.execute(execute).catch((error) => void (caught = error));
      assert.ok(Object.is(caught, thing));
    }
  }
});

test("an error whose getters throw, or a proxy that refuses everything, is only an error", async () => {
  const guarded = policy({ retry: { ...AT_ONCE, maxAttempts: 2 } });
  const refuse = () => { throw new Error("no"); };
  const hostile = [
    Object.defineProperty(new Error("x"), "code", { get: refuse }),
    { get headers() { return refuse(); } },
    new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse }),
  ];
  for (const thing of hostile) {
    let attempts = 0;
    let caught;
    await guarded.execute(() => {
      attempts += 1;
      throw thing;
    }).catch((error) => void (caught = error));
    assert.ok(caught === thing);
    assert.equal(attempts, 2);
  }
});

test("what is not a function is refused, and so are options that nobody knows", async () => {
  const guarded = policy({});
  await assert.rejects(guarded.execute(7), is("config.invalid"));
  await assert.rejects(guarded.execute(never, null), is("config.invalid"));
  await assert.rejects(guarded.execute(never, { signal: {}, limitKey: 3, tokens: -1, kee: "x" }), (error) => {
    assert.deepEqual(error.problems.map(({ pointer }) => pointer).sort(), ["/kee", "/limitKey", "/signal", "/tokens"]);
    return is("config.invalid")(error);
  });
  assert.equal(guarded.stats().calls, 0);
});

test("a function is called on its own: nothing of the policy is its `this`", async () => {
  const guarded = policy({ fallback: function () { return this; } });
  assert.equal(await guarded.execute(function () { return this; }), undefined);
  assert.equal(await guarded.execute(fail()), undefined);
});

test("a thenable that calls back twice, or throws after it did, answers once", async () => {
  const guarded = policy({ retry: { ...AT_ONCE } });
  const twice = { then: (resolve, reject) => { resolve("first"); reject(new Error("second")); resolve("third"); } };
  const loud = { then: (resolve) => { resolve("first"); throw new Error("after"); } };
  assert.equal(await guarded.execute(() => twice), "first");
  assert.equal(await guarded.execute(() => loud), "first");
  assert.equal(guarded.stats().attempts, 2);
  const wrong = { get then() { throw new RangeError("no then"); } };
  await assert.rejects(guarded.execute(() => wrong), RangeError);
  const nested = { then: (resolve) => resolve(Promise.resolve("inner")) };
  assert.equal(await guarded.execute(() => nested), "inner");
});

// ── Bad options ──

test("every problem of the options is listed at once, those of functions too", () => {
  const options = {
    retry: { maxAttempts: 0, delay: -1, on: 5 },
    circuitBreaker: { failureRate: 1.5 },
    timeuot: "10s",
    fallback: [fail(), "no function"],
    hedge: { delay: "soon" },
  };
  assert.throws(() => policy(options), (error) => {
    const pointers = error.problems.map(({ pointer }) => pointer).sort();
    const expected = ["/circuitBreaker/failureRate", "/fallback/1", "/hedge/delay", "/retry/delay", "/retry/maxAttempts", "/retry/on", "/timeuot"];
    assert.deepEqual(pointers, expected);
    assert.equal(error.problems.find(({ pointer }) => pointer === "/timeuot").suggestion, "timeout");
    return is("config.invalid")(error);
  });
});

test("what is no data is called what it is", () => {
  const options = {
    timeout: () => 7,
    totalTimeout: NaN,
    retry: { maxAttempts: Infinity, delay: Symbol("x"), on: ["timeout", () => true] },
    bulkhead: { maxConcurrent: 2 ** 32, maxQueue: 1e10, "a/b": fail() },
    hedge: { delay: 1e15 },
  };
  assert.throws(() => policy(options), (error) => {
    const problems = Object.fromEntries(error.problems.map(({ pointer, message }) => [pointer, message]));
    assert.equal(Object.keys(problems).length, error.problems.length, "each is told once");
    assert.equal(problems["/timeout"], "it must be plain data, not a function");
    assert.equal(problems["/totalTimeout"], "it must be plain data, not `NaN`");
    assert.equal(problems["/retry/maxAttempts"], "it must be plain data, not `Infinity`");
    assert.equal(problems["/retry/delay"], "it must be plain data, not a symbol");
    assert.equal(problems["/retry/on/1"], "it must be plain data, not a function");
    assert.equal(problems["/bulkhead/a~1b"], "it must be plain data, not a function");
    assert.equal(problems["/bulkhead/maxConcurrent"], "`maxConcurrent` must be a whole number of at least 1, and 4294967295 at most, not `4294967296`");
    assert.equal(problems["/bulkhead/maxQueue"], "`maxQueue` must be a whole number, 0 or more, and 4294967295 at most, not `10000000000`");
    assert.match(problems["/hedge/delay"], /up to 3650 days/);
    return is("config.invalid")(error);
  });
});

test("what is no options at all is refused", () => {
  for (const options of [undefined, null, 7, "fast", [], () => {}]) assert.throws(() => policy(options), is("config.invalid"));
  for (const more of [null, 7, { snapshoot: {} }]) assert.throws(() => policy({}, more), is("config.invalid"));
  for (const bad of [{ fallback: "x" }, { fallback: null }, { retry: () => {} }, { timeout: () => {} }, { classify: "x" }, { singleFlight: "yes" }]) {
    assert.throws(() => policy(bad), is("config.invalid"), JSON.stringify(bad));
  }
});

test("options are what they were when the policy was made", async () => {
  const options = { retry: { ...AT_ONCE, maxAttempts: 2 }, fallback: [() => "fallback"] };
  const guarded = policy(options);
  options.retry.maxAttempts = 5;
  options.fallback.push(() => "another");
  let attempts = 0;
  assert.equal(await guarded.execute(() => { attempts += 1; throw new Error("no"); }), "fallback");
  assert.equal(attempts, 2);
});

// ── Cancelling ──

test("a signal that was aborted before: nothing is called", async () => {
  const guarded = policy(ISSUE);
  const reason = new Error("too late");
  let called = 0;
  await assert.rejects(guarded.execute(() => (called += 1), { signal: AbortSignal.abort(reason) }), is("policy.cancelled", { cause: reason }));
  assert.equal(called, 0);
});

test("abort while it runs: the caller hears at once, the function through its signal", async () => {
  const guarded = policy(ISSUE);
  const controller = new AbortController();
  const reason = { why: "closed" };
  let signal;
  const call = guarded.execute((context) => {
    signal = context.signal;
    return never();
  }, { signal: controller.signal });
  controller.abort(reason);
  assert.ok(signal.aborted);
  assert.equal(signal.reason.code, "policy.cancelled");
  assert.equal(signal.reason.cause, reason);
  await assert.rejects(call, is("policy.cancelled", { cause: reason, kind: "cancelled", severity: "info", retryable: false }));
  assert.equal(listeners(controller.signal), 0);
  assert.equal(guarded.stats().cancelled, 1);
  assert.equal(guarded.stats().circuit.calls, 0, "who gives up says nothing about the service");
});

test("abort by the function itself, by a listener, and by who hears of another abort", async () => {
  const guarded = policy({ bulkhead: { maxConcurrent: 1, maxQueue: 5 } });
  const [own, told, heard] = [new AbortController(), new AbortController(), new AbortController()];
  let answer;
  own.signal.addEventListener("abort", () => (answer = guarded.execute(() => "from within")));
  const first = guarded.execute(() => {
    own.abort("own");
    return "too late";
  }, { signal: own.signal });
  await assert.rejects(first, is("policy.cancelled", { cause: "own" }));
  assert.equal(await answer, "from within");
  const off = guarded.on("attempt.started", () => told.abort("told"));
  await assert.rejects(guarded.execute(never, { signal: told.signal }), is("policy.cancelled", { cause: "told" }));
  off();
  const late = new AbortController();
  setTimeout(() => late.abort(), 5);
  const running = guarded.execute(({ signal }) => new Promise(() => signal.addEventListener("abort", () => heard.abort("heard"))), {
    signal: late.signal,
  });
  const queued = guarded.execute(() => assert.fail("called"), { signal: heard.signal });
  await assert.rejects(running, (error) => error.cause.name === "AbortError" && is("policy.cancelled")(error));
  await assert.rejects(queued, is("policy.cancelled", { cause: "heard" }));
  assert.deepEqual(guarded.stats().bulkhead, { running: 0, limit: 1, queued: 0 });
});

test("abort in a delay, in a queue, and while it waits for its rate", async () => {
  const controllers = [new AbortController(), new AbortController(), new AbortController()];
  const [inDelay, inQueue, throttled] = controllers.map(({ signal }) => ({ signal }));
  const retried = policy({ retry: { delay: "1h", maxDelay: "1h", jitter: "none" } });
  const queued = policy({ bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
  const limited = policy({ rateLimit: { limit: 1, per: "1h", maxWait: "2h" } });
  let called = 0;
  const holds = deferred();
  const holding = queued.execute(() => holds.promise);
  await limited.execute(() => "first");
  const calls = [
    retried.execute(() => { called += 1; throw new Error("no"); }, inDelay),
    queued.execute(() => (called += 10), inQueue),
    limited.execute(() => (called += 100), throttled),
  ];
  for (const controller of controllers) controller.abort("stop");
  for (const call of calls) await assert.rejects(call, is("policy.cancelled", { cause: "stop" }));
  for (const { signal } of controllers) assert.equal(listeners(signal), 0);
  holds.resolve("held");
  assert.equal(await holding, "held");
  // The place in the queue is free again.
  assert.equal(await queued.execute(() => "next"), "next");
  assert.equal(called, 1);
});

test("abort of a leader leaves its followers their answer; abort of all ends the work", async () => {
  const guarded = policy({ singleFlight: true });
  const work = deferred();
  const controllers = Array.from({ length: 3 }, () => new AbortController());
  let called = 0;
  let signal;
  const execute = (context) => {
    called += 1;
    signal = context.signal;
    return work.promise;
  };
  const ask = () => controllers.map((controller) => guarded.execute(execute, { key: "same", signal: controller.signal }));
  const [leader, first, second] = ask();
  controllers[0].abort("leader");
  await assert.rejects(leader, is("policy.cancelled", { cause: "leader" }));
  assert.equal(signal.aborted, false);
  controllers[1].abort("first");
  await assert.rejects(first, is("policy.cancelled", { cause: "first" }));
  assert.equal(signal.aborted, false);
  work.resolve("answer");
  assert.equal(await second, "answer");
  assert.equal(called, 1);
  for (const controller of controllers) assert.equal(listeners(controller.signal), 0);

  for (const index of controllers.keys()) controllers[index] = new AbortController();
  const all = ask();
  const hung = guarded.execute(never, { key: "other", signal: controllers[0].signal });
  for (const controller of controllers) controller.abort("all");
  for (const call of [...all, hung]) await assert.rejects(call, is("policy.cancelled"));
  assert.ok(signal.aborted, "nobody waits for it any more");
  assert.equal(guarded.stats().inFlight, 0);
});

test("ten thousand calls on one signal leave nothing on it", async () => {
  const { signal } = new AbortController();
  const guarded = policy({ bulkhead: { maxConcurrent: 7, maxQueue: 10_000 } });
  let [running, most] = [0, 0];
  const calls = Array.from({ length: 10_000 }, (_, index) => guarded.execute(async () => {
    most = Math.max(most, (running += 1));
    await undefined;
    running -= 1;
    return index;
  }, { signal }));
  const answers = await Promise.all(calls);
  assert.ok(answers.every((answer, index) => answer === index));
  assert.equal(most, 7);
  assert.equal(listeners(signal), 0);
  assert.deepEqual(guarded.stats().bulkhead, { running: 0, limit: 7, queued: 0 });
});

test("ten thousand calls of a function that answers at once, from inside of each other", async () => {
  const guarded = policy({ bulkhead: { maxConcurrent: 1, maxQueue: 10_000 } });
  const order = [];
  let inner;
  await guarded.execute(() => {
    inner = Array.from({ length: 10_000 }, (_, index) => guarded.execute(() => order.push(index)));
  });
  await Promise.all(inner);
  assert.equal(order.length, 10_000);
  assert.ok(order.every((index, at) => index === at), "first come, first served");
});

// ── Time ──

test("a function that ignores its signal holds nobody, and its late answer is dropped", async () => {
  const guarded = policy({ timeout: "20ms" });
  const heard = hear(guarded);
  const late = deferred();
  let signal;
  const call = guarded.execute((context) => {
    signal = context.signal;
    return late.promise;
  });
  await assert.rejects(call, is("policy.timeout", { kind: "timeout", retryable: true }));
  assert.ok(signal.aborted);
  assert.equal(signal.reason.code, "policy.timeout");
  late.resolve("late");
  await after(0);
  const { timeouts, failed, succeeded, inFlight } = guarded.stats();
  assert.deepEqual({ timeouts, failed, succeeded, inFlight }, { timeouts: 1, failed: 1, succeeded: 0, inFlight: 0 });
  assert.deepEqual(heard, ["attempt.started", "attempt.timed_out", "call.failed"]);
});

test("a late answer of an attempt that ran out of time is not that of the next one", async () => {
  const guarded = policy({ timeout: "20ms", retry: { ...AT_ONCE, maxAttempts: 2 } });
  const late = [deferred(), deferred()];
  const second = deferred();
  const call = guarded.execute(({ attempt }) => {
    if (attempt === 2) {
      late[0].resolve("stale");
      second.resolve();
    }
    return late[attempt - 1].promise;
  });
  await second.promise;
  await after(0);
  late[1].resolve("right");
  assert.equal(await call, "right");
});

test("the total timeout counts attempts and delays, and says so", async () => {
  const guarded = policy({ totalTimeout: "300ms", retry: { maxAttempts: 100, delay: "5ms", backoff: "constant", jitter: "none" } });
  const heard = hear(guarded);
  let signal;
  await assert.rejects(guarded.execute((context) => {
    signal = context.signal;
    if (context.attempt === 1) throw new Error("no");
    return never();
  }), is("policy.total_timeout", { kind: "timeout", retryable: false }));
  assert.ok(signal.aborted);
  assert.equal(signal.reason.code, "policy.total_timeout");
  assert.deepEqual(heard.slice(-2), ["call.timed_out", "call.failed"]);
});

test("when time runs out in a fallback, that is what the caller hears", async () => {
  const guarded = policy({ totalTimeout: "20ms", fallback: never });
  await assert.rejects(guarded.execute(fail()), is("policy.total_timeout"));
});

// ── Retry ──

test("three attempts are three, with the events in between", async () => {
  const guarded = policy({ retry: { maxAttempts: 3, delay: "1ms", jitter: "none", backoff: "constant" } });
  const heard = hear(guarded, ({ type, attempt, delayMs }) => [type, attempt, delayMs]);
  const errors = [];
  const last = await guarded.execute(({ attempt }) => {
    errors.push(new Error(`number ${attempt}`));
    throw errors.at(-1);
  }).catch((error) => error);
  assert.equal(last, errors[2]);
  assert.deepEqual(heard, [
    ["attempt.started", 1, undefined],
    ["attempt.failed", 1, undefined],
    ["retry.scheduled", 2, 1],
    ["attempt.started", 2, undefined],
    ["attempt.failed", 2, undefined],
    ["retry.scheduled", 3, 1],
    ["attempt.started", 3, undefined],
    ["attempt.failed", 3, undefined],
    ["call.failed", undefined, undefined],
  ]);
});

test("`retry.on` as a predicate decides, whatever the error says; one that throws has no opinion", async () => {
  const asked = [];
  const options = (on) => ({ retry: { ...AT_ONCE, maxAttempts: 3, on } });
  const run = async (on, error) => {
    let attempts = 0;
    await assert.rejects(policy(options(on)).execute(() => { attempts += 1; throw error; }));
    return attempts;
  };
  const defect = new TypeError("x is not a function");
  assert.equal(await run((error) => { asked.push(error); return true; }, defect), 3);
  assert.deepEqual(asked, [defect, defect, defect]);
  assert.equal(await run(() => false, new Error("may pass")), 1);
  assert.equal(await run(() => { throw new Error("broken"); }, defect), 1);
  assert.equal(await run(() => { throw new Error("broken"); }, new Error("may pass")), 3);
  assert.equal(await run(["network", 418], Object.assign(new Error("teapot"), { status: 418 })), 3);
  assert.equal(await run(["network", 418], Object.assign(new Error("busy"), { status: 503 })), 1);
});

test("`classify` as a function says what an error is", async () => {
  const guarded = policy({
    retry: { ...AT_ONCE, maxAttempts: 3 },
    circuitBreaker: TRIPS,
    classify: (error) => ({ status: error.http }),
  });
  let attempts = 0;
  await assert.rejects(guarded.execute(() => { attempts += 1; throw Object.assign(new Error("bad request"), { http: 400 }); }), /bad request/);
  assert.equal(attempts, 1);
  assert.equal(guarded.stats().circuit.state, "closed");
  await assert.rejects(guarded.execute(() => { throw Object.assign(new Error("busy"), { http: 503 }); }), is("circuit.open"));
});

test("`classify` as a function: headers still say when to come back; one that throws or says nothing has no opinion", async () => {
  const busy = Object.assign(new Error("busy"), { http: 503, headers: { "retry-after": "6" } });
  const run = async (classify, error = busy) => {
    const guarded = policy({ retry: { ...AT_ONCE, maxAttempts: 2, maxDelay: "5s" }, classify });
    await assert.rejects(guarded.execute(() => { throw error; }), (thrown) => thrown === error);
    return guarded.stats().attempts;
  };
  // Six seconds are more than the longest delay.
  assert.equal(await run(({ http }) => ({ status: http })), 1);
  assert.equal(await run(({ http }) => ({ status: http, retryAfterMs: 1 })), 2);
  assert.equal(await run(() => ({ retryable: false }), new Error("may pass")), 1);
  for (const silent of [() => undefined, () => null, () => "busy", () => { throw new Error("broken"); }]) {
    assert.equal(await run(silent, new Error("may pass")), 2);
    assert.equal(await run(silent, new TypeError("x is not a function")), 1);
  }
});

test("Retry-After, wherever it is written; above `maxDelay` it is an error at once", async () => {
  const delays = async (error) => {
    const guarded = policy({ retry: { delay: 0, jitter: "none", maxAttempts: 2, maxDelay: "1h" } });
    const scheduled = deferred();
    guarded.on("retry.scheduled", ({ delayMs }) => scheduled.resolve(delayMs));
    const controller = new AbortController();
    const call = guarded.execute(() => { throw error; }, { signal: controller.signal });
    const delay = await Promise.race([scheduled.promise, call]);
    controller.abort();
    await assert.rejects(call, is("policy.cancelled"));
    return delay;
  };
  const busy = (fields) => Object.assign(new Error("busy"), { status: 503 }, fields);
  assert.equal(await delays(busy({ headers: new Headers({ "Retry-After": "120" }) })), 120_000);
  assert.equal(await delays(busy({ headers: { "Retry-After": "120" } })), 120_000);
  assert.equal(await delays(busy({ headers: { "retry-after": 120 } })), 120_000);
  assert.equal(await delays(busy({ headers: { "Retry-After-Ms": "1500", "retry-after": "9" } })), 1_500);
  assert.equal(await delays(busy({ response: new Response(null, { status: 503, headers: { "retry-after": "7" } }) })), 7_000);
  assert.equal(await delays(Object.assign(new Error("x"), { response: new Response(null, { status: 429, headers: { "retry-after": "7" } }) })), 7_000);
  assert.equal(await delays(busy({ retryAfterMs: 2_500 })), 2_500);
  const pairs = [["Content-Type", "text/plain"], ["Retry-After", "120"]];
  assert.equal(await delays(busy({ headers: pairs })), 120_000);
  assert.equal(await delays(busy({ response: { headers: pairs } })), 120_000);
  assert.equal(await delays(busy({ headers: [null, 7, [], [Symbol("x"), 1], ...pairs] })), 120_000);
  const date = new Date(Date.now() + 600_000).toUTCString();
  const byDate = await delays(busy({ headers: { "retry-after": date } }));
  assert.ok(byDate > 500_000 && byDate <= 600_000, `${byDate}`);

  const capped = policy({ retry: { maxDelay: "5s", delay: 0 } });
  const error = busy({ headers: { "retry-after": "6" } });
  await assert.rejects(capped.execute(() => { throw error; }), (thrown) => thrown === error);
  assert.equal(capped.stats().attempts, 1);
});

test("errors of real servers and of nobody", async (t) => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/hang") return;
    if (pathname === "/cut") return void response.socket.destroy();
    const status = Number(pathname.slice(1));
    const headers = status === 429 || status === 503 ? { "retry-after-ms": "1" } : {};
    response.writeHead(asked > 2 ? 200 : status, headers).end("body");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = (path) => `http://127.0.0.1:${server.address().port}/${path}`;
  const attemptsOf = async (path) => {
    asked = 0;
    let attempts = 0;
    const guarded = policy({ retry: { ...AT_ONCE, maxAttempts: 3 } });
    const answer = await guarded.execute(async ({ signal }) => {
      attempts += 1;
      const response = await fetch(url(path), { signal });
      const body = await response.text();
      if (!response.ok) throw Object.assign(new Error(`HTTP ${response.status}`), { response });
      return body;
    }).catch((error) => error.message);
    return [attempts, answer];
  };
  for (const retried of [429, 503, 500, 502, 504, 408]) assert.deepEqual(await attemptsOf(retried), [3, "body"], `${retried}`);
  for (const final of [400, 401, 404, 422, 501]) assert.deepEqual(await attemptsOf(final), [1, `HTTP ${final}`], `${final}`);
  assert.deepEqual(await attemptsOf("cut"), [3, "fetch failed"]);

  // Nobody listens there any more.
  const closed = createServer();
  closed.listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address();
  closed.close();
  await once(closed, "close");
  const guarded = policy({ retry: { ...AT_ONCE, maxAttempts: 3 }, circuitBreaker: { ...TRIPS, minCalls: 3 } });
  await assert.rejects(guarded.execute(() => fetch(`http://127.0.0.1:${port}/`)), (error) => error.cause.code === "ECONNREFUSED");
  assert.equal(guarded.stats().attempts, 3);
  assert.equal(guarded.stats().circuit.state, "open");

  // A timeout of their own is retried, an abort of their own is not; neither is a defect.
  const outcomes = [];
  for (const execute of [
    () => fetch(url("hang"), { signal: AbortSignal.timeout(5) }),
    () => fetch(url("hang"), { signal: AbortSignal.abort() }),
    () => undefined.property,
    () => fetch("no url"),
  ]) {
    const guarded = policy({ retry: { ...AT_ONCE, maxAttempts: 2 }, circuitBreaker: { minCalls: 5 } });
    const error = await guarded.execute(execute).catch((error) => error);
    const { attempts, circuit } = guarded.stats();
    outcomes.push([error.name, attempts, circuit.failures]);
  }
  assert.deepEqual(outcomes, [["TimeoutError", 2, 2], ["AbortError", 1, 0], ["TypeError", 1, 1], ["TypeError", 1, 1]]);
});

// ── Hedge and commit ──

test("a hedge: the first to answer wins, the other is told to stop", async () => {
  const guarded = policy({ hedge: { delay: "5ms" } });
  const contexts = [];
  const value = await guarded.execute((context) => {
    contexts.push(context);
    return context.attempt === 1 ? never() : "second";
  });
  assert.equal(value, "second");
  assert.deepEqual(contexts.map(({ signal }) => signal.aborted), [true, false]);
  assert.equal(contexts[0].signal.reason.code, "policy.cancelled");
  assert.equal(guarded.stats().hedges, 1);
});

test("a hedge that fails leaves the first its chance; an abort reaches both", async () => {
  const guarded = policy({ hedge: { delay: "2ms" } });
  const [first, failed] = [deferred(), deferred()];
  const call = guarded.execute(({ attempt }) => {
    if (attempt === 1) return first.promise;
    failed.resolve();
    throw new Error("hedge");
  });
  await failed.promise;
  first.resolve("first");
  assert.equal(await call, "first");

  const controller = new AbortController();
  const [signals, both] = [[], deferred()];
  const aborted = guarded.execute(({ attempt, signal }) => {
    signals.push(signal);
    if (attempt === 2) both.resolve();
    return never();
  }, { signal: controller.signal });
  await both.promise;
  controller.abort();
  await assert.rejects(aborted, is("policy.cancelled"));
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true]);
});

test("after `commit` nothing is tried again: no hedge, no retry, no fallback", async () => {
  const guarded = policy({ hedge: { delay: "2ms" }, retry: { ...AT_ONCE }, fallback: () => "fallback" });
  const error = new Error("in the middle");
  await assert.rejects(guarded.execute(async ({ commit, ...context }) => {
    assert.deepEqual(context, { attempt: 1, level: 0 });
    throw new Error("unbound");
  }).then((value) => assert.equal(value, "fallback")).then(() => guarded.execute(async (context) => {
    context.commit();
    context.commit();
    await after(20);
    throw error;
  })), (thrown) => thrown === error);
  assert.equal(guarded.stats().hedges, 0);
});

test("`commit` may be taken out of the context", async () => {
  const guarded = policy({ retry: { ...AT_ONCE }, fallback: () => "fallback" });
  const error = new Error("in the middle");
  let late;
  await assert.rejects(guarded.execute(({ attempt, commit }) => {
    assert.equal(attempt, 1);
    late = commit;
    commit();
    throw error;
  }), (thrown) => thrown === error);
  late();
  assert.equal(guarded.stats().attempts, 1);
  await guarded.execute(({ commit }) => commit());
});

test("`commit` aborts what runs beside it; one that comes late commits nothing", async () => {
  const guarded = policy({ hedge: { delay: "2ms" } });
  const contexts = [];
  const second = deferred();
  const call = guarded.execute(async (context) => {
    contexts.push(context);
    if (context.attempt === 1) return never();
    context.commit();
    second.resolve();
    await after(1);
    return "second";
  });
  await second.promise;
  assert.ok(contexts[0].signal.aborted);
  contexts[0].commit();
  assert.equal(await call, "second");
  contexts[1].commit();
});

// ── Fallback ──

test("fallbacks are asked in their order, each with the error before it", async () => {
  const asked = [];
  const guarded = policy({
    retry: { ...AT_ONCE, maxAttempts: 2 },
    fallback: [
      (error, context) => { asked.push([error.message, context.level, context.attempt]); throw new Error("first fallback"); },
      async (error, context) => { asked.push([error.message, context.level, context.attempt]); return "second fallback"; },
    ],
  });
  const heard = hear(guarded, ({ type, level }) => `${type} ${level ?? ""}`.trim());
  assert.equal(await guarded.execute(fail("the call")), "second fallback");
  assert.deepEqual(asked, [["the call", 1, 3], ["first fallback", 2, 4]]);
  assert.deepEqual(heard.filter((it) => it.startsWith("fallback")), ["fallback.started 1", "fallback.started 2"]);
});

test("when the fallbacks fail too, the error has all of theirs", async () => {
  const errors = [new Error("call"), new Error("first"), new Error("second")];
  const guarded = policy({ fallback: [() => { throw errors[1]; }, () => Promise.reject(errors[2])] });
  await assert.rejects(guarded.execute(() => { throw errors[0]; }), (error) => {
    assert.deepEqual(error.errors, errors);
    assert.match(error.message, /call/);
    return is("policy.failed", { cause: errors[0] })(error);
  });
  // A refusal is an error like any other.
  const open = policy({ circuitBreaker: TRIPS, fallback: (error) => error.code });
  await open.execute(fail());
  assert.equal(await open.execute(() => assert.fail("called")), "circuit.open");
});

// ── Cache and single flight ──

test("the same key in another order is the same; the value is the very same", async () => {
  const guarded = policy({ cache: { ttl: "1h" } });
  let asked = 0;
  const ask = (key) => guarded.execute(() => ({ asked: (asked += 1) }), { key });
  const first = await ask({ a: 1, b: { c: 2, d: [3] } });
  assert.equal(await ask({ b: { d: [3], c: 2 }, a: 1 }), first);
  assert.notEqual(await ask({ a: 1, b: { c: 2, d: [4] } }), first);
  assert.notEqual(await ask("a"), await ask(["a"]));
  assert.equal(asked, 4);
  assert.equal(guarded.stats().cacheHits, 1);
  guarded.clearCache();
  assert.deepEqual(guarded.stats().cache, { entries: 0, bytes: 0 });
  assert.notEqual(await ask({ a: 1, b: { c: 2, d: [3] } }), first);
});

test("a cache without a key, or with one that is no data, is refused", async () => {
  for (const options of [{ cache: { ttl: "1h" } }, { singleFlight: true }]) {
    const guarded = policy(options);
    const cyclic = {};
    cyclic.self = cyclic;
    for (const more of [undefined, {}, { key: undefined }, { key: () => {} }, { key: Symbol("x") }, { key: 1n }, { key: cyclic }, { key: new Map([[1, 2]]) }, { key: { of: new Set() } }, { key: NaN },
      { key: { f: () => 1 } }, { key: new URLSearchParams("a=1") }, { key: /a/ }, { key: new Error("a") }]) {
      await assert.rejects(guarded.execute(() => assert.fail("called"), more), (error) => {
        assert.equal(error.problems[0].pointer, "/key");
        return is("config.invalid")(error);
      });
    }
  }
});

test("an error is not kept", async () => {
  const guarded = policy({ cache: { ttl: "1h" } });
  await assert.rejects(guarded.execute(fail(), { key: "k" }));
  assert.equal(await guarded.execute(() => "better", { key: "k" }), "better");
  assert.equal(await guarded.execute(() => assert.fail("called"), { key: "k" }), "better");
});

test("undefined and null are values that are kept", async () => {
  const guarded = policy({ cache: { ttl: "1h" } });
  for (const value of [undefined, null, 0, ""]) {
    const key = `${value}`;
    assert.equal(await guarded.execute(() => value, { key }), value);
    assert.equal(await guarded.execute(() => "asked again", { key }), value);
  }
});

test("stale while revalidate: it is served at once, and refreshed once", async () => {
  const guarded = policy({ cache: { ttl: "10ms", staleWhileRevalidate: "1h" } });
  let asked = 0;
  const refreshed = deferred();
  const ask = (options) => guarded.execute(() => {
    asked += 1;
    return asked === 1 ? "old" : refreshed.promise;
  }, { key: "k", ...options });
  assert.equal(await ask(), "old");
  await after(30);
  const controller = new AbortController();
  assert.deepEqual(await Promise.all([ask({ signal: controller.signal }), ask(), ask()]), ["old", "old", "old"]);
  assert.equal(listeners(controller.signal), 0);
  // Who has an answer has nothing to give up.
  controller.abort();
  assert.equal(asked, 2);
  refreshed.resolve("new");
  await after(0);
  assert.equal(guarded.stats().inFlight, 0);
  assert.equal(guarded.stats().staleHits, 3);
});

test("a refresh that fails is nobody's error, and the next one tries again", async () => {
  const guarded = policy({ cache: { ttl: "5ms", staleWhileRevalidate: "1h" } });
  let asked = 0;
  const ask = () => guarded.execute(async () => {
    asked += 1;
    if (asked === 2) throw new Error("refresh");
    return asked;
  }, { key: "k" });
  assert.equal(await ask(), 1);
  await after(15);
  assert.equal(await ask(), 1);
  await after(0);
  assert.equal(await ask(), 1);
  assert.equal(asked, 3);
});

test("what was asked for before `clearCache` is not kept", async () => {
  const guarded = policy({ cache: { ttl: "1h" } });
  const work = deferred();
  const old = guarded.execute(() => work.promise, { key: "k" });
  guarded.clearCache();
  const fresh = guarded.execute(() => "fresh", { key: "k" });
  work.resolve("old");
  assert.deepEqual([await old, await fresh], ["old", "fresh"]);
  assert.equal(await guarded.execute(() => assert.fail("called"), { key: "k" }), "fresh");
});

test("a function that would wait for itself is told so", async () => {
  for (const options of [{ singleFlight: true }, { cache: { ttl: "1h" } }]) {
    const guarded = policy({ ...options, totalTimeout: "50ms" });
    const inner = () => guarded.execute(() => "inner", { key: { a: 1 } });
    await assert.rejects(guarded.execute(inner, { key: { a: 1 } }), (error) => {
      assert.equal(error.problems[0].pointer, "/key");
      return is("config.invalid")(error);
    });
    assert.equal(await guarded.execute(inner, { key: "another" }), "inner");
    // Later it cannot be told from others who ask meanwhile.
    const late = async () => {
      await null;
      return guarded.execute(() => "inner", { key: "late" });
    };
    await assert.rejects(guarded.execute(late, { key: "late" }), is("policy.total_timeout"));
  }
  const free = policy({});
  assert.equal(await free.execute(() => free.execute(() => "inner", { key: "k" }), { key: "k" }), "inner");
});

test("what refreshes the cache may ask for what is there", async () => {
  const guarded = policy({ cache: { ttl: "1ms", staleWhileRevalidate: "1h" } });
  await guarded.execute(() => "old", { key: "k" });
  await after(10);
  const refreshed = deferred();
  const refresh = async () => {
    refreshed.resolve(await guarded.execute(() => assert.fail("called"), { key: "k" }));
    return "new";
  };
  assert.equal(await guarded.execute(refresh, { key: "k" }), "old");
  assert.equal(await refreshed.promise, "old");
});

test("stale if error: an old answer is better than none", async () => {
  const value = { old: true };
  const guarded = policy({ cache: { ttl: "5ms", staleIfError: "1h" }, retry: { ...AT_ONCE, maxAttempts: 2 } });
  assert.equal(await guarded.execute(() => value, { key: "k" }), value);
  await after(15);
  assert.equal(await guarded.execute(fail(), { key: "k" }), value);
  assert.equal(guarded.stats().attempts, 3);
});

test("what does not fit makes the least recently used leave", async () => {
  const guarded = policy({ cache: { ttl: "1h", maxBytes: 2_000 } });
  const asked = [];
  const ask = (key) => guarded.execute(() => {
    asked.push(key);
    return new Uint8Array(600);
  }, { key });
  for (const key of ["a", "b", "c", "a", "d", "a", "b"]) await ask(key);
  assert.deepEqual(asked, ["a", "b", "c", "d", "b"]);
  assert.ok(guarded.stats().cache.bytes <= 2_000);
  await guarded.execute(() => new Uint8Array(5_000), { key: "too large" });
  assert.equal(guarded.stats().cache.entries, 3);
  // What cannot be looked at has no size, and is not kept.
  const hidden = Object.defineProperty({}, "x", { enumerable: true, get: fail() });
  assert.equal(await guarded.execute(() => hidden, { key: "hidden" }), hidden);
  assert.equal(await guarded.execute(() => "again", { key: "hidden" }), "again");
});

test("whatever holds bytes counts as many", async () => {
  const cyclic = { text: "x".repeat(5_000) };
  cyclic.self = cyclic;
  const text = "x".repeat(5_000);
  const large = [
    text, [text], { a: { b: text } }, { [text]: 1 }, new Map([[text, 1]]), new Map([[1, { text }]]), new Set([text]), cyclic,
    new Uint8Array(10_000), new Float64Array(1_250), new ArrayBuffer(10_000), new DataView(new ArrayBuffer(10_000)),
    { buffer: Buffer.alloc(10_000) }, new Blob([new Uint8Array(10_000)]), new Array(1_250).fill(1),
  ];
  for (const value of large) {
    const guarded = policy({ cache: { ttl: "1h" } });
    await guarded.execute(() => value, { key: "k" });
    const { bytes } = guarded.stats().cache;
    assert.ok(bytes >= 10_000 && bytes < 10_200, `${bytes}`);
    assert.equal(await guarded.execute(() => "again", { key: "k" }), value);
  }
});

test("what can be read only once is not kept", async () => {
  const generator = function* () { yield 1; };
  const asyncGenerator = async function* () { yield 1; };
  for (const make of [
    () => new Response("answer"), () => ({ response: new Response("answer") }), () => [new Request("https://example.org")],
    () => new ReadableStream(), () => Readable.from(["a"]), generator, asyncGenerator, () => new Map().values(),
  ]) {
    const guarded = policy({ cache: { ttl: "1h" } });
    const ask = () => guarded.execute(() => make(), { key: "k" });
    assert.notEqual(await ask(), await ask());
    assert.equal(guarded.stats().cache.entries, 0);
  }
});

test("single flight: those who ask for the same at the same time share the work, or its error", async () => {
  for (const options of [{ singleFlight: true }, { cache: { ttl: "1h" } }]) {
    const guarded = policy(options);
    let asked = 0;
    const work = deferred();
    const calls = Array.from({ length: 5 }, () => guarded.execute(() => { asked += 1; return work.promise; }, { key: "k" }));
    const error = new Error("shared");
    work.reject(error);
    for (const call of calls) await assert.rejects(call, (thrown) => thrown === error);
    assert.equal(asked, 1);
    assert.equal(guarded.stats().shared, 4);
    const value = {};
    const again = Array.from({ length: 5 }, () => guarded.execute(async () => value, { key: "k" }));
    for (const answer of await Promise.all(again)) assert.equal(answer, value);
  }
});

// ── Limits ──

test("a bulkhead that is full refuses, and a queue that takes too long gives up", async () => {
  const guarded = policy({ bulkhead: { maxConcurrent: 1, maxQueue: 1, maxWait: "20ms" } });
  const heard = hear(guarded);
  const holds = deferred();
  const holding = guarded.execute(() => holds.promise);
  const waiting = guarded.execute(() => assert.fail("called"));
  await assert.rejects(guarded.execute(() => assert.fail("called")), is("bulkhead.full", { kind: "rate_limited", retryable: true }));
  await assert.rejects(waiting, is("bulkhead.timeout"));
  holds.resolve("held");
  assert.equal(await holding, "held");
  assert.equal(guarded.stats().rejected, 2);
  assert.equal(heard.filter((type) => type === "attempt.rejected").length, 2);
});

test("a rate limit refuses with the time to come back, for each key on its own", async () => {
  const guarded = policy({ rateLimit: { limit: 2, per: "1h" } });
  const ask = (limitKey) => guarded.execute(() => "through", limitKey === undefined ? undefined : { limitKey });
  for (const key of [undefined, "a", "b"]) {
    assert.deepEqual(await Promise.all([ask(key), ask(key)]), ["through", "through"]);
    await assert.rejects(ask(key), (error) => {
      assert.ok(error.retryAfterMs > 1_000_000 && error.retryAfterMs <= 1_800_000, `${error.retryAfterMs}`);
      return is("rate_limit.exceeded", { retryable: true })(error);
    });
  }
  assert.equal(guarded.stats().rateLimited, 3);
});

test("`retryAfterMs` is in whole milliseconds, and not too early", async () => {
  const guarded = policy({ rateLimit: { limit: 7, per: "1s", burst: 1 } });
  await guarded.execute(() => {});
  await assert.rejects(guarded.execute(() => {}), ({ retryAfterMs, message }) => {
    assert.ok(Number.isInteger(retryAfterMs) && retryAfterMs > 0 && retryAfterMs <= 143, `${retryAfterMs}`);
    return message.endsWith(`try again in ${retryAfterMs} ms`);
  });
});

test("a rate limit that may wait lets everybody through, in order", async () => {
  const guarded = policy({ rateLimit: { limit: 1, per: "2ms", maxWait: "10s" } });
  const order = [];
  await Promise.all([0, 1, 2, 3, 4].map((index) => guarded.execute(() => order.push(index))));
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test("tokens count as many as they are; what never fits is told so", async () => {
  const guarded = policy({ rateLimit: { limit: 100, per: "1h", unit: "tokens" } });
  assert.equal(await guarded.execute(() => "through", { tokens: 80 }), "through");
  await assert.rejects(guarded.execute(fail(), { tokens: 30 }), is("rate_limit.exceeded"));
  await assert.rejects(guarded.execute(fail(), { tokens: 101 }), is("rate_limit.quota_exceeded", { retryable: false }));
});

test("a policy keeps to what the service says of its limits, with a rate of its own or without", async () => {
  for (const rateLimit of [{}, { limit: 1_000 }, { limit: 1_000, unit: "tokens" }, { perDay: 100 }]) {
    const guarded = policy({ rateLimit });
    const ask = (options) => guarded.execute(() => "through", options);
    const held = (least, most) => (error) => {
      assert.ok(error.retryAfterMs > least && error.retryAfterMs <= most, `${error.retryAfterMs}`);
      return is("rate_limit.exceeded", { retryable: true })(error);
    };
    guarded.observe({ requests: { remaining: 1, resetMs: 60_000 }, tokens: undefined });
    assert.equal(await ask(), "through");
    await assert.rejects(ask(), held(50_000, 60_000));
    assert.equal(await ask({ limitKey: "another" }), "through");
    guarded.observe({ limitKey: "another", tokens: { remaining: 0, resetMs: 60_000, limit: 600 } });
    assert.equal(await ask({ limitKey: "another" }), "through", "it takes no tokens");
    // 600 in a minute are ten in a second.
    await assert.rejects(ask({ limitKey: "another", tokens: 100 }), held(8_000, 10_000));
    guarded.observe({ requests: { remaining: 5, resetMs: 10 } });
    assert.equal(await ask(), "through", "the newest word counts");
    assert.equal(guarded.stats().rateLimited, 2);
  }
  const waits = policy({ rateLimit: { maxWait: "1s" } });
  waits.observe({ requests: { remaining: 0, resetMs: 30 } });
  const began = performance.now();
  await waits.execute(() => {});
  assert.ok(performance.now() - began >= 29);
});

test("what is observed is checked, and needs a rate limit that keeps to it", () => {
  const pointers = (guarded, said) => {
    try {
      guarded.observe(said);
    } catch (error) {
      assert.ok(is("config.invalid")(error));
      return error.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
    }
    return [];
  };
  const guarded = policy({ rateLimit: {} });
  assert.deepEqual(pointers(guarded, { requests: { remaining: 0, resetMs: 0.5 }, limitKey: "a" }), []);
  assert.deepEqual(pointers(guarded, {}), []);
  for (const wrong of [undefined, null, 7, "remaining"]) assert.match(pointers(guarded, wrong).join(), /must be an object/);
  const wrong = { key: "a", limitKey: 7, requests: { remaining: -1, resetMs: "1s", limit: 0.5, reset: 1 }, tokens: { limit: 9 } };
  const problems = pointers(guarded, wrong);
  const where = ["/key", "/limitKey", "/requests/limit", "/requests/remaining", "/requests/reset", "/requests/resetMs"];
  assert.deepEqual(problems.map((problem) => problem.split(":")[0]).sort(), [...where, "/tokens", "/tokens"].sort());
  assert.deepEqual(pointers(guarded, { requests: { remaining: Infinity, resetMs: NaN } }).length, 2);
  assert.match(pointers(policy({ retry: {} }), {}).join(), /no `rateLimit`.*`rateLimit: \{\}` will do/);
  guarded.dispose();
  assert.throws(() => guarded.observe({ requests: { remaining: 0, resetMs: 1 } }), is("internal.disposed"));
});

test("an error `slow_down` slows the calls that come, without a word of the caller", async () => {
  const slow = () => { throw Object.assign(new Error("too fast"), { status: 503, error: { code: "slow_down" } }); };
  const guarded = policy({ rateLimit: {} });
  for (const options of [{}, { limitKey: "other" }]) {
    await assert.rejects(guarded.execute(slow, options), /too fast/);
    assert.equal(await guarded.execute(() => "through", options), "through");
    await assert.rejects(guarded.execute(() => "through", options), is("rate_limit.exceeded"));
  }
  assert.equal(await guarded.execute(() => "through", { limitKey: "third" }), "through");
  // Half of the rate: the first of the burst costs as much as two.
  const limited = policy({ rateLimit: { limit: 4, per: "1h" } });
  await assert.rejects(limited.execute(slow), /too fast/);
  assert.equal(await limited.execute(() => "through"), "through");
  await assert.rejects(limited.execute(() => "through"), is("rate_limit.exceeded"));
  // No other error does that, nor one of a fallback.
  const other = policy({ rateLimit: {}, fallback: slow });
  await assert.rejects(other.execute(fail()), is("policy.failed"));
  assert.equal(await other.execute(() => "through"), "through");
  assert.equal(await other.execute(() => "through"), "through");
});

test("a fallback may start early; whichever answers first wins, and the other is aborted", async () => {
  for (const [mine, theirs, winner] of [[40, 1_000, "function"], [1_000, 20, "fallback"]]) {
    const contexts = [];
    const fallback = (error, context) => {
      contexts.push(context);
      assert.equal(error, undefined, "nothing has failed");
      return after(theirs, "fallback");
    };
    const guarded = policy({ fallback, hedge: { delay: "10ms", with: "fallback" }, circuitBreaker: {}, cache: { ttl: "1h" } });
    const heard = hear(guarded, ({ type, attempt, level, error }) => [type, attempt ?? level, error].slice(0, error ? 3 : 2).join(" "));
    const answer = await guarded.execute((context) => {
      contexts.push(context);
      return after(mine, "function");
    }, { key: 1 });
    assert.equal(answer, winner);
    const started = ["attempt.started 1", "fallback.started 1", "attempt.started 2"];
    assert.deepEqual(heard, [...started, "call.completed "]);
    assert.deepEqual(contexts.map(({ level }) => level), [0, 1]);
    const [won, lost] = winner === "function" ? contexts : [...contexts].reverse();
    assert.equal(won.signal.aborted, false);
    assert.ok(is("policy.cancelled")(lost.signal.reason));
    const { hedges, fallbacks, attempts, cache, circuit } = guarded.stats();
    assert.deepEqual([hedges, fallbacks, attempts], [1, 1, 2]);
    // Only what the function gave is kept, and counts.
    assert.deepEqual([cache.entries, circuit.calls], winner === "function" ? [1, 1] : [0, 0]);
  }
});

test("early or not, a fallback is asked once, and what fails leaves the other as it is", async () => {
  const early = (fallback, more) => policy({ fallback, hedge: { delay: "10ms", with: "fallback" }, ...more });
  const late = (ms, message) => () => after(ms).then(fail(message));
  let asked = 0;
  const second = (error) => {
    asked += 1;
    assert.equal(error, undefined);
    return after(40, "second");
  };
  assert.equal(await early(second, { retry: { maxAttempts: 3 } }).execute(late(25, "first")), "second");
  assert.equal(asked, 1);
  // The other way round: also with a try after it.
  let tries = 0;
  const third = early(late(1, "fallback"), { retry: { maxAttempts: 2, ...AT_ONCE } });
  assert.equal(await third.execute(() => after(20).then(() => { tries += 1; if (tries === 1) throw new Error("first"); return "again"; })), "again");
  // All fail: their errors come in the order of the levels, whichever was first.
  const all = early([late(1, "one"), (error) => { throw new Error(`two after ${error.message}`); }]);
  await assert.rejects(all.execute(late(30, "none")), (error) => {
    assert.deepEqual(error.errors.map(({ message }) => message), ["none", "one", "two after none"]);
    assert.equal(error.cause, error.errors[0]);
    return is("policy.failed")(error);
  });
  const timed = early(() => after(30, "in time"), { timeout: "25ms" });
  const heard = hear(timed);
  await assert.rejects(timed.execute(never), ({ errors }) => errors.length === 2 && errors.every(is("policy.timeout")));
  assert.equal(heard.filter((type) => type === "attempt.timed_out").length, 2);
  assert.equal(await early(() => after(30, "in time"), { timeout: "50ms" }).execute(never), "in time");
  const committed = early(() => assert.fail("seen"));
  assert.equal(await committed.execute((context) => { context.commit(); return after(30, "slow"); }), "slow");
  assert.throws(() => policy({ hedge: { with: "fallback" } }), is("config.invalid"));
});

test("a quota of the day outlives the policy by its snapshot", async () => {
  const options = { rateLimit: { perDay: 2 } };
  const first = policy(options);
  for (const key of ["a", "a", "b"]) await first.execute(() => "through", { limitKey: key });
  await assert.rejects(first.execute(fail(), { limitKey: "a" }), (error) => error.retryAfterMs > 0 && is("rate_limit.quota_exceeded", { kind: "exhausted" })(error));
  const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
  first.dispose();
  const second = policy(options, { snapshot });
  await assert.rejects(second.execute(fail(), { limitKey: "a" }), is("rate_limit.quota_exceeded"));
  assert.equal(await second.execute(() => "through", { limitKey: "b" }), "through");
  await assert.rejects(second.execute(fail(), { limitKey: "b" }), is("rate_limit.quota_exceeded"));
});

// ── Circuit breaker ──

test("the breaker opens, refuses, probes and closes, and tells each change once", async () => {
  const guarded = policy({ circuitBreaker: { failureRate: 0.5, minCalls: 2, openFor: "200ms" } });
  const heard = [];
  for (const type of ["circuit.opened", "circuit.half_opened", "circuit.closed"]) {
    guarded.on(type, ({ type, from, to, at }) => heard.push([type, from, to, Number.isFinite(at)]));
  }
  await guarded.execute(() => "fine");
  await assert.rejects(guarded.execute(fail()), /no/);
  await assert.rejects(guarded.execute(() => assert.fail("called")), (error) => {
    assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 200, `${error.retryAfterMs}`);
    return is("circuit.open", { kind: "unavailable", retryable: true })(error);
  });
  await after(250);
  assert.equal(await guarded.execute(() => "again"), "again");
  assert.equal(guarded.stats().circuit.state, "closed");
  assert.deepEqual(heard, [
    ["circuit.opened", "closed", "open", true],
    ["circuit.half_opened", "open", "half_open", true],
    ["circuit.closed", "half_open", "closed", true],
  ]);
});

test("by hand: isolations are counted, `close` closes", async () => {
  const guarded = policy({ circuitBreaker: {} });
  const heard = hear(guarded);
  const state = () => guarded.stats().circuit.state;
  guarded.circuit.isolate();
  guarded.circuit.isolate();
  assert.equal(state(), "isolated");
  await assert.rejects(guarded.execute(() => assert.fail("called")), (error) => error.retryAfterMs === undefined && is("circuit.open")(error));
  guarded.circuit.lift();
  assert.equal(state(), "isolated");
  guarded.circuit.lift();
  assert.notEqual(state(), "isolated");
  guarded.circuit.close();
  assert.equal(state(), "closed");
  assert.equal(await guarded.execute(() => "through"), "through");
  assert.ok(heard.includes("circuit.isolated") && heard.includes("circuit.closed") && heard.includes("attempt.short_circuited"));
});

test("`circuitBreaker.on` as a predicate says what counts", async () => {
  const guarded = policy({ circuitBreaker: { ...TRIPS, on: (error) => error.message === "counts" } });
  await assert.rejects(guarded.execute(fail("does not")), /does not/);
  assert.equal(guarded.stats().circuit.state, "closed");
  await assert.rejects(guarded.execute(fail("counts")), /counts/);
  assert.equal(guarded.stats().circuit.state, "open");
});

test("a policy made of a snapshot is where the old one was", async () => {
  const first = policy({ circuitBreaker: TRIPS });
  await assert.rejects(first.execute(fail()));
  const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
  first.dispose();
  const second = policy({ circuitBreaker: TRIPS }, { snapshot });
  await assert.rejects(second.execute(() => assert.fail("called")), is("circuit.open"));
  assert.deepEqual(second.snapshot(), snapshot);
  // One that is not understood is no reason not to work.
  for (const snapshot of [{}, { circuit: 7 }, { circuit: { state: "ajar" } }, { quotas: "x" }, { circuit: { state: "closed", opens: -1 } }]) {
    assert.equal(await policy({ circuitBreaker: TRIPS, rateLimit: { perDay: 5 } }, { snapshot }).execute(() => "fine"), "fine");
  }
});

// ── Reentrancy and the end ──

test("however many calls share a signal, it has one listener; with more than ten Node suspects a leak", async () => {
  const guarded = policy({ timeout: "1h" });
  const controller = new AbortController();
  const { signal } = controller;
  const ends = [];
  const calls = Array.from({ length: 50 }, (_, index) =>
    guarded.execute(() => new Promise((resolve) => ends.push(() => resolve(index))), { signal }));
  assert.equal(listeners(signal), 1);
  ends.splice(0, 20).forEach((end) => end());
  assert.deepEqual(await Promise.all(calls.splice(0, 20)), Array.from({ length: 20 }, (_, index) => index));
  assert.equal(listeners(signal), 1);
  controller.abort("enough");
  for (const call of calls) await assert.rejects(call, { code: "policy.cancelled", cause: "enough" });
  assert.equal(listeners(signal), 0);
});

test("a call inside of a call, in functions, fallbacks, predicates and listeners", async () => {
  const guarded = policy({
    bulkhead: { maxConcurrent: 10 },
    retry: { ...AT_ONCE, maxAttempts: 2, on: () => { inside.push(guarded.execute(() => "predicate")); return true; } },
    fallback: () => guarded.execute(() => "fallback"),
  });
  const inside = [];
  let once = true;
  guarded.on("call.completed", () => {
    if (once) inside.push(guarded.execute(() => "listener"));
    once = false;
  });
  assert.equal(await guarded.execute(() => guarded.execute(() => guarded.execute(() => "inner"))), "inner");
  assert.equal(await guarded.execute(fail()), "fallback");
  assert.deepEqual(await Promise.all(inside), ["listener", "predicate", "predicate"]);
  assert.equal(guarded.stats().inFlight, 0);
});

test("dispose rejects what is under way and what comes later", async () => {
  const { signal } = new AbortController();
  const guarded = policy({ bulkhead: { maxConcurrent: 1, maxQueue: 5 }, singleFlight: true });
  let inner;
  const under = (context) => {
    inner = context.signal;
    return never();
  };
  const calls = ["a", "a", "b"].map((key) => guarded.execute(under, { key, signal }));
  guarded.on("*", () => assert.fail("told after the end"), { signal });
  guarded.dispose();
  guarded.dispose();
  for (const call of calls) await assert.rejects(call, is("internal.disposed"));
  assert.ok(inner.aborted);
  assert.equal(listeners(signal), 0);
  await assert.rejects(guarded.execute(() => "later"), is("internal.disposed"));
  assert.throws(() => guarded.on("*", () => {}), is("internal.disposed"));
  assert.throws(() => guarded.circuit.isolate(), is("internal.disposed"));
  assert.equal(guarded.stats().inFlight, 0);
  guarded.clearCache();
  assert.deepEqual(guarded.snapshot(), {});
});

test("dispose inside of the function, of a fallback, of a predicate", async () => {
  for (const options of [
    {},
    { fallback: () => { guarded.dispose(); return "fallback"; } },
    { retry: { ...AT_ONCE, on: () => { guarded.dispose(); return true; } } },
    { cache: { ttl: "1h" } },
  ]) {
    var guarded = policy(options);
    const other = guarded.execute(never, { key: "other" });
    const call = guarded.execute(() => {
      if (options.fallback === undefined && options.retry === undefined) guarded.dispose();
      if (options.cache !== undefined) return { toJSON: () => 1 };
      throw new Error("no");
    }, { key: "k" });
    await assert.rejects(call, is("internal.disposed"));
    await assert.rejects(other, is("internal.disposed"));
  }
});

test("dispose inside of a listener: who has an answer keeps it", async () => {
  for (const type of ["attempt.started", "call.completed"]) {
    const guarded = policy({ cache: { ttl: 5, staleWhileRevalidate: "1h" } });
    await guarded.execute(() => "old", { key: "k" });
    await after(15);
    guarded.on(type, () => guarded.dispose());
    const stale = guarded.execute(never, { key: "k" });
    assert.equal(await stale, "old", type);
  }
  const guarded = policy({});
  guarded.on("call.completed", () => guarded.dispose());
  const bystander = guarded.execute(never);
  assert.equal(await guarded.execute(() => "value"), "value");
  await assert.rejects(bystander, is("internal.disposed"));
  const failing = policy({});
  failing.on("call.failed", () => failing.dispose());
  await assert.rejects(failing.execute(fail("mine")), /mine/);
});

test("a listener that is gone hears nothing; one that comes while an event is told hears the next", async () => {
  const guarded = policy({});
  const heard = [];
  const off = guarded.on("call.completed", () => heard.push("first"));
  const controller = new AbortController();
  guarded.on("call.completed", () => heard.push("second"), { signal: controller.signal });
  await guarded.execute(() => 1);
  off();
  off();
  controller.abort();
  await guarded.execute(() => 1);
  assert.deepEqual(heard, ["first", "second"]);
  assert.throws(() => guarded.on("*", 7), is("config.invalid"));
  assert.throws(() => guarded.on("*", () => {}, { signall: 7 }), is("config.invalid"));
});

test("a type of event that there is not is refused, with the one that was meant", () => {
  const guarded = policy({});
  const meant = { "retry.schedule": "retry.scheduled", "circuit.open": "circuit.opened", "Call.Completed": "call.completed", "atempt.failed": "attempt.failed" };
  for (const [type, suggestion] of Object.entries(meant)) {
    assert.throws(() => guarded.on(type, () => {}), (error) => {
      assert.deepEqual(error.problems, [
        { pointer: "/type", message: `there is no event \`${type}\`; did you mean \`${suggestion}\`?`, suggestion },
      ]);
      return is("config.invalid")(error);
    });
  }
  for (const type of ["", "banana", "x".repeat(1_000)]) {
    assert.throws(() => guarded.on(type, () => {}), /the types are `\*`, `attempt\.started`, .*`circuit\.isolated`$/);
  }
  const types = [
    "*", "attempt.started", "attempt.failed", "attempt.timed_out", "attempt.short_circuited", "attempt.rejected",
    "attempt.rate_limited", "call.timed_out", "retry.scheduled", "fallback.started", "call.completed", "call.failed",
    "call.cancelled", "circuit.opened", "circuit.half_opened", "circuit.closed", "circuit.isolated",
  ];
  for (const type of types) guarded.on(type, () => {})();
});

test("the error of a policy is a RepflowError that can be written down", async () => {
  const error = await policy({ circuitBreaker: TRIPS, fallback: fail("second") }).execute(fail("first")).catch((error) => error);
  assert.ok(error instanceof RepflowError);
  assert.equal(JSON.parse(JSON.stringify(error)).code, "policy.failed");
});

test("whatever happens together, every call ends once and leaves nothing behind", async () => {
  // Park and Miller's generator: the same story every time.
  let state = 7;
  const random = (below) => (state = (state * 48_271) % 2_147_483_647) % below;
  const keys = [undefined, "a", "b", "c"];
  for (let round = 0; round < 30; round += 1) {
    const options = {
      retry: { maxAttempts: 1 + random(3), delay: random(3), maxDelay: "5ms" },
      fallback: random(2) === 0 ? [] : [
        (error) => { if (random(2) === 0) throw error ?? new Error("busy"); return "fallback"; },
        () => after(random(6), "fallback"),
      ],
    };
    if (random(2)) options.timeout = 1 + random(8);
    if (random(2)) options.totalTimeout = 5 + random(20);
    if (random(2)) options.circuitBreaker = { minCalls: 3, openFor: 5 };
    if (random(2)) options.bulkhead = { maxConcurrent: 1 + random(4), maxQueue: random(10), maxWait: 20 };
    if (random(2)) options.rateLimit = { limit: 1 + random(5), per: 5, maxWait: random(20) };
    if (random(2)) options.hedge = { delay: 1 + random(3) };
    if (options.hedge !== undefined && options.fallback.length > 0 && random(3) > 0) {
      Object.assign(options.hedge, { with: "fallback", maxExtra: 1 + random(2) });
    }
    if (random(3) === 0) options.cache = { ttl: 3, staleWhileRevalidate: 3, staleIfError: 3, maxBytes: 100 };
    const needsKey = options.cache !== undefined || random(4) === 0;
    options.singleFlight = needsKey;
    const guarded = policy(options);
    const act = async (context) => {
      const what = random(7);
      if (what === 0) throw new Error("sync");
      if (what === 1) context.commit();
      await after(random(6));
      if (what === 2) throw Object.assign(new Error("busy"), { status: 503, retryAfterMs: random(4) });
      if (what === 4 && options.rateLimit !== undefined) guarded.observe({ requests: { remaining: random(3), resetMs: random(5) } });
      if (what === 3 && context.attempt < 3) await guarded.execute(() => "inner", { key: `inner ${random(3)}` });
      return "value";
    };
    const signals = [];
    const calls = Array.from({ length: 25 }, () => {
      const controller = new AbortController();
      signals.push(controller.signal);
      if (random(3) === 0) setTimeout(() => controller.abort(), random(12));
      const key = needsKey ? keys[1 + random(3)] : keys[random(4)];
      return guarded.execute(act, { signal: controller.signal, key });
    });
    const codes = ["policy.", "circuit.", "bulkhead.", "rate_limit."];
    for (const { value, reason } of await Promise.allSettled(calls)) {
      if (reason === undefined) assert.match(value, /^(value|fallback)$/);
      else assert.ok(/^(sync|busy)$/.test(reason.message) || codes.some((code) => reason.code?.startsWith(code)), reason);
    }
    // Refreshes and inner calls may still run.
    for (let wait = 0; guarded.stats().inFlight > 0; wait += 1) {
      assert.ok(wait < 500, `${guarded.stats().inFlight} calls never end`);
      await after(5);
    }
    for (const signal of signals) assert.equal(listeners(signal), 0);
    const { calls: begun, succeeded, failed, cancelled, bulkhead } = guarded.stats();
    assert.equal(succeeded + failed + cancelled, begun);
    if (bulkhead !== undefined) assert.deepEqual([bulkhead.running, bulkhead.queued], [0, 0]);
  }
});
