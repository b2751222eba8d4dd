// What it costs to be protected: a call through retry, circuit breaker, bulkhead and timeout, where nothing goes wrong.
//
// That is the call an app makes all day, so its cost decides: repflow has to be cheaper than cockatiel, and than
// opossum with p-retry. Two more workloads show the policies at work. All contenders are set up once, with the same
// limits, and each as cheap as its options make it: opossum goes without the statistics that nobody here listens to.
//
// `--quick` runs everything briefly and judges nothing.

import {
  bulkhead, circuitBreaker, ConstantBackoff, ExponentialBackoff, fullJitterGenerator, handleAll, retry, SamplingBreaker,
  timeout, TimeoutStrategy, wrap,
} from "cockatiel";
import CircuitBreaker from "opossum";
import pRetry from "p-retry";
import { policy } from "repflow";

import { atOnce, contender, inSequence } from "./lib/checked.mjs";
import { measure, notDearer, QUICK, THOROUGH } from "./lib/measure.mjs";
import { setting, table } from "./lib/report.mjs";

const COCKATIEL = "cockatiel";
const OPOSSUM = "opossum + p-retry";
const HAND_WRITTEN = "by hand";

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

const protect = () =>
  policy({
    retry: { maxAttempts: 3, backoff: "exponential", delay: "200ms", maxDelay: "5s", jitter: "full" },
    timeout: "10s",
    circuitBreaker: { failureRate: 0.5, minCalls: 10, window: "30s", openFor: "10s" },
    bulkhead: { maxConcurrent: 4, maxQueue: 16 },
  });

const stack = {
  repflow: (work) => {
    const protection = protect();
    return () => protection.execute(work);
  },
  // A signal is made when the function asks for it, and is most of what this costs more.
  "repflow, signal read": (work) => {
    const protection = protect();
    return () => protection.execute(({ signal }) => work(signal));
  },
  // Without circuit breaker and bulkhead: it says what the rest costs at least.
  [HAND_WRITTEN]: (work) => () => attempts(3, 200, () => within(10_000, work)),
  [COCKATIEL]: (work) => {
    const backoff = new ExponentialBackoff({ generator: fullJitterGenerator, initialDelay: 200, maxDelay: 5_000 });
    const breaker = new SamplingBreaker({ threshold: 0.5, duration: 30_000, minimumRps: 10 / 30 });
    const protection = wrap(
      // The retries, without the first attempt.
      retry(handleAll, { maxAttempts: 2, backoff }),
      circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker }),
      bulkhead(4, 16),
      // The strategy that promises what the others promise: the caller is not kept waiting by work that ignores the signal.
      timeout(10_000, TimeoutStrategy.Aggressive),
    );
    return () => protection.execute(work);
  },
  [OPOSSUM]: (work) => {
    const breaker = new CircuitBreaker(work, {
      timeout: 10_000,
      capacity: 4,
      errorThresholdPercentage: 50,
      volumeThreshold: 10,
      rollingCountTimeout: 30_000,
      resetTimeout: 10_000,
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
    });
    const options = { retries: 2, factor: 2, minTimeout: 200, maxTimeout: 5_000, randomize: true };
    return () => pRetry(() => breaker.fire(), options);
  },
};

const retries = {
  repflow: (work) => {
    const protection = policy({ retry: { maxAttempts: 3, delay: 0 } });
    return () => protection.execute(work);
  },
  [HAND_WRITTEN]: (work) => () => attempts(3, 0, work),
  [COCKATIEL]: (work) => {
    const protection = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(0) });
    return () => protection.execute(work);
  },
  "p-retry": (work) => () => pRetry(work, { retries: 2, minTimeout: 0 }),
};

// Without opossum: what finds no room there is refused, and does not queue.
const queues = {
  repflow: (work) => {
    const protection = policy({ bulkhead: { maxConcurrent: 4, maxQueue: 200 } });
    return () => protection.execute(work);
  },
  [HAND_WRITTEN]: (work) => {
    const limited = semaphore(4);
    return () => limited(work);
  },
  [COCKATIEL]: (work) => {
    const protection = bulkhead(4, 200);
    return () => protection.execute(work);
  },
};

async function workload(title, protections, work) {
  const contenders = Object.entries(protections).map(([name, protect]) => contender(name, protect, work));
  const results = await measure(contenders, quick ? QUICK : THOROUGH);
  console.log(`\n${table(title, results)}`);
  return results;
}

const quick = process.argv.includes("--quick");
console.log(setting(["repflow", "cockatiel", "opossum", "p-retry"]));
const results = await workload("the whole stack, nothing goes wrong", stack, { kind: "answer", call: inSequence });
await workload("fails twice, then answers, no delay", retries, { kind: "thirdTime", call: inSequence, attempts: 3 });
await workload("100 callers at once, 4 let in", queues, { kind: "shared", call: atOnce(100), peak: 4 });

const ahead = notDearer(results, [COCKATIEL, OPOSSUM]);
if (quick) {
  console.log("\n--quick: everything ran; too short to judge");
} else if (ahead.length > 0) {
  console.log(`\nFAILED: through the whole stack, repflow is not cheaper than ${ahead.join(" and ")}`);
  process.exitCode = 1;
} else {
  console.log(`\nthrough the whole stack, repflow is cheaper than ${COCKATIEL} and ${OPOSSUM}`);
}
