// Things one after the other, each of which knows its neighbours: nothing grows with how many there are, and whoever leaves
// is not looked for. A `Set` leaves tables behind as it grows and shrinks, and each of them keeps alive what was in it.

export class Chain {
  first = undefined;
  last = undefined;

  add(one) {
    const { last } = this;
    one.previous = last;
    if (last === undefined) this.first = one;
    else last.next = one;
    this.last = one;
  }

  /** All of them, in their order. */
  all() {
    const all = [];
    for (let one = this.first; one !== undefined; one = one.next) all.push(one);
    return all;
  }

  has(one) {
    return one === this.first || one.previous !== undefined;
  }

  remove(one) {
    if (!this.has(one)) return;
    const { previous, next } = one;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    one.previous = one.next = undefined;
  }
}
