// Model services for the tests, each on a free port of this machine, each gone with its test.
//
//   llmock          fails as a scenario says, and gives a verdict on how its client took it
//   aimock          answers from fixtures: always the same, on both endpoints, streaming or not
//   localModel      a real model, small and slow: only for tests/pkg/with-model
//   fakeService     a plain HTTP server, for what no service would send: bytes cut anywhere, dropped connections
//   outcomeService  one of those, with the endings that aimock does not know: refusal, length, content filter, failure
//
// What llmock's verdict is worth. It sees the wire and nothing else. Attempts with the same method, path and body are one
// call, if each began after the one before had failed; so every call of a test needs a body of its own, or a second
// call counts as a retry of the first. Findings, and what makes them:
//   error    retry_after_ignored        an attempt earlier than the Retry-After of the one before (5 % + 50 ms are forgiven)
//   error    retried_non_retryable      any attempt after 400, 401, 403, 404 or 422
//   error    retry_storm                more than 10 attempts
//   error    truncated_stream_accepted  the last attempt of a call was cut short: a client that reports that as an error to
//                                       its caller, without another attempt, is found guilty all the same
//   warning  malformed_chunk_ignored    the last attempt had a chunk that is not JSON; the same holds
//   warning  no_backoff                 two waits or more, where no Retry-After was given, all under 50 ms, or none longer
//                                       than 1.1 times the one before: jitter may do that once in a while
//   warning  gave_up                    a single attempt that ended with 408, 409, 429, 5xx or a dropped stream
//   warning  no_read_timeout            a stall of a second or more was sat through
// 429, 503, 504 and 529 say `Retry-After: 1` unless `retry_after` says otherwise, so only others test the backoff.
// `passed` means no error: of a client that sent nothing, and of one that no fault ever reached. A stream fault never
// comes to a stream that has no more chunks than `after_chunks`. Hence `assertVerdict`, which wants the counts.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { LLMock } from "@copilotkit/aimock";

/**
 * Starts llmock. `arguments_` are further options of `llmock serve`, as `["--rpm", "60"]`.
 *
 * - `url` is the base URL of the OpenAI endpoints.
 * - `scenario(...behaviours)` queues what comes next: `{ type: "fail", status, retry_after?, code?, times? }`,
 *   `{ type: "stream_fault", kind: "disconnect" | "truncate" | "stall" | "malformed", after_chunks?, stall_seconds?, times? }`,
 *   `{ type: "delay" | "slow_first_token", seconds }`, `{ type: "reply", text?, tool_calls?, finish_reason? }`,
 *   `{ type: "tool_fault", kind: "malformed_arguments" | "unknown_tool" }`; each with `match: { path?, model?, stream?, tools? }`.
 *   `times` is 1 unless said otherwise, `null` for ever. Behaviours of one type wait for each other in order.
 * - `pending()` is what has not come yet; `requests()` all that was received; `reset()` forgets both.
 * - `verdict()` is the verdict as it stands; `assertVerdict` asks for one that means something.
 */
export async function llmock(t, arguments_ = []) {
  const program = tool("LLMOCK", "package");
  const args = ["serve", "--host", "127.0.0.1", "--port", "0", ...arguments_];
  const origin = await started(t, program, args, /Uvicorn running on (http:\S+)/);
  const control = async (method, path, body) => {
    const response = await fetch(`${origin}/_llmock/${path}`, { method, body: body && JSON.stringify(body) });
    const answer = await response.json();
    assert.ok(response.ok, `llmock: ${answer.detail ?? JSON.stringify(answer)}`);
    return answer;
  };
  const verdict = () => control("GET", "verdict");
  const pending = async () => (await control("GET", "scenario")).pending;
  return {
    url: `${origin}/v1`,
    scenario: (...behaviors) => control("POST", "scenario", { behaviors }),
    pending,
    requests: async () => (await control("GET", "requests")).requests,
    reset: () => control("POST", "reset"),
    verdict,
    /**
     * Asserts that exactly so many calls, attempts and faults were seen, that nothing that was queued is left, and that the
     * findings are exactly these codes, by default none at all, warnings included. Returns the verdict.
     */
    async assertVerdict({ calls, attempts, faults, findings = [] }) {
      for (const [name, count] of Object.entries({ calls, attempts, faults })) {
        assert.ok(Number.isInteger(count), `assertVerdict: ${name} must be a whole number, not ${count}`);
      }
      assert.ok(calls > 0, "assertVerdict: a verdict over no call says nothing");
      const seen = await verdict();
      const counted = { calls: seen.calls, attempts: seen.attempts, faults: seen.faults_injected };
      const codes = seen.findings.map((finding) => finding.code).sort();
      const told = `the verdict: ${JSON.stringify(seen, null, 2)}`;
      assert.deepEqual(counted, { calls, attempts, faults }, told);
      assert.deepEqual(codes, [...findings].sort(), told);
      assert.deepEqual(await pending(), [], "of the scenario, this never came");
      return seen;
    },
  };
}

