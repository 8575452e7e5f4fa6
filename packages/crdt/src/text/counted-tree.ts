/**
 * An ordered sequence of leaves with sums: a B+tree that finds the leaf where a position falls.
 *
 * The leaves themselves are kept elsewhere (characters in rope.ts, spans in span-tree.ts); here
 * each is a number, with one count per metric. Nodes are rows of flat arrays, so a tree of a
 * million characters is a handful of objects.
 *
 * Invariants: a node's count is the sum of its children's; all leaves are equally deep; no node but
 * the root is empty. Nodes are freed when empty and never joined before (T. Johnson and D. Shasha,
 * "B-trees with inserts and deletes: why free-at-empty is better than merge-at-half", 1993).
 * Cost: O(log n) per call; `next` and `previous` O(1).
 */
const FANOUT = 16;
const NONE = -1;

export class CountedTree {
  readonly #metrics: number;
  /** Rows of FANOUT children: leaves in the lowest nodes, nodes above. */
  #children: Int32Array;
  /** For each child, a count per metric. */
  #counts: Int32Array;
  #sizes: Int32Array;
  #parents: Int32Array;
  #nodes = 1;
  #freeNodes: number[] = [];
  #root = 0;
  #height = 1;
  #leafParents: Int32Array = new Int32Array(16).fill(NONE);
  #nexts: Int32Array = new Int32Array(16).fill(NONE);
  #previous: Int32Array = new Int32Array(16).fill(NONE);
  readonly #totals: number[];
  #first: number = NONE;
  #last: number = NONE;

  /** After {@link find}: how far into the leaf the position is. */
  remainder = 0;

  constructor(metrics: number) {
    this.#metrics = metrics;
    this.#children = new Int32Array(2 * FANOUT);
    this.#counts = new Int32Array(2 * FANOUT * metrics);
    this.#sizes = new Int32Array(2);
    this.#parents = new Int32Array(2).fill(NONE);
    this.#totals = new Array<number>(metrics).fill(0);
  }

  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  total(metric: number): number {
    return this.#totals[metric] as number;
  }

  /** The leaf after `leaf`, or -1. */
  next(leaf: number): number {
    return this.#nexts[leaf] as number;
  }

  /** The leaf before `leaf`, or -1. */
  previous(leaf: number): number {
    return this.#previous[leaf] as number;
  }

