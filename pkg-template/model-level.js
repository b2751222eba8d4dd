// A level of the chain that answers the coach's questions: a model, or what is known from before.

import { canonical } from "./canonical.js";
import { RepflowError } from "./errors.js";
import { dataOf } from "./model-output.js";

const TASKS = ["analysis", "generation", "recommendation", "adaptation", "programme", "group"];

/** The actions of a level, one for each of the coach's tasks. `model` is the client's own when there is none. */
export class Level {
  actions;
  #runtime;
  #models;
  #model;

  constructor(runtime, models, model) {
    this.#runtime = runtime;
    this.#models = models;
    this.#model = model;
    this.actions = Object.fromEntries(TASKS.map((task) => [task, (params, context) => this.#perform(task, params, context)]));
  }

  async #perform(task, params, context) {
    const core = await this.#runtime.ready();
    const begun = core.taskBegin(task, params);
    if (begun.output !== undefined) return begun.output;
    return this.answer(core, { task, params, context, ...begun, user: userOf(params) });
  }

  /** What tells a question from others, by what matters for its answer. */
  keyOf({ task, version, cacheKey, personal, user }) {
    return { scope: personal ? [this.#models.tenant ?? null, user ?? null] : null, task, version, cacheKey };
  }

  get models() {
    return this.#models;
  }

  async answer(core, asked) {
    const { task, context, request, personal, user } = asked;
    const { answers } = this.#models;
    const ask = (signal) => this.#accepted(core, asked, signal);
    // What is personal is kept only for somebody who is known.
    if (answers === undefined || (personal && user === undefined)) return (await ask(context.signal)).output;
    const exact = canonical(request);
    let mine;
    const { value, source } = await answers.remember(this.keyOf(asked), exact, context.signal, async (signal) => {
      mine = await ask(signal);
      return mine.kept;
    });
    if (source === undefined) return mine.output;
    const verdict = accept(core, asked, value, source);
    // It was right for a question that is nearly the same; this one is asked for itself.
    return verdict.output ?? (await ask(context.signal)).output;
  }

  /** Asks, and asks again when what came cannot be accepted: once, naming what is wrong. */
  async #accepted(core, asked, signal) {
    const { task, context, user, version } = asked;
    let repair;
    for (let repairs = 0; ; repairs += 1) {
      const onPart = ({ text, partial, attempt }) => context.progress({ task, attempt, repairs, text, partial });
      const question = { ...asked.request, ...repair, model: this.#model, promptCacheKey: `${task}.${version}` };
      const answer = await this.#models.ask(question, { signal, user, runId: context.runId, headers: context.headers, onPart, restarts: true });
      const { provider, model } = answer.provenance;
      const kept = { data: dataOf(answer), provider, model, repairs };
      const verdict = accept(core, asked, kept, null);
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
  async answer(core, asked) {
    const { task, request, context } = asked;
    const known = await this.models.answers?.recall(this.keyOf(asked), canonical(request), context.signal);
    const verdict = known && accept(core, asked, known.value, known.source);
    if (verdict?.output !== undefined) return verdict.output;
    throw new RepflowError("ai.not_cached", `no earlier answer for \`${task}\` fits this question`);
  }
}

/** Has the core judge an answer. */
function accept(core, { task, params, context }, { data, provider, model, repairs }, cache) {
  return core.taskAccept(task, params, data, { provider, model, fallbackLevel: context.level ?? 0, repairs, cache });
}

const userOf = (params) => params?.userId ?? params?.request?.userId;
