/**
 * What is to happen to a tree: single changes in key order, and ranges to be emptied before them.
 *
 * A place in it is kept, so that a tree can take a long list in slices. Source of the list: a full
 * write buffer, or sorted input.
 */
import { compareBytes } from '@ds/storage';

/** Changes in key order, one per key. */
export interface ChangeCursor {
  readonly valid: boolean;
  /** The bytes of keys and values stay as they are until the tree has taken them all. */
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly isTombstone: boolean;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  next(): void;
}

/** Keys from `gte` up to but not including `lt`. */
export interface EmptiedRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

const FIRST = new Uint8Array(0);

export class Changes {
  readonly cursor: ChangeCursor;
  /** In order; none touches another. */
  readonly #ranges: readonly EmptiedRange[];
  #index = 0;
  #from: Uint8Array = FIRST;

  constructor(cursor: ChangeCursor, ranges: readonly EmptiedRange[] = []) {
    this.cursor = cursor;
    this.#ranges = ranges;
    this.#enter();
  }

  get isDone(): boolean {
    return !this.cursor.valid && this.#index === this.#ranges.length;
  }

  /** The range that is being emptied or comes next: its remaining part. */
  get range(): EmptiedRange | undefined {
    const range = this.#ranges[this.#index];
    return range && { gte: this.#from, lt: range.lt };
  }

  /** The least key that anything is still to happen to; none when done. */
  nextKey(): Uint8Array {
    const { cursor } = this;
    const isRangeFirst = this.#index < this.#ranges.length && !this.#pointIsBefore(this.#from);
    if (isRangeFirst) return this.#from;
    return cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd);
  }

  /** Whether the next single change is to a key below `bound`; without it, whether there is one. */
  hasPointBefore(bound: Uint8Array | undefined): boolean {
    return this.cursor.valid && (bound === undefined || this.#pointIsBefore(bound));
  }

  /** Whether some of the range lies below `bound`, and no single change comes before it. */
  hasRangeBefore(bound: Uint8Array | undefined): boolean {
    if (this.#index === this.#ranges.length) return false;
    if (bound !== undefined && compareBytes(this.#from, bound) >= 0) return false;
    return !this.#pointIsBefore(this.#from);
  }

  /** The range has been emptied up to `bound`, its own end, or all the way. */
  rangeDoneUpTo(bound: Uint8Array | undefined): void {
    const { lt } = this.#ranges[this.#index]!;
    const isOver = bound === undefined || compareBytes(lt, bound) <= 0;
    if (!isOver) this.#from = bound;
    else {
      this.#index += 1;
      this.#enter();
    }
  }

  #enter(): void {
    this.#from = this.#ranges[this.#index]?.gte ?? FIRST;
  }

  #pointIsBefore(bound: Uint8Array): boolean {
    const { valid, keyBytes, keyStart, keyEnd } = this.cursor;
    if (!valid) return false;
    const shared = Math.min(keyEnd - keyStart, bound.length);
    for (let i = 0; i < shared; i += 1) {
      const difference = keyBytes[keyStart + i]! - bound[i]!;
      if (difference !== 0) return difference < 0;
    }
    return keyEnd - keyStart < bound.length;
  }
}
