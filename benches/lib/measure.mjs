// How contenders are measured: in one process, in turns, for many short rounds.
//
// A machine is not equally fast from one second to the next, and a process is not either: it compiles, it collects
// garbage. So nobody is measured to the end before the next one starts. In every round each contender runs once, for a
// fraction of a second, in an order that chance gives: whoever came always after the same one would always collect what
// that one leaves. A ratio is taken within a round, where both sides had the same machine, and the median over the rounds
// decides: one disturbed round changes nothing.

/**
 * How long a measurement takes: `slice` is the milliseconds of one contender in one round, `warmUp` those of its work before
 * the first one, in which an engine compiles it. The thorough one is made in several processes: what a compiler makes of its
 * first calls stays for the life of a process, and makes a tenth more or less.
 */
export const THOROUGH = { rounds: 7, slice: 75, warmUp: 500 };
export const PROCESSES = 5;
/**
 * For bounds that are to hold on a busy machine: the time that this process was at work, in slices so short that some of
 * them are not disturbed.
 */
export const SHORT = { rounds: 60, slice: 15, warmUp: 500, now: atWork };
/** Shows that everything runs; too short to say how fast. */
export const QUICK = { rounds: 3, slice: 5 };

/**
 * Measures `contenders`, each `{ name, run }`, where `run(times)` does the work that often and resolves when all of it
 * is done. Returns for each, in the same order, `{ name, samples }`: what the work cost once, in microseconds, in every
 * round.
 */
export async function measure(contenders, { rounds, slice, warmUp = 0, now = () => performance.now() }) {
  const time = async (run, times) => {
    // What others left behind is not this one's to clear away. The old generation stays: clearing it takes longer than
    // a slice, and makes the engine forget compiled code.
    globalThis.gc?.({ type: "minor" });
    const started = now();
    await run(times);
    return now() - started;
  };
  const sized = [];
  for (const { name, run } of contenders) sized.push({ name, run, times: await warmed(run, { slice, warmUp }, time), samples: [] });
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, times, samples } of shuffled(sized)) {
      samples.push((await time(run, times)) * 1_000 / times);
    }
  }
  return sized.map(({ name, samples }) => ({ name, samples }));
}

/** The same in an order that chance gives. */
function shuffled(list) {
  const order = [...list];
  for (let left = order.length; left > 1; left -= 1) {
    const chosen = Math.floor(Math.random() * left);
    [order[chosen], order[left - 1]] = [order[left - 1], order[chosen]];
  }
  return order;
}

/**
 * Runs for `warmUp` milliseconds at least, until the work takes as long as a slice; returns how often that is. What is fast
 * only once it is compiled would else be given slices that are a third as long as they should be, and be measured while it is
 * compiled.
 */
async function warmed(run, { slice, warmUp }, time) {
  // What loads something first would be taken for slow.
  await run(1);
  let spent = 0;
  for (let times = 1; ;) {
    const took = await time(run, times);
    spent += took;
    if (took < slice) times = Math.ceil(times * Math.min(10, Math.max(1.2, slice / took)));
    else if (spent >= warmUp) return times;
  }
}

/** For what takes a large part of a second each time. */
const SETTLING = { uncounted: 6, times: 3 };

/**
 * The median of what `run` says that it took, in milliseconds, when it has run a few times before: 10,000 runs at once take
 * twice as long the first time as they do the sixth time, with an engine and without one.
 */
export async function settled(run, { uncounted, times } = SETTLING) {
  const taken = [];
  for (let time = 0; time < uncounted + times; time += 1) taken.push(await run());
  return median(taken.slice(uncounted));
}

/** The one in the middle, or what is halfway between the two that are. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What `name` costs as a multiple of `against`: the median of the rounds' ratios. */
export function ratio(results, name, against) {
  const [above, below] = [samples(results, name), samples(results, against)];
  return median(above.map((sample, round) => sample / below[round]));
}

/** The samples of the contender `name`. */
export function samples(results, name) {
  const found = results.find((result) => result.name === name);
  if (!found) throw new Error(`nobody called ${name} was measured`);
  return found.samples;
}

/** Milliseconds that the processors were at work for this process. */
function atWork() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
