/**
 * A position in a sorted run of tables: one level, or a single table of level 0.
 *
 * Going forward it reads ahead, twice as many blocks each time up to 256 KiB in one call, past the
 * cache, so that a scan neither pays a call per block nor drives out what lookups use. The first
 * block comes through the cache, since short ranges come back.
 */

import type { Cursor } from '@ds/storage/engine';
import { BlockCursor } from '../block/block-cursor.ts';
import { endsBefore } from './key-extent.ts';
import type { RunMemory } from './table.ts';
import type { TableFile } from './table-file.ts';
import type { TableSet } from './table-set.ts';

const MAX_READ_AHEAD_BYTES = 256 * 1024;

export class RunCursor extends BlockCursor implements Cursor {
  readonly #tables: readonly TableFile[];
  readonly #set: TableSet;
  #table = 0;
  #block = 0;
  /** Blocks read ahead, the first of them being block `#runStart` of the table. */
  #run: Uint8Array[] = [];
  #runStart = 0;
  #readAheadBytes: number;
  readonly #reused: RunMemory | undefined;

  /**
   * With `scan`, reads ahead from the first block on. With `keepsValues`, a value stays as it is
   * when the cursor moves on; without, blocks are always read ahead into the same memory.
   */
  constructor(
    tables: readonly TableFile[],
    set: TableSet,
    { scan = false, keepsValues = false }: { scan?: boolean; keepsValues?: boolean } = {},
  ) {
    super();
    this.#tables = tables;
    this.#set = set;
    this.#readAheadBytes = scan ? MAX_READ_AHEAD_BYTES : 0;
    this.#reused = keepsValues ? undefined : { memory: undefined };
  }

  first(): void {
    this.#enterFrom(0);
  }

  last(): void {
    this.#enterBackFrom(this.#tables.length - 1);
  }

  seek(key: Uint8Array): void {
    let low = 0;
    let high = this.#tables.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (endsBefore(this.#tables[middle]!.facts, key)) low = middle + 1;
      else high = middle;
    }
    this.#table = low;
    this.valid = false;
    if (low === this.#tables.length) return;
    const reader = this.#reader();
    const block = reader.blockFor(key);
    if (block === reader.blockCount) this.#nextBlock(block - 1);
    else {
      this.#enterBlock(block);
      if (!this.blockSeek(key)) this.#nextBlock(block);
    }
  }

  seekBefore(key: Uint8Array): void {
    this.seek(key);
    if (this.valid) this.previous();
    else this.last();
  }

  next(): void {
    if (!this.blockNext()) this.#nextBlock(this.#block);
  }

  previous(): void {
    if (this.blockPrevious()) return;
    if (this.#block > 0) {
      this.#enterBlock(this.#block - 1);
      this.blockLast();
    } else this.#enterBackFrom(this.#table - 1);
  }

  /** To the first entry of table `index` or of those behind it; some have only range tombstones. */
  #enterFrom(index: number): void {
    this.valid = false;
    for (let table = index; table < this.#tables.length; table += 1) {
      if (this.#tables[table]!.facts.entries === 0) continue;
      this.#enterTable(table);
      this.#enterBlock(0);
      this.blockFirst();
      return;
    }
  }

  #enterBackFrom(index: number): void {
    this.valid = false;
    for (let table = index; table >= 0; table -= 1) {
      if (this.#tables[table]!.facts.entries === 0) continue;
      this.#enterTable(table);
      this.#enterBlock(this.#reader().blockCount - 1);
      this.blockLast();
      return;
    }
  }

  #enterTable(index: number): void {
    this.#table = index;
    this.#run = [];
  }

  #reader(): ReturnType<TableSet['reader']> {
    return this.#set.reader(this.#tables[this.#table]!);
  }

  #nextBlock(after: number): void {
    this.valid = false;
    if (this.#readAheadBytes === 0) this.#readAheadBytes = 4096;
    else this.#readAheadBytes = Math.min(this.#readAheadBytes * 2, MAX_READ_AHEAD_BYTES);
    if (after + 1 < this.#reader().blockCount) {
      this.#enterBlock(after + 1);
      this.blockFirst();
    } else this.#enterFrom(this.#table + 1);
  }

  #enterBlock(index: number): void {
    const reader = this.#reader();
    this.#block = index;
    const { path } = reader.file;
    const origin = reader.blockOffset(index);
    const ahead = index - this.#runStart;
    const isAhead = ahead >= 0 && ahead < this.#run.length;
    if (!isAhead && this.#readAheadBytes === 0) {
      this.enter(reader.sharedBlock(index), path, origin);
      return;
    }
    if (!isAhead) {
      this.#run = reader.readRun(index, this.#readAheadBytes, this.#reused);
      this.#runStart = index;
    }
    const bytes = this.#run[isAhead ? ahead : 0]!;
    this.enter({ bytes, start: 0, length: bytes.length }, path, origin);
  }
}
