/**
 * Which changes a state has seen, whether it still shows them or not.
 *
 * A change is a dot: the nth of a replica, from 1 on. Dots of a replica that follow on each other
 * are one range: a state that has seen all of everybody is one range per replica, a delta mostly
 * one in all. This is what makes removal work without tombstones: what somebody has seen and does
 * not show, they have removed.
 *
 * Invariant: ranges ascend by replica and counter, and of one replica do not touch.
 * Cost, for n ranges: `has` and `next` O(log n), `add` O(log n) where a range grows, else O(n).
 * Source: P. Almeida et al., "Delta state replicated data types", 2018, section 7.2.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { type ReplicaId, readReplica } from './crdt.ts';
import { malformed } from './errors.ts';

/** A counter is written doubled. */
export const MAX_COUNTER: number = 2 ** 52 - 1;
/** A range: replica, first and last counter. */
const FIELDS = 3;
const FIRST = 1;
const LAST = 2;
/** More ranges than these are not put in one by one. */
const FEW = 4;

export class CausalContext {
  #ranges: number[] = [];

  /** Of dots in any order: replica, counter, replica, counter, ... */
  static of(dots: readonly number[]): CausalContext {
    const context = new CausalContext();
    const [replica, counter] = dots as [number, number];
    // One dot is what nearly every delta has seen: a list of the right size at once.
    if (dots.length === 2) context.#ranges = [replica, counter, counter];
    else context.#addAll(dots, 2);
    return context;
  }

  has(replica: ReplicaId, counter: number): boolean {
    const at = this.#rangeAt(replica, counter);
    return (
      at >= 0 && this.#ranges[at] === replica && counter <= (this.#ranges[at + LAST] as number)
    );
  }

  /** The counter of the next change that `replica` makes. */
  next(replica: ReplicaId): number {
    const at = this.#rangeAt(replica, Number.MAX_SAFE_INTEGER);
    return at >= 0 && this.#ranges[at] === replica ? (this.#ranges[at + LAST] as number) + 1 : 1;
  }

  add(replica: ReplicaId, counter: number): void {
    this.#addRange(replica, counter, counter);
  }

  absorb(other: CausalContext): void {
    const theirs = other.#ranges;
    if (theirs.length > FEW * FIELDS) {
      // Both anew in one order, so that each goes to the end.
      const all = this.#ranges.concat(theirs);
      this.#ranges = [];
      this.#addAll(all, FIELDS);
      return;
    }
    for (let at = 0; at < theirs.length; at += FIELDS) {
      const [first, last] = [theirs[at + FIRST] as number, theirs[at + LAST] as number];
      this.#addRange(theirs[at] as number, first, last);
    }
  }

  copy(): CausalContext {
    const copied = new CausalContext();
    copied.#ranges = this.#ranges.slice();
    return copied;
  }

  /**
   * How many ranges, doubled, and 1 more with `mark`; then the ranges. Those of a single dot that
   * `shown` holds are left out.
   */
  write(writer: ByteWriter, mark: boolean, shown: CausalContext): void {
    const written: number[] = [];
    for (let at = 0; at < this.#ranges.length; at += FIELDS) {
      const replica = this.#ranges[at] as number;
      const first = this.#ranges[at + FIRST] as number;
      const more = (this.#ranges[at + LAST] as number) - first;
      if (more > 0 || !shown.has(replica, first)) written.push(replica, first, more);
    }
    writer.integer((2 * written.length) / FIELDS + (mark ? 1 : 0));
    for (const number of written) writer.integer(number);
  }

  /** What was written, and the mark. */
  static read(reader: ByteReader): { context: CausalContext; mark: boolean } {
    const context = new CausalContext();
    const head = reader.atMost(2 * reader.remaining + 1, 'a length');
    for (let rest = Math.floor(head / 2); rest > 0; rest -= 1) {
      const replica = readReplica(reader);
      const first = reader.atMost(MAX_COUNTER, 'a counter');
      const last = first + reader.atMost(MAX_COUNTER - first, 'a counter');
      const ranges = context.#ranges;
      const before = ranges.at(-FIELDS) ?? -1;
      const touches = replica === before && first <= (ranges.at(-1) as number) + 1;
      if (first === 0 || replica < before || touches) throw malformed('a causal context');
      ranges.push(replica, first, last);
    }
    return { context, mark: head % 2 === 1 };
  }

  /** Where the last range lies that begins at or before a dot; negative when there is none. */
  #rangeAt(replica: ReplicaId, counter: number): number {
    const ranges = this.#ranges;
    let low = 0;
    let high = ranges.length / FIELDS;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const id = ranges[FIELDS * middle] as number;
      const isAfter =
        id === replica ? (ranges[FIELDS * middle + FIRST] as number) > counter : id > replica;
      if (isAfter) high = middle;
      else low = middle + 1;
    }
    return FIELDS * (low - 1);
  }

  /** Adds dots, of two fields, or ranges, of three. */
  #addAll(list: readonly number[], fields: number): void {
    for (const at of inOrder(list, fields)) {
      const [first, last] = [list[at + FIRST] as number, list[at + fields - 1] as number];
      this.#addRange(list[at] as number, first, last);
    }
  }

  #addRange(replica: ReplicaId, first: number, last: number): void {
    const ranges = this.#ranges;
    let start = this.#rangeAt(replica, first);
    const touches =
      start >= 0 && ranges[start] === replica && (ranges[start + LAST] as number) >= first - 1;
    if (!touches) start += FIELDS;
    let end = start;
    let from = first;
    let to = last;
    // All that it touches becomes one with it.
    while (
      end < ranges.length &&
      ranges[end] === replica &&
      (ranges[end + FIRST] as number) <= to + 1
    ) {
      from = Math.min(from, ranges[end + FIRST] as number);
      to = Math.max(to, ranges[end + LAST] as number);
      end += FIELDS;
    }
    if (end === start + FIELDS) {
      ranges[start + FIRST] = from;
      ranges[start + LAST] = to;
    } else if (start === ranges.length) ranges.push(replica, from, to);
    else ranges.splice(start, end - start, replica, from, to);
  }
}

/** Where dots, or ranges, begin in a flat array, by replica and counter. */
export function inOrder(list: readonly number[], fields = 2): number[] {
  const compare = (a: number, b: number): number =>
    (list[a] as number) - (list[b] as number) || (list[a + 1] as number) - (list[b + 1] as number);
  const places: number[] = [];
  let isSorted = true;
  for (let at = 0; at < list.length; at += fields) {
    if (at > 0 && compare(at - fields, at) > 0) isSorted = false;
    places.push(at);
  }
  return isSorted ? places : places.sort(compare);
}
