/**
 * Characters by identity, in the order of the document, deleted ones and those of other branches
 * among them: spans under a counted tree.
 *
 * A span is characters with consecutive ids of which each was typed behind the one before it. It
 * is in one state for all of them: 0 while the version at hand does not know the insertion yet, 1
 * when it stands there, 1 + n when n events of that version delete it. What the newest version
 * shows is counted apart: a character is in it unless any event ever deleted it.
 *
 * The characters that were there before the first event of the tree are ids from {@link BEFORE} on,
 * as many as could be: how many they are really does not matter to the order.
 *
 * Invariants: spans are not empty; every character of an insertion is in exactly one span, and
 * `home` tells its leaf; counts in the tree are those of the spans.
 * Cost: O(log n) per call; 20 bytes per span, 4 per event.
 * Source: J. Gentle and M. Kleppmann, "Collaborative Text Editing with Eg-walker", section 3.
 */
import { CountedTree } from './counted-tree.ts';

/** The first id of what was there before; also how many of them there can be. */
export const BEFORE: number = 2 ** 30;
/** No character: the start of the document as a left, its end as a right neighbour. */
export const NOBODY = -1;

const CURRENT = 0;
const NEWEST = 1;
const OLD = 2;

const SLOTS = 16;
/** A span is five integers: id, length, left, right, and its state doubled, plus 1 once deleted. */
const FIELDS = 5;
const ROW = SLOTS * FIELDS;
const LENGTH = 1;
const LEFT = 2;
const RIGHT = 3;
const STATE = 4;
const STANDS = 1;
const DELETED = 1;

export class SpanTree {
  readonly #tree: CountedTree = new CountedTree(3);
  #spans: Int32Array = new Int32Array(4 * ROW);
  #sizes: Int32Array = new Int32Array(4);
  #leaves = 1;
  /** For each event from `#first` on: the leaf of what it inserted, or ~ the id it deleted. */
  #homes: Int32Array = new Int32Array(64);
  readonly #first: number;

  /** Where the last seek ended: a span, and how many of its characters lie before. */
  leaf = 0;
  slot = 0;
  offset = 0;

  /** A tree for events from `first` on, with `before` characters already there. */
  constructor(first: number, before: number) {
    this.#first = first;
    this.#tree.insertAfter(-1, 0);
    if (before > 0) this.#put(BEFORE, before, NOBODY, NOBODY, STANDS << 1);
  }

  /** How many characters the version at hand shows. */
  get current(): number {
    return this.#tree.total(CURRENT);
  }

  /** How many characters the newest version shows. */
  get newest(): number {
    return this.#tree.total(NEWEST);
  }

