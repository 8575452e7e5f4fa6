/**
 * What a memtable that takes no more writes does to a tree: the newest entry of each key, in key
 * order, and the ranges to be emptied before. Nothing is copied.
 */
import { type Cursor, FragmentProbe, type Memtable } from '@ds/storage/engine';
import { type ChangeCursor, Changes } from './changes.ts';
import { emptiedRanges } from './emptied-ranges.ts';

export function changesOf(memtable: Memtable): Changes {
  const ranges = emptiedRanges([memtable], memtable.lastSequence);
  return new Changes(new NewestCursor(memtable), ranges);
}

class NewestCursor implements ChangeCursor {
  readonly #entries: Cursor;
  readonly #probe: FragmentProbe | undefined;
  valid = false;
  keyBytes: Uint8Array;
  keyStart = 0;
  keyEnd = 0;
  isTombstone = false;
  valueBytes: Uint8Array;
  valueStart = 0;
  valueEnd = 0;

  constructor(memtable: Memtable) {
    const { tombstones } = memtable;
    this.#entries = memtable.cursor();
    this.#probe = tombstones.isEmpty ? undefined : new FragmentProbe(tombstones.view());
    this.#entries.first();
    this.keyBytes = memtable.data;
    this.valueBytes = memtable.data;
    this.next();
  }

  next(): void {
    const entries = this.#entries;
    this.valid = false;
    while (entries.valid && !this.valid) this.#take();
  }

  /** Takes a key's newest entry, which is its first, unless a newer range lies over it. */
  #take(): void {
    const entries = this.#entries;
    const { keyStart, keyEnd, sequence } = entries;
    const deleted =
      this.#probe?.newest(entries.keyBytes, keyStart, keyEnd, Number.MAX_SAFE_INTEGER) ?? 0;
    if (deleted < sequence) {
      this.valid = true;
      this.keyStart = keyStart;
      this.keyEnd = keyEnd;
      this.isTombstone = entries.isTombstone;
      this.valueStart = entries.valueStart;
      this.valueEnd = entries.valueEnd;
    }
    do entries.next();
    while (entries.valid && this.#isSameKey(keyStart, keyEnd));
  }

  #isSameKey(start: number, end: number): boolean {
    const { keyBytes, keyStart, keyEnd } = this.#entries;
    if (keyEnd - keyStart !== end - start) return false;
    for (let i = end - start - 1; i >= 0; i -= 1) {
      if (keyBytes[keyStart + i] !== keyBytes[start + i]) return false;
    }
    return true;
  }
}
