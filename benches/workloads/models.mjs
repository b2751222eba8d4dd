import assert from "node:assert/strict";

const PARTS = 200;
const TEXT = "Ten squats, slowly, then ten more. ";
const baseUrl = "http://model.test/v1";
const usage = { prompt_tokens: 12, completion_tokens: PARTS, total_tokens: 12 + PARTS };
const head = { id: "chatcmpl-1", created: 1_750_000_000, model: "large" };
const messages = [{ role: "user", content: "A warm-up for squats?" }];

/** What the service says, as it has it on the wire. */
const whole = JSON.stringify({
  ...head,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: TEXT.repeat(PARTS), refusal: null }, finish_reason: "stop" }],
  usage,
});
const event = (data) => new TextEncoder().encode(`data: ${data}\n\n`);
const chunk = (fields) => event(JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields }));
const delta = (delta, finish_reason = null) => chunk({ choices: [{ index: 0, delta, finish_reason }], usage: null });
const events = [
  delta({ role: "assistant", content: "" }),
  ...Array.from({ length: PARTS }, () => delta({ content: TEXT })),
  delta({}, "stop"),
  chunk({ choices: [], usage }),
  event("[DONE]"),
];

/** A `fetch` that is the service: no network, and so what is measured is the client. */
function service() {
  const asked = { whole: 0, streamed: 0 };
  const fetch = async (_, { body }) => {
    const { stream } = JSON.parse(body);
    asked[stream ? "streamed" : "whole"] += 1;
    if (!stream) return new Response(whole, { headers: { "content-type": "application/json" } });
    return new Response(ReadableStream.from(events), { headers: { "content-type": "text/event-stream" } });
  };
  return { asked, fetch };
}

async function repflow(fetch) {
  const { ModelClient } = await import("repflow");
  const client = new ModelClient({ api: "chat", baseUrl, apiKey: "key", model: "large", fetch });
  return {
    whole: async () => (await client.complete({ messages })).text,
    streamed: async (hear) => {
      const asked = client.stream({ messages });
      for await (const { text } of asked) hear(text);
      await asked.answer;
    },
  };
}

async function openai(fetch) {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ baseURL: baseUrl, apiKey: "key", fetch });
  return {
    whole: async () => (await client.chat.completions.create({ model: "large", messages })).choices[0].message.content,
    streamed: async (hear) => {
      const options = { model: "large", messages, stream: true, stream_options: { include_usage: true } };
      for await (const { choices } of await client.chat.completions.create(options)) {
        if (choices[0]?.delta.content) hear(choices[0].delta.content);
      }
    },
  };
}

/** By hand: no retries, no timeout, nothing is looked at but the text. */
async function byHand(fetch) {
  const ask = (more) => fetch(`${baseUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer key", "content-type": "application/json" },
    body: JSON.stringify({ model: "large", messages, ...more }),
  });
  return {
    whole: async () => (await (await ask()).json()).choices[0].message.content,
    streamed: async (hear) => {
      let rest = "";
      for await (const text of (await ask({ stream: true })).body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data: {")) continue;
          const content = JSON.parse(line.slice("data: ".length)).choices[0]?.delta.content;
          if (content) hear(content);
        }
      }
    },
  };
}

const asker = (make, kind) => async () => {
  const { asked, fetch } = service();
  const client = await make(fetch);
  const text = TEXT.repeat(PARTS);
  return async (times) => {
    const before = asked[kind];
    for (let made = 0; made < times; made += 1) {
      const heard = [];
      const answer = (await client[kind]((part) => heard.push(part))) ?? heard.join("");
      if (answer !== text) assert.fail("the answer is not what the service says");
      if (kind === "streamed") assert.equal(heard.length, PARTS, "the answer did not come in its parts");
    }
    assert.equal(asked[kind] - before, times, "the service was not asked as often as it should");
  };
};

const all = (kind) => ({ repflow: asker(repflow, kind), openai: asker(openai, kind), "by hand": asker(byHand, kind) });

export default {
  title: "A question to a model",
  about:
    "Chat completions with a service that is a function in the same process, so that the client is what is measured: an " +
    `answer of ${TEXT.length * PARTS} bytes at once, and the same in ${PARTS} parts. By hand there is no retry, no timeout, no ` +
    "error that is told from another, and an answer that was cut off passes for whole.",
  packages: ["openai"],
  tables: [
    { unit: "µs an answer", beside: "openai", contenders: all("whole") },
    {
      title: `A question to a model, answered in ${PARTS} parts`,
      unit: "µs a part",
      per: PARTS,
      beside: "openai",
      contenders: all("streamed"),
    },
  ],
};
