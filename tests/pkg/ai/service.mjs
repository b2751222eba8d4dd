// A model service under the test's control, over real HTTP: every answer is what the test says, byte by byte.

import { fakeService, json, stream as piecewise } from "../model-servers.mjs";

export { json };

/**
 * Starts a service on this machine. `answer(exchange, response)` is called for each request; the exchanges are kept.
 * @returns {Promise<{ baseUrl: string, exchanges: { method: string, path: string, headers: object, body: any, isGone: () => boolean }[] }>}
 */
export async function service(t, answer) {
  const exchanges = [];
  const { url } = await fakeService(t, async ({ method, url: path, headers }, response, text) => {
    let isGone = false;
    const body = text === "" ? undefined : JSON.parse(text);
    const exchange = { method, path, headers, body, number: exchanges.length + 1, at: performance.now(), isGone: () => isGone };
    response.on("close", () => {
      isGone = !response.writableFinished;
    });
    exchanges.push(exchange);
    await answer(exchange, response);
  });
  return { baseUrl: url, exchanges };
}

export const failure = (response, status, error, headers) => json(response, status, { error }, headers);

/** Server-sent events: whole, or cut after every so many bytes. */
export function stream(response, text, { cut, headers } = {}) {
  const bytes = Buffer.from(text);
  const size = cut ?? bytes.length;
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
  return piecewise(response, pieces, { pause: 0, headers: { "x-request-id": "req_1", ...headers } });
}

const USAGE = {
  chat: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } },
  responses: { input_tokens: 11, output_tokens: 7, total_tokens: 18, input_tokens_details: { cached_tokens: 4 }, output_tokens_details: { reasoning_tokens: 2 } },
};

const CHAT = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "tiny-1" };
const RESPONSE = { id: "resp_1", object: "response", created_at: 1, model: "tiny-1" };
const sse = (events) => events.map((event) => (typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`)).join("");

/** What the two endpoints say, whole and as streams, for the same answer. */
export const says = {
  chat: {
    whole: (content, { finish = "stop", refusal = null, toolCalls } = {}) => ({
      ...CHAT,
      choices: [{ index: 0, finish_reason: finish, message: { role: "assistant", content, refusal, ...(toolCalls && { tool_calls: toolCalls }) } }],
      usage: USAGE.chat,
    }),
    stream: (parts, { finish = "stop", field = "content", done = true, usage = true } = {}) => {
      const chunk = (delta, finish_reason = null) => ({ ...CHAT, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] });
      return sse([
        chunk({ role: "assistant", content: "" }),
        ...parts.map((part) => chunk({ [field]: part })),
        ...(finish === null ? [] : [chunk({}, finish)]),
        ...(usage && finish !== null ? [{ ...CHAT, object: "chat.completion.chunk", choices: [], usage: USAGE.chat }] : []),
        ...(done ? ["data: [DONE]\n\n"] : []),
      ]);
    },
  },
  responses: {
    whole: (text, { status = "completed", incomplete, refusal, toolCalls = [] } = {}) => ({
      ...RESPONSE,
      status,
      incomplete_details: incomplete ? { reason: incomplete } : null,
      output: [
        ...(refusal || text !== null ? [{ type: "message", id: "msg_1", role: "assistant", status, content: [refusal ? { type: "refusal", refusal } : { type: "output_text", text, annotations: [] }] }] : []),
        ...toolCalls,
      ],
      usage: USAGE.responses,
    }),
    stream: (parts, { kind = "output_text", terminal = "completed", incomplete, done = true } = {}) => {
      const text = parts.join("");
      let number = 0;
      const event = (type, fields) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...fields })}\n\n`;
      const content = kind === "refusal" ? { type: "refusal", refusal: text } : { type: "output_text", text, annotations: [] };
      const status = terminal === "incomplete" ? "incomplete" : "completed";
      const item = { type: "message", id: "msg_1", role: "assistant", status, content: [content] };
      const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
      return [
        event("response.created", { response: { ...RESPONSE, status: "in_progress", output: [] } }),
        event("response.output_item.added", { output_index: 0, item: { ...item, content: [], status: "in_progress" } }),
        ...parts.map((delta) => event(`response.${kind}.delta`, { ...place, delta })),
        event(`response.${kind}.done`, { ...place, [kind === "refusal" ? "refusal" : "text"]: text }),
        event("response.output_item.done", { output_index: 0, item }),
        ...(done
          ? [event(`response.${terminal}`, { response: { ...RESPONSE, status, incomplete_details: incomplete ? { reason: incomplete } : null, output: [item], usage: USAGE.responses } })]
          : []),
      ].join("");
    },
  },
};

/** What both say of usage. */
export const SAID_USAGE = { inputTokens: 11, outputTokens: 7, totalTokens: 18, cachedTokens: 4, cacheWriteTokens: 0, reasoningTokens: 2 };

export const ENDPOINTS = [["responses", "/v1/responses"], ["chat", "/v1/chat/completions"]];
