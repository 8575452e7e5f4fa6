/**
 * An open table: its index and filter in memory, its blocks read on demand and checked each time
 * they come from the file.
 *
 * Cost: opening reads footer, index and filter; a block not cached, one read and one checksum.
 */
import type { File } from '@ds/storage';
import type { BlockCache, BlockOwner, CachedBlock } from './block-cache.ts';
import { BlockCursor } from './block-cursor.ts';
import { filterMayContain } from './bloom.ts';
import { ByteReader, corrupt } from './byte-reader.ts';
import { compareRanges } from './cursor.ts';
import type { SafetyDecisions } from './decisions.ts';
import { decodeFileHeader, FILE_HEADER_BYTES, TABLE_MAGIC } from './file-header.ts';
import { checkTrailer, readFooter, readPart, TRAILER_BYTES } from './table-format.ts';

export class Table implements BlockOwner {
  readonly file: File;
  readonly blocks: (CachedBlock | undefined)[] = [];
  readonly blockCount: number;
  /** Set by each use, cleared as the set of open tables looks for one to close. */
  used = true;
  readonly #cache: BlockCache;
  readonly #decisions: SafetyDecisions;
  readonly #filter: Uint8Array;
  readonly #index: Uint8Array;
  /** Block `i` has the separator `#index[#keyStarts[i], #keyEnds[i])`. */
  readonly #keyStarts: Int32Array;
  readonly #keyEnds: Int32Array;
  /** Block `i` begins here; the one after the last is where the blocks end. */
  readonly #offsets: Float64Array;

  constructor(
    file: File,
    facts: { number: number; bytes: number },
    cache: BlockCache,
    decisions: SafetyDecisions,
  ) {
    this.file = file;
    this.#cache = cache;
    this.#decisions = decisions;
    const size = file.size();
    if (size !== facts.bytes) {
      throw corrupt(file.path, size, `the file has ${size} bytes instead of ${facts.bytes}`);
    }
    const header = new Uint8Array(FILE_HEADER_BYTES);
    const read = file.read(0, header);
    const expected = { magic: TABLE_MAGIC, number: facts.number, path: file.path };
    decodeFileHeader(header.subarray(0, read), expected, decisions);
    const footer = readFooter(file, size, decisions);
    this.#filter = readPart(file, footer.filter, decisions);
    this.#index = readPart(file, footer.index, decisions);
    const starts: number[] = [];
    const ends: number[] = [];
    const offsets: number[] = [FILE_HEADER_BYTES];
    const reader = new ByteReader(this.#index, file.path, footer.index.offset);
    while (!reader.done) {
      const length = reader.varint();
      starts.push(reader.at);
      reader.take(length);
      ends.push(reader.at);
      offsets.push(offsets.at(-1)! + reader.varint() + TRAILER_BYTES);
    }
    if (offsets.at(-1) !== footer.filter.offset) throw reader.corrupt('the index does not fit');
    this.blockCount = starts.length;
    this.#keyStarts = Int32Array.from(starts);
    this.#keyEnds = Int32Array.from(ends);
    this.#offsets = Float64Array.from(offsets);
  }

  mayContain(keyHash: number): boolean {
    return filterMayContain(this.#filter, keyHash);
  }

  /** The first block that may hold `key` or what follows it; `blockCount` when none does. */
  blockFor(key: Uint8Array): number {
    let low = 0;
    let high = this.blockCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#keyStarts[middle]!;
      const end = this.#keyEnds[middle]!;
      if (compareRanges(this.#index, start, end, key, 0, key.length) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  blockOffset(index: number): number {
    return this.#offsets[index]!;
  }

  /** Block `index`, from the cache or the file. */
  block(index: number): Uint8Array {
    const cached = this.blocks[index];
    if (cached !== undefined) {
      cached.used = true;
      return cached.bytes;
    }
    const bytes = readPart(this.file, this.#extent(index), this.#decisions);
    this.#cache.add(this, index, bytes);
    return bytes;
  }

  /** Reads blocks from `index` on in one call, at least one, up to about `maxBytes`; not cached. */
  readRun(index: number, maxBytes: number): Uint8Array[] {
    const offset = this.#offsets[index]!;
    let end = index + 1;
    while (end < this.blockCount && this.#offsets[end + 1]! - offset <= maxBytes) end += 1;
    const bytes = new Uint8Array(this.#offsets[end]! - offset);
    const read = this.file.read(offset, bytes);
    if (read < bytes.length) throw corrupt(this.file.path, offset + read, 'the file is cut off');
    const run: Uint8Array[] = [];
    for (let i = index; i < end; i += 1) {
      const extent = this.#extent(i);
      const start = extent.offset - offset;
      checkTrailer(bytes, start, extent, this.file.path, this.#decisions);
      run.push(bytes.subarray(start, start + extent.length));
    }
    return run;
  }

  close(): void {
    this.#cache.drop(this);
    this.file.close();
  }

  #extent(index: number): { offset: number; length: number } {
    const offset = this.#offsets[index]!;
    return { offset, length: this.#offsets[index + 1]! - offset - TRAILER_BYTES };
  }
}

/** Looks single keys up; reused from lookup to lookup, so that one allocates only its result. */
export class TableLookup extends BlockCursor {
  /**
   * Moves to the newest entry of `key` in `table` that is not newer than `sequence`; false when
   * there is none.
   */
  find(table: Table, key: Uint8Array, sequence: number): boolean {
    let index = table.blockFor(key);
    if (index === table.blockCount) return false;
    this.enter(table.block(index), table.file.path, table.blockOffset(index));
    let found = this.blockSeek(key);
    for (;;) {
      for (; found; found = this.blockNext()) {
        if (compareRanges(this.keyBytes, 0, this.keyEnd, key, 0, key.length) !== 0) return false;
        if (this.sequence <= sequence) return true;
      }
      // The versions of one key may go on in the next block.
      index += 1;
      if (index === table.blockCount) return false;
      this.enter(table.block(index), table.file.path, table.blockOffset(index));
      found = this.blockFirst();
    }
  }

  /** A copy of the value under the lookup. */
  value(): Uint8Array {
    return this.valueBytes.slice(this.valueStart, this.valueEnd);
  }
}
