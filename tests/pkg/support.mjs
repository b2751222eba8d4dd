// What the package tests share: a project with the packed package installed, programs, a web server, a browser.
//
// Every fixture is copied out of the repository before it runs. There, only what npm installed can be found: nothing
// resolves by accident to a file that is not in the tarball.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { chromium } from "@playwright/test";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packed package, or with `REPFLOW_FAULT_TARBALL` its twin that can panic; `cargo xtask test` says where it is. */
export function tarball(variable = "REPFLOW_TARBALL") {
  const path = process.env[variable];
  assert.ok(path, `${variable} is not set: run the package tests with \`cargo xtask test package workers\``);
  return path;
}

/** A program of one of the npm packages that the root installs. */
export const tool = (name) => join(root, "node_modules/.bin", name);

/** Copies `./fixture` of the calling test file away, installs the package there, and returns where it is. */
export async function project(t, testFile, packed = tarball()) {
  const directory = await temporary(t);
  await cp(fileURLToPath(new URL("fixture", testFile)), directory, { recursive: true });
  await run("npm", ["install", "--no-save", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", packed], directory);
  return directory;
}

/** An empty directory that goes away with the test. */
export async function temporary(t) {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "repflow-")));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** Runs a program to its end and returns its stdout; a failure carries all that it printed. */
export async function run(program, args, directory, env = {}) {
  try {
    const options = { cwd: directory, env: { ...process.env, ...env }, maxBuffer: 1 << 26, timeout: 120_000 };
    return (await execute(program, args, options)).stdout;
  } catch (error) {
    const how = error.killed ? "took too long" : `ended with ${error.code}`;
    throw new Error(`${program} ${args.join(" ")} ${how}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
  }
}

/** The package as the project's `entry.mjs` sees it, which has to `export * from "repflow"`. */
export async function imported(t, testFile, packed) {
  const directory = await project(t, testFile, packed);
  return import(pathToFileURL(join(directory, "entry.mjs")).href);
}

/** Which file the `exports` of the installed package name for `condition`. */
export async function entry(directory, condition) {
  const manifest = JSON.parse(await readFile(join(directory, "node_modules/repflow/package.json"), "utf8"));
  let found = manifest.exports["."][condition];
  while (typeof found === "object") found = found.default ?? found.import;
  assert.ok(found, `package.json has no export for ${condition}`);
  return normalize(join("/node_modules/repflow", found));
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves a directory on this machine; paths that match `missing` are not there. */
export async function serve(t, directory, { missing } = {}) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.replace(/\/$/, "/index.html");
    try {
      if (missing?.test(path)) throw new Error("not here");
      const body = await readFile(join(directory, normalize(path)));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** A real browser, without a window. */
export async function launch(t) {
  assert.ok(process.env.CHROME, "CHROME is not set: run the package tests with `cargo xtask test package`");
  const browser = await chromium.launch({ executablePath: process.env.CHROME, args: QUIET });
  t.after(() => browser.close());
  return browser;
}

/**
 * Opens a page in a real browser and waits for the workout that it puts into `<output>`. Returns it with what was
 * requested, and with what went wrong on the way.
 */
export async function visit(t, url) {
  const browser = await launch(t);
  const page = await browser.newPage();
  const [requested, problems] = [[], []];
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  const failed = new Promise((_, reject) => {
    page.on("pageerror", (error) => {
      problems.push(`${error}`);
      reject(error);
    });
  });
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${message.text()} ${message.location().url}`);
  });
  await page.goto(url);
  const output = page.locator("output");
  const there = output.filter({ hasText: /./ }).waitFor({ timeout: 60_000 });
  await Promise.race([there, failed]).catch((error) => {
    throw new Error(`no workout on the page; ${problems.join("\n") || "no error either"}`, { cause: error });
  });
  return { workout: JSON.parse(await output.textContent()), requested, problems };
}

/** Example 1 of the specification asks for half an hour of strength; this is what it has to get. */
export function assertIsTheWorkoutAskedFor(workout) {
  const kinds = workout.blocks.map((block) => block.kind);
  assert.equal(kinds.at(0), "warm_up", `blocks: ${kinds}`);
  assert.equal(kinds.at(-1), "cool_down", `blocks: ${kinds}`);
  assert.ok(kinds.slice(1, -1).some((kind) => kind === "main" || kind === "superset"), `blocks: ${kinds}`);
  const minutes = workout.totals.duration_s / 60;
  assert.ok(minutes >= 27 && minutes <= 33, `${minutes} min instead of 30 ± 10 %`);
  assert.ok(Array.isArray(workout.warnings));
  assert.ok(workout.provenance);
}