  /** The id at the seek position plus `ahead`. */
  idHere(ahead = 0): number {
    return (this.#spans[this.#at()] as number) + this.offset + ahead;
  }

  get lengthHere(): number {
    return this.leaf < 0 ? 0 : (this.#spans[this.#at() + LENGTH] as number);
  }

  get leftHere(): number {
    return this.#spans[this.#at() + LEFT] as number;
  }

  get rightHere(): number {
    return this.#spans[this.#at() + RIGHT] as number;
  }

  /** 0 not inserted, 1 there, more: deleted. */
  get stateHere(): number {
    return (this.#spans[this.#at() + STATE] as number) >> 1;
  }

  /** Whether the version at hand shows it. */
  get standsHere(): boolean {
    return this.stateHere === STANDS;
  }

  /** Whether the newest version shows it. */
  get visibleHere(): boolean {
    return ((this.#spans[this.#at() + STATE] as number) & DELETED) === 0;
  }

  /** Seeks behind the first `position` characters that the version at hand shows. */
  seekBehind(position: number): void {
    if (position === 0) {
      this.leaf = this.#tree.first;
      this.slot = 0;
      this.offset = 0;
      return;
    }
    this.seekAt(position - 1);
    this.offset += 1;
  }

  /** Seeks the character that the version at hand shows at `position`. */
  seekAt(position: number): void {
    this.#seek(CURRENT, position);
  }

  /** Seeks the character that the newest version shows at `position`. */
  seekNewest(position: number): void {
    this.#seek(NEWEST, position);
  }

  seekId(id: number): void {
    if (id >= BEFORE) this.leaf = this.#tree.find(OLD, id - BEFORE, true);
    else this.leaf = this.#homes[id - this.#first] as number;
    const spans = this.#spans;
    let at = this.leaf * ROW;
    while (
      id < (spans[at] as number) ||
      id >= (spans[at] as number) + (spans[at + LENGTH] as number)
    ) {
      at += FIELDS;
    }
    this.slot = (at - this.leaf * ROW) / FIELDS;
    this.offset = id - (spans[at] as number);
  }

  /** Moves to the start of the span behind this one. False at the end of the document. */
  nextSpan(): boolean {
    this.slot += 1;
    this.offset = 0;
    while (this.slot >= (this.#sizes[this.leaf] as number)) {
      const next = this.#tree.next(this.leaf);
      if (next < 0) return false;
      this.leaf = next;
      this.slot = 0;
    }
    return true;
  }

  /** Whether there is a span here at all. */
  get isHere(): boolean {
    return this.slot < (this.#sizes[this.leaf] as number);
  }

  /** How many characters the newest version shows before the seek position. */
  newestBefore(): number {
    let sum = this.#tree.before(this.leaf, NEWEST);
    const base = this.leaf * ROW;
    for (let at = base; at < base + this.slot * FIELDS; at += FIELDS) {
      if (((this.#spans[at + STATE] as number) & DELETED) === 0) {
        sum += this.#spans[at + LENGTH] as number;
      }
    }
    return this.isHere && this.visibleHere ? sum + this.offset : sum;
  }

  /** Negative when the character `a` stands before `b`; {@link NOBODY} as `a` before all. */
  comparePlaces(a: number, b: number): number {
    if (a === b) return 0;
    this.seekId(a);
    const { leaf, slot } = this;
    this.seekId(b);
    return this.#tree.compare(leaf, this.leaf) || slot - this.slot || a - b;
  }

  /**
   * Inserts `count` characters from `id` on at the seek position, and seeks the first of them.
   * They join the span before them where they go on from it.
   */
  insert(id: number, count: number, left: number, right: number): void {
    if (this.isHere && this.offset > 0 && this.offset === this.lengthHere) {
      const at = this.#at();
      if (
        right === NOBODY &&
        left === id - 1 &&
        (this.#spans[at] as number) + this.offset === id &&
        this.#spans[at + STATE] === STANDS << 1
      ) {
        this.#spans[at + LENGTH] = this.offset + count;
        this.#house(id, count, this.leaf);
        this.#count(this.leaf, at, count, 1);
        return;
      }
      this.slot += 1;
      this.offset = 0;
    }
    if (this.offset > 0) {
      this.#splitSpan();
    }
    this.#put(id, count, left, right, STANDS << 1);
  }

  /** Makes the span at the seek position start there, and end after at most `count` characters. */
  isolate(count: number): number {
    if (this.offset > 0) this.#splitSpan();
    if (count >= this.lengthHere) return this.lengthHere;
    this.offset = count;
    this.#splitSpan();
    this.slot -= 1;
    return count;
  }

  /** Adds `delta` to the state of the span here, which it may join to its neighbours. */
  changeState(delta: number, deletes: boolean): void {
    const at = this.#at();
    const state = this.#spans[at + STATE] as number;
    const changed = (state + (delta << 1)) | (deletes ? DELETED : 0);
    const length = this.#spans[at + LENGTH] as number;
    const stood = state >> 1 === STANDS ? length : 0;
    const stands = changed >> 1 === STANDS ? length : 0;
    const goes = (changed & DELETED) !== (state & DELETED) ? length : 0;
    this.#spans[at + STATE] = changed;
    if (stood !== stands || goes !== 0) this.#tree.addThree(this.leaf, stands - stood, -goes, 0);
    this.#join(this.slot);
    if (this.slot > 0) this.#join(this.slot - 1);
  }

  /** Notes that `event` deleted the character `id`. */
  noteDeleted(event: number, id: number): void {
    this.#homes[event - this.#first] = ~id;
  }

  /** Makes room for events up to, not including, `end`. */
  reserve(end: number): void {
    const needed = end - this.#first;
    if (needed <= this.#homes.length) return;
    const homes = new Int32Array(needed + (needed >> 1));
    homes.set(this.#homes);
    this.#homes = homes;
  }

  /** The character that `event` deleted; {@link NOBODY} for an insertion. */
  deletedBy(event: number): number {
    const home = this.#homes[event - this.#first] as number;
    return home < 0 ? ~home : NOBODY;
  }

  #at(): number {
    return this.leaf * ROW + this.slot * FIELDS;
  }

  #seek(metric: number, position: number): void {
    this.leaf = this.#tree.find(metric, position, true);
    let rest = this.#tree.remainder;
    const spans = this.#spans;
    let at = this.leaf * ROW;
    for (; ; at += FIELDS) {
      const state = spans[at + STATE] as number;
      const counts = metric === CURRENT ? state >> 1 === STANDS : (state & DELETED) === 0;
      if (!counts) continue;
      const length = spans[at + LENGTH] as number;
      if (rest < length) break;
      rest -= length;
    }
    this.slot = (at - this.leaf * ROW) / FIELDS;
    this.offset = rest;
  }

  /** Counts `length` characters of the span at `at` in, or out. */
  #count(leaf: number, at: number, length: number, sign: number): void {
    const state = this.#spans[at + STATE] as number;
    const count = sign * length;
    this.#tree.addThree(
      leaf,
      state >> 1 === STANDS ? count : 0,
      (state & DELETED) === 0 ? count : 0,
      (this.#spans[at] as number) >= BEFORE ? count : 0,
    );
  }

  /** Cuts the span here in two, and seeks the second. */
  #splitSpan(): void {
    const at = this.#at();
    const { offset } = this;
    const id = this.#spans[at] as number;
    const length = this.#spans[at + LENGTH] as number;
    const state = this.#spans[at + STATE] as number;
    this.#count(this.leaf, at, length - offset, -1);
    this.#spans[at + LENGTH] = offset;
    this.slot += 1;
    this.offset = 0;
    this.#put(id + offset, length - offset, id + offset - 1, NOBODY, state);
  }

  /** Puts a span before the one at the seek position. */
  #put(id: number, length: number, left: number, right: number, state: number): void {
    if ((this.#sizes[this.leaf] as number) === SLOTS) this.#splitLeaf();
    const { leaf } = this;
    const at = this.#at();
    const end = leaf * ROW + (this.#sizes[leaf] as number) * FIELDS;
    const spans = this.#spans;
    if (at < end) spans.copyWithin(at + FIELDS, at, end);
    spans[at] = id;
    spans[at + LENGTH] = length;
    spans[at + LEFT] = left;
    spans[at + RIGHT] = right;
    spans[at + STATE] = state;
    this.#sizes[leaf] = (this.#sizes[leaf] as number) + 1;
    this.#settle(leaf, at);
    this.#count(leaf, at, length, 1);
  }

  /** Tells the characters of the span at `at` that `leaf` is their home. */
  #settle(leaf: number, at: number): void {
    const id = this.#spans[at] as number;
    if (id < BEFORE) this.#house(id, this.#spans[at + LENGTH] as number, leaf);
  }

  #house(id: number, count: number, leaf: number): void {
    const from = id - this.#first;
    // Nearly always a few, for which a loop is quicker than a call.
    if (count > 8) this.#homes.fill(leaf, from, from + count);
    else for (let event = from; event < from + count; event += 1) this.#homes[event] = leaf;
  }

  /** Moves spans of the full leaf here into a new one behind it, and stays at the same place. */
  #splitLeaf(): void {
    const { leaf } = this;
    const fresh = this.#leaves;
    this.#leaves += 1;
    if (this.#leaves > this.#sizes.length) this.#growLeaves();
    this.#tree.insertAfter(leaf, fresh);
    // Where the document is appended to, a full leaf stays behind.
    const keep = this.slot === SLOTS ? SLOTS - 1 : SLOTS / 2;
    const from = leaf * ROW + keep * FIELDS;
    const spans = this.#spans;
    for (let slot = keep; slot < SLOTS; slot += 1) {
      const at = leaf * ROW + slot * FIELDS;
      this.#count(leaf, at, spans[at + LENGTH] as number, -1);
    }
    spans.copyWithin(fresh * ROW, from, (leaf + 1) * ROW);
    this.#sizes[leaf] = keep;
    this.#sizes[fresh] = SLOTS - keep;
    for (let slot = 0; slot < SLOTS - keep; slot += 1) {
      const at = fresh * ROW + slot * FIELDS;
      this.#settle(fresh, at);
      this.#count(fresh, at, spans[at + LENGTH] as number, 1);
    }
    if (this.slot > keep) {
      this.leaf = fresh;
      this.slot -= keep;
    }
  }

  /** Joins the span at `slot` of this leaf with the one behind it, where they make one. */
  #join(slot: number): void {
    const { leaf } = this;
    const size = this.#sizes[leaf] as number;
    if (slot + 1 >= size) return;
    const at = leaf * ROW + slot * FIELDS;
    const next = at + FIELDS;
    const spans = this.#spans;
    const end = (spans[at] as number) + (spans[at + LENGTH] as number);
    if (
      spans[next] !== end ||
      spans[next + LEFT] !== end - 1 ||
      spans[next + RIGHT] !== NOBODY ||
      spans[next + STATE] !== spans[at + STATE]
    ) {
      return;
    }
    spans[at + LENGTH] = (spans[at + LENGTH] as number) + (spans[next + LENGTH] as number);
    spans.copyWithin(next, next + FIELDS, leaf * ROW + size * FIELDS);
    this.#sizes[leaf] = size - 1;
    if (this.slot > slot) this.slot = slot;
  }

  #growLeaves(): void {
    const capacity = this.#leaves + (this.#leaves >> 1);
    const spans = new Int32Array(capacity * ROW);
    spans.set(this.#spans);
    this.#spans = spans;
    const sizes = new Int32Array(capacity);
    sizes.set(this.#sizes);
    this.#sizes = sizes;
  }
}
