/**
 * An ordered map from bytes to bytes whose past is kept for as long as somebody holds it.
 *
 * A B+tree that copies on write, by edition: a node that belongs to the tree's current edition is
 * changed in place, an older one is copied first. `freeze` gives the root and begins a new edition,
 * so that whoever holds that root sees it unchanged for ever, at O(1).
 *
 * Invariants: within a node keys ascend; a branch has one child more than separators, and separator
 * `i` is above all keys of child `i` and not above any of child `i + 1`; no node but the root is
 * empty; a node reachable from a frozen root is never changed.
 *
 * Cost: get, set, delete O(log n); the first change of a path after `freeze` copies the path, at
 * most 64 slots per level. What no root reaches is the garbage collector's.
 *
 * Source: Driscoll, Sarnak, Sleator, Tarjan, "Making data structures persistent" (1989); edition
 * stamps as in Clojure's transients.
 */
import { compareBytes } from './bytes.ts';
import type { Bounds, Entry } from './key-value-store.ts';

const MAX_SLOTS = 64;
const MIN_SLOTS = 16;

export interface Leaf {
  readonly edition: number;
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
  readonly children?: undefined;
}

export interface Branch {
  readonly edition: number;
  /** Separators: `keys[i]` is the least key that may be under `children[i + 1]`. */
  readonly keys: Uint8Array[];
  readonly children: Node[];
}

/** The root of a tree, or of a part of one; treat as opaque. */
export type Node = Leaf | Branch;

/** A new right neighbour, and the separator between. */
interface Split {
  readonly separator: Uint8Array;
  readonly right: Node;
}

export class PersistentTree {
  #edition = 0;
  #root: Node = { edition: 0, keys: [], values: [] };

  /** The tree as it is now, unchanged by whatever follows. O(1). */
  freeze(): Node {
    this.#edition += 1;
    return this.#root;
  }

  /** Makes the tree what `frozen` is. O(1). */
  restore(frozen: Node): void {
    this.#edition += 1;
    this.#root = frozen;
  }

  /** The tree as it is until the next change. */
  get root(): Node {
    return this.#root;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return lookUp(this.#root, key);
  }

  /** Keeps `value` itself, and of a new `key` a copy. Gives the value that was there. */
  set(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
    const root = this.#own(this.#root);
    this.#root = root;
    const previous = { value: undefined as Uint8Array | undefined };
    const split = this.#set(root, key, value, previous);
    if (split) {
      const { separator, right } = split;
      this.#root = { edition: this.#edition, keys: [separator], children: [root, right] };
    }
    return previous.value;
  }

