/**
 * An open table: its index and filter in memory, its blocks read on demand and checked each time
 * they come from the file.
 *
 * Cost: opening reads footer, index and filter; a block not cached, one read and one checksum.
 */
import type { File } from '@ds/storage';
import {
  ByteReader,
  compareRanges,
  copyOf,
  corrupt,
  decodeFileHeader,
  FILE_HEADER_BYTES,
  type LogDecisions,
  NO_FRAGMENTS,
  type TombstoneFragment,
  viewOf,
} from '@ds/storage/engine';
import type { BlockBytes, BlockCache, BlockOwner, CachedBlock } from '../block/block-cache.ts';
import { type BlockCodec, decompressed, STORED } from '../block/block-codec.ts';
import { BlockCursor } from '../block/block-cursor.ts';
import { inWords, type Words } from '../block/xxhash32.ts';
import { TABLE_FORMAT } from '../files/file-formats.ts';
import { filterMayContain } from './bloom.ts';
import type { ReadStatistics } from './read-statistics.ts';
import { SortedKeys } from './sorted-keys.ts';
import {
  checkTrailer,
  type Extent,
  PROPERTY_RANGES_LENGTH,
  PROPERTY_RANGES_OFFSET,
  readFooter,
  readPart,
  TRAILER_BYTES,
} from './table-format.ts';
import { decodeFragments } from './tombstone-codec.ts';

/** Where blocks read ahead lie, for a reader that keeps none of them. */
export interface RunMemory {
  memory: Words | undefined;
}

/** What all tables of a store share. */
export interface TableContext {
  readonly cache: BlockCache;
  readonly codecs: ReadonlyMap<number, BlockCodec>;
  readonly decisions: LogDecisions;
  readonly statistics: ReadStatistics;
}

export class Table implements BlockOwner {
  readonly file: File;
  readonly blocks: (CachedBlock | undefined)[];
  readonly blockCount: number;
  /** Set by each use, cleared as the set of open tables looks for one to close. */
  used = true;
  readonly #cache: BlockCache;
  readonly #codecs: ReadonlyMap<number, BlockCodec>;
  readonly #decisions: LogDecisions;
  readonly #statistics: ReadStatistics;
  readonly #properties: Extent;
  readonly #filter: Uint8Array;
  /** Of each block: at or after each of its keys, before each of the next. */
  readonly #separators: SortedKeys;
  /** Block `i` begins here; the one after the last is where the blocks end. */
  readonly #offsets: Float64Array;
  #tombstones: readonly TombstoneFragment[] | undefined;

  constructor(
    file: File,
    facts: { number: number; bytes: number },
    { cache, codecs, decisions, statistics }: TableContext,
  ) {
    this.file = file;
    this.#cache = cache;
    this.#codecs = codecs;
    this.#statistics = statistics;
    this.#decisions = decisions;
    const size = file.size();
    if (size !== facts.bytes) {
      throw corrupt(file.path, size, `the file has ${size} bytes instead of ${facts.bytes}`);
    }
    const header = new Uint8Array(FILE_HEADER_BYTES);
    const read = file.read(0, header);
    const expected = { format: TABLE_FORMAT, number: facts.number, path: file.path };
    decodeFileHeader(header.subarray(0, read), expected, decisions);
    const footer = readFooter(file, size, decisions);
    this.#properties = footer.properties;
    this.#filter = readPart(file, footer.filter, decisions);
    const index = readPart(file, footer.index, decisions);
    const starts: number[] = [];
    const ends: number[] = [];
    const offsets: number[] = [FILE_HEADER_BYTES];
    const reader = new ByteReader(index, file.path, footer.index.offset);
    while (!reader.done) {
      const length = reader.varint();
      starts.push(reader.at);
      reader.take(length);
      ends.push(reader.at);
      offsets.push(offsets.at(-1)! + reader.varint() + TRAILER_BYTES);
    }
    if (offsets.at(-1) !== footer.filter.offset) throw reader.corrupt('the index does not fit');
    this.blockCount = starts.length;
    this.blocks = new Array(starts.length).fill(undefined);
    this.#separators = new SortedKeys(index, Int32Array.from(starts), Int32Array.from(ends));
    this.#offsets = Float64Array.from(offsets);
  }

