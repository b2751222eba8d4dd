// Runs that wait for their turn: higher priority first, then in the order of their start.

/** A binary heap that knows where each run is, so that one in the middle can leave. */
export class Queue {
  #heap = [];

  get size() {
    return this.#heap.length;
  }

  push(run) {
    run.place = this.#heap.push(run) - 1;
    this.#up(run.place);
  }

  /** Takes the run whose turn it is. */
  pop() {
    const [first] = this.#heap;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Says whether it was there. */
  remove(run) {
    const at = run.place;
    if (at < 0 || this.#heap[at] !== run) return false;
    const last = this.#heap.pop();
    run.place = -1;
    if (last !== run) {
      this.#set(at, last);
      this.#up(at);
      this.#down(last.place);
    }
    return true;
  }

  #up(at) {
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(this.#heap[at], this.#heap[above])) return;
      at = this.#swap(at, above);
    }
  }

  #down(at) {
    for (;;) {
      let first = at;
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < this.#heap.length && isBefore(this.#heap[below], this.#heap[first])) first = below;
      }
      if (first === at) return;
      at = this.#swap(at, first);
    }
  }

  #swap(from, to) {
    const run = this.#heap[from];
    this.#set(from, this.#heap[to]);
    this.#set(to, run);
    return to;
  }

  #set(at, run) {
    this.#heap[at] = run;
    run.place = at;
  }
}

function isBefore(a, b) {
  return a.priority === b.priority ? a.order < b.order : a.priority > b.priority;
}
