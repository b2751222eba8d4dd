// The demo server's way to a model service: what it adds, what it drops, and what it does not let through.

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, request as send } from "node:http";
import { join } from "node:path";
import { test } from "node:test";

import { startServer } from "../../../www/server.mjs";
import { fakeService, json, stream } from "../model-servers.mjs";
import { temporary } from "../support.mjs";

const KEY = "sk-of-the-server";

/** The demo's server before `service`, and the URL below which it forwards. */
async function proxy(t, ai) {
  const pkg = await temporary(t);
  await writeFile(join(pkg, "entry-browser.js"), "");
  const server = await startServer({ pkg, ai });
  t.after(() => server.close());
  return `${server.url}ai/v1/`;
}

const before = (t, service) => proxy(t, { baseUrl: service.url, key: KEY });

const ask = (url, { method = "POST", body = method === "POST" ? "{}" : undefined, headers = {}, ...more } = {}) =>
  fetch(url, { method, body, headers: { "content-type": "application/json", ...headers }, ...more });

/** Asserts that an answer is an error in OpenAI's shape, and returns it. */
async function refused(response, status, code) {
  assert.equal(response.status, status);
  const { error } = await response.json();
  assert.deepEqual(Object.keys(error).sort(), ["code", "message", "param", "type"]);
  assert.equal(error.code, code);
  return error;
}

test("the key is the server's, and what the page says of itself stays here", async (t) => {
  const service = await fakeService(t, (request, response) => json(response, 200, { id: "resp_1" }));
  const url = await before(t, service);
  const headers = { authorization: "Bearer of-the-page", cookie: "session=1", "openai-organization": "org-of-the-page",
    traceparent: "00-1-2-01", "idempotency-key": "k1", origin: new URL(url).origin, "sec-fetch-site": "same-origin" };
  const response = await ask(`${url}responses`, { body: '{"model":"m"}', headers });
  assert.deepEqual(await response.json(), { id: "resp_1" });
  const [seen] = service.requests;
  assert.equal(seen.url, "/v1/responses");
  assert.equal(seen.body, '{"model":"m"}');
  assert.equal(seen.headers.authorization, `Bearer ${KEY}`);
  assert.equal(seen.headers.traceparent, "00-1-2-01");
  assert.equal(seen.headers["idempotency-key"], "k1");
  for (const name of ["cookie", "origin", "sec-fetch-site", "openai-organization", "user-agent"]) {
    assert.equal(seen.headers[name], undefined, name);
  }
});

test("both endpoints and the list of models are forwarded, and what the service says of its limits comes back", async (t) => {
  const told = { "retry-after": "2", "retry-after-ms": "1500", "x-should-retry": "true", "x-request-id": "req_1",
    "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-tokens": "6m0s", traceparent: "00-1-2-01" };
  const service = await fakeService(t, (request, response) => {
    json(response, 429, { error: { message: "busy" } }, { ...told, "set-cookie": "a=1", server: "secret" });
  });
  const url = await before(t, service);
  for (const [method, path] of [["POST", "responses"], ["POST", "chat/completions"], ["GET", "models"]]) {
    const response = await ask(`${url}${path}`, { method });
    assert.equal(response.status, 429, path);
    for (const [name, value] of Object.entries(told)) assert.equal(response.headers.get(name), value, name);
    for (const name of ["set-cookie", "server"]) assert.equal(response.headers.get(name), null, name);
    assert.deepEqual(await response.json(), { error: { message: "busy" } });
    assert.equal(service.requests.at(-1).headers.authorization, `Bearer ${KEY}`);
  }
});

test("a stream comes through event by event", async (t) => {
  let second;
  const seen = new Promise((resolve) => {
    second = resolve;
  });
  const service = await fakeService(t, async (request, response) => {
    await stream(response, ["data: 1\n\n"], { end: "hang" });
    // Sent only after the page has the first: a proxy that waits for more would wait for ever.
    await seen;
    response.end("data: 2\n\n");
  });
  const response = await ask(`${await before(t, service)}responses`);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "data: 1\n\n");
  second();
  assert.equal((await reader.read()).value, "data: 2\n\n");
  assert.equal((await reader.read()).done, true);
});

