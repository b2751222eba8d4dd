// What the bus remembers of events, and how topics fit patterns.
//
// These are the modules of the facade on their own; events are as plain as they may be.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { History, isAfter } from "../../../pkg-template/history.js";
import { select } from "../../../pkg-template/query.js";
import { TOPIC, matcher } from "../../../pkg-template/topics.js";
import { random } from "./random.mjs";

let count = 0;
const event = (fields = {}) => {
  count += 1;
  return { type: "a.b", source: "app", data: {}, id: `event-${count}`, sequence: String(count).padStart(16, "0"), at: count, ...fields };
};
const history = (events, options) => {
  const made = new History(options);
  for (const each of events) made.add(each);
  return made;
};

// ── The ring

for (const [kind, options] of [
  ["by count", () => ({ maxEvents: 7 })],
  ["by bytes", () => ({ maxEvents: 1_000, maxBytes: 3_000 })],
  ["by both", () => ({ maxEvents: 5, maxBytes: 2_000 })],
  ["of nothing", () => ({ maxEvents: 0 })],
]) {
  test(`a history, limited ${kind}, keeps what a list keeps`, () => {
    const rng = random();
    const { maxEvents, maxBytes } = options();
    const made = new History(options());
    let model = [];
    let all = 0;
    for (let step = 0; step < 3_000; step += 1) {
      if (rng() < 0.01) {
        made.clear();
        model = [];
      } else {
        // A string takes two bytes to a character.
        const added = event({ data: "x".repeat(Math.floor(rng() ** 4 * 2_000)) });
        const sizeOf = ({ data }) => data.length * 2 + 200;
        made.add(added);
        if (maxEvents > 0 && (maxBytes === undefined || sizeOf(added) <= maxBytes)) {
          model.push(added);
          all += 1;
        }
        const bytes = () => model.reduce((sum, each) => sum + sizeOf(each), 0);
        while (model.length > maxEvents || (maxBytes !== undefined && bytes() > maxBytes)) model.shift();
        if (maxBytes !== undefined) rng.explain(`step ${step}`, () => assert.equal(made.bytes, bytes()));
      }
      rng.explain(`step ${step}`, () => {
        assert.equal(made.length, model.length);
        assert.equal(made.evicted, all - model.length);
        assert.ok([...made].every((each, at) => each === model[at] && made.at(at) === each));
        assert.equal([...made].length, model.length);
        assert.equal(made.at(model.length), undefined);

      });
    }
    assert.equal(made.bytes === undefined, maxBytes === undefined);
  });
}

test("a history keeps the last 1,000 when nothing is said", () => {
  const made = history(Array.from({ length: 1_200 }, () => event()));
  assert.deepEqual([made.length, made.evicted, made.bytes], [1_000, 200, undefined]);
});

test("an event that is larger than everything leaves the others in peace", () => {
  const [small, large] = [event(), event({ data: "x".repeat(1_000) })];
  assert.deepEqual([...history([small, large], { maxBytes: 1_000 })], [small]);
});

test("reading goes on while events leave, and ends with what was there", () => {
  const made = history(Array.from({ length: 5 }, (_, data) => event({ data })), { maxEvents: 5 });
  const seen = [];
  for (const { data } of made) {
    seen.push(data);
    if (data === 1) for (let more = 5; more < 8; more += 1) made.add(event({ data: more }));
  }
  assert.deepEqual(seen, [0, 1, 3, 4]);
});

test("what has left is not kept", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const made = new History();
  const left = (() => {
    const added = event();
    made.add(added);
    made.clear();
    return new WeakRef(added);
  })();
  for (let round = 0; round < 20 && left.deref() !== undefined; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  assert.equal(left.deref(), undefined);
  assert.equal(made.length, 0);
});

// ── Patterns

/** By the definition alone, token for token. */
function fitsSlowly(pattern, topic) {
  if (pattern.length === 0 || topic.length === 0) return pattern.length === topic.length;
  if (pattern[0] === ">") return topic.length >= 1;
  return (pattern[0] === "*" || pattern[0] === topic[0]) && fitsSlowly(pattern.slice(1), topic.slice(1));
}

