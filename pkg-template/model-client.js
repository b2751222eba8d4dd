// ModelClient: asks models, of whoever serves them. What does it is loaded when it is first asked.

import { aborts } from "./aborts.js";
import { holdsOnly, isObject } from "./definition.js";
import { NO_OPTIONS, RepflowError, aDuration, aFlag, aHandler, aSignal, aString, checkOptions, disposed, invalidAt, isString, notLoaded } from "./errors.js";
import { PolicyBase } from "./policy.js";
import { EventStream } from "./stream.js";

const isPositive = (value) => Number.isFinite(value) && value > 0;
const isNumbers = (value, keys) => holdsOnly(value, (it) => Number.isFinite(it) && it >= 0, keys);
const isProvider = (value) =>
  value === "offline-coach" ||
  (isObject(value) && (isObject(value.cassette) || (isString(value.name) && [value.complete, value.stream].some((it) => typeof it === "function"))));

const OPTIONS = {
  provider: [isProvider, '`"offline-coach"`, a `cassette`, or an object with `name` and `complete` or `stream`'],
  baseUrl: aString,
  apiKey: [(value) => isString(value) || typeof value === "function", "a string, or a function that gives one"],
  dangerouslyAllowBrowser: aFlag,
  api: [(value) => value === "responses" || value === "chat", '`"responses"` or `"chat"`'],
  model: aString,
  headers: [isObject, "an object of headers"],
  fetch: aHandler,
  policy: [(value) => isObject(value) && value.cache === undefined && value.fallback === undefined, "policies, without `cache` and `fallback`, which are options of their own"],
  idleTimeout: aDuration,
  maxBytes: [isPositive, "a number of bytes"],
  cache: [(value) => value === false || isObject(value), "`false`, or options of a cache"],
  prices: [
    (value) => holdsOnly(value, (it) => isNumbers(it, ["input", "output", "cachedInput", "cacheWrite"])),
    "`{ input, output, cachedInput, cacheWrite }` for a million tokens, by model",
  ],
  budgets: [
    (value) => holdsOnly(value, (it) => isNumbers(it, ["tokens", "cost", "calls"]), ["run", "user", "day"]),
    "`{ tokens, cost, calls }` for each of `run`, `user` and `day`",
  ],
  tenant: aString,
  record: [(value) => Array.isArray(value?.exchanges), "a cassette: `{ version: 1, exchanges: [] }`"],
  snapshot: [isObject, "what `snapshot()` gave"],
};

export const CALL_OPTIONS = {
  signal: aSignal,
  onPart: aHandler,
  restarts: aFlag,
  user: aString,
  runId: aString,
  headers: [isObject, "an object of headers"],
  shared: aFlag,
};

/** Whether this is a page, or a worker of one, whose user can read whatever is in it. */
const isBrowser = () =>
  typeof document === "object" || typeof DedicatedWorkerGlobalScope === "function" || typeof SharedWorkerGlobalScope === "function";

const KEY_IN_BROWSER =
  "a key in a browser is everybody's who opens the page. Leave `apiKey` out and give the `baseUrl` of a proxy on your own origin, such as `/ai/v1`, that holds the key; or set `dangerouslyAllowBrowser` if this page is yours alone";

export class ModelClientBase {
  #runtime;
  #options;
  #engine = undefined;
  #loaded = undefined;
  #disposed = false;

  constructor(runtime, options = NO_OPTIONS) {
    checkOptions("config.invalid", "the options of ModelClient", options, OPTIONS);
    const { provider, apiKey, baseUrl, dangerouslyAllowBrowser } = options;
    const refuse = (pointer, message) => {
      throw invalidAt("config.invalid", "the options of ModelClient", pointer, message);
    };
    if (apiKey !== undefined && isBrowser() && !dangerouslyAllowBrowser) refuse("/apiKey", KEY_IN_BROWSER);
    if (provider === undefined && baseUrl === undefined && apiKey === undefined && !isBrowser()) {
      refuse("", "`apiKey` or `baseUrl` is missing; where there is neither, say who answers by `provider`");
    }
    this.#runtime = runtime;
    this.#options = { ...options, baseUrl: baseUrl ?? (isBrowser() ? "/ai/v1" : "https://api.openai.com/v1") };
    // What is wrong with the policies is said now, not at the first question.
    new PolicyBase(runtime, options.policy ?? {}).dispose();
  }

  /** Asks for an answer. Resolves with it, however it ended; rejects when there is none. */
  async complete(request, options = NO_OPTIONS) {
    return (await this.#ready()).complete(request, options);
  }

  /** Asks for an answer as it comes: parts, and the whole as what the iterator returns and as its `answer`. */
  stream(request, options = NO_OPTIONS) {
    checkOptions("config.invalid", "the options of the question", options, CALL_OPTIONS);
    return new ModelStream((more) => this.complete(request, { ...options, ...more }), options.signal);
  }

  /** What the service offers: the ids of its models. */
  async models(options = NO_OPTIONS) {
    return (await this.#ready()).models(options);
  }

  /** Who answers, and what they can do. */
  async info() {
    return { ...(await this.#ready()).info };
  }

  /** What has been asked, answered and spent so far. */
  stats() {
    return this.#engine?.stats() ?? { calls: 0 };
  }

  /** What outlives a reload, as plain data: what has been spent of the budgets. Give it to the next client. */
  snapshot() {
    return this.#engine?.snapshot() ?? this.#options.snapshot ?? {};
  }

  /** Rejects what is under way, and refuses further use. */
  dispose() {
    this.#disposed = true;
    this.#engine?.dispose();
  }

  /** What asks for it, once that is loaded. */
  static ready(client) {
    return client.#ready();
  }

  async #ready() {
    if (this.#disposed) throw disposed();
    this.#loaded ??= loadModels().then(({ modelsOf }) => modelsOf(this.#runtime, this.#options));
    try {
      this.#engine = await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
    if (this.#disposed) this.#engine.dispose();
    return this.#engine;
  }
}

/** The parts of an answer, to be read one after the other. Who stops reading gives the question up. */
class ModelStream {
  /** The whole answer. */
  answer;
  #parts;

  constructor(ask, signal) {
    const controller = new AbortController();
    const unlisten = aborts.heed(signal, () => controller.abort(signal.reason));
    this.#parts = new EventStream(() => controller.abort(new RepflowError("policy.cancelled", "nobody reads the answer any more")));
    this.answer = ask({ signal: controller.signal, onPart: (part) => this.#parts.push([part]) }).finally(() => {
      unlisten?.();
      this.#parts.end();
    });
    // Who reads it hears of it there.
    this.answer.catch(() => {});
  }

  async next() {
    const part = await this.#parts.next();
    return part.done ? { value: await this.answer, done: true } : part;
  }

  return(value) {
    return this.#parts.return(value);
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** What asks models; a module of its own, since most pages have none. */
export const loadModels = () => import("./models.js").catch(notLoaded("models.js"));