/**
 * Starts aimock on fixtures, a path or a list; `options` are those of its class, as `{ chunkSize, latency, chaos }`.
 * What no fixture matches is answered with 503. One request is broken by its headers `x-aimock-chaos-drop` (500),
 * `-malformed`, `-disconnect`, `-ratelimit` (429), each a probability from 0 to 1, and `-latency` (ms).
 */
export async function aimock(t, fixtures, options = {}) {
  const mock = new LLMock({ host: "127.0.0.1", port: 0, logLevel: "silent", strict: true, ...options });
  if (Array.isArray(fixtures)) mock.addFixturesFromJSON(fixtures);
  else mock.loadFixtureFile(fixtures instanceof URL ? fileURLToPath(fixtures) : fixtures);
  assert.ok(mock.getFixtures().length > 0, `aimock found no fixture in ${fixtures}`);
  const origin = await mock.start();
  t.after(() => mock.stop());
  return {
    url: `${origin}/v1`,
    /** What was received: `{ method, path, headers, body, response: { status, fixture } }`, oldest first. */
    requests: () => mock.getRequests(),
    /** Begins every sequence of fixtures anew, and forgets the requests. */
    reset() {
      mock.resetMatchCounts();
      mock.clearRequests();
    },
    mock,
  };
}

/** Starts the real model; its name is `gemma-3-270m`. It thinks about 20 tokens a second: ask for few. */
export async function localModel(t) {
  const script = fileURLToPath(new URL("local-model.py", import.meta.url));
  const origin = await started(t, tool("MODEL_PYTHON", "--with-model model"), [script], /^(http:\S+)/);
  return { url: `${origin}/v1`, model: "gemma-3-270m" };
}

/**
 * Starts a plain server. `handler(request, response, body)` is called with the whole body as text; what it throws ends
 * the connection and fails the test. `requests` are all that came: `{ method, url, headers, body }`.
 */
export async function fakeService(t, handler) {
  const [requests, failures] = [[], []];
  const server = createServer(async (request, response) => {
    try {
      const body = await text(request);
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      await handler(request, response, body);
    } catch (error) {
      // A client that goes away while it still sends is no failure of the service.
      if (error.code !== "ECONNRESET") failures.push(error);
      response.destroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    if (failures.length > 0) throw failures[0];
  });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: `${origin}/v1`, requests };
}

/** Answers with a JSON body. */
export function json(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/**
 * Answers with an event stream, in `pieces` of text or bytes: each leaves on its own, and nothing is added.
 * `end` says how it ends: `"end"` is the regular way, `"drop"` breaks the connection, `"hang"` leaves it open.
 */
export async function stream(response, pieces, { end = "end", pause = 1, headers = {} } = {}) {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": "text/event-stream", ...headers });
  response.flushHeaders();
  for (const piece of pieces) {
    if (response.destroyed) return;
    response.write(piece);
    await new Promise((later) => (pause === 0 ? setImmediate(later) : setTimeout(later, pause)));
  }
  if (end === "end") response.end();
  else if (end === "drop") response.destroy();
}

/**
 * Starts a plain server that gives one outcome of `ai/fixtures/outcomes.json` on both endpoints, streaming or not: what
 * OpenAI's service says, and aimock does not (`refusal`, `length`, `content_filter`, `failed`).
 */
export async function outcomeService(t, name) {
  const outcomes = JSON.parse(await readFile(new URL("ai/fixtures/outcomes.json", import.meta.url), "utf8"));
  assert.ok(outcomes[name], `there is no outcome ${name}`);
  return fakeService(t, async (request, response, body) => {
    const chat = request.url.endsWith("/chat/completions");
    const { body: whole, events } = outcomes[name][chat ? "chat" : "responses"];
    if (!JSON.parse(body).stream) return json(response, whole.error && chat ? 500 : 200, whole);
    const pieces = events.map((event) => `${chat ? "" : `event: ${event.type}\n`}data: ${JSON.stringify(event)}\n\n`);
    return stream(response, chat && name !== "failed" ? [...pieces, "data: [DONE]\n\n"] : pieces);
  });
}

async function text(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function tool(variable, stage) {
  const path = process.env[variable];
  assert.ok(path, `${variable} is not set: run these tests with \`cargo xtask test ${stage}\``);
  return path;
}

/** Starts a program that says where it listens in a line that `says` matches; it ends with the test. */
async function started(t, program, args, says) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, PYTHONUNBUFFERED: "1" } });
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const lines = [];
  const found = new Promise((resolve, reject) => {
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        if (lines.push(line) > 100) lines.shift();
        const match = says.exec(line);
        if (match) resolve(match[1]);
      });
    }
    child.once("error", reject);
    ended.then((code) => reject(new Error(`${program} ended with ${code}\n${lines.join("\n")}`)));
    setTimeout(() => reject(new Error(`${program} did not start within 60 s\n${lines.join("\n")}`)), 60_000).unref();
  });
  return found;
}
