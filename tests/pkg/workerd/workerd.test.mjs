import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { says, service, stream } from "../ai/service.mjs";
import { assertIsTheWorkoutAskedFor } from "../support.mjs";
import { worker } from "./server.mjs";

suite("a Worker", () => {
  const { fetch, json } = worker("wrangler.jsonc");

  test("answers with a workout", async () => {
    assertIsTheWorkoutAskedFor(await json("/"));
  });

  test("serves several requests at once, one of them slow", async () => {
    const slow = fetch("/slow");
    const [first, second] = await Promise.all([json("/"), json("/")]);
    assertIsTheWorkoutAskedFor(first);
    assertIsTheWorkoutAskedFor(second);
    assert.equal(await (await slow).text(), "waited");
  });

  test("can look into a bus", async () => {
    assert.deepEqual(await json("/insight"), ["clock", "healthy", 1, 1, "clock.asked"]);
  });

  test("can ask a model", async (t) => {
    const { baseUrl } = await service(t, (_, response) => stream(response, says.responses.stream(["Hel", "lo"]), { cut: 9 }));
    assert.deepEqual(await json(`/model?at=${encodeURIComponent(baseUrl)}`), ["Hello", "req_1", "exact"]);
  });

  test("keeps its answers typed when something is wrong", async () => {
    assert.deepEqual(await json("/wrong"), { typed: true, code: "bus.no_such_feature" });
  });
});
