/**
 * Which updates of which replica are known: for each replica, all of its first so many.
 *
 * Ids are kept sorted beside their counters. The list of ids is never changed, only replaced, and
 * copies share it: vectors of one group soon hold the very same list, and comparing two of them is
 * then a loop over numbers. Two equal lists that are found to be equal become one, and a vector
 * made from entries, as those that arrive are, takes the list of the one made before if it can.
 *
 * Invariants: ids ascend strictly by UTF-16 code units; every counter is from 1 to 2^53 - 1, for a
 * replica without updates is absent. Cost, for n replicas: `get`, `covers`, `increment` O(log n),
 * a new replica O(n), `compare` and `merge` O(n). `compare` never allocates, `merge` only where the
 * lists of ids are not yet one.
 *
 * Source: D. S. Parker et al., "Detection of Mutual Inconsistency in Distributed Systems", 1983.
 */
import { BOTH, type Causality, causalityOf, LESS, MORE } from './causality.ts';
import { ClockError } from './errors.ts';
import { checkCounter, checkReplicaId, MAX_REPLICAS, nextCounter } from './replica-id.ts';

/** The list of every empty vector. */
const NOBODY: readonly string[] = [];
/** The list of the vector last made from entries. */
let latest = NOBODY;

/** Consecutive updates of one replica: counters `from` to `to`, both included. */
export interface DotRange {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** Changed in place; {@link VersionVector.clone} before you keep one that others change. */
export class VersionVector implements Iterable<[id: string, counter: number]> {
  #ids: readonly string[] = NOBODY;
  #counters: number[] = [];

  /** From entries in any order; of several for one id the largest counts. */
  static from(entries: Iterable<readonly [id: string, counter: number]>): VersionVector {
    const vector = new VersionVector();
    const largest = new Map<string, number>();
    for (const [id, counter] of entries) {
      if (checkCounter(counter) > (largest.get(checkReplicaId(id)) ?? 0)) largest.set(id, counter);
    }
    checkSize(largest.size);
    const ids = [...largest.keys()].sort();
    if (ids.length !== latest.length || ids.some((id, i) => id !== latest[i])) latest = ids;
    vector.#ids = latest;
    vector.#counters = latest.map((id) => largest.get(id)!);
    return vector;
  }

  /** How many replicas have updates here. */
  get size(): number {
    return this.#ids.length;
  }

  /** How many updates of `id` are known: 0 for a stranger. */
  get(id: string): number {
    return this.#counters[this.#find(id)] ?? 0;
  }

  /** Whether the update `counter` of `id` is known. */
  covers(id: string, counter: number): boolean {
    return this.get(id) >= counter;
  }

  /**
   * Adds the next update of `id` and returns its counter.
   * @throws {ClockError} `CLOCK_EXHAUSTED`, `CLOCK_LIMIT` for too many replicas.
   */
  increment(id: string): number {
    const next = nextCounter(this.get(id));
    this.advance(id, next);
    return next;
  }

