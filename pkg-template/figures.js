// What meters show, when somebody looks.

import { PER_OCTAVE } from "./meters.js";

const total = (generations, key) => generations.reduce((sum, each) => sum + each[key], 0);
const largest = (generations) => Math.max(...generations.map(({ max }) => max));

/** How long things took, from the generations of one or more histograms. */
export class Latencies {
  #generations;

  constructor(generations) {
    this.#generations = generations;
  }

  /** What a share of the values does not exceed, in milliseconds; undefined when there are none. */
  percentile(share) {
    const generations = this.#generations;
    if (generations.length === 0) return undefined;
    const rank = Math.max(Math.ceil(share * total(generations, "count")), 1);
    let bucket = -1;
    for (let seen = 0; seen < rank; ) {
      bucket += 1;
      for (const { buckets } of generations) seen += buckets[bucket];
    }
    // The middle of the bucket, on its scale.
    return Math.min(2 ** ((bucket + 0.5) / PER_OCTAVE) / 1_000, largest(generations));
  }

  /** All that is told of latencies; undefined when there are none. */
  summary() {
    const generations = this.#generations;
    if (generations.length === 0) return undefined;
    const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map((share) => this.percentile(share));
    return { p50, p90, p95, p99, max: largest(generations), mean: total(generations, "sum") / total(generations, "count") };
  }
}

/** What several meters show together of the last minute, and their latencies. */
export function figuresOf(meters, at) {
  const figures = { count: 0, failed: 0, perSecond: 0, latency: new Latencies(meters.flatMap(({ latency }) => latency.generations(at))) };
  for (const { rate } of meters) {
    figures.count += rate.count(at);
    figures.failed += rate.errors(at);
    figures.perSecond += rate.perSecond(at);
  }
  figures.errorRate = figures.failed / (figures.count || 1);
  return figures;
}
