/**
 * A position in a sorted run of tables: one level, or a single table of level 0.
 *
 * Going forward it reads ahead, twice as many blocks each time up to 256 KiB in one call, past the
 * cache, so that a scan neither pays a call per block nor drives out what lookups use. The first
 * block comes through the cache, since short ranges come back.
 */

import { compareBytes } from '@ds/storage';
import { BlockCursor } from './block-cursor.ts';
import type { Cursor } from './cursor.ts';
import type { TableSet } from './table-set.ts';
import type { TableFile } from './version.ts';

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

  /** With `scan`, reads ahead from the first block on. */
  constructor(
    tables: readonly TableFile[],
    set: TableSet,
    { scan = false }: { scan?: boolean } = {},
  ) {
    super();
    this.#tables = tables;
    this.#set = set;
    this.#readAheadBytes = scan ? MAX_READ_AHEAD_BYTES : 0;
  }

  first(): void {
    this.#table = 0;
    this.valid = false;
    if (this.#tables.length === 0) return;
    this.#enterBlock(0);
    this.blockFirst();
  }

  last(): void {
    this.#table = this.#tables.length - 1;
    this.valid = false;
    if (this.#table < 0) return;
    this.#enterBlock(this.#reader().blockCount - 1);
    this.blockLast();
  }

  seek(key: Uint8Array): void {
    let low = 0;
    let high = this.#tables.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#tables[middle]!.facts.largest, key) < 0) low = middle + 1;
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
    if (this.#block > 0) this.#enterBlock(this.#block - 1);
    else if (this.#table > 0) {
      this.#table -= 1;
      this.#run = [];
      this.#enterBlock(this.#reader().blockCount - 1);
    } else return;
    this.blockLast();
  }

  #reader(): ReturnType<TableSet['reader']> {
    return this.#set.reader(this.#tables[this.#table]!);
  }

  #nextBlock(after: number): void {
    this.valid = false;
    if (this.#readAheadBytes === 0) this.#readAheadBytes = 4096;
    else this.#readAheadBytes = Math.min(this.#readAheadBytes * 2, MAX_READ_AHEAD_BYTES);
    if (after + 1 < this.#reader().blockCount) this.#enterBlock(after + 1);
    else if (this.#table + 1 < this.#tables.length) {
      this.#table += 1;
      this.#run = [];
      this.#enterBlock(0);
    } else return;
    this.blockFirst();
  }

  #enterBlock(index: number): void {
    const reader = this.#reader();
    this.#block = index;
    this.enter(this.#load(reader, index), reader.file.path, reader.blockOffset(index));
  }

  #load(reader: ReturnType<TableSet['reader']>, index: number): Uint8Array {
    const ahead = index - this.#runStart;
    if (ahead >= 0 && ahead < this.#run.length) return this.#run[ahead]!;
    if (this.#readAheadBytes === 0) return reader.block(index);
    this.#run = reader.readRun(index, this.#readAheadBytes);
    this.#runStart = index;
    return this.#run[0]!;
  }
}
