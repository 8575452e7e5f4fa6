/**
 * Range tombstones, in fragments: ranges of keys that do not overlap, in order, each with the
 * sequences at which it was deleted. An entry is deleted when its key lies in a fragment that has a
 * newer sequence which the reader may see.
 *
 * Overlapping ranges are cut where they overlap as they arrive, so that a lookup is one binary
 * search, however many there are: O(log fragments). Within a fragment the sequences descend.
 *
 * Source: the fragmented range tombstones of RocksDB ("DeleteRange: A New Native RocksDB
 * Operation", 2018).
 */
import { compareBytes } from '../bytes.ts';
import { compareRanges } from './cursor.ts';

export interface TombstoneFragment {
  readonly start: Uint8Array;
  /** The first key behind it. */
  readonly end: Uint8Array;
  /** When it was deleted, the newest first; at least one. */
  readonly sequences: readonly number[];
}

/** More than this are not handed over as arguments of one call. */
const MANY = 1000;

export const NO_FRAGMENTS: readonly TombstoneFragment[] = [];

/** The index of the first fragment that does not end at or before `bytes[start, end)`. */
export function fragmentIndex(
  fragments: readonly TombstoneFragment[],
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const last = fragments[middle]!.end;
    if (compareRanges(last, 0, last.length, bytes, start, end) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a fragment that does not end before the key begins at or before it. */
export function startsBy(
  { start: first }: TombstoneFragment,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return compareRanges(first, 0, first.length, bytes, start, end) <= 0;
}

/** The newest of descending `sequences` that is not newer than `sequence`; 0 for none. */
export function newestVisible(sequences: readonly number[], sequence: number): number {
  for (const each of sequences) if (each <= sequence) return each;
  return 0;
}

/** The newest tombstone over `key` that is not newer than `sequence`; 0 for none. */
export function coveringSequence(
  fragments: readonly TombstoneFragment[],
  key: Uint8Array,
  sequence: number,
): number {
  if (fragments.length === 0) return 0;
  const fragment = fragments[fragmentIndex(fragments, key, 0, key.length)];
  if (fragment === undefined || !startsBy(fragment, key, 0, key.length)) return 0;
  return newestVisible(fragment.sequences, sequence);
}

/**
 * The range tombstones of a memtable.
 *
 * Cost: adding one is O(log fragments) plus a move of the references behind it; ranges that it
 * hides from every reader become one with it. What was given out never changes.
 */
export class RangeTombstones {
  #fragments: TombstoneFragment[] = [];
  #isShared = false;

  /** The fragments as they are now. */
  view(): readonly TombstoneFragment[] {
    this.#isShared = true;
    return this.#fragments;
  }

  get isEmpty(): boolean {
    return this.#fragments.length === 0;
  }

  coveringSequence(key: Uint8Array, sequence: number): number {
    return coveringSequence(this.#fragments, key, sequence);
  }

  /**
   * Adds the range from `start` up to but not including `end`, which lies behind it; `sequence` is
   * higher than any here, and `newestSnapshot` the highest that a snapshot holds (0 for none):
   * what is newer than that, and older than `sequence`, no reader can tell from `sequence`.
   */
  add(start: Uint8Array, end: Uint8Array, sequence: number, newestSnapshot: number): void {
    const from = fragmentIndex(this.#fragments, start, 0, start.length);
    const replaced = new FragmentRun();
    let at = start;
    let to = from;
    for (; to < this.#fragments.length; to += 1) {
      const fragment = this.#fragments[to]!;
      if (compareBytes(fragment.start, end) >= 0) break;
      const { sequences } = fragment;
      const kept = sequences.filter((each) => each <= newestSnapshot);
      if (compareBytes(fragment.start, start) < 0) replaced.push(fragment.start, start, sequences);
      else if (compareBytes(at, fragment.start) < 0) replaced.push(at, fragment.start, [sequence]);
      const first = compareBytes(fragment.start, at) > 0 ? fragment.start : at;
      const isWithin = compareBytes(fragment.end, end) <= 0;
      at = isWithin ? fragment.end : end;
      replaced.push(first, at, [sequence, ...kept]);
      if (!isWithin) replaced.push(end, fragment.end, sequences);
    }
    if (compareBytes(at, end) < 0) replaced.push(at, end, [sequence]);
    if (this.#isShared || replaced.fragments.length > MANY) {
      const [before, behind] = [this.#fragments.slice(0, from), this.#fragments.slice(to)];
      this.#fragments = before.concat(replaced.fragments, behind);
      this.#isShared = false;
    } else this.#fragments.splice(from, to - from, ...replaced.fragments);
  }
}

/** Fragments being put in order; neighbours with the same sequences become one. */
export class FragmentRun {
  readonly fragments: TombstoneFragment[] = [];

  push(start: Uint8Array, end: Uint8Array, sequences: readonly number[]): void {
    const last = this.fragments.at(-1);
    const continues =
      last !== undefined &&
      last.sequences.length === sequences.length &&
      last.sequences.every((each, i) => each === sequences[i]) &&
      compareBytes(last.end, start) === 0;
    if (continues) this.fragments[this.fragments.length - 1] = { ...last, end };
    else this.fragments.push({ start, end, sequences });
  }
}

/** The fragments of several sources as one list. Cost: O(n log n), plus what overlaps. */
export function mergeFragments(
  sources: readonly (readonly TombstoneFragment[])[],
): readonly TombstoneFragment[] {
  const filled = sources.filter((source) => source.length > 0);
  if (filled.length <= 1) return filled[0] ?? NO_FRAGMENTS;
  const starts = filled.flat().sort((a, b) => compareBytes(a.start, b.start));
  const cuts = starts.flatMap(({ start, end }) => [start, end]).sort(compareBytes);
  const run = new FragmentRun();
  let open: TombstoneFragment[] = [];
  let next = 0;
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const start = cuts[i]!;
    const end = cuts[i + 1]!;
    if (compareBytes(start, end) === 0) continue;
    open = open.filter((fragment) => compareBytes(fragment.end, start) > 0);
    while (next < starts.length && compareBytes(starts[next]!.start, start) <= 0) {
      open.push(starts[next]!);
      next += 1;
    }
    if (open.length === 0) continue;
    const sequences = new Set(open.flatMap((fragment) => fragment.sequences));
    run.push(
      start,
      end,
      [...sequences].sort((a, b) => b - a),
    );
  }
  return run.fragments;
}
