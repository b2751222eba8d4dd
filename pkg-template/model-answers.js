// Answers that are kept: by what was asked, and for whom.

import { millisecondsOf, now } from "./clock.js";
import { PolicyBase } from "./policy.js";

/** Carries an answer that is nobody else's past the cache. */
class Unkept extends Error {
  constructor(value) {
    super();
    this.value = value;
  }
}

const CACHE = { ttl: "1h", staleIfError: "7d" };

export class Answers {
  hits = { exact: 0, normalised: 0, stale: 0 };
  #policy;
  #ttlMs;

  constructor(runtime, options) {
    const cache = { ...CACHE, ...options };
    this.#ttlMs = typeof cache.ttl === "string" ? millisecondsOf(cache.ttl) : cache.ttl;
    this.#policy = new PolicyBase(runtime, { cache });
  }

  /**
   * What is known for `key`, or else what `make` gives, which is then known if it is to be kept; callers of the same time share
   * one making. Says what `source` it has: none when it was made now, `exact` when it was made for the same question by
   * `exact`, else `normalised`. What is past its time is not given here, whatever `make` fails with.
   */
  async remember(key, exact, signal, make, isKept = () => true) {
    let failed, made;
    try {
      const entry = await this.#policy.execute(
        async (context) => {
          try {
            const value = await make(context.signal);
            if (!isKept(value)) throw new Unkept(value);
            made = { value, exact, at: now() };
            return made;
          } catch (error) {
            failed = { error };
            throw error;
          }
        },
        { key, signal },
      );
      if (entry === made) return { value: entry.value };
      if (failed !== undefined) throw failed.error;
      return { value: entry.value, source: this.#source(entry, exact) };
    } catch (error) {
      if (error instanceof Unkept) return { value: error.value };
      throw error;
    }
  }

  /** What is known for `key`, also when it is past its time; `undefined` for nothing. */
  async recall(key, exact, signal) {
    const nothing = new Error();
    try {
      const entry = await this.#policy.execute(() => Promise.reject(nothing), { key, signal });
      return { value: entry.value, source: this.#source(entry, exact) };
    } catch (error) {
      if (error === nothing) return undefined;
      throw error;
    }
  }

  get counts() {
    return this.#policy.stats().cache;
  }

  dispose() {
    this.#policy.dispose();
  }

  #source(entry, exact) {
    const source = now() - entry.at > this.#ttlMs ? "stale" : entry.exact === exact ? "exact" : "normalised";
    this.hits[source] += 1;
    return source;
  }
}