  /** Gives the value that was there. */
  delete(key: Uint8Array): Uint8Array | undefined {
    const value = lookUp(this.#root, key);
    // Looked for first: deleting what is absent copies nothing.
    if (value === undefined) return undefined;
    const root = this.#own(this.#root);
    this.#root = root;
    this.#delete(root, key);
    if (root.children?.length === 1) this.#root = root.children[0]!;
    return value;
  }

  /** `node` itself if it belongs to this edition, else a copy that does. */
  #own<N extends Node>(node: N): N {
    if (node.edition === this.#edition) return node;
    const copy = node.children
      ? { edition: this.#edition, keys: node.keys.slice(), children: node.children.slice() }
      : { edition: this.#edition, keys: node.keys.slice(), values: node.values.slice() };
    return copy as Node as N;
  }

  #set(
    node: Node,
    key: Uint8Array,
    value: Uint8Array,
    previous: { value: Uint8Array | undefined },
  ): Split | undefined {
    if (!node.children) {
      const at = lowerBound(node.keys, key);
      if (at < node.keys.length && compareBytes(node.keys[at]!, key) === 0) {
        previous.value = node.values[at];
        node.values[at] = value;
        return undefined;
      }
      node.keys.splice(at, 0, new Uint8Array(key));
      node.values.splice(at, 0, value);
    } else {
      const at = upperBound(node.keys, key);
      const child = (node.children[at] = this.#own(node.children[at]!));
      const split = this.#set(child, key, value, previous);
      if (!split) return undefined;
      node.keys.splice(at, 0, split.separator);
      node.children.splice(at + 1, 0, split.right);
    }
    return slots(node) > MAX_SLOTS ? this.#split(node) : undefined;
  }

  /** Moves the upper half of `node` to a new right neighbour. */
  #split(node: Node): Split {
    const half = slots(node) >>> 1;
    if (!node.children) {
      const keys = node.keys.splice(half);
      const values = node.values.splice(half);
      return { separator: keys[0]!, right: { edition: this.#edition, keys, values } };
    }
    const children = node.children.splice(half);
    const keys = node.keys.splice(half);
    const separator = node.keys.pop()!;
    return { separator, right: { edition: this.#edition, keys, children } };
  }

  #delete(node: Node, key: Uint8Array): void {
    if (!node.children) {
      const at = lowerBound(node.keys, key);
      node.keys.splice(at, 1);
      node.values.splice(at, 1);
      return;
    }
    const at = upperBound(node.keys, key);
    const child = (node.children[at] = this.#own(node.children[at]!));
    this.#delete(child, key);
    if (slots(child) < MIN_SLOTS) this.#mergeAround(node, at);
  }

  /** Joins the small child at `at` with a neighbour, where the two fit into one node. */
  #mergeAround(parent: Branch, at: number): void {
    for (const left of [at - 1, at]) {
      const a = parent.children[left];
      const b = parent.children[left + 1];
      if (!a || !b || slots(a) + slots(b) > MAX_SLOTS) continue;
      const joined = this.#own(a);
      if (joined.children && b.children) {
        joined.keys.push(parent.keys[left]!, ...b.keys);
        joined.children.push(...b.children);
      } else if (!joined.children && !b.children) {
        joined.keys.push(...b.keys);
        joined.values.push(...b.values);
      }
      parent.children.splice(left, 2, joined);
      parent.keys.splice(left, 1);
      return;
    }
  }
}

/** The value of `key` under `root`. */
export function lookUp(root: Node, key: Uint8Array): Uint8Array | undefined {
  let node = root;
  while (node.children) node = node.children[upperBound(node.keys, key)]!;
  const at = lowerBound(node.keys, key);
  if (at === node.keys.length || compareBytes(node.keys[at]!, key) !== 0) return undefined;
  return node.values[at];
}

/** The entries under a frozen `root` within `bounds`, in their order; the tree's own arrays. */
export function* walk(root: Node, bounds: Bounds): Generator<Entry, void, undefined> {
  let left = bounds.limit ?? Number.POSITIVE_INFINITY;
  if (left === 0) return;
  const cursor = new Cursor(root, bounds);
  for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
    yield entry;
    left -= 1;
    if (left === 0) return;
  }
}

/** Walks from one end of the bounds to the other: the path to the next entry, as a stack. */
class Cursor {
  readonly #path: Branch[] = [];
  /** The child that is being walked, per branch of the path. */
  readonly #slots: number[] = [];
  readonly #step: 1 | -1;
  readonly #bounds: Bounds;
  #leaf: Leaf;
  #slot: number;

  constructor(root: Node, bounds: Bounds) {
    const { gt, gte, lt, lte, reverse } = bounds;
    this.#bounds = bounds;
    this.#step = reverse ? -1 : 1;
    // The place between keys where the walk begins: before the first slot at or above it.
    const from = reverse ? (lte ?? lt) : (gte ?? gt);
    const before = reverse ? lte === undefined : gte !== undefined;
    const place = (keys: Uint8Array[], isLeaf: boolean) => {
      if (from === undefined) return reverse ? keys.length : 0;
      return before && isLeaf ? lowerBound(keys, from) : upperBound(keys, from);
    };
    let node = root;
    while (node.children) {
      const at = place(node.keys, false);
      this.#path.push(node);
      this.#slots.push(at);
      node = node.children[at]!;
    }
    this.#leaf = node;
    this.#slot = place(node.keys, true) - (reverse ? 1 : 0);
  }

  next(): Entry | undefined {
    while (this.#slot < 0 || this.#slot >= this.#leaf.keys.length) {
      if (!this.#nextLeaf()) return undefined;
    }
    const key = this.#leaf.keys[this.#slot]!;
    const value = this.#leaf.values[this.#slot]!;
    if (this.#isBeyond(key)) return undefined;
    this.#slot += this.#step;
    return { key, value };
  }

  #isBeyond(key: Uint8Array): boolean {
    const { gt, gte, lt, lte } = this.#bounds;
    if (this.#step === 1) {
      if (lt) return compareBytes(key, lt) >= 0;
      return lte !== undefined && compareBytes(key, lte) > 0;
    }
    if (gt) return compareBytes(key, gt) <= 0;
    return gte !== undefined && compareBytes(key, gte) < 0;
  }

  #nextLeaf(): boolean {
    let depth = this.#path.length - 1;
    while (depth >= 0) {
      const at = this.#slots[depth]! + this.#step;
      if (at >= 0 && at < this.#path[depth]!.children.length) {
        this.#slots[depth] = at;
        break;
      }
      depth -= 1;
    }
    if (depth < 0) return false;
    let node = this.#path[depth]!.children[this.#slots[depth]!]!;
    for (let level = depth + 1; node.children; level += 1) {
      const at = this.#step === 1 ? 0 : node.children.length - 1;
      this.#path[level] = node;
      this.#slots[level] = at;
      node = node.children[at]!;
    }
    this.#leaf = node;
    this.#slot = this.#step === 1 ? 0 : node.keys.length - 1;
    return true;
  }
}

function slots(node: Node): number {
  return node.children ? node.children.length : node.keys.length;
}

/** The first slot whose key is at or above `key`. */
function lowerBound(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(keys[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first slot whose key is above `key`. */
function upperBound(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(keys[middle]!, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
