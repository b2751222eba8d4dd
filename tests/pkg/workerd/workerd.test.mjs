import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import { says, service, stream } from "../ai/service.mjs";
import { assertIsTheWorkoutAskedFor, project } from "../support.mjs";

// Before wrangler is loaded: it reads these then. No metrics, no look-up of a data centre.
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
});
const { createTestHarness } = await import("wrangler");

suite("a Worker", () => {
  const cleanUp = [];
  let server;

  before(async () => {
    const directory = await project({ after: (work) => cleanUp.push(work) }, import.meta.url);
    server = createTestHarness({ workers: [{ configPath: join(directory, "wrangler.jsonc") }] });
    await server.listen();
  });

  after(async () => {
    await server?.close();
    for (const work of cleanUp) await work();
  });

  const json = async (path) => {
    const response = await server.fetch(path);
    assert.equal(response.status, 200, `${path}: ${response.status}`);
    return response.json();
  };

  test("answers with a workout", async () => {
    assertIsTheWorkoutAskedFor(await json("/"));
  });

  test("serves several requests at once, one of them slow", async () => {
    const slow = server.fetch("/slow");
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
