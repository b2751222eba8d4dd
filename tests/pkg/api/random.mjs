// Numbers that look random and come again with the same seed: `SEED=7 node --test …`.

/** A function that gives numbers from 0 to 1 (mulberry32). Its `explain(where, check)` adds the seed to what fails. */
export function random(seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  next.explain = (where, check) => {
    try {
      check();
    } catch (error) {
      error.message = `SEED=${seed}, ${where}: ${error.message}`;
      throw error;
    }
  };
  return next;
}
