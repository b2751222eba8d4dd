// Real browsers, without a window and without a driver: each is started with the address of a page, and the page sends
// what it has measured to the server that it came from.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { existsSync } from "node:fs";

/** A page that takes longer is given up. */
const MOST_MS = 600_000;

const CHROMIUM_ARGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** No start page, no update, no report to anybody; and a clock as fine as an isolated page may have one. */
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

export const BROWSERS = {
  Chromium: {
    programs: [process.env.CHROME, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    args: (profile, url) => [...CHROMIUM_ARGS, `--user-data-dir=${profile}`, url],
  },
  Firefox: {
    programs: [process.env.FIREFOX, "firefox-esr", "firefox"],
    args: (profile, url) => ["--headless", "--no-remote", "--profile", profile, url],
    prepare: (profile) => {
      const prefs = Object.entries(FIREFOX_PREFS).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${value});\n`);
      return writeFile(join(profile, "user.js"), prefs.join(""));
    },
  },
};

/** Opens `files`, by path, in a browser at `index.html`, and returns what the page posts to `results`. */
export async function posted(name, files) {
  const { programs, args, prepare } = BROWSERS[name];
  const program = found(programs);
  if (!program) throw new Error(`there is no ${name} here; ${name.toUpperCase()} may say where it is`);
  const profile = await mkdtemp(join(tmpdir(), "repflow-browser-"));
  const { server, url, result } = await serving(files);
  await prepare?.(profile);
  const browser = spawn(program, args(profile, url), { stdio: "ignore" });
  const timer = { };
  const late = new Promise((_, reject) => {
    timer.of = setTimeout(() => reject(new Error(`${name} did not answer`)), MOST_MS);
  });
  const gone = once(browser, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  try {
    return await Promise.race([result, late, gone]);
  } finally {
    clearTimeout(timer.of);
    gone.catch(() => {});
    if (browser.exitCode === null && browser.kill()) await once(browser, "exit");
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function found(programs) {
  const directories = process.env.PATH.split(delimiter);
  const places = programs.filter(Boolean).flatMap((program) => [program, ...directories.map((directory) => join(directory, program))]);
  return places.find((place) => place.includes("/") && existsSync(place));
}

async function serving(files) {
  let resolve;
  const result = new Promise((given) => {
    resolve = given;
  });
  // Isolated from other origins, so that its clock is as fine as a page's can be.
  const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    if (request.method === "POST") {
      const parts = [];
      for await (const part of request) parts.push(part);
      response.writeHead(204).end();
      resolve(JSON.parse(Buffer.concat(parts).toString()));
    } else if (files[path] === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { ...isolated, "content-type": type(path) }).end(files[path]);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${server.address().port}/`, result };
}

const type = (path) =>
  path.endsWith(".html") ? "text/html" : path.endsWith(".wasm") ? "application/wasm" : path.endsWith(".js") ? "text/javascript" : "application/json";
