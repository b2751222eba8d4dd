// What asks models: one engine for each client, with its policies, its budgets and its cache.

import { now } from "./clock.js";
import { canonical } from "./canonical.js";
import { isObject } from "./definition.js";
import { NO_OPTIONS, assertValid, checkOptions, describe, disposed, invalidAt, problemsIn } from "./errors.js";
import { Answers } from "./model-answers.js";
import { Budgets } from "./model-budgets.js";
import { CALL_OPTIONS } from "./model-client.js";
import { recorded } from "./model-cassette.js";
import { ServiceError, explained } from "./model-errors.js";
import { judged, partOf } from "./model-output.js";
import { Service } from "./model-service.js";
import * as modelGlue from "./model-glue.js";
import { hashOf, offlineCoach, ownAnswer } from "./model-provider.js";
import { PolicyBase } from "./policy.js";
import { Runtime, instanceOf } from "./runtime.js";

export { CacheLevel, Level, Race } from "./model-level.js";

/** A model may think for a while, a service that is down is asked three times, and what it says of its limits is kept to. */
const POLICY = { totalTimeout: "5m", timeout: "2m", retry: { maxAttempts: 3, delay: "500ms" }, rateLimit: { maxWait: "1m" } };

/** What cannot be used is not worth keeping. */
const isWhole = ({ outcome }) => outcome === "completed" || outcome === "tool_calls";

/** How long an answer may be where something bounds what it costs, and nobody has said. */
const MAX_OUTPUT_TOKENS = 4_096;

/** The instance of the model client's own wasm. */
const instance = instanceOf(modelGlue);

/** What asks models with these options, once the engine is there, which has the policies, and the model client. */
export async function modelsOf(engine, options) {
  const runtime = new Runtime(instance, engine.loadModel);
  const [core] = await Promise.all([runtime.ready(), engine.ready()]);
  return new Models(engine, runtime, options, core);
}

class Models {
  /** Of the model client's own wasm. */
  runtime;
  #engine;
  #options;
  #policy;
  #service;
  /** Who answers instead of a service. */
  #own;
  #budgets;
  /** Who answers, and what they can do. */
  info;
  #isDisposed = false;
  /** Answers that were accepted; none when there is no cache. */
  answers;
  #counts = { calls: 0, answered: 0, failed: 0, attempts: 0, inputTokens: 0, outputTokens: 0, cost: 0 };

