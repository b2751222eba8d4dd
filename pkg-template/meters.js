// What is counted on a bus. Counting stands where the work is done: to tell somebody else of each event would be dearer.

import { now } from "./clock.js";

const OTHER = "(other)";
/** More names than this are a sign of ids in names; what comes then is counted together. */
const MOST = 1_000;

/** Eight buckets for each doubling, from a microsecond on. */
const PER_DOUBLING = 8;
const BUCKETS = 256;
const GENERATION_MS = 300_000;

/** How long things took, in two generations of five minutes: what is told covers the last five to ten. */
export class Histogram {
  #now = undefined;
  #before = undefined;
  #until = 0;
  max = 0;
  sum = 0;
  count = 0;

  record(ms, at) {
    if (at >= this.#until) {
      this.#before = at < this.#until + GENERATION_MS ? this.#now : undefined;
      this.#now = new Uint32Array(BUCKETS);
      this.#until = at + GENERATION_MS;
    }
    const us = ms * 1_000;
    this.#now[us > 1 ? Math.min(Math.floor(Math.log2(us) * PER_DOUBLING) + 1, BUCKETS - 1) : 0] += 1;
    this.count += 1;
    this.sum += ms;
    if (ms > this.max) this.max = ms;
  }

  /** What `share` of them did not exceed, in milliseconds, to within 5 percent. */
  percentile(share) {
    const counts = Array.from({ length: BUCKETS }, (_, at) => (this.#now?.[at] ?? 0) + (this.#before?.[at] ?? 0));
    const all = counts.reduce((sum, count) => sum + count, 0);
    let left = Math.max(1, Math.ceil(share * all - 1e-9));
    for (let at = 0; at < BUCKETS; at += 1) {
      left -= counts[at];
      // The middle of a bucket.
      if (left <= 0) return at === 0 ? 0.001 : Math.min(2 ** ((at - 0.5) / PER_DOUBLING) / 1_000, this.max);
    }
    return undefined;
  }
}

const STEPS = 10;
const STEP_MS = 6_000;

/** How often something happened in the last minute, which slides in ten steps. */
export class Rate {
  #step = 0;
  #counts = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  #errors = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  #since = Infinity;

  add(at) {
    this.#counts[this.#placeOf(at)] += 1;
  }

  fail(at) {
    this.#errors[this.#placeOf(at)] += 1;
  }

  #placeOf(at) {
    const step = Math.floor(at / STEP_MS);
    if (step !== this.#step) this.#forget(step);
    if (at < this.#since) this.#since = at;
    return step % STEPS;
  }

  #forget(step) {
    const gone = Math.min(step - this.#step, STEPS);
    if (step < this.#step) return;
    for (let at = 0; at < gone; at += 1) this.#counts[(step - at) % STEPS] = this.#errors[(step - at) % STEPS] = 0;
    this.#step = step;
  }

  count(at) {
    this.#forget(Math.floor(at / STEP_MS));
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  errors(at) {
    this.#forget(Math.floor(at / STEP_MS));
    return this.#errors.reduce((sum, count) => sum + count, 0);
  }

  errorRate(at) {
    const count = this.count(at);
    return count === 0 ? 0 : Math.min(this.errors(at) / count, 1);
  }

  /** By the time that has been seen so far, which is a second at least. */
  perSecond(at) {
    const seen = Math.min(STEPS * STEP_MS, Math.max(at - this.#since, 1_000));
    return (this.count(at) * 1_000) / seen;
  }
}

/** What is counted for each of many names. */
class Tally extends Map {
  of(name, make = () => ({ count: 0, errors: 0 })) {
    let known = this.get(name);
    if (known === undefined) {
      if (this.size >= MOST) name = OTHER;
      known = this.get(name) ?? make(name);
      this.set(name, known);
    }
    return known;
  }
}

export class TopicMeter {
  published = 0;
  delivered = 0;
  filtered = 0;
  failed = 0;
  publishers = new Tally();
  /** Features that listen. */
  hearers = new Tally();
  latency = new Histogram();
  rate = new Rate();
  // Mostly it is the same one again.
  #last = undefined;
  #lastSource = undefined;

  publish(source, at) {
    this.published += 1;
    if (source !== this.#lastSource) {
      this.#lastSource = source;
      this.#last = this.publishers.of(source);
    }
    this.#last.count += 1;
    this.rate.add(at);
  }

  hear(feature, hasFailed) {
    const hearer = this.hearers.of(feature);
    hearer.count += 1;
    if (hasFailed) hearer.errors += 1;
  }

  /** An event has been delivered; `ms` when that was timed. */
  end({ delivered, filtered, failed }, ms, at) {
    this.delivered += delivered;
    this.filtered += filtered;
    if (failed > 0) {
      this.failed += failed;
      this.rate.fail(at);
    }
    if (ms !== undefined) this.latency.record(ms, at);
  }
}

export class ActionMeter {
  requests = 0;
  errors = 0;
  timeouts = 0;
  cancelled = 0;
  /** Answers that came when nobody waited any more. */
  late = 0;
  callers = new Tally();
  latency = new Histogram();
  rate = new Rate();
  lastError = undefined;

  /** What it is the meter of; `whole` is that of the feature, which counts all of its actions. */
  constructor(feature, action, whole) {
    this.feature = feature;
    this.action = action;
    this.whole = whole;
  }

  begin(caller, at) {
    this.requests += 1;
    this.callers.of(caller).count += 1;
    this.rate.add(at);
    this.whole?.begin(caller, at);
  }

  countLate() {
    this.late += 1;
    this.whole?.countLate();
  }

  /** An action has ended: with an error, or with none. */
  end(caller, error, ms, at) {
    this.whole?.end(caller, error, ms, at);
    if (error !== undefined) {
      if (isCancelled(error)) {
        this.cancelled += 1;
        return;
      }
      this.errors += 1;
      this.callers.of(caller).errors += 1;
      this.rate.fail(at);
      // Not its message: who knows what is in there.
      const code = typeof error.code === "string" ? error.code : typeof error.name === "string" ? error.name : "Error";
      if (code.endsWith(".timeout")) this.timeouts += 1;
      this.lastError = { code, at };
    }
    this.latency.record(ms, at);
  }
}

/** Whether somebody did not want an answer any more. */
export const isCancelled = (error) => error?.kind === "cancelled" || error?.name === "AbortError";

/** All that is counted on a bus. */
export class Meters {
  /** Since when, in milliseconds. */
  since = now();
  topics = new Tally();
  features = new Tally();
  actions = new Tally();

  topic(name) {
    return this.topics.of(name, () => new TopicMeter());
  }

  action(feature, action) {
    return this.actions.of(`${feature}.${action}`, (name) => {
      const [owner, part] = name === OTHER ? [OTHER, OTHER] : [feature, action];
      return new ActionMeter(owner, part, this.features.of(owner, () => new ActionMeter(owner)));
    });
  }
}
