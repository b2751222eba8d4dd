// Which step, and which iteration of which loop, a node of a run is. The core counts alike; see src/workflow/state.rs.

/** The nodes of the iterations of one run: the first nodes of a run are the steps of its plan, these stand behind them. */
export class Nodes {
  #plan;
  /** By node, from the first one that is not a step of the plan. */
  #steps = [];
  #frames = [];
  /** By number; frame 0 is the run itself. Each has its loop's node `each`, its `index`, its first node `base`, and those of all. */
  #iterations = [undefined];
  /** By loop, the first nodes of its iterations, in the order of its items. */
  #bases = new Map();

  constructor(plan) {
    this.#plan = plan;
  }

  /** How many nodes there are. */
  get size() {
    return this.#plan.steps.length + this.#steps.length;
  }

  /** An iteration of a loop has begun: its number. */
  open(each, index, frame = this.#iterations.length, bases = this.basesOf(each)) {
    const loop = this.stepOf(each);
    const base = this.size;
    this.#iterations[frame] = { each, index, base, bases };
    if (bases.length === 0) this.#bases.set(each, bases);
    bases[index] = base;
    for (let step = loop + 1; step <= loop + this.#plan.steps[loop].size; step += 1) {
      this.#steps.push(step);
      this.#frames.push(frame);
    }
    return frame;
  }

  /** The iteration that a node is in. */
  iterationAt(node) {
    return this.#iterations[this.#frameOf(node)];
  }

  /** The step that a node is. */
  stepOf(node) {
    const own = this.#plan.steps.length;
    return node < own ? node : this.#steps[node - own];
  }

  /** The node of a step as seen from another node: in the same iteration, or in one around it. */
  nodeOf(from, step) {
    let frame = this.#frameOf(from);
    while (frame !== 0) {
      const { each, base } = this.#iterations[frame];
      const loop = this.stepOf(each);
      if (loop < step && step <= loop + this.#plan.steps[loop].size) return base + step - loop - 1;
      frame = this.#frameOf(each);
    }
    return step;
  }

  /** The items that a node works on, as their places in their lists, the outermost first; nothing outside of all loops. */
  iterationOf(node) {
    const indices = [];
    for (let frame = this.#frameOf(node); frame !== 0; frame = this.#frameOf(this.#iterations[frame].each)) {
      indices.unshift(this.#iterations[frame].index);
    }
    return indices.length === 0 ? undefined : indices;
  }

  /** The first nodes of the iterations of a loop, in the order of its items. */
  basesOf(each) {
    return this.#bases.get(each) ?? [];
  }

  /** The number of the iteration that a node belongs to, or of the one so many loops around that. */
  frameOut(node, loops) {
    let frame = this.#frameOf(node);
    for (let loop = 0; loop < loops; loop += 1) frame = this.#frameOf(this.#iterations[frame].each);
    return frame;
  }

  #frameOf(node) {
    const own = this.#plan.steps.length;
    return node < own ? 0 : this.#frames[node - own];
  }
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
