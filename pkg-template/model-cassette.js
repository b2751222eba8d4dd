// Answers from a recording: for tests, and for demonstrations without a network.
//
// A cassette is data, `{ version: 1, exchanges: [{ request, answer | failure, parts? }] }`: what a client with `record` has put
// there, or what somebody has written. It keeps no state: a question has the answer of the first exchange whose request is the
// same, however often it is asked.

import { canonical } from "./canonical.js";
import { isObject } from "./definition.js";
import { RepflowError, assertValid, describe } from "./errors.js";
import { OUTCOMES } from "./model-provider.js";
import { FAILURES, failed } from "./model-service.js";

const PARTS = ["text", "refusal", "tool_call"];

/** What JSON says of it: what is not there is left out, and the order of keys is no matter. */
const sameAs = (request) => canonical(JSON.parse(JSON.stringify(request)));

/** The provider that a cassette is. */
export function recorded(cassette, core) {
  const exchanges = read(cassette, core);
  const find = (request) => {
    const asked = sameAs(request);
    const found = exchanges.find((exchange) => exchange.asked === asked);
    if (found !== undefined) return found;
    throw new RepflowError("config.invalid", "no exchange of the cassette has this request; record it, or ask what was recorded");
  };
  const answerOf = ({ answer, failure }) => {
    if (failure !== undefined) throw failed({ message: "", ...failure });
    return answer;
  };
  return {
    name: "recorded",
    capabilities: { streaming: true, structuredOutput: true, tools: true, network: false },
    complete: (request) => answerOf(find(request)),
    async *stream(request) {
      const exchange = find(request);
      yield* exchange.parts ?? partsOf(exchange.answer);
      return answerOf(exchange);
    },
  };
}

/** The parts of an answer that came as a whole. */
function partsOf({ text = "", refusal, toolCalls = [] } = {}) {
  const parts = toolCalls.map((call, index) => ({ type: "tool_call", index, text: call.arguments }));
  if (refusal !== undefined) parts.unshift({ type: "refusal", text: refusal });
  if (text !== "") parts.unshift({ type: "text", text });
  return parts;
}

/** The exchanges, each with what it was asked; throws with everything that is wrong. */
function read(cassette, core) {
  const problems = [];
  const note = (pointer, message) => problems.push({ pointer, message });
  if (cassette.version !== 1) note("/version", `\`version\` must be 1, not ${describe(cassette.version)}`);
  const exchanges = Array.isArray(cassette.exchanges) ? cassette.exchanges : [];
  if (exchanges !== cassette.exchanges) note("/exchanges", `\`exchanges\` must be a list, not ${describe(cassette.exchanges)}`);
  const all = exchanges.map((exchange, place) => {
    const { request, answer, failure, parts } = exchange ?? {};
    const at = `/exchanges/${place}`;
    try {
      core.checkQuestion(request);
    } catch (error) {
      for (const { pointer, message } of error.problems ?? [{ pointer: "", message: error.message }]) note(`${at}/request${pointer}`, message);
    }
    if (parts !== undefined && !(Array.isArray(parts) && parts.every((part) => PARTS.includes(part?.type) && typeof part.text === "string"))) {
      note(`${at}/parts`, "each of `parts` must be `{ type, text, index? }`");
    }
    const isKnown = failure === undefined ? isObject(answer) && OUTCOMES.includes(answer.outcome) : FAILURES.includes(failure?.failure);
    if (!isKnown) note(`${at}/${failure === undefined ? "answer" : "failure"}`, "there must be an `answer` or a `failure`, as a client told it");
    return { asked: request && sameAs(request), answer, failure, parts };
  });
  assertValid("config.invalid", "the cassette", problems);
  return all;
}
