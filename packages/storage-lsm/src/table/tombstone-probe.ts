/**
 * Asking a sorted run of tables about one key after another what range tombstone lies over it: the
 * tombstones of each are read as its keys come by. A step within a table costs O(1).
 */
import { compareRanges, FragmentProbe, type TombstoneProbe } from '@ds/storage/engine';
import type { TableFile } from './table-file.ts';
import type { TableSet } from './table-set.ts';

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
