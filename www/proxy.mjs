// The way from the page to a model service, without the key ever being in the page: the page asks its own server under
// `/ai/v1/`, and the server asks the service with the key.
//
// A pattern for your own server as well. It forwards three requests and nothing else, for pages of its own origin, and
// passes on the bytes as they come. In production put your own login and a limit for each user before it: whoever may
// reach it spends your money.

import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { pipeline } from "node:stream";

const OPENAI = "https://api.openai.com/v1";
const MEGABYTE = 1 << 20;
/** A service that has said nothing for so long is given up, in milliseconds. */
const SILENCE = 10 * 60_000;

const FORWARDED = new Set(["POST responses", "POST chat/completions", "GET models"]);

/** What a page may tell the service. Its `authorization`, its cookies and where it comes from are not among that. */
const TO_SERVICE = ["accept", "content-type", "content-length", "idempotency-key", "traceparent", "x-client-request-id"];
/** What the service may tell the page, besides every `x-ratelimit-…`. No cookie, nothing about the connection. */
const TO_PAGE = new Set([
  "content-type", "content-length", "content-encoding", "retry-after", "retry-after-ms", "x-should-retry", "x-request-id",
  "traceparent", "openai-processing-ms", "openai-version",
]);

/**
 * What serves the paths below `/ai/v1/`, as `(path, request, response) => void`; `path` is what follows the prefix.
 * @param {object} [options]
 * @param {string} [options.baseUrl] of the service; `REPFLOW_AI_BASE_URL` unless given, OpenAI's where there is a key
 * @param {string} [options.key] the service's key; `OPENAI_API_KEY` unless given; a service of your own may want none
 * @param {number} [options.maxBytes] how long the body of a request may be: 1 MB
 * @param {Record<string, string>} [options.headers] sent with every answer
 */
export function modelProxy({
  baseUrl = process.env.REPFLOW_AI_BASE_URL,
  key = process.env.OPENAI_API_KEY,
  maxBytes = MEGABYTE,
  headers = {},
} = {}) {
  const base = service(baseUrl, key);
  return (path, request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const refuse = (status, code, message) => fail(response, headers, status, code, message);
    const problem = refusal(path, pathname, request, maxBytes);
    if (problem !== undefined) refuse(...problem);
    else if (base === undefined) {
      refuse(503, "not_configured", "no model service is configured: start the server with OPENAI_API_KEY=…, or with " +
        "REPFLOW_AI_BASE_URL=http://… for a service that speaks OpenAI's protocol");
    } else forward(new URL(`${base}/${path}${search}`), { request, response, key, maxBytes, headers, refuse });
  };
}

/** Where the service is, without a slash at the end; none when nothing is configured. */
function service(baseUrl, key) {
  const chosen = baseUrl || (key ? OPENAI : undefined);
  if (chosen === undefined) return undefined;
  if (!/^https?:$/.test(URL.canParse(chosen) ? new URL(chosen).protocol : "")) {
    throw new Error("REPFLOW_AI_BASE_URL must be an http or https URL, as https://api.openai.com/v1");
  }
  return chosen.replace(/\/+$/, "");
}

/** Why a request is not forwarded. */
function refusal(path, pathname, request, maxBytes) {
  if (!pathname.endsWith(`/${path}`) || !FORWARDED.has(`${request.method} ${path}`)) {
    return [404, "not_found", "only POST responses, POST chat/completions and GET models are forwarded"];
  }
  if (!isSameOrigin(request)) return [403, "cross_origin", "only pages of this server may ask the model"];
  // A form of another site could post text; JSON it could not, without asking first.
  if (request.method === "POST" && !/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    return [415, "unsupported_media_type", "the body must be application/json"];
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return tooLarge(maxBytes);
  return undefined;
}

const tooLarge = (maxBytes) => [413, "too_large", `the body is longer than ${maxBytes} bytes`];

/**
 * Whether a page of this very server asks. A browser says so in `Sec-Fetch-Site`, and names the origin of every POST; a
 * program that is no browser says neither, and acts for nobody but itself. The host is looked at too, so that a foreign
 * name that was made to resolve to this machine is refused.
 */
function isSameOrigin({ headers, socket }) {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const hosts = [`127.0.0.1:${socket.localPort}`, `localhost:${socket.localPort}`];
  if (!hosts.includes(headers.host)) return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

function forward(url, { request, response, key, maxBytes, headers, refuse }) {
  const outgoing = {};
  for (const name of TO_SERVICE) if (request.headers[name] !== undefined) outgoing[name] = request.headers[name];
  if (key) outgoing.authorization = `Bearer ${key}`;
  // Compressed, an event would wait for the next one before it could be read.
  outgoing["accept-encoding"] = "identity";

  const open = url.protocol === "https:" ? secureRequest : plainRequest;
  const upstream = open(url, { method: request.method, headers: outgoing, timeout: SILENCE });
  // A page that goes away, and an answer that was given early, end what was asked.
  response.once("close", () => upstream.destroy());
  upstream.once("timeout", () => upstream.destroy(new Error("silence")));
  upstream.on("error", () => {
    // What went wrong may name what is behind this server, and so is not told.
    if (response.headersSent) response.destroy();
    else refuse(502, "upstream_unreachable", "the model service cannot be reached, or broke the connection");
  });
  upstream.once("response", (answer) => {
    if (response.headersSent || response.destroyed) return;
    const passed = Object.entries(answer.headers).filter(([name]) => TO_PAGE.has(name) || name.startsWith("x-ratelimit-"));
    response.writeHead(answer.statusCode, { ...headers, ...Object.fromEntries(passed), "x-accel-buffering": "no" });
    // Before the first byte of the body: whoever waits for the head has it at once.
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    pipeline(answer, response, () => {});
  });

  let length = 0;
  request.on("data", (part) => {
    length += part.length;
    if (length > maxBytes && !response.headersSent) {
      // The rest is read and thrown away, or the page would never get to read the answer.
      request.unpipe(upstream);
      request.resume();
      upstream.destroy();
      refuse(...tooLarge(maxBytes));
    }
  });
  request.pipe(upstream);
}

/** Answers with an error as the service itself would shape it. */
function fail(response, headers, status, code, message) {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({ error: { message, type: "proxy_error", param: null, code } });
  // Only a service that cannot be reached may get better by trying again.
  response.writeHead(status, {
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...(status === 502 ? {} : { "x-should-retry": "false" }),
  });
  response.end(body);
}
