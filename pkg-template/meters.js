// What the bus counts: per topic and per action, and who talks to whom.

import { now } from "./clock.js";

const MINUTE = 60_000;

/** Buckets to an octave: a value is off by 4.5 % at most. */
export const PER_OCTAVE = 8;
/** From 1 µs to more than an hour; what takes longer is in the last one. */
const BUCKETS = 32 * PER_OCTAVE;
/** How long a generation is added to before the next one is. */
const GENERATION = 5 * MINUTE;

class Generation {
  buckets = new Uint32Array(BUCKETS);
  count = 0;
  sum = 0;
  max = 0;
}

/** Latencies in buckets on a logarithmic scale. With two generations, it tells of the last 5 to 10 minutes. */
export class Histogram {
  /** The generation that is added to, and the one before it; made when there is something to count. */
  #current = undefined;
  #before = undefined;
  #until = -Infinity;

  record(ms, at) {
    this.#turn(at);
    const counted = (this.#current ??= new Generation());
    const bucket = ms > 0.001 ? Math.floor(Math.log2(ms * 1_000) * PER_OCTAVE) : 0;
    counted.buckets[Math.min(bucket, BUCKETS - 1)] += 1;
    counted.count += 1;
    counted.sum += ms;
    if (ms > counted.max) counted.max = ms;
  }

  /** What was counted in the last 5 to 10 minutes, in up to two parts. */
  generations(at) {
    this.#turn(at);
    return [this.#current, this.#before].filter((generation) => generation !== undefined);
  }

  #turn(at) {
    if (at < this.#until) return;
    this.#before = at < this.#until + GENERATION ? this.#current : undefined;
    this.#current = undefined;
    this.#until = (Math.floor(at / GENERATION) + 1) * GENERATION;
  }
}

const STEPS = 10;
const STEP = MINUTE / STEPS;

/** How much there was in the last minute, in ten steps: the one under way and the nine before it. */
export class Rate {
  #counts = new Array(STEPS).fill(0);
  #errors = new Array(STEPS).fill(0);
  /** The step under way, counted since the Unix epoch; its place; and when it is over. */
  #step = -Infinity;
  #place = 0;
  #until = -Infinity;
  #began = undefined;