  mayContain(keyHash: number): boolean {
    return filterMayContain(this.#filter, keyHash);
  }

  /** The first block that may hold `key` or what follows it; `blockCount` when none does. */
  blockFor(key: Uint8Array): number {
    return this.#separators.indexFor(key);
  }

  /** The table's range tombstones, read the first time they are asked for. */
  tombstones(): readonly TombstoneFragment[] {
    this.#tombstones ??= this.#readTombstones();
    return this.#tombstones;
  }

  blockOffset(index: number): number {
    return this.#offsets[index]!;
  }

  /**
   * Block `index`, from the cache or the file. Valid until the next block is asked for: its memory
   * is used again.
   */
  block(index: number): CachedBlock {
    const cached = this.blocks[index];
    if (cached === undefined) return this.#load(index);
    this.#statistics.cacheHits += 1;
    cached.used = true;
    return cached;
  }

  /** A copy of it, for a reader that goes on looking at it. */
  sharedBlock(index: number): BlockBytes {
    const { bytes, start, length } = this.block(index);
    return { bytes: new Uint8Array(viewOf(bytes, start, start + length)), start: 0, length };
  }

  /**
   * Reads blocks from `index` on in one call, at least one, up to about `maxBytes`; not cached.
   * What an earlier call put into `reused` is lost.
   */
  readRun(index: number, maxBytes: number, reused?: RunMemory): Uint8Array[] {
    const offset = this.#offsets[index]!;
    let end = index + 1;
    while (end < this.blockCount && this.#offsets[end + 1]! - offset <= maxBytes) end += 1;
    const needed = this.#offsets[end]! - offset;
    let memory = reused?.memory;
    if (memory === undefined || memory.bytes.length < needed) {
      memory = inWords(new Uint8Array(needed));
      if (reused !== undefined) reused.memory = memory;
    }
    const bytes = memory.bytes.subarray(0, needed);
    this.#statistics.tableBytesRead += bytes.length;
    const read = this.file.read(offset, bytes);
    if (read < bytes.length) throw corrupt(this.file.path, offset + read, 'the file is cut off');
    const run: Uint8Array[] = [];
    for (let i = index; i < end; i += 1) {
      const extent = this.#extent(i);
      const start = extent.offset - offset;
      const codec = checkTrailer(memory, start, extent, this.file.path, this.#decisions);
      const stored = bytes.subarray(start, start + extent.length);
      run.push(codec === STORED ? stored : this.#decompressed(stored, codec, extent));
    }
    return run;
  }

  close(): void {
    this.#cache.drop(this);
    this.file.close();
  }

  #readTombstones(): readonly TombstoneFragment[] {
    const { path } = this.file;
    const bytes = readPart(this.file, this.#properties, this.#decisions);
    const reader = new ByteReader(bytes, path, this.#properties.offset);
    const properties = new Map<number, number>();
    while (!reader.done) properties.set(reader.varint(), reader.varint());
    const offset = properties.get(PROPERTY_RANGES_OFFSET);
    const length = properties.get(PROPERTY_RANGES_LENGTH);
    if (offset === undefined || length === undefined) return NO_FRAGMENTS;
    if (offset + length > this.#properties.offset) throw reader.corrupt('ranges lie outside');
    const part = readPart(this.file, { offset, length }, this.#decisions);
    return decodeFragments(part, path, offset);
  }

  #load(index: number): CachedBlock {
    const extent = this.#extent(index);
    const needed = extent.length + TRAILER_BYTES;
    this.#statistics.cacheMisses += 1;
    this.#statistics.tableBytesRead += extent.length;
    const block = this.#cache.take(needed);
    try {
      return this.#fill(block, extent, index);
    } catch (error) {
      this.#cache.giveBack(block);
      throw error;
    }
  }

  /** Reads a block into `block`, checks it, and keeps it; returns it, or what it was made into. */
  #fill(block: CachedBlock, extent: Extent, index: number): CachedBlock {
    const { bytes, start } = block;
    const needed = extent.length + TRAILER_BYTES;
    const read = this.file.read(extent.offset, viewOf(bytes, start, start + needed));
    if (read < needed) throw corrupt(this.file.path, extent.offset + read, 'the file is cut off');
    const codec = checkTrailer(block, start, extent, this.file.path, this.#decisions);
    block.length = extent.length;
    if (codec === STORED) {
      this.#cache.add(block, this, index);
      return block;
    }
    const stored = viewOf(bytes, start, start + extent.length);
    const decompressed = this.#cache.wrap(this.#decompressed(stored, codec, extent));
    this.#cache.giveBack(block);
    this.#cache.add(decompressed, this, index);
    return decompressed;
  }

  #decompressed(stored: Uint8Array, codec: number, { offset }: Extent): Uint8Array {
    return decompressed(stored, codec, this.#codecs, { path: this.file.path, offset });
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
    this.#enter(table, index);
    let found = this.blockSeek(key);
    for (;;) {
      for (; found; found = this.blockNext()) {
        if (compareRanges(this.keyBytes, 0, this.keyEnd, key, 0, key.length) !== 0) return false;
        if (this.sequence <= sequence) return true;
      }
      // The versions of one key may go on in the next block.
      index += 1;
      if (index === table.blockCount) return false;
      this.#enter(table, index);
      found = this.blockFirst();
    }
  }

  /** A copy of the value under the lookup. */
  value(): Uint8Array {
    return copyOf(this.valueBytes, this.valueStart, this.valueEnd);
  }

  #enter(table: Table, index: number): void {
    this.enter(table.block(index), table.file.path, table.blockOffset(index));
  }
}
