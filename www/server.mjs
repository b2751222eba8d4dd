// The demo's server: the page at `/`, the built package under `/pkg/`, a model service under `/ai/v1/` where one is
// configured ([proxy.mjs](proxy.mjs)), on this machine only.
//
//   node www/server.mjs [--port N] [--pkg DIR]

import { createReadStream, realpathSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve } from "node:path";
import { pipeline } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { modelProxy } from "./proxy.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const HOST = "127.0.0.1";

/** What is served, by extension; everything else is not there, this file included. */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

const HEADERS = {
  "cache-control": "no-store",
  // No inline script and no eval, except that of WebAssembly; nothing from, and nothing to, another origin.
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // An isolated page has a clock of 5 µs instead of 100, and a step of the coach may take less than a millisecond.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Starts the server; the promise is rejected when the package is not built or the port is taken.
 * @param {{ port?: number, pkg?: string, ai?: { baseUrl?: string, key?: string } }} [options] port 0 is any free one;
 *   `ai` is the model service, by default that of the environment: `REPFLOW_AI_BASE_URL`, `OPENAI_API_KEY`
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function startServer({ port = 0, pkg = join(HERE, "..", "pkg"), ai } = {}) {
  const built = await stat(join(pkg, "entry-browser.js")).catch(() => undefined);
  if (built === undefined) throw new Error(`there is no package in ${pkg}; build it with: cargo xtask pkg`);

  // The first prefix that fits answers.
  const routes = [
    ["/pkg/", files(resolve(pkg))],
    ["/ai/v1/", modelProxy({ ...ai, headers: HEADERS })],
    ["/", files(HERE)],
  ];
  const server = createServer((request, response) => {
    answer(routes, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "something went wrong");
    });
  });
  await new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(port, HOST, listening);
  });
  const { port: bound } = server.address();
  const close = () =>
    new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections();
    });
  return { url: `http://${HOST}:${bound}/`, port: bound, close };
}

async function answer(routes, request, response) {
  let path;
  try {
    path = decodeURIComponent(request.url.split(/[?#]/, 1)[0]);
  } catch {
    refuse(response, 400, "the address is not valid");
    return;
  }
  const [prefix, handle] = routes.find(([prefix]) => path.startsWith(prefix)) ?? [];
  if (handle === undefined) refuse(response, 400, "the address is not valid");
  else await handle(path.slice(prefix.length), request, response);
}

/** Serves the files below `root`. */
function files(root) {
  return async (path, request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      refuse(response, 405, "only GET and HEAD are allowed");
      return;
    }
    const name = path === "" ? "index.html" : path;
    const type = TYPES[extname(name)];
    const file = type !== undefined && isPlain(name) ? join(root, name) : undefined;
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (!found?.isFile()) {
      refuse(response, 404, "there is no such file");
      return;
    }
    response.writeHead(200, { ...HEADERS, "content-type": type, "content-length": found.size });
    if (request.method === "HEAD") response.end();
    else pipeline(createReadStream(file), response, () => {});
  };
}

/** Whether a path names something below its root: no `..`, no hidden file, no separator of another system. */
function isPlain(path) {
  return path.split("/").every((part) => part !== "" && !part.startsWith(".") && !/[\\:\0]/.test(part));
}

function refuse(response, status, message) {
  response.writeHead(status, { ...HEADERS, "content-type": "text/plain; charset=utf-8" });
  response.end(`${status}: ${message}\n`);
}

/** Whether this file is the program, and not imported by one. */
function isMain() {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
}

async function main() {
  const { values } = parseArgs({ options: { port: { type: "string" }, pkg: { type: "string" } } });
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port must be 0 to 65535, not ${values.port}`);
  const { url, close } = await startServer({ port, pkg: values.pkg });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, close);
  console.log(`Repflow demo: ${url}`);
}

if (isMain()) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