  /**
   * The leaf in which `position` falls, counted by `metric`. Between two leaves it is the earlier
   * one, or the later one when `later` is set. Sets {@link remainder}.
   */
  find(metric: number, position: number, later: boolean): number {
    const metrics = this.#metrics;
    const counts = this.#counts;
    let rest = later ? position : position - 1;
    let node = this.#root;
    for (let level = this.#height; ; level -= 1) {
      const base = node * FANOUT;
      const last = base + (this.#sizes[node] as number) - 1;
      let slot = base;
      while (slot < last) {
        const count = counts[slot * metrics + metric] as number;
        if (rest < count) break;
        rest -= count;
        slot += 1;
      }
      node = this.#children[slot] as number;
      if (level === 1) break;
    }
    this.remainder = later ? rest : rest + 1;
    return node;
  }

  /** What lies before `leaf`, counted by `metric`. */
  before(leaf: number, metric: number): number {
    const metrics = this.#metrics;
    let sum = 0;
    let child = leaf;
    let node = this.#leafParents[leaf] as number;
    while (node !== NONE) {
      for (let slot = node * FANOUT; this.#children[slot] !== child; slot += 1) {
        sum += this.#counts[slot * metrics + metric] as number;
      }
      child = node;
      node = this.#parents[node] as number;
    }
    return sum;
  }

  add(leaf: number, metric: number, delta: number): void {
    if (delta === 0) return;
    const metrics = this.#metrics;
    let child = leaf;
    let node = this.#leafParents[leaf] as number;
    while (node !== NONE) {
      const counter = this.#slotOf(node, child) * metrics + metric;
      this.#counts[counter] = (this.#counts[counter] as number) + delta;
      child = node;
      node = this.#parents[node] as number;
    }
    this.#totals[metric] = (this.#totals[metric] as number) + delta;
  }

  /** As {@link add} for the first three metrics at once, on one way up. */
  addThree(leaf: number, first: number, second: number, third: number): void {
    const metrics = this.#metrics;
    const counts = this.#counts;
    let child = leaf;
    let node = this.#leafParents[leaf] as number;
    while (node !== NONE) {
      const counter = this.#slotOf(node, child) * metrics;
      counts[counter] = (counts[counter] as number) + first;
      counts[counter + 1] = (counts[counter + 1] as number) + second;
      counts[counter + 2] = (counts[counter + 2] as number) + third;
      child = node;
      node = this.#parents[node] as number;
    }
    const totals = this.#totals;
    totals[0] = (totals[0] as number) + first;
    totals[1] = (totals[1] as number) + second;
    totals[2] = (totals[2] as number) + third;
  }

  /** Negative when `left` stands before `right`, positive after, 0 when they are the same. */
  compare(left: number, right: number): number {
    if (left === right) return 0;
    let a = left;
    let b = right;
    let above = this.#leafParents[a] as number;
    let beyond = this.#leafParents[b] as number;
    while (above !== beyond) {
      a = above;
      b = beyond;
      above = this.#parents[a] as number;
      beyond = this.#parents[b] as number;
    }
    return this.#slotOf(above, a) - this.#slotOf(above, b);
  }

  /** Puts `leaf`, with all counts 0, after `after`; at the front when that is -1. */
  insertAfter(after: number, leaf: number): void {
    this.#reserveLeaf(leaf);
    const next = after === NONE ? this.#first : (this.#nexts[after] as number);
    this.#link(after, leaf);
    this.#link(leaf, next);
    let node = this.#root;
    let at = 0;
    if (after !== NONE) {
      node = this.#leafParents[after] as number;
      at = this.#slotOf(node, after) - node * FANOUT + 1;
    } else if (next !== NONE) node = this.#leafParents[next] as number;
    this.#insertChild(node, at, leaf, true);
  }

  /** Takes out `leaf`, whose counts must be 0. */
  remove(leaf: number): void {
    const previous = this.#previous[leaf] as number;
    this.#link(previous, this.#nexts[leaf] as number);
    let child = leaf;
    let node = this.#leafParents[leaf] as number;
    this.#leafParents[leaf] = NONE;
    for (;;) {
      const size = this.#sizes[node] as number;
      const slot = this.#slotOf(node, child);
      this.#move(slot + 1, slot, node * FANOUT + size - slot - 1);
      this.#sizes[node] = size - 1;
      if (size > 1) break;
      if (node === this.#root) {
        this.#height = 1;
        break;
      }
      this.#freeNodes.push(node);
      child = node;
      node = this.#parents[node] as number;
    }
  }

  #link(left: number, right: number): void {
    if (left === NONE) this.#first = right;
    else this.#nexts[left] = right;
    if (right === NONE) this.#last = left;
    else this.#previous[right] = left;
  }

  #slotOf(node: number, child: number): number {
    let slot = node * FANOUT;
    while (this.#children[slot] !== child) slot += 1;
    return slot;
  }

