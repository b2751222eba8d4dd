// Workers drop the timers and tasks of a request with it, and give up a request for which nothing is due any more. What is in the global
// scope of a module lives on: no request may hang, or be late, for what another one has left there.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { suite, test } from "node:test";

import { worker } from "./server.mjs";

/** What is later than this had waited for something that was lost. */
const LATE_MS = 900;

suite("an orchestrator that requests share", () => {
  const { json } = worker("shared.jsonc");
  let asked = 0;

  /** Asks for something that takes `ms`, and looks whether the answer is its own, and in time. */
  const ask = async (kind, ms) => {
    asked += 1;
    const answers = { wait: `${asked}`, sleep: "slept", timeout: "step.timeout", retry: "step.failed", busy: true, request: "bus.timeout" };
    const answer = await json(`/ask?kind=${kind}&ms=${ms}&id=${asked}`);
    assert.equal(answer.what, answers[kind]);
    // A timer may ring a little early by another clock.
    if (kind !== "busy") assert.ok(answer.ms > ms - 5, `${kind} of ${ms} ms took ${answer.ms} ms`);
    assert.ok(answer.ms < ms + LATE_MS, `${kind} of ${ms} ms took ${answer.ms} ms`);
  };

  for (const left of ["wait", "sleep", "timeout", "retry", "busy", "request"]) {
    for (const waits of ["", "1"]) {
      test(`a request leaves a ${left}, ${waits ? "with" : "without"} waitUntil, and nobody after it minds`, async () => {
        assert.equal(await json(`/leave?kind=${left}&ms=200&id=left&waits=${waits}`), "left");
        for (const kind of ["wait", "timeout", "request", "retry", "sleep", "busy"]) await ask(kind, 40);
        // Later than what was left behind is due.
        await Promise.all(["wait", "timeout", "request", "retry"].map((kind) => ask(kind, 400)));
        assert.equal(await json("/renew"), "renewed");
      });
    }
  }

  test("each of many requests at once has its own answer in time", async () => {
    const all = [];
    for (const ms of [300, 100, 400, 200]) {
      for (const kind of ["wait", "timeout", "request", "retry", "sleep", "busy"]) all.push(ask(kind, ms));
      await pause(20);
    }
    await Promise.all(all);
  });

  for (const kind of ["timeout", "request"]) {
    test(`a request whose ${kind} comes after that of another one still has a timer when the other has gone`, async () => {
      const first = ask(kind, 150);
      await pause(50);
      await Promise.all([first, ask(kind, 400)]);
    });
  }

  test("a later request can signal to a run, and cancel it", async () => {
    for (const [kind, act, answer, what] of [["signal", "signal", true, "gone"], ["watched", "cancel", "cancelled", "run.cancelled"]]) {
      await json(`/leave?kind=${kind}&ms=10000&id=left`);
      assert.equal(await json(`/${act}?id=left`), answer);
      const waiting = json(`/ask?kind=${kind}&ms=10000&id=waiting`);
      await pause(100);
      assert.equal(await json(`/${act}?id=waiting`), answer);
      assert.equal((await waiting).what, what);
    }
  });

  test("a later request can wait until all runs have ended, also those that were left behind", async () => {
    await json("/leave?kind=timeout&ms=200&id=left");
    const waiting = ask("wait", 300);
    await pause(50);
    assert.equal(await json("/drain"), 0);
    await waiting;
    await json("/renew");
  });

  test("a later request can dispose of it", async () => {
    const waiting = json("/ask?kind=watched&ms=10000&id=waiting");
    await pause(100);
    await json("/renew");
    assert.equal((await waiting).what, "internal.disposed");
    await ask("wait", 40);
  });

  test("what is made for one request is not kept after it", async () => {
    for (let request = 0; request < 40; request += 1) assert.equal((await json("/own")).what, "own");
    const [made, kept] = await json("/kept");
    assert.equal(made, 40);
    assert.ok(kept < made / 2, `${kept} of ${made} are kept`);
  });
});
