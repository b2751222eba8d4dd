// The levels of the chain that answers the coach's questions: a model, what is known from before, or several that race.

import { canonical } from "./canonical.js";
import { RepflowError } from "./errors.js";
import { dataOf } from "./model-output.js";
import { plain } from "./plain.js";
import { PolicyBase } from "./policy.js";

const TASKS = ["analysis", "generation", "recommendation", "adaptation", "programme", "group"];

/** An action for each of the coach's tasks. */
const actionsOf = (perform) => Object.fromEntries(TASKS.map((task) => [task, (params, context) => perform(task, params, context)]));

/** Asks a model; `model` is the client's own when there is none. */
export class Level {
  actions = actionsOf((task, params, context) => this.perform(task, params, context));
  #runtime;
  #models;
  #model;

  constructor(runtime, models, model) {
    this.#runtime = runtime;
    this.#models = models;
    this.#model = model;
  }

  async perform(task, params, context) {
    const coach = await this.#runtime.coach.ready();
    const begun = coach.taskBegin(task, plain(params));
    if (begun.output !== undefined) return begun.output;
    return this.answer(coach, { task, params, context, ...begun, user: userOf(params) });
  }

  /** What tells a question from others, by what matters for its answer. */
  keyOf({ task, version, cacheKey, personal, user }) {
    return { scope: personal ? [this.#models.tenant ?? null, user ?? null] : null, task, version, cacheKey };
  }

  get models() {
    return this.#models;
  }

  async answer(coach, asked) {
    const { context, personal, user } = asked;
    const { answers } = this.#models;
    const ask = (signal) => this.#accepted(coach, asked, signal);
    // What is personal is kept only for somebody who is known.
    if (answers === undefined || (personal && user === undefined)) return (await ask(context.signal)).output;
    const exact = canonical(asked.params);
    let mine;
    const { value, source } = await answers.remember(this.keyOf(asked), exact, context.signal, async (signal) => {
      mine = await ask(signal);
      return mine.kept;
    });
    if (source === undefined) return mine.output;
    const verdict = accept(coach, asked, value, source);
    // It was right for a question that is nearly the same; this one is asked for itself.
    return verdict.output ?? (await ask(context.signal)).output;
  }

  /** Asks, and asks again when what came cannot be accepted: once, naming what is wrong. */
  async #accepted(coach, asked, signal) {
    const { task, context, user, version } = asked;
    let repair;
    for (let repairs = 0; ; repairs += 1) {
      const onPart = ({ text, partial, attempt }) => context.progress({ task, level: context.level ?? 0, attempt, repairs, text, partial });
      const question = { ...asked.request, ...repair, model: this.#model, promptCacheKey: `${task}.${version}` };
      const answer = await this.#models.ask(question, { signal, user, runId: context.runId, headers: context.headers, onPart, restarts: true });
      const { provider, model } = answer.provenance;
      // What is data, and not what was asked for, can be mended.
      const data = answer.outcome === "invalid" && answer.data !== undefined ? answer.data : dataOf(answer);
      const kept = { data, provider, model, repairs };
      const verdict = accept(coach, asked, kept, null);
      if (verdict.output !== undefined) return { output: verdict.output, kept };
      if (repairs === 1) {
        const { problems } = verdict;
        const message = `the model's answer is not acceptable, after a repair too: ${problems.map(({ message }) => message).join("; ")}`;
        throw new RepflowError("ai.invalid_answer", message, { problems });
      }
      ({ repair } = verdict);
    }
  }
}

/** Gives what is known, be it past its time, and asks nobody. */
export class CacheLevel extends Level {
  async answer(coach, asked) {
    const { task, context } = asked;
    const known = await this.models.answers?.recall(this.keyOf(asked), canonical(asked.params), context.signal);
    const verdict = known && accept(coach, asked, known.value, known.source);
    if (verdict?.output !== undefined) return verdict.output;
    throw new RepflowError("ai.not_cached", `no earlier answer for \`${task}\` fits this question`);
  }
}

/** Levels of which the next begins early when one takes long. The first answer that can be accepted counts; the others are given up. */
export class Race {
  actions = actionsOf((task, params, context) => this.#perform(task, params, context));
  #runtime;
  #levels;
  #hedge;

  constructor(runtime, levels, hedge) {
    this.#runtime = runtime;
    this.#levels = levels;
    this.#hedge = { ...hedge, with: "fallback", maxExtra: levels.length - 1 };
  }

  async #perform(task, params, context) {
    const { signal, runId, headers, attempt } = context;
    // As plain functions, in the order of the levels: what each of them does is told as its own.
    const [first, ...others] = this.#levels.map((each, level) => (racing) => {
      const progress = (data) => context.progress(data);
      return each.perform(task, params, { signal: racing.signal, level, runId, headers, attempt, progress });
    });
    const race = new PolicyBase(this.#runtime, { hedge: this.#hedge, fallback: others.map((other) => (_, racing) => other(racing)) });
    try {
      return await race.execute(first, { signal });
    } finally {
      race.dispose();
    }
  }
}

/** Has the coach judge an answer. */
function accept(coach, { task, params, context }, { data, provider, model, repairs }, cache) {
  return coach.taskAccept(task, plain(params), plain(data), { provider, model, fallbackLevel: context.level ?? 0, repairs, cache });
}

const userOf = (params) => params?.userId ?? params?.request?.userId;
