import { policy } from "repflow";

import { atOnce, contender, inSequence } from "../lib/checked.mjs";

const OPOSSUM = "opossum + p-retry";

/** By hand: what one writes before one looks for a package. */
async function attempts(most, delay, attempt) {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (made === most) throw error;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * delay * 2 ** (made - 1)));
    }
  }
}

async function within(milliseconds, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("timeout")), milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function semaphore(most) {
  const waiting = [];
  let free = most;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** The limits are the same for everybody, and each is as cheap as its options make it. */
const protect = (bulkhead) =>
  policy({
    retry: { maxAttempts: 3, backoff: "exponential", delay: "200ms", maxDelay: "5s", jitter: "full" },
    timeout: "10s",
    circuitBreaker: { failureRate: 0.5, minCalls: 10, window: "30s", openFor: "10s" },
    ...bulkhead,
  });

/** Each makes, from the work, what makes one call to it. With a bulkhead or, as `limited` says, without. */
const stack = (limited) => ({
  repflow: (work) => {
    const protection = protect(limited && { bulkhead: { maxConcurrent: 4, maxQueue: 16 } });
    return () => protection.execute(work);
  },
  // A signal is made when the function asks for it, and is most of what this costs more.
  "repflow, signal read": (work) => {
    const protection = protect(limited && { bulkhead: { maxConcurrent: 4, maxQueue: 16 } });
    return () => protection.execute(({ signal }) => work(signal));
  },
  // Without circuit breaker and bulkhead: it says what the rest costs at least.
  "by hand": (work) => () => attempts(3, 200, () => within(10_000, work)),
  cockatiel: async (work) => {
    const {
      bulkhead, circuitBreaker, ExponentialBackoff, fullJitterGenerator, handleAll, retry, SamplingBreaker, timeout,
      TimeoutStrategy, wrap,
    } = await import("cockatiel");
    const backoff = new ExponentialBackoff({ generator: fullJitterGenerator, initialDelay: 200, maxDelay: 5_000 });
    const breaker = new SamplingBreaker({ threshold: 0.5, duration: 30_000, minimumRps: 10 / 30 });
    const protection = wrap(
      // The retries, without the first attempt.
      retry(handleAll, { maxAttempts: 2, backoff }),
      circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker }),
      ...(limited ? [bulkhead(4, 16)] : []),
      // The strategy that promises what the others promise: the caller is not kept waiting by work that ignores the signal.
      timeout(10_000, TimeoutStrategy.Aggressive),
    );
    return () => protection.execute(work);
  },
  [OPOSSUM]: async (work) => {
    const { default: CircuitBreaker } = await import("opossum");
    const { default: pRetry } = await import("p-retry");
    const breaker = new CircuitBreaker(work, {
      timeout: 10_000,
      ...(limited && { capacity: 4 }),
      errorThresholdPercentage: 50,
      volumeThreshold: 10,
      rollingCountTimeout: 30_000,
      resetTimeout: 10_000,
      // The statistics that nobody here listens to.
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
    });
    const options = { retries: 2, factor: 2, minTimeout: 200, maxTimeout: 5_000, randomize: true };
    return () => pRetry(() => breaker.fire(), options);
  },
  effect: async (work) => {
    // It has no circuit breaker of its own; retries, timeout and, when limited, a semaphore.
    const { Duration, Effect, Schedule, Semaphore } = await import("effect");
    const schedule = Schedule.exponential(Duration.millis(200)).pipe(Schedule.jittered);
    const guarded = Effect.tryPromise(work).pipe(Effect.timeout(Duration.seconds(10)));
    const inside = limited ? Semaphore.makeUnsafe(4).withPermits(1)(guarded) : guarded;
    const call = inside.pipe(Effect.retry({ times: 2, schedule }));
    return () => Effect.runPromise(call);
  },
});

// Without opossum: what finds no room there is refused, and does not queue.
const queues = {
  repflow: (work) => {
    const protection = policy({ bulkhead: { maxConcurrent: 4, maxQueue: 200 } });
    return () => protection.execute(work);
  },
  "by hand": (work) => {
    const limited = semaphore(4);
    return () => limited(work);
  },
  cockatiel: async (work) => {
    const { bulkhead } = await import("cockatiel");
    const protection = bulkhead(4, 200);
    return () => protection.execute(work);
  },
};

const all = (protections, kind) =>
  Object.fromEntries(Object.entries(protections).map(([name, protect]) => [name, () => contender(name, protect, kind)]));
const inOrder = { kind: "answer", call: inSequence };

export default {
  title: "Retry, circuit breaker and timeout around a call",
  about:
    "The call that an app makes all day: it is protected, and nothing goes wrong. All are set up once, with the same " +
    "limits. The second table adds a bulkhead, the third shows one at work. By hand there are retries and a timeout, and no " +
    "circuit breaker; effect, which has none, goes without as well.",
  packages: ["cockatiel", "opossum", "p-retry", "effect"],
  tables: [
    {
      unit: "µs a call",
      contenders: all(stack(false), inOrder),
      targets: [{ against: OPOSSUM, most: 1 }, { against: "cockatiel", most: 1 }],
      short: [{ against: "by hand", of: "min", most: 1.5 }],
    },
    {
      title: "The same with a bulkhead",
      unit: "µs a call",
      contenders: all(stack(true), inOrder),
      targets: [{ against: OPOSSUM, most: 1 }, { against: "cockatiel", most: 1 }],
    },
    {
      title: "100 callers at once, of which a bulkhead lets in four",
      unit: "µs a call",
      contenders: all(queues, { kind: "shared", call: atOnce(100), peak: 4 }),
    },
  ],
};
