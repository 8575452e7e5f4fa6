/**
 * Asking one layer after another key what range tombstone lies over it, as a range does that goes
 * from entry to entry: neighbours are looked at first, so that a step costs O(1), and only a jump
 * the O(log n) of a search.
 */
import { compareRanges } from './cursor.ts';
import {
  fragmentIndex,
  newestVisible,
  startsBy,
  type TombstoneFragment,
} from './range-tombstones.ts';
import type { TableSet } from './table-set.ts';
import type { TableFile } from './version.ts';

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

/** The same over a sorted run of tables, whose tombstones are read as their keys come by. */
export class RunProbe implements TombstoneProbe {
  readonly #run: readonly TableFile[];
  readonly #tables: TableSet;
  #index = -1;
  #probe: FragmentProbe | undefined;

  constructor(run: readonly TableFile[], tables: TableSet) {
    this.#run = run;
    this.#tables = tables;
  }

  newest(bytes: Uint8Array, start: number, end: number, sequence: number): number {
    if (!this.#isWithin(bytes, start, end)) this.#enter(bytes, start, end);
    return this.#probe?.newest(bytes, start, end, sequence) ?? 0;
  }

  /** Whether the key lies in the current table's extent. */
  #isWithin(bytes: Uint8Array, start: number, end: number): boolean {
    const table = this.#run[this.#index];
    if (table === undefined) return false;
    const { smallest } = table.facts;
    return (
      compareRanges(smallest, 0, smallest.length, bytes, start, end) <= 0 &&
      !this.#endsBefore(this.#index, bytes, start, end)
    );
  }

  #enter(bytes: Uint8Array, start: number, end: number): void {
    let low = 0;
    let high = this.#run.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#endsBefore(middle, bytes, start, end)) low = middle + 1;
      else high = middle;
    }
    if (low === this.#index) return;
    this.#index = low;
    const table = this.#run[low];
    const hasRanges = table !== undefined && table.facts.rangeTombstones > 0;
    this.#probe = hasRanges
      ? new FragmentProbe(this.#tables.reader(table).tombstones())
      : undefined;
  }

  #endsBefore(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { largest, openEnd } = this.#run[index]!.facts;
    const order = compareRanges(largest, 0, largest.length, bytes, start, end);
    return order < 0 || (order === 0 && openEnd);
  }
}
