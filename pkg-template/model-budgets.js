// Budgets: what may be spent, in tokens, money and calls. They stand beside the client and not in the core, since they must
// outlive its loss.

import { now } from "./clock.js";
import { RepflowError, invalidAt } from "./errors.js";

/** Runs whose spending is remembered. */
const MOST_RUNS = 10_000;
const MILLION = 1_000_000;

export class Budgets {
  /** Whether something is bounded. */
  bounds;
  #limits;
  #prices;
  /** By scope and whom; what is reserved counts as spent until it is known. */
  #spent;

  constructor({ budgets = {}, prices = {}, snapshot = {} }) {
    this.bounds = Object.keys(budgets).length > 0;
    this.#limits = budgets;
    this.#prices = prices;
    this.#spent = new Map((snapshot.spent ?? []).map(([key, sums]) => [key, { ...sums }]));
  }

  /** What a question may come to: a token has about four characters, and three are more careful. */
  estimate(request) {
    const inputTokens = Math.ceil(JSON.stringify(request).length / 3);
    const outputTokens = request.maxOutputTokens ?? 0;
    const cost = this.costOf(request.model, { inputTokens, outputTokens });
    const scope = Object.keys(this.#limits).find((scope) => this.#limits[scope].cost !== undefined);
    if (cost === undefined && scope !== undefined) {
      const message = `the budget of \`${scope}\` bounds the cost, and \`prices\` has no model \`${request.model ?? ""}\``;
      throw invalidAt("config.invalid", "the options of ModelClient", "/prices", message);
    }
    return { tokens: inputTokens + outputTokens, cost: cost ?? 0, model: request.model };
  }

  /** What it costs by the prices that were given; `undefined` for a model that has none. */
  costOf(model, { inputTokens, outputTokens, cachedTokens = 0, cacheWriteTokens = 0 }) {
    if (!Object.hasOwn(this.#prices, model ?? "")) return undefined;
    const { input = 0, output = 0, cachedInput = input, cacheWrite = input } = this.#prices[model];
    const plain = Math.max(inputTokens - cachedTokens - cacheWriteTokens, 0);
    return (plain * input + cachedTokens * cachedInput + cacheWriteTokens * cacheWrite + outputTokens * output) / MILLION;
  }

  /**
   * Takes what a question may come to; a budget that it does not fit in refuses it. Returns what is to be told, once, what it
   * came to: its usage, or nothing when nobody knows, which leaves the estimate.
   */
  reserve({ tokens, cost, model }, { user, runId }) {
    if (!this.bounds) return () => {};
    const day = new Date(now()).toISOString().slice(0, 10);
    this.#forget(day);
    const whom = { run: runId, user: user && `${day} ${user}`, day };
    const accounts = Object.entries(this.#limits).map(([scope, limits]) => {
      if (whom[scope] === undefined) {
        const option = scope === "run" ? "runId" : "user";
        throw invalidAt("config.invalid", "the options of the question", "", `\`${option}\` is missing: \`budgets.${scope}\` counts by it`);
      }
      const spent = this.#account(`${scope} ${whom[scope]}`);
      const wants = { tokens, cost, calls: 1 };
      for (const [unit, limit] of Object.entries(limits)) {
        if (spent[unit] + wants[unit] <= limit) continue;
        const message = `the budget of the ${scope} has ${limit} for ${unit}: ${spent[unit]} are spent or reserved, and this question may take ${wants[unit]}`;
        throw new RepflowError("ai.budget_exceeded", message);
      }
      return spent;
    });
    for (const spent of accounts) {
      spent.tokens += tokens;
      spent.cost += cost;
      spent.calls += 1;
    }
    return (usage) => {
      if (usage === undefined) return;
      const { inputTokens = 0, outputTokens = 0 } = usage;
      const came = this.costOf(model, { inputTokens, outputTokens, ...usage }) ?? 0;
      for (const spent of accounts) {
        spent.tokens += inputTokens + outputTokens - tokens;
        spent.cost += came - cost;
      }
    };
  }

  /** What has been spent. */
  snapshot() {
    return { spent: [...this.#spent].map(([key, sums]) => [key, { ...sums }]) };
  }

  #account(key) {
    let sums = this.#spent.get(key);
    if (sums === undefined) this.#spent.set(key, (sums = { tokens: 0, cost: 0, calls: 0 }));
    return sums;
  }

  /** Of other days, and of the oldest runs. */
  #forget(day) {
    if (this.#spent.size < MOST_RUNS) return;
    const isOver = (key) => !key.startsWith(`day ${day}`) && !key.startsWith(`user ${day}`);
    for (const key of this.#spent.keys()) {
      if (this.#spent.size < MOST_RUNS) return;
      if (isOver(key)) this.#spent.delete(key);
    }
  }
}