test("a pattern fits the topics that NATS says it fits", () => {
  const rng = random();
  const oneOf = (list) => list[Math.floor(rng() * list.length)];
  const outcomes = [0, 0];
  for (let round = 0; round < 20_000; round += 1) {
    const tokens = (words) => Array.from({ length: 1 + Math.floor(rng() * 4) }, () => oneOf(words));
    const topic = tokens(["a", "b", "A", "ab"]);
    const pattern = tokens(["a", "b", "A", "*", "*"]);
    if (rng() < 0.3) pattern[pattern.length - 1] = ">";
    const expected = fitsSlowly(pattern, topic);
    outcomes[Number(expected)] += 1;
    rng.explain(`${pattern.join(".")} and ${topic.join(".")}`, () => {
      assert.equal(matcher(pattern.join("."))(topic.join(".")), expected);
      assert.ok(TOPIC.test(pattern.join(".")) && TOPIC.test(topic.join(".")));
    });
  }
  assert.ok(Math.min(...outcomes) > 1_000, `there should be many of both: ${outcomes}`);
});

test("what is no topic is known", () => {
  const wrong = ["", ".", "a.", ".a", "a..b", "a b", "$a", "a.>.b", ">.a", "a*", "*a", "a>", "a\n", ">>", "**"];
  assert.deepEqual(wrong.filter((topic) => TOPIC.test(topic)), []);
  const right = ["a", "a.b", "*", ">", "a.*", "*.b", "a.>", "*.>", "größe.é", "a-b_c.1"];
  assert.deepEqual(right.filter((topic) => TOPIC.test(topic)), right);
});

// ── Queries

const events = [
  event({ type: "workout.made", source: "coach", correlationid: "one", at: 100.25 }),
  event({ type: "workout.done", source: "app", correlationid: "two", at: 200.75 }),
  event({ type: "meal.made", source: "coach", correlationid: "two", at: 300, expiresAt: 1_000 }),
  event({ type: "workout.made.again", source: "coach", at: 400 }),
];
const found = (query, at = 500) => select(history(events), query, at).map((each) => events.indexOf(each));

test("a query finds what fits all of it", () => {
  assert.deepEqual(found({}), [0, 1, 2, 3]);
  assert.deepEqual(found({ topic: "workout.*" }), [0, 1]);
  assert.deepEqual(found({ topic: "workout.>" }), [0, 1, 3]);
  assert.deepEqual(found({ topic: "meal.made" }), [2]);
  assert.deepEqual(found({ feature: "coach" }), [0, 2, 3]);
  assert.deepEqual(found({ correlationId: "two" }), [1, 2]);
  assert.deepEqual(found({ correlationId: "two", feature: "coach", topic: "*.made" }), [2]);
  assert.deepEqual(found({ limit: 2 }), [2, 3]);
  assert.deepEqual(found({ limit: 10, feature: "app" }), [1]);
});

test("a query looks at a time, in whole milliseconds", () => {
  assert.deepEqual(found({ since: 200.75 }), [1, 2, 3]);
  assert.deepEqual(found({ since: new Date(200) }), [1, 2, 3]);
  assert.deepEqual(found({ since: new Date(201) }), [2, 3]);
  assert.deepEqual(found({ until: 200 }), [0, 1]);
  assert.deepEqual(found({ until: new Date(199) }), [0]);
  assert.deepEqual(found({ since: 101, until: 300 }), [1, 2]);
});

test("a query goes on after an event, and has everything when that has left", () => {
  assert.deepEqual(found({ since: "start" }), [0, 1, 2, 3]);
  assert.deepEqual(found({ since: events[1].id }), [2, 3]);
  assert.deepEqual(found({ since: events[3].id }), []);
  assert.deepEqual(found({ since: "long-gone" }), [0, 1, 2, 3]);
  const later = isAfter(history(events), events[0].id);
  assert.deepEqual(events.map(later), [false, true, true, true]);
});

test("what has expired is not found", () => {
  assert.deepEqual(found({}, 999), [0, 1, 2, 3]);
  assert.deepEqual(found({}, 1_000), [0, 1, 3]);
});

test("a query is refused with every problem", () => {
  const wrong = { topic: "a..b", feature: 7, since: new Date(NaN), until: "start", limit: 0, source: "app" };
  assert.throws(() => found(wrong), ({ code, problems }) => {
    assert.equal(code, "bus.invalid");
    assert.deepEqual(problems.map(({ pointer }) => pointer), ["/topic", "/feature", "/since", "/until", "/limit", "/source"]);
    return true;
  });
  assert.throws(() => found("workout.*"), { code: "bus.invalid" });
});
