/**
 * Asking range tombstones about one key after another, as a range does that goes from entry to
 * entry: neighbours are looked at first, so that a step costs O(1), and only a jump the O(log n)
 * of a search.
 */
import { compareRanges } from './cursor.ts';
import {
  fragmentIndex,
  newestVisible,
  startsBy,
  type TombstoneFragment,
} from './range-tombstones.ts';

export interface TombstoneProbe {
  /** The newest tombstone over `bytes[start, end)` not newer than `sequence`; 0 for none. */
  newest(bytes: Uint8Array, start: number, end: number, sequence: number): number;
}

export class FragmentProbe implements TombstoneProbe {
  readonly #fragments: readonly TombstoneFragment[];
  #index = 0;

  constructor(fragments: readonly TombstoneFragment[]) {
    this.#fragments = fragments;
  }

  newest(bytes: Uint8Array, start: number, end: number, sequence: number): number {
    const at = this.#index;
    if (!this.#isFirst(at, bytes, start, end)) {
      if (this.#isFirst(at + 1, bytes, start, end)) this.#index = at + 1;
      else if (this.#isFirst(at - 1, bytes, start, end)) this.#index = at - 1;
      else this.#index = fragmentIndex(this.#fragments, bytes, start, end);
    }
    const fragment = this.#fragments[this.#index];
    if (fragment === undefined || !startsBy(fragment, bytes, start, end)) return 0;
    return newestVisible(fragment.sequences, sequence);
  }

  /** Whether `index` is that of the first fragment which does not end at or before the key. */
  #isFirst(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { length } = this.#fragments;
    if (index < 0 || index > length) return false;
    return (
      (index === length || !this.#isBefore(index, bytes, start, end)) &&
      (index === 0 || this.#isBefore(index - 1, bytes, start, end))
    );
  }

  #isBefore(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const last = this.#fragments[index]!.end;
    return compareRanges(last, 0, last.length, bytes, start, end) <= 0;
  }
}
