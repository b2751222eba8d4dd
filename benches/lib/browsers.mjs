// Real browsers, without a window and without a driver: each is started with the address of a page, and the page sends
// what it has measured to the server that it came from.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { json } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

/** A page that takes longer is given up. */
const MOST_MS = 600_000;

const CHROMIUM_ARGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** No start page, no update, no report to anybody. */
const FIREFOX_PREFS = {
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "extensions.getAddons.cache.enabled": false,
};

const BROWSERS = {
  Chromium: {
    variable: "CHROME",
    args: (profile, url) => [...CHROMIUM_ARGS, `--user-data-dir=${profile}`, url],
  },
  Firefox: {
    variable: "FIREFOX",
    args: (profile, url) => ["--headless", "--no-remote", "--profile", profile, url],
    prepare: (profile) => {
      const prefs = Object.entries(FIREFOX_PREFS).map(([name, value]) => `user_pref("${name}", ${value});\n`);
      return writeFile(join(profile, "user.js"), prefs.join(""));
    },
  },
};

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
// Isolated from other origins, so that its clock is as fine as a page's can be.
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** Opens `files`, by path, in a browser at `index.html`, and returns what the page posts. */
export async function posted(name, files) {
  const { variable, args, prepare } = BROWSERS[name];
  const program = process.env[variable];
  assert.ok(program, `${variable} is not set: measure with \`cargo xtask bench\``);
  const profile = await mkdtemp(join(tmpdir(), "repflow-browser-"));
  await prepare?.(profile);
  const { server, result } = await serve(files);
  const browser = spawn(program, args(profile, `http://127.0.0.1:${server.address().port}/`), { stdio: "ignore" });
  const gone = once(browser, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  const giveUp = new AbortController();
  try {
    return await Promise.race([result, gone, late(name, giveUp.signal)]);
  } finally {
    giveUp.abort();
    gone.catch(() => {});
    if (browser.exitCode === null && browser.kill()) await once(browser, "exit");
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Rejects when a page has had its time. */
async function late(name, signal) {
  await setTimeout(MOST_MS, undefined, { signal }).catch(() => {});
  throw new Error(`${name} has not answered for ${MOST_MS / 1_000} s`);
}

/** A server of `files`, and the promise of what is posted to it. */
async function serve(files) {
  const { promise: result, resolve } = Promise.withResolvers();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    if (request.method === "POST") {
      resolve(await json(request));
      response.writeHead(204).end();
    } else if (Object.hasOwn(files, path)) {
      const type = TYPES[extname(path)] ?? "application/json";
      response.writeHead(200, { ...ISOLATED, "content-type": type }).end(files[path]);
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, result };
}
