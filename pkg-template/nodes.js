// Which step, and which iteration of which loop, a node of a run is. The core counts alike; see src/workflow/state.rs.

/** Numbers to a node and to an iteration; for how many there is room at first, and for how many nodes at most before they are there. */
const PLACE = 2;
const ITERATION = 4;
const ROOM = 64;
const MOST_AHEAD = 1_000;

/**
 * The nodes of the iterations of one run: the first nodes of a run are the steps of its plan, these stand behind them. They are kept as
 * numbers: a run that has ended is kept for a while, and objects that stay are copied by the garbage collector.
 */
export class Nodes {
  #plan;
  /** By node, from the first one that is not a step of the plan: its step, and the number of its iteration. */
  #places = new Int32Array(ROOM);
  #count = 0;
  /**
   * By number: the node of its loop, its index, its first node, and the number of the iteration of that loop before it. Number 0 is
   * the run itself.
   */
  #iterations = new Int32Array(ROOM);
  #frames = 1;
  /** By loop, the number of its last iteration; beside them the loop that was asked for last. */
  #last = new Map();
  #loop = undefined;
  #lastOfLoop = 0;

  constructor(plan) {
    this.#plan = plan;
  }

  /** How many nodes there are. */
  get size() {
    return this.#plan.steps.length + this.#count;
  }

  /** Makes room for the iterations of a loop with so many items. Returns how many nodes there may be then. */
  expect(each, items) {
    const { size } = this.#plan.steps[this.stepOf(each)];
    const expected = Math.floor(Math.min(items, MOST_AHEAD / size));
    this.#iterations = withRoom(this.#iterations, (this.#frames + expected) * ITERATION);
    this.#places = withRoom(this.#places, (this.#count + expected * size) * PLACE);
    return this.size + expected * size;
  }

  /** An iteration of a loop has begun: its number. */
  open(each, index, frame = this.#frames) {
    const loop = this.stepOf(each);
    const base = this.size;
    const { size } = this.#plan.steps[loop];
    this.#turnTo(each);
    this.#frames = frame + 1;
    this.#iterations = withRoom(this.#iterations, this.#frames * ITERATION);
    this.#iterations[frame * ITERATION] = each;
    this.#iterations[frame * ITERATION + 1] = index;
    this.#iterations[frame * ITERATION + 2] = base;
    this.#iterations[frame * ITERATION + 3] = this.#lastOfLoop;
    this.#lastOfLoop = frame;
    this.#places = withRoom(this.#places, (this.#count + size) * PLACE);
    for (let step = loop + 1; step <= loop + size; step += 1) {
      this.#places[this.#count * PLACE] = step;
      this.#places[this.#count * PLACE + 1] = frame;
      this.#count += 1;
    }
    return frame;
  }

  /** The loop whose iteration a node is in. */
  loopAround(node) {
    return this.#loopOf(this.#frameOf(node));
  }

  /** The step that a node is. */
  stepOf(node) {
    const own = this.#plan.steps.length;
    return node < own ? node : this.#places[(node - own) * PLACE];
  }

  /** The node of a step as seen from another node: in the same iteration, or in one around it. */
  nodeOf(from, step) {
    let frame = this.#frameOf(from);
    while (frame !== 0) {
      const each = this.#loopOf(frame);
      const base = this.#iterations[frame * ITERATION + 2];
      const loop = this.stepOf(each);
      if (loop < step && step <= loop + this.#plan.steps[loop].size) return base + step - loop - 1;
      frame = this.#frameOf(each);
    }
    return step;
  }

  /** The items that a node works on, as their places in their lists, the outermost first; nothing outside of all loops. */
  iterationOf(node) {
    const indices = [];
    for (let frame = this.#frameOf(node); frame !== 0; frame = this.#frameOf(this.#loopOf(frame))) {
      indices.unshift(this.#iterations[frame * ITERATION + 1]);
    }
    return indices.length === 0 ? undefined : indices;
  }

  /** How many iterations of a loop have begun. */
  begunOf(each) {
    this.#turnTo(each);
    return this.#lastOfLoop === 0 ? 0 : this.#iterations[this.#lastOfLoop * ITERATION + 1] + 1;
  }

  /** The first nodes of the iterations of a loop, in the order of its items. */
  basesOf(each) {
    const bases = new Array(this.begunOf(each));
    for (let frame = this.#lastOfLoop; frame !== 0; frame = this.#iterations[frame * ITERATION + 3]) {
      bases[this.#iterations[frame * ITERATION + 1]] = this.#iterations[frame * ITERATION + 2];
    }
    return bases;
  }

  /** It is mostly the same loop again, so only when it is another one is it looked up. */
  #turnTo(each) {
    if (each === this.#loop) return;
    if (this.#loop !== undefined) this.#last.set(this.#loop, this.#lastOfLoop);
    this.#loop = each;
    this.#lastOfLoop = this.#last.get(each) ?? 0;
  }

  /** The number of the iteration that a node belongs to, or of the one so many loops around that. */
  frameOut(node, loops) {
    let frame = this.#frameOf(node);
    for (let loop = 0; loop < loops; loop += 1) frame = this.#frameOf(this.#loopOf(frame));
    return frame;
  }

  #frameOf(node) {
    const own = this.#plan.steps.length;
    return node < own ? 0 : this.#places[(node - own) * PLACE + 1];
  }

  #loopOf(frame) {
    return this.#iterations[frame * ITERATION];
  }
}

/** Numbers with room for so many. */
function withRoom(numbers, length) {
  if (length <= numbers.length) return numbers;
  const more = new Int32Array(Math.max(length, 2 * numbers.length));
  more.set(numbers);
  return more;
}

/**
 * The steps that are told together, by the loop in whose body they are; `undefined` for those in none. What undoes a step
 * is no step that anybody has written.
 */
export function listsOf(steps) {
  const lists = new Map([[undefined, []]]);
  const loops = [];
  steps.forEach((step, index) => {
    while (loops.length > 0 && index > loops.at(-1) + steps[loops.at(-1)].size) loops.pop();
    if (step.compensates === undefined) lists.get(loops.at(-1)).push(index);
    if (step.kind === "forEach") {
      loops.push(index);
      lists.set(index, []);
    }
  });
  return lists;
}