  add(at, hasFailed = false) {
    if (at >= this.#until) this.#advance(at);
    this.#counts[this.#place] += 1;
    if (hasFailed) this.#errors[this.#place] += 1;
  }

  /** What was added at a time has failed. */
  fail(at) {
    const step = Math.floor(at / STEP);
    if (step > this.#step - STEPS && step <= this.#step) this.#errors[step % STEPS] += 1;
  }

  count(at) {
    return this.#sum(this.#counts, at);
  }

  errors(at) {
    return this.#sum(this.#errors, at);
  }


  /** Over the time that is looked back at, or since the first of all; over a second at least. */
  perSecond(at) {
    const count = this.count(at);
    return count && (count * 1_000) / Math.max(at - Math.max(this.#until - MINUTE, this.#began), 1_000);
  }

  #sum(steps, at) {
    if (this.#began === undefined) return 0;
    if (at >= this.#until) this.#advance(at);
    return steps.reduce((sum, each) => sum + each);
  }

  #advance(at) {
    this.#began ??= at;
    const step = Math.floor(at / STEP);
    for (let passed = Math.max(this.#step, step - STEPS) + 1; passed <= step; passed += 1) {
      this.#counts[passed % STEPS] = 0;
      this.#errors[passed % STEPS] = 0;
    }
    this.#step = step;
    this.#place = step % STEPS;
    this.#until = (step + 1) * STEP;
  }
}

/** How many are told apart; all that come then are counted as one. */
const MOST = 1_000;
const OTHER = "(other)";

/** What is kept under a name, made when it is first asked for. */
function kept(map, name, Kind) {
  let found = map.get(name);
  if (found === undefined) {
    if (map.size >= MOST && name !== OTHER) return kept(map, OTHER, Kind);
    map.set(name, (found = new Kind()));
  }
  return found;
}

class Tally {
  count = 0;
  errors = 0;
}

/** How often somebody took part, and how often that failed; by name. */
class Tallies {
  all = new Map();
  /** It is mostly the same one again. */
  #name = undefined;
  #last = undefined;

  of(name) {
    if (name !== this.#name || this.#last === undefined) {
      this.#last = kept(this.all, name, Tally);
      this.#name = name;
    }
    return this.#last;
  }

  add(name, hasFailed) {
    const tally = this.of(name);
    tally.count += 1;
    if (hasFailed) tally.errors += 1;
  }
}

/** What is counted of a topic. */
export class TopicMeter {
  published = 0;
  delivered = 0;
  filtered = 0;
  failed = 0;
  latency = new Histogram();
  rate = new Rate();
  #publishers = new Tallies();
  #hearers = new Tallies();

  /** By source and by feature: `{ count, errors }`. */
  get publishers() {
    return this.#publishers.all;
  }

  get hearers() {
    return this.#hearers.all;
  }

  publish(source, at) {
    this.published += 1;
    this.#publishers.of(source).count += 1;
    this.rate.add(at);
  }

  /** All have heard it; `ms` is how long that took, unless nobody looked at the clock. */
  end(delivered, filtered, failed, ms, at) {
    this.delivered += delivered;
    this.filtered += filtered;
    if (failed > 0) {
      this.failed += failed;
      this.rate.fail(at - (ms ?? 0));
    }
    if (ms !== undefined) this.latency.record(ms, at);
  }

  hear(feature, hasFailed) {
    this.#hearers.add(feature, hasFailed);
  }
}

/** What is counted of an action. */
export class ActionMeter {
  requests = 0;
  ended = 0;
  errors = 0;
  timeouts = 0;
  cancelled = 0;
  late = 0;
  /** `{ code, at }`: messages may hold personal data. */
  lastError = undefined;
  latency = new Histogram();
  rate = new Rate();
  #callers = new Tallies();

  /** By name: `{ count, errors }`. */
  get callers() {
    return this.#callers.all;
  }

  get inFlight() {
    return this.requests - this.ended;
  }

  begin(caller, at) {
    this.requests += 1;
    this.#callers.of(caller).count += 1;
  }

  /** It has answered, or failed with an error. One that was cancelled is neither an error nor a latency. */
  end(caller, error, ms, at) {
    this.ended += 1;
    if (error?.kind === "cancelled" || error?.name === "AbortError") {
      this.cancelled += 1;
      return;
    }
    const hasFailed = error !== undefined;
    if (hasFailed) {
      const { code: given, name } = Object(error);
      const code = typeof given === "string" ? given : typeof name === "string" ? name : typeof error;
      this.errors += 1;
      if (code.endsWith(".timeout")) this.timeouts += 1;
      this.#callers.of(caller).errors += 1;
      this.lastError = { code, at };
    }
    this.rate.add(at, hasFailed);
    this.latency.record(ms, at);
  }
}

/** What is counted of a bus. */
export class Meters {
  /** When the first of all was counted: at import, some hosts have no time. */
  since = undefined;
  topics = new Map();
  /** By the names of the feature and the action, with a dot between. */
  actions = new Map();

  topic(name) {
    this.since ??= now();
    return kept(this.topics, name, TopicMeter);
  }

  action(feature, action) {
    this.since ??= now();
    return kept(this.actions, `${feature}.${action}`, ActionMeter);
  }

  /** The meters of actions by the name of the feature; each with the name of its action. */
  byFeature() {
    const features = new Map();
    for (const [key, meter] of this.actions) {
      const [feature, action = OTHER] = key.split(".");
      if (!features.has(feature)) features.set(feature, []);
      features.get(feature).push([action, meter]);
    }
    return features;
  }
}