  /** Moves `count` children, with their counts. */
  #move(from: number, to: number, count: number): void {
    const metrics = this.#metrics;
    this.#children.copyWithin(to, from, from + count);
    this.#counts.copyWithin(to * metrics, from * metrics, (from + count) * metrics);
  }

  #insertChild(node: number, at: number, child: number, isLeaf: boolean): void {
    let target = node;
    let index = at;
    if ((this.#sizes[node] as number) === FANOUT) {
      const right = this.#split(node, isLeaf, index === FANOUT);
      const size = this.#sizes[node] as number;
      if (index > size || (this.#sizes[right] as number) === 0) {
        target = right;
        index -= size;
      }
    }
    const size = this.#sizes[target] as number;
    const slot = target * FANOUT + index;
    this.#move(slot, slot + 1, size - index);
    this.#children[slot] = child;
    this.#counts.fill(0, slot * this.#metrics, (slot + 1) * this.#metrics);
    this.#sizes[target] = size + 1;
    (isLeaf ? this.#leafParents : this.#parents)[child] = target;
  }

  /**
   * Moves the upper half of `node` into a new node after it, which is returned. At the end of a
   * row nothing is moved, so that what is appended leaves full nodes behind.
   */
  #split(node: number, holdsLeaves: boolean, atEnd: boolean): number {
    if (node === this.#root) this.#raiseRoot();
    const right = this.#newNode();
    const parent = this.#parents[node] as number;
    const place = this.#slotOf(parent, node) - parent * FANOUT + 1;
    this.#insertChild(parent, place, right, false);
    const keep = atEnd ? FANOUT : FANOUT / 2;
    const moved = FANOUT - keep;
    const metrics = this.#metrics;
    this.#move(node * FANOUT + keep, right * FANOUT, moved);
    this.#sizes[node] = keep;
    this.#sizes[right] = moved;
    const home = this.#slotOf(this.#parents[node] as number, node) * metrics;
    const away = this.#slotOf(this.#parents[right] as number, right) * metrics;
    const counts = this.#counts;
    for (let index = 0; index < moved; index += 1) {
      const slot = right * FANOUT + index;
      (holdsLeaves ? this.#leafParents : this.#parents)[this.#children[slot] as number] = right;
    }
    for (let metric = 0; metric < metrics; metric += 1) {
      let sum = 0;
      for (let index = 0; index < moved; index += 1) {
        sum += counts[(right * FANOUT + index) * metrics + metric] as number;
      }
      this.#shift(node, right, home + metric, away + metric, sum);
    }
    return right;
  }

  /** Moves `sum` from the one node's count to the other's, up to where their paths meet. */
  #shift(from: number, to: number, home: number, away: number, sum: number): void {
    let a = from;
    let b = to;
    let source = home;
    let target = away;
    const metric = home % this.#metrics;
    for (;;) {
      this.#counts[source] = (this.#counts[source] as number) - sum;
      this.#counts[target] = (this.#counts[target] as number) + sum;
      a = this.#parents[a] as number;
      b = this.#parents[b] as number;
      if (a === b) return;
      source = this.#slotOf(this.#parents[a] as number, a) * this.#metrics + metric;
      target = this.#slotOf(this.#parents[b] as number, b) * this.#metrics + metric;
    }
  }

  #raiseRoot(): void {
    const old = this.#root;
    const root = this.#newNode();
    this.#root = root;
    this.#height += 1;
    this.#parents[old] = root;
    this.#parents[root] = NONE;
    this.#children[root * FANOUT] = old;
    this.#sizes[root] = 1;
    for (let metric = 0; metric < this.#metrics; metric += 1) {
      this.#counts[root * FANOUT * this.#metrics + metric] = this.total(metric);
    }
  }

  #newNode(): number {
    const free = this.#freeNodes.pop();
    if (free !== undefined) return free;
    if (this.#nodes === this.#sizes.length) {
      const capacity = this.#nodes + (this.#nodes >> 1) + 2;
      this.#children = grown(this.#children, capacity * FANOUT);
      this.#counts = grown(this.#counts, capacity * FANOUT * this.#metrics);
      this.#sizes = grown(this.#sizes, capacity);
      this.#parents = grown(this.#parents, capacity);
    }
    this.#nodes += 1;
    return this.#nodes - 1;
  }

  #reserveLeaf(leaf: number): void {
    if (leaf < this.#leafParents.length) return;
    const capacity = leaf + (leaf >> 1) + 8;
    this.#leafParents = grown(this.#leafParents, capacity);
    this.#nexts = grown(this.#nexts, capacity);
    this.#previous = grown(this.#previous, capacity);
  }
}

function grown(old: Int32Array, length: number): Int32Array {
  const values = new Int32Array(length);
  values.set(old);
  return values;
}
