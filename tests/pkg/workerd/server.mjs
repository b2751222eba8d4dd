// A Worker of the fixture in real workerd.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";

import { project } from "../support.mjs";

// Before wrangler is loaded: it reads these then. No metrics, no look-up of a data centre.
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
});
const { createTestHarness } = await import("wrangler");

/** Has a Worker run for a suite. Gives a function that asks it, and one that asks it for JSON. */
export function worker(config) {
  const cleanUp = [];
  let server;

  before(async () => {
    const directory = await project({ after: (work) => cleanUp.push(work) }, import.meta.url);
    server = createTestHarness({ workers: [{ configPath: join(directory, config) }] });
    await server.listen();
  });

  after(async () => {
    await server?.close();
    for (const work of cleanUp) await work();
  });

  const json = async (path) => {
    const response = await server.fetch(path);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return { fetch: (path) => server.fetch(path), json };
}