  constructor(engine, runtime, options, core) {
    const { cache, provider } = options;
    this.#engine = engine;
    this.runtime = runtime;
    this.#options = options;
    this.#policy = new PolicyBase(engine, { ...POLICY, ...options.policy });
    this.answers = cache === false ? undefined : new Answers(engine, cache);
    this.#budgets = new Budgets(options);
    // What is written in JavaScript answers itself; the core knows the others.
    this.#own = provider === "offline-coach" ? offlineCoach(engine.coach) : provider?.cassette === undefined ? provider : recorded(provider.cassette, core);
    this.#service = this.#own === undefined ? new Service(runtime, options) : undefined;
    const { name, stream, capabilities } = this.#own ?? {};
    this.info = this.#own !== undefined
      ? { name, streaming: stream !== undefined, structuredOutput: true, tools: true, network: false, ...capabilities }
      : core.providerInfo(this.#service.provider);
  }

  /** Whose answers are nobody else's. */
  get tenant() {
    return this.#options.tenant;
  }

  async complete(request, options = NO_OPTIONS) {
    checkOptions("config.invalid", "the options of the question", options, CALL_OPTIONS);
    const { user, shared, onPart, signal } = options;
    // Whose it is must be known: what one user was told is not for the next.
    if (this.answers === undefined || !(shared || user !== undefined)) return this.ask(request, options);
    const core = await this.#core();
    const key = { scope: shared ? null : [this.tenant ?? null, user], request: this.#completed(core, request) };
    const { value, source } = await this.answers.remember(key, "", signal, (signal) => this.ask(request, { ...options, signal }), isWhole);
    // What is kept is nobody's to change.
    const own = structuredClone(value);
    if (source === undefined) return own;
    if (value.text !== "") onPart?.(partOf(core, { type: "text", text: value.text, attempt: 0 }, value.text, request.schema));
    own.provenance.cache = source;
    return own;
  }

  /** Asks, whatever is known from before. */
  async ask(request, options) {
    const core = await this.#core();
    const asked = this.#completed(core, request);
    const { user } = options;
    if (user !== undefined) asked.safetyIdentifier ??= await hashOf(canonical([this.tenant ?? null, user]));
    this.#counts.calls += 1;
    try {
      return await this.#ask(core, asked, options);
    } catch (error) {
      this.#counts.failed += 1;
      throw error;
    }
  }


  async models(options) {
    checkOptions("config.invalid", "the options of the question", options, CALL_OPTIONS);
    if (this.#service === undefined) return [];
    await this.#core();
    return this.#under({ signal: options.signal }, (context) => this.#service.models(context.signal, options.headers));
  }

  stats() {
    const { counts, hits } = this.answers ?? {};
    return { ...this.#counts, cache: { hits: { exact: 0, normalised: 0, stale: 0, ...hits }, ...counts }, policy: this.#policy.stats() };
  }

  snapshot() {
    return this.#budgets.snapshot();
  }

  dispose() {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#policy.dispose();
    this.answers?.dispose();
  }

  async #core() {
    if (this.#isDisposed) throw disposed();
    return this.runtime.ready();
  }

  /** A question with all that was left open; throws for one that cannot be asked. */
  #completed(core, request) {
    const what = "the question";
    if (!isObject(request)) throw invalidAt("config.invalid", what, "", `it must be an object with \`messages\`, not ${describe(request)}`);
    const { schema } = request;
    const problems = isObject(schema?.schema) ? core.strictProblems(schema.schema) : [];
    assertValid("config.invalid", what, problemsIn("/schema/schema", problems));
    const { model } = this.#options;
    const { maxOutputTokens = this.#budgets.bounds ? MAX_OUTPUT_TOKENS : undefined } = request;
    const whole = { ...request, model: request.model ?? model, maxOutputTokens };
    core.checkQuestion(whole);
    return whole;
  }

  /** Has something done under the policies; what it fails with becomes one of our errors. */
  async #under({ signal, tokens }, act) {
    try {
      return await this.#policy.execute(act, { signal, tokens });
    } catch (error) {
      throw explained(await this.#engine.ready(), error);
    }
  }

  async #ask(core, request, options) {
    const estimate = this.#budgets.estimate(request);
    let attempts = 0;
    const began = now();
    const [answer, requestId] = await this.#under({ signal: options.signal, tokens: estimate.tokens }, (context) => {
      attempts += 1;
      this.#counts.attempts += 1;
      return this.#attempt(core, request, context, options, estimate, attempts);
    });
    const { usage } = answer;
    const cost = usage && this.#budgets.costOf(request.model, usage);
    this.#counts.answered += 1;
    this.#counts.inputTokens += usage?.inputTokens ?? 0;
    this.#counts.outputTokens += usage?.outputTokens ?? 0;
    this.#counts.cost += cost ?? 0;
    const provenance = { provider: this.info.name, model: answer.model ?? request.model ?? null, attempts, cache: null, duration_ms: now() - began };
    if (requestId !== undefined) provenance.requestId = requestId;
    const whole = judged(request.schema, answer);
    if (cost !== undefined) whole.cost = cost;
    this.#options.record?.exchanges.push({ request, answer });
    return { ...whole, provenance };
  }

  /** Asks once, and pays for it. */
  async #attempt(core, request, context, { onPart, restarts, user, runId, headers }, estimate, attempt) {
    const pay = this.#budgets.reserve(estimate, { user, runId });
    const isHeard = onPart !== undefined;
    let text = "";
    const tell = (events) => {
      for (const event of isHeard ? events : []) {
        // Somebody sees it: to ask again would show it twice.
        if (!restarts) context.commit();
        if (event.type === "text") text += event.text;
        onPart(partOf(core, { ...event, attempt }, text, request.schema));
      }
    };
    try {
      const [answer, response] =
        this.#service === undefined
          ? [await ownAnswer(this.#own, request, context, isHeard ? tell : undefined, headers)]
          : await this.#service.ask(core, request, isHeard, context.signal, tell, headers, (limits) => this.#policy.observe(limits));
      pay(answer.usage);
      return [answer, response];
    } catch (error) {
      // An answer that never began is not on the bill.
      pay(error instanceof ServiceError && error.isUnpaid ? {} : undefined);
      throw error;
    }
  }
}