  /**
   * Adds all updates of `id` up to `counter`; returns whether any is new.
   * @throws {ClockError} `CLOCK_LIMIT` for more than 65,536 replicas.
   * @throws {RangeError} for an id or a counter that is none.
   */
  advance(id: string, counter: number): boolean {
    const at = this.#find(id);
    if (at >= 0) {
      if (checkCounter(counter) <= this.#counters[at]!) return false;
      this.#counters[at] = counter;
      return true;
    }
    checkReplicaId(id);
    if (checkCounter(counter) === 0) return false;
    checkSize(this.size + 1);
    this.#ids = this.#ids.toSpliced(~at, 0, id);
    this.#counters.splice(~at, 0, counter);
    return true;
  }

  /** Whether the updates here are part of `other`'s, or the other way round. */
  compare(other: VersionVector): Causality {
    if (this.#ids !== other.#ids) return this.#compareUnalike(other);
    const [ours, theirs] = [this.#counters, other.#counters];
    let seen = 0;
    for (let i = 0; i < ours.length; i += 1) {
      const difference = ours[i]! - theirs[i]!;
      if (difference !== 0) seen |= difference < 0 ? LESS : MORE;
    }
    return causalityOf(seen);
  }

  /** Adds what `other` knows, the larger counter of each; returns whether anything is new. */
  merge(other: VersionVector): boolean {
    if (this.#ids !== other.#ids) return this.#mergeUnalike(other);
    const [ours, theirs] = [this.#counters, other.#counters];
    let changed = false;
    for (let i = 0; i < ours.length; i += 1) {
      if (theirs[i]! <= ours[i]!) continue;
      ours[i] = theirs[i]!;
      changed = true;
    }
    return changed;
  }

  /** What both know: the smaller counter of each. A new vector. */
  meet(other: VersionVector): VersionVector {
    const common = new VersionVector();
    for (const [id, counter] of this) common.advance(id, Math.min(counter, other.get(id)));
    return common;
  }

  /** The updates known here and not by `other`: what to send to it, by ascending id. */
  since(other: VersionVector): DotRange[] {
    const ranges: DotRange[] = [];
    for (const [id, to] of this) {
      const from = other.get(id) + 1;
      if (from <= to) ranges.push({ id, from, to });
    }
    return ranges;
  }

  clone(): VersionVector {
    const copy = new VersionVector();
    copy.#ids = this.#ids;
    copy.#counters = this.#counters.slice();
    return copy;
  }

  /** By ascending id. */
  *[Symbol.iterator](): IterableIterator<[id: string, counter: number]> {
    for (let i = 0; i < this.#ids.length; i += 1) yield [this.#ids[i]!, this.#counters[i]!];
  }

  /** `{ id: counter }`. */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this);
  }

  /** Where `id` stands, or the complement of where it would. */
  #find(id: string): number {
    const ids = this.#ids;
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = ids[middle]!;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  #compareUnalike(other: VersionVector): Causality {
    const ids = this.#ids;
    const otherIds = other.#ids;
    let i = 0;
    let j = 0;
    let seen = 0;
    while (i < ids.length && j < otherIds.length && seen !== BOTH) {
      if (ids[i] === otherIds[j]) {
        const difference = this.#counters[i++]! - other.#counters[j++]!;
        if (difference !== 0) seen |= difference < 0 ? LESS : MORE;
      } else if (ids[i]! < otherIds[j]!) {
        seen |= MORE;
        i += 1;
      } else {
        seen |= LESS;
        j += 1;
      }
    }
    // Strangers on one side make the lengths differ, on both they end the walk: all are alike.
    if (i === j && i === ids.length && j === otherIds.length) other.#ids = ids;
    if (i < ids.length) seen |= MORE;
    if (j < otherIds.length) seen |= LESS;
    return causalityOf(seen);
  }

  #mergeUnalike(other: VersionVector): boolean {
    const ids: string[] = [];
    const counters: number[] = [];
    let [i, j, changed] = [0, 0, false];
    while (i < this.#ids.length || j < other.#ids.length) {
      const [ours, theirs] = [this.#ids[i], other.#ids[j]];
      const id = theirs === undefined || (ours !== undefined && ours < theirs) ? ours! : theirs;
      const counter = ours === id ? this.#counters[i++]! : 0;
      const otherCounter = theirs === id ? other.#counters[j++]! : 0;
      if (otherCounter > counter) changed = true;
      ids.push(id);
      counters.push(Math.max(counter, otherCounter));
    }
    checkSize(ids.length);
    // The lists of those who know more are the ones that others will hold.
    const known = ids.length === this.#ids.length ? this.#ids : ids;
    this.#ids = ids.length === other.#ids.length ? other.#ids : known;
    this.#counters = counters;
    return changed;
  }
}

function checkSize(size: number): void {
  if (size <= MAX_REPLICAS) return;
  throw new ClockError('CLOCK_LIMIT', `a vector names at most ${MAX_REPLICAS} replicas`);
}