test("a request is passed on while it is still being sent", async (t) => {
  let first;
  const arrived = new Promise((resolve) => {
    first = resolve;
  });
  const service = createServer((request, response) => {
    request.once("data", first);
    request.on("end", () => json(response, 200, {}));
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  t.after(() => service.close());
  const url = await proxy(t, { baseUrl: `http://127.0.0.1:${service.address().port}`, key: KEY });
  const request = send(`${url}responses`, { method: "POST", headers: { "content-type": "application/json" } });
  request.write('{"model":');
  assert.equal(`${await arrived}`, '{"model":');
  request.end('"m"}');
  const [response] = await once(request, "response");
  assert.equal(response.statusCode, 200);
  response.resume();
});

test("a page that goes away ends what it asked for", async (t) => {
  let left;
  const gone = new Promise((resolve) => {
    left = resolve;
  });
  const service = await fakeService(t, async (request, response) => {
    response.once("close", left);
    await stream(response, ["data: 1\n\n"], { end: "hang" });
  });
  const controller = new AbortController();
  const response = await ask(`${await before(t, service)}responses`, { signal: controller.signal });
  await response.body.getReader().read();
  controller.abort();
  await gone;
});

test("a stream that breaks is broken for the page too", async (t) => {
  const service = await fakeService(t, (request, response) => stream(response, ["data: 1\n\n"], { end: "drop", pause: 20 }));
  const response = await ask(`${await before(t, service)}responses`);
  await assert.rejects(response.text());
});

test("nothing else is forwarded", async (t) => {
  const service = await fakeService(t, (request, response) => json(response, 200, {}));
  const url = await before(t, service);
  const others = [["GET", "responses"], ["POST", "models"], ["GET", "models/gpt"], ["POST", "files"], ["DELETE", "responses"],
    ["POST", "responses/"], ["POST", "%72esponses"], ["POST", "x/..%2fresponses"], ["POST", ""]];
  for (const [method, path] of others) {
    const response = await ask(`${url}${path}`, { method });
    await refused(response, 404, "not_found");
  }
  assert.equal(service.requests.length, 0);
});

test("pages of another origin are refused", async (t) => {
  const service = await fakeService(t, (request, response) => json(response, 200, {}));
  const url = await before(t, service);
  const { host } = new URL(url);
  const raw = async (headers) => {
    const request = send(`${url}responses`, { method: "POST", headers: { "content-type": "application/json", ...headers } });
    const [response] = await once(request.end("{}"), "response");
    response.resume();
    return response.statusCode;
  };
  assert.equal(await raw({ "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await raw({ "sec-fetch-site": "same-site" }), 403);
  assert.equal(await raw({ origin: "https://example.com" }), 403);
  assert.equal(await raw({ origin: "null" }), 403);
  assert.equal(await raw({ host: "rebound.example.com" }), 403);
  assert.equal(await raw({ origin: "http://rebound.example.com", host: "rebound.example.com" }), 403);
  assert.equal(await raw({ "content-type": "text/plain" }), 415);
  assert.equal(service.requests.length, 0);
  assert.equal(await raw({ origin: `http://${host}`, "sec-fetch-site": "same-origin" }), 200);
  await refused(await ask(`${url}responses`, { headers: { origin: "https://example.com" } }), 403, "cross_origin");
});

test("a body of more than a megabyte is refused, announced or not", async (t) => {
  const service = await fakeService(t, (request, response) => json(response, 200, {}));
  const url = await before(t, service);
  const long = "x".repeat((1 << 20) + 1);
  await refused(await ask(`${url}responses`, { body: long }), 413, "too_large");
  const parts = new ReadableStream({
    start(controller) {
      for (let at = 0; at < long.length; at += 1 << 16) controller.enqueue(new TextEncoder().encode(long.slice(at, at + (1 << 16))));
      controller.close();
    },
  });
  await refused(await ask(`${url}responses`, { body: parts, duplex: "half" }), 413, "too_large");
  assert.equal((await ask(`${url}responses`, { body: long.slice(1) })).status, 200);
});

test("a service that is not there is a 502 that names nothing", async (t) => {
  const url = await proxy(t, { baseUrl: "http://127.0.0.1:9/v1", key: KEY });
  const error = await refused(await ask(`${url}responses`), 502, "upstream_unreachable");
  assert.doesNotMatch(JSON.stringify(error), /127\.0\.0\.1|sk-/);
});

test("without a service the page is told how to configure one; a service of one's own needs no key", async (t) => {
  const url = await proxy(t, { baseUrl: "", key: "" });
  const response = await ask(`${url}responses`);
  assert.equal(response.headers.get("x-should-retry"), "false");
  const error = await refused(response, 503, "not_configured");
  assert.match(error.message, /OPENAI_API_KEY/);
  assert.match(error.message, /REPFLOW_AI_BASE_URL/);
  const service = await fakeService(t, (request, response) => json(response, 200, {}));
  assert.equal((await ask(`${await proxy(t, { baseUrl: service.url, key: "" })}responses`)).status, 200);
  assert.equal(service.requests[0].headers.authorization, undefined);
  await assert.rejects(proxy(t, { baseUrl: "ftp://example.com", key: "" }), /REPFLOW_AI_BASE_URL must be/);
});
