/**
 * A position among entries, the same for memtables, tables, levels and merges of them.
 *
 * Entries are ordered by key and, within a key, from the newest sequence to the oldest. A cursor
 * shows its entry as ranges of shared buffers, so that moving allocates nothing: the key is valid
 * until the cursor moves, the value's bytes never change.
 */
export interface Cursor {
  readonly valid: boolean;
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly sequence: number;
  readonly isTombstone: boolean;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** To the first entry. */
  first(): void;
  /** To the last entry. */
  last(): void;
  /** To the first entry whose key is at or after `key`. */
  seek(key: Uint8Array): void;
  /** To the last entry whose key is before `key`. */
  seekBefore(key: Uint8Array): void;
  next(): void;
  previous(): void;
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Orders `a[aStart, aEnd)` and `b[bStart, bEnd)` as unsigned bytes. */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const shared = Math.min(aLength, bLength);
  for (let i = 0; i < shared; i += 1) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Orders the entries under two cursors. */
export function compareEntries(a: Cursor, b: Cursor): number {
  return (
    compareRanges(a.keyBytes, a.keyStart, a.keyEnd, b.keyBytes, b.keyStart, b.keyEnd) ||
    b.sequence - a.sequence
  );
}
