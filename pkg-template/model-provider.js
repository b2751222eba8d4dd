// Providers that are written in JavaScript.

import { isObject } from "./definition.js";
import { RepflowError, describe } from "./errors.js";
import { plain } from "./plain.js";

const COUNTS = ["inputTokens", "outputTokens", "cachedTokens", "cacheWriteTokens", "reasoningTokens"];
export const OUTCOMES = ["completed", "tool_calls", "refusal", "length", "content_filter"];

/** What is no count is none: budgets add these up. */
function usageOf(given) {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, Number.isFinite(given[name]) ? Math.max(given[name], 0) : 0]));
  return { ...counts, totalTokens: counts.inputTokens + counts.outputTokens };
}

/** The rules in the place of a model. Their answers are as little trusted, and go through the same checks. */
export const offlineCoach = (runtime) => ({
  name: "offline-coach",
  capabilities: { structuredOutput: true, tools: false, network: false },
  async complete({ task }) {
    if (task === undefined) {
      throw new RepflowError("config.invalid", "the offline coach answers by rules, so a request needs a `task` and its input; free text is for a model");
    }
    return (await runtime.ready()).taskByRules(task.name, plain(task.input));
  },
});

/** The answer of a provider of the app's own. Parts are told when somebody wants them and the provider has them. */
export async function ownAnswer(provider, request, { signal, attempt }, tell, headers = {}) {
  const context = { signal, attempt, headers };
  if (provider.stream === undefined || (tell === undefined && provider.complete !== undefined)) {
    const answer = asAnswer(provider, await provider.complete(request, context));
    if (answer.text !== "") tell?.([{ type: "text", text: answer.text }]);
    return answer;
  }
  const said = { text: "", refusal: "" };
  const parts = await provider.stream(request, context);
  const iterator = parts?.[Symbol.asyncIterator]?.();
  if (iterator === undefined) throw wrong(provider, "`stream` must give an async iterable", parts);
  let isDone = false;
  try {
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) {
        isDone = true;
        const { text, refusal } = said;
        const whole = typeof value === "string" ? { text: value } : (value ?? {});
        return asAnswer(provider, { text, refusal: refusal || undefined, outcome: refusal === "" ? undefined : "refusal", ...whole });
      }
      signal.throwIfAborted();
      const part = typeof value === "string" ? { type: "text", text: value } : value;
      if (typeof part?.text !== "string") throw wrong(provider, "a part must be a string, or have a `text`", value);
      if (part.type in said) said[part.type] += part.text;
      tell?.([part]);
    }
  } finally {
    if (!isDone) iterator.return?.()?.catch?.(() => {});
  }
}

/** What a provider gave, with all that answers have. */
function asAnswer(provider, given) {
  const answer = typeof given === "string" ? { text: given } : given;
  if (!isObject(answer)) throw wrong(provider, "an answer must be a string or an object", given);
  const { text = answer.data === undefined ? "" : JSON.stringify(answer.data), toolCalls = [], usage, ...more } = answer;
  if (typeof text !== "string") throw wrong(provider, "`text` must be a string", text);
  const outcome = answer.outcome ?? (toolCalls.length > 0 ? "tool_calls" : answer.refusal === undefined ? "completed" : "refusal");
  if (!OUTCOMES.includes(outcome)) throw wrong(provider, `\`outcome\` must be one of ${OUTCOMES.join(", ")}`, outcome);
  return { ...more, outcome, text, toolCalls, usage: isObject(usage) ? usageOf(usage) : undefined };
}

function wrong({ name }, expected, given) {
  return new RepflowError("ai.malformed", `the provider \`${name}\` gave ${describe(given)}: ${expected}`);
}

/** Who asks, so that a service can tell abuse apart and nobody can tell who it is. */
export async function hashOf(text) {
  // Only secure contexts have it; without it, the service is told nothing.
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", new TextEncoder().encode(text));
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
