/**
 * The characters of a document: leaves of up to 512 UTF-16 code units under a counted tree.
 *
 * A leaf is bytes as long as all of its units fit in one, else 16-bit units. The leaf edited last
 * is remembered, and its new length told to the tree only when another is edited: somebody who
 * types pays for a move within one leaf.
 *
 * Cost: O(log n) per edit; memory about 1.5 bytes per character of Latin text.
 * Source: H.-J. Boehm, R. Atkinson, M. Plass, "Ropes: an alternative to strings", 1995.
 */
import { CountedTree } from './counted-tree.ts';

const CAPACITY = 512;
/** How much a leaf grows at a time. */
const ROOM = 48;
const NONE = -1;

type Units = Uint8Array | Uint16Array;

export class Rope {
  readonly #tree: CountedTree = new CountedTree(1);
  #units: Units[] = [];
  #sizes: number[] = [];
  #free: number[] = [];
  #length = 0;
  /** The leaf at hand, where it starts, and by how much the tree's count of it is behind. */
  #leaf: number = NONE;
  #start = 0;
  #owed = 0;

  constructor(text = '') {
    this.#leaf = this.#newLeaf(NONE);
    if (text.length > 0) this.insert(0, text);
  }

  get length(): number {
    return this.#length;
  }

  insert(position: number, text: string): void {
    let at = position;
    for (let from = 0; from < text.length; ) {
      this.#seek(at);
      let room = CAPACITY - this.#size(this.#leaf);
      if (room === 0) {
        this.#makeRoom(at - this.#start);
        this.#seek(at);
        room = CAPACITY - this.#size(this.#leaf);
      }
      const count = Math.min(room, text.length - from);
      this.#insertHere(at - this.#start, text, from, count);
      from += count;
      at += count;
    }
  }

  delete(position: number, count: number): void {
    let rest = count;
    while (rest > 0) {
      this.#seek(position);
      // Between two leaves the seek stays at the end of the earlier one.
      if (position - this.#start === this.#size(this.#leaf)) this.#goTo(position, true);
      const at = position - this.#start;
      const size = this.#size(this.#leaf);
      const taken = Math.min(rest, size - at);
      const units = this.#units[this.#leaf] as Units;
      if (at + taken < size) units.copyWithin(at, at + taken, size);
      this.#resize(-taken);
      rest -= taken;
      if (size === taken) this.#dropLeaf();
    }
  }

  slice(from: number, to: number): string {
    this.#settle();
    let text = '';
    let leaf = this.#tree.find(0, from, true);
    let start = this.#tree.remainder;
    for (let rest = to - from; rest > 0; leaf = this.#tree.next(leaf)) {
      const end = Math.min(this.#size(leaf), start + rest);
      text += textOf(this.#units[leaf] as Units, start, end);
      rest -= end - start;
      start = 0;
    }
    return text;
  }

  toString(): string {
    return this.slice(0, this.#length);
  }

  #size(leaf: number): number {
    return this.#sizes[leaf] as number;
  }

  /** Makes the leaf at hand the one that holds, or ends at, `position`. */
  #seek(position: number): void {
    const at = position - this.#start;
    if (at >= 0 && at <= this.#size(this.#leaf)) return;
    this.#goTo(position, false);
  }

  #goTo(position: number, later: boolean): void {
    this.#settle();
    this.#leaf = this.#tree.find(0, position, later);
    this.#start = position - this.#tree.remainder;
  }

  /** Tells the tree what it has not been told yet. */
  #settle(): void {
    if (this.#owed === 0) return;
    this.#tree.add(this.#leaf, 0, this.#owed);
    this.#owed = 0;
  }

  #resize(delta: number): void {
    this.#sizes[this.#leaf] = this.#size(this.#leaf) + delta;
    this.#length += delta;
    this.#owed += delta;
  }

  #insertHere(at: number, text: string, from: number, count: number): void {
    const size = this.#size(this.#leaf);
    let units = this.#units[this.#leaf] as Units;
    if (units.length < size + count) units = this.#enlarge(units, size + count);
    if (at < size) units.copyWithin(at + count, at, size);
    for (let index = 0; index < count; index += 1) {
      const unit = text.charCodeAt(from + index);
      if (unit > 255 && units instanceof Uint8Array) {
        units = Uint16Array.from(units);
        this.#units[this.#leaf] = units;
      }
      units[at + index] = unit;
    }
    this.#resize(count);
  }

  #enlarge(units: Units, size: number): Units {
    const capacity = Math.min(CAPACITY, size + ROOM);
    const larger =
      units instanceof Uint8Array ? new Uint8Array(capacity) : new Uint16Array(capacity);
    larger.set(units);
    this.#units[this.#leaf] = larger;
    return larger;
  }

  /** Splits the full leaf at hand: where it is appended to, by a new empty leaf, else in halves. */
  #makeRoom(at: number): void {
    this.#settle();
    const leaf = this.#leaf;
    const fresh = this.#newLeaf(leaf);
    if (at === CAPACITY) {
      this.#start += CAPACITY;
      this.#leaf = fresh;
      return;
    }
    const half = CAPACITY / 2;
    const units = this.#units[leaf] as Units;
    this.#units[fresh] = units.slice(half);
    this.#units[leaf] = units.slice(0, half);
    this.#sizes[leaf] = half;
    this.#sizes[fresh] = half;
    this.#tree.add(leaf, 0, -half);
    this.#tree.add(fresh, 0, half);
    if (at > half) {
      this.#start += half;
      this.#leaf = fresh;
    }
  }

  #newLeaf(after: number): number {
    const leaf = this.#free.pop() ?? this.#units.length;
    this.#units[leaf] = new Uint8Array(ROOM);
    this.#sizes[leaf] = 0;
    this.#tree.insertAfter(after, leaf);
    return leaf;
  }

  /** Takes out the empty leaf at hand, unless it is the only one. */
  #dropLeaf(): void {
    const leaf = this.#leaf;
    const next = this.#tree.next(leaf);
    const previous = this.#tree.previous(leaf);
    if (next === NONE && previous === NONE) return;
    this.#settle();
    this.#tree.remove(leaf);
    this.#units[leaf] = new Uint8Array(0);
    this.#free.push(leaf);
    this.#leaf = next === NONE ? previous : next;
    if (next === NONE) this.#start -= this.#size(previous);
  }
}

function textOf(units: Units, start: number, end: number): string {
  // The argument list of a call is bounded by the leaf's size.
  return String.fromCharCode.apply(null, units.subarray(start, end) as unknown as number[]);
}
