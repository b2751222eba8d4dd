// What an answer says, beyond its text.

import { RepflowError } from "./errors.js";
import { checkInput } from "./schemas.js";

/**
 * A part of an answer. Where the answer is data, `partial` is what can be said of it for sure so far; it is worked out when
 * it is asked for.
 */
export function partOf(core, part, whole, schema) {
  if (part.type !== "text" || schema === undefined) return part;
  return Object.defineProperty(part, "partial", { get: () => partialOf(core, whole) });
}

/** Data of which the text is not complete; `undefined` before there is any. */
function partialOf(core, text) {
  const closed = core.closeJson(text);
  return closed === "" ? undefined : JSON.parse(closed);
}

/** An answer with its data, if data was asked for. What the schema refuses is no answer that could be used. */
export function judged(schema, answer) {
  if (schema === undefined || answer.outcome !== "completed") return answer;
  let data;
  try {
    data = JSON.parse(answer.text);
  } catch (cause) {
    return { ...answer, outcome: "invalid", problems: [{ pointer: "", message: `it is not JSON: ${cause.message}` }] };
  }
  try {
    return { ...answer, data: checkInput(schema.schema, data, "the answer") };
  } catch (error) {
    if (error.code !== "input.invalid") throw error;
    return { ...answer, outcome: "invalid", data, problems: error.problems };
  }
}

const UNUSABLE = {
  refusal: ["ai.refused", ({ refusal }) => `the model refuses: ${refusal ?? ""}`],
  length: ["ai.incomplete", () => "the answer is longer than `maxOutputTokens`; raise it, or ask for less"],
  content_filter: ["ai.filtered", () => "the content filter of the service cut the answer off"],
  tool_calls: ["ai.invalid_answer", () => "the model asks for tools instead of answering"],
  invalid: ["ai.invalid_answer", ({ problems }) => `the answer is not what was asked for: ${problems.map(({ pointer, message }) => `${pointer} ${message}`).join("; ")}`],
};

/** The data of an answer, or the error for why there is none. */
export function dataOf(answer) {
  const { outcome, data, problems } = answer;
  if (outcome === "completed") return data;
  const [code, message] = UNUSABLE[outcome];
  throw new RepflowError(code, message(answer), { problems });
}
