// One question over HTTP: `fetch` carries it, the core reads what comes back.

import { aborts } from "./aborts.js";
import { millisecondsOf } from "./clock.js";
import { RepflowError } from "./errors.js";
import { ServiceError, requestIdOf, withoutKeys } from "./model-errors.js";

const LIMITS = ["limit", "remaining", "reset"];
/** In the order in which the core takes them. */
const RATE_HEADERS = ["requests", "tokens"].flatMap((unit) => LIMITS.map((what) => `x-ratelimit-${what}-${unit}`));

const WHAT = { truncated: "the answer ended before it was complete", malformed: "the answer cannot be read", too_large: "the answer is too large" };
/** What can go wrong with an answer, as the core names it. */
export const FAILURES = ["service", ...Object.keys(WHAT)];

export class Service {
  /** As the core knows it. */
  provider;
  #runtime;
  #options;
  #idleMs;

  constructor(runtime, options) {
    const { provider, api = "responses", model, maxBytes, idleTimeout = "60s" } = options;
    this.#runtime = runtime;
    this.#options = options;
    this.#idleMs = millisecondsOf(idleTimeout);
    this.provider = { kind: "openai", api, model, maxBytes };
  }

  /** The answer, and by which id the service knows it. */
  async ask(core, request, isStreamed, signal, tell, headers, observe) {
    const { exchange, path, body } = core.exchangeBegin(this.provider, request, isStreamed);
    const attempt = new Attempt(this.#runtime, signal);
    try {
      const { response, key } = await this.#fetch(path, attempt, headers, JSON.stringify(body), isStreamed);
      const limits = core.rateLimitsOf(RATE_HEADERS.map((name) => response.headers.get(name) ?? undefined));
      if (limits.requests !== undefined || limits.tokens !== undefined) observe(limits);
      core.exchangeHead(exchange, response.status);
      const read = ({ events, failure, answer }) => {
        if (isStreamed) tell(events);
        if (failure !== undefined) throw failed(failure, response, key);
        return answer;
      };
      await attempt.read(response, this.#idleMs, (bytes) => read(core.exchangeTake(exchange, bytes)));
      return [read(core.exchangeFinish(exchange)), requestIdOf(response)];
    } catch (error) {
      throw attempt.reason(error);
    } finally {
      attempt.end(() => core.exchangeFree(exchange));
    }
  }

  /** What the service has. */
  async models(signal, headers) {
    const attempt = new Attempt(this.#runtime, signal);
    try {
      const { response, key } = await this.#fetch("/models", attempt, headers);
      const text = await response.text();
      let body;
      try {
        body = JSON.parse(text);
      } catch {
        // Judged by what is missing.
      }
      if (!response.ok) {
        const { message = text.slice(0, 200), code, type, param } = body?.error ?? {};
        throw failed({ failure: "service", status: response.status, message: String(message), code: code == null ? undefined : String(code), type, param }, response, key);
      }
      if (!Array.isArray(body?.data)) throw failed({ failure: "malformed", message: "a list of models has `data`" }, response);
      return body.data.map(({ id }) => id);
    } catch (error) {
      throw attempt.reason(error);
    } finally {
      attempt.end();
    }
  }

  async #fetch(path, attempt, more, body, isStreamed) {
    const { apiKey, baseUrl, headers: own, fetch = globalThis.fetch } = this.#options;
    const key = typeof apiKey === "function" ? await attempt.within(apiKey()) : apiKey;
    const headers = headersOf({ ...more, ...own }, key);
    headers.set("accept", isStreamed ? "text/event-stream" : "application/json");
    if (body !== undefined) headers.set("content-type", "application/json");
    const { signal } = attempt;
    // As a plain function: some hosts refuse a `this` that is not theirs.
    const asked = fetch(baseUrl.replace(/\/+$/, "") + path, { method: body === undefined ? "GET" : "POST", headers, body, signal });
    return { response: await attempt.within(asked), key };
  }
}

/** Headers with the key. What is wrong with one of them is not shown: it may be a secret. */
function headersOf(given, key) {
  try {
    const headers = new Headers(given);
    if (key !== undefined && !headers.has("authorization")) headers.set("authorization", `Bearer ${key}`);
    return headers;
  } catch {
    throw new RepflowError("config.invalid", "`apiKey` or one of the `headers` holds characters that no header may have");
  }
}

/** Where there is no HTTP. */
const NO_RESPONSE = { headers: new Map() };

/** The error that a failure is, as the core tells it. */
export function failed({ failure, ...says }, response = NO_RESPONSE, key) {
  if (failure === "service") return new ServiceError({ ...says, message: withoutKeys(says.message, key) }, response);
  const code = failure === "truncated" ? "ai.truncated" : "ai.malformed";
  return new RepflowError(code, `${WHAT[failure]}${says.message ? `: ${says.message}` : ""}`, { requestId: requestIdOf(response) });
}

/** What ends a question early: its caller, silence, or the loss of the core. */
class Attempt {
  #runtime;
  #controller = new AbortController();
  #unlisten;
  #lost = false;

  constructor(runtime, signal) {
    this.#runtime = runtime;
    this.#unlisten = aborts.heed(signal, () => this.#controller.abort(signal.reason));
    runtime.own(this);
  }

  get signal() {
    return this.#controller.signal;
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    this.#lost = true;
    this.#controller.abort(error);
  }

  /** What comes of a promise, whose maker may take no notice of the signal. */
  within(promise) {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(this.signal.reason);
      if (this.signal.aborted) giveUp();
      this.signal.addEventListener("abort", giveUp, { once: true });
      Promise.resolve(promise).then(resolve, reject);
    });
  }

  /** Reads a body to its end. It must go on within `idleMs`. */
  async read(response, idleMs, take) {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    let timer;
    const isSilent = () => {
      const message = `the model service has sent nothing for ${idleMs} ms; raise \`idleTimeout\` if it thinks that long`;
      this.#controller.abort(new RepflowError("ai.timeout", message));
    };
    const onAbort = () => reader.cancel(this.signal.reason).catch(() => {});
    this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (;;) {
        timer = setTimeout(isSilent, idleMs);
        const { done, value } = await reader.read();
        clearTimeout(timer);
        this.signal.throwIfAborted();
        if (done) return;
        take(value);
      }
    } catch (error) {
      reader.cancel(error).catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  /** Why it ended: what aborted it says more than what the abort broke. */
  reason(error) {
    return this.signal.aborted ? this.signal.reason : error;
  }

  end(free) {
    this.#unlisten();
    this.#runtime.disown(this);
    if (!this.#lost) free?.();
  }
}
