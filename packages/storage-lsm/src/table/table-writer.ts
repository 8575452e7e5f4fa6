/**
 * Writes a table from entries handed over in order, holding only what is about to be written, the
 * index and the keys' hashes.
 *
 * Nothing is durable until `file.datasync()` and a sync of the directory.
 */
import type { File } from '@ds/storage';
import {
  ByteWriter,
  type Cursor,
  encodeFileHeader,
  type TombstoneFragment,
} from '@ds/storage/engine';
import { BlockBuilder } from '../block/block-builder.ts';
import type { BlockCodec } from '../block/block-codec.ts';
import { TABLE_FORMAT } from '../files/file-formats.ts';
import { buildFilter, hashKey } from './bloom.ts';
import { extentOf, type KeyExtent } from './key-extent.ts';
import { PartWriter } from './part-writer.ts';
import type { TableFacts } from './table-file.ts';
import {
  type Extent,
  encodeFooter,
  PROPERTY_ENTRIES,
  PROPERTY_KEY_BYTES,
  PROPERTY_RANGES_LENGTH,
  PROPERTY_RANGES_OFFSET,
  PROPERTY_TOMBSTONES,
  PROPERTY_VALUE_BYTES,
  TRAILER_BYTES,
} from './table-format.ts';
import { encodeFragments } from './tombstone-codec.ts';

/** The most zeros that a block gets to end where a page ends, as a share of `blockBytes`. */
const MAX_ZEROS_SHARE = 1 / 16;
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
/** Checksums are computed word by word. */
const WORD_BYTES = 4;

export interface TableShape {
  readonly blockBytes: number;
  readonly bloomBitsPerKey: number;
  readonly compression?: BlockCodec | undefined;
}

/** Memory that one table after another is made in: of such size, garbage comes back late. */
export class TableScratch {
  readonly parts: PartWriter = new PartWriter();
  readonly block: BlockBuilder = new BlockBuilder();
  readonly index: ByteWriter = new ByteWriter(1024);
  hashes: Uint32Array = new Uint32Array(1024);

  /** Whether a large value or table has made it larger than is worth keeping. */
  get isLarge(): boolean {
    const { parts, block, index, hashes } = this;
    const bytes = parts.bytes + block.out.bytes.length + index.bytes.length + hashes.byteLength;
    return bytes > MAX_KEPT_BYTES;
  }

  clear(): void {
    this.parts.clear();
    this.block.reset();
    this.index.clear();
  }
}

export class TableWriter {
  readonly file: File;
  readonly number: number;
  readonly #shape: TableShape;
  readonly #scratch: TableScratch;
  readonly #parts: PartWriter;
  readonly #block: BlockBuilder;
  readonly #index: ByteWriter;
  /** Where the block being filled should end, its trailer included. */
  #blockEnd: number;
  #smallest: Uint8Array | undefined;
  /** The last key added, whole. */
  #last = new ByteWriter(64);
  /** The length of the block that was finished last. */
  #blockBytes = 0;
  #entries = 0;
  #tombstones = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #minSequence = Number.MAX_SAFE_INTEGER;
  #maxSequence = 0;

  /** `scratch` is its own until it has finished. */
  constructor(file: File, number: number, shape: TableShape, scratch: TableScratch) {
    this.file = file;
    this.number = number;
    this.#shape = shape;
    scratch.clear();
    this.#scratch = scratch;
    this.#parts = scratch.parts;
    this.#block = scratch.block;
    this.#index = scratch.index;
    this.#parts.appendPlain(encodeFileHeader({ format: TABLE_FORMAT, number, firstSequence: 0 }));
    this.#blockEnd = this.#nextBlockEnd();
  }

  /** The bytes so far, in the file and waiting to be written. */
  get bytes(): number {
    return this.#parts.offset + this.#block.out.length;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Whether the cursor's key is the last one added. */
  endsWithKeyOf({ keyBytes, keyStart, keyEnd }: Cursor): boolean {
    const last = this.#last;
    if (last.length !== keyEnd - keyStart) return false;
    for (let i = 0; i < last.length; i += 1) {
      if (last.bytes[i] !== keyBytes[keyStart + i]) return false;
    }
    return true;
  }

  add(entry: Cursor): void {
    const { keyBytes, keyStart, keyEnd, sequence } = entry;
    // A block that is full is indexed as the next entry comes, between whose key and its own the
    // separator lies.
    if (!this.#block.add(entry, this.#room())) {
      this.#finishBlock();
      this.#indexBlock(keyBytes, keyStart, keyEnd);
      this.#block.add(entry, this.#room());
    }
    this.#remember(hashKey(keyBytes, keyStart, keyEnd));
    this.#last.clear();
    this.#last.append(keyBytes, keyStart, keyEnd);
    this.#smallest ??= keyBytes.slice(keyStart, keyEnd);
    this.#entries += 1;
    if (entry.isTombstone) this.#tombstones += 1;
    this.#keyBytes += keyEnd - keyStart;
    this.#valueBytes += entry.valueEnd - entry.valueStart;
    if (sequence < this.#minSequence) this.#minSequence = sequence;
    if (sequence > this.#maxSequence) this.#maxSequence = sequence;
  }

  /**
   * Writes what is left, and `fragments` of range tombstones; one of both is there. In slices, for
   * the filter is a piece of work.
   */
  *finish(fragments: readonly TombstoneFragment[]): Generator<void, TableFacts> {
    if (!this.#block.empty) {
      this.#finishBlock();
      this.#indexBlock(undefined, 0, 0);
    }
    const parts = this.#parts;
    const bits = this.#shape.bloomBitsPerKey;
    const filter = yield* buildFilter(this.#scratch.hashes, this.#entries, bits);
    const footer = {
      filter: parts.append(filter),
      index: parts.append(this.#index.view()),
      properties: parts.append(this.#properties(this.#ranges(fragments))),
    };
    parts.appendPlain(encodeFooter(footer, parts.offset));
    parts.flush(this.file, true);
    return {
      number: this.number,
      bytes: parts.offset,
      entries: this.#entries,
      tombstones: this.#tombstones,
      rangeTombstones: fragments.length,
      ...this.#extent(fragments),
      minSequence: this.#minSequence,
      maxSequence: this.#maxSequence,
    };
  }

  #finishBlock(): void {
    const { compression } = this.#shape;
    const block = this.#block.finish(compression === undefined ? this.#zeros() : 0);
    this.#blockBytes = this.#parts.append(block, compression).length;
    this.#block.reset();
    this.#parts.flush(this.file, false);
    this.#blockEnd = this.#nextBlockEnd();
  }

  /**
   * Blocks end at multiples of their size in the file, so that reading one touches one page and not
   * two; after a block that is larger, the next one ends at a multiple that leaves it enough room.
   */
  #nextBlockEnd(): number {
    const { blockBytes } = this.#shape;
    const { offset } = this.#parts;
    return Math.ceil((offset + blockBytes / 2) / blockBytes) * blockBytes;
  }

  /** How many bytes the block being filled may have. */
  #room(): number {
    return this.#blockEnd - this.#parts.offset - TRAILER_BYTES;
  }

  /** How many zeros bring the block to its end, if that is near; else to a word's beginning. */
  #zeros(): number {
    const end = this.#parts.offset + this.#block.bytes + TRAILER_BYTES;
    const zeros = this.#blockEnd - end;
    const isNear = zeros >= 0 && zeros <= this.#shape.blockBytes * MAX_ZEROS_SHARE;
    return isNear ? zeros : (WORD_BYTES - (end % WORD_BYTES)) % WORD_BYTES;
  }

  /** Puts the last block into the index, under a short key between its last and the next one. */
  #indexBlock(next: Uint8Array | undefined, nextStart: number, nextEnd: number): void {
    const last = this.#last.view();
    const length = separatorBytes(last, next, nextStart, nextEnd);
    this.#index.varint(length);
    this.#index.append(last, 0, length);
    // A shortened separator ends one higher than the last key does there.
    if (length < last.length) this.#index.bytes[this.#index.length - 1]! += 1;
    this.#index.varint(this.#blockBytes);
  }

  /** Writes the part of the range tombstones, if there are any. */
  #ranges(fragments: readonly TombstoneFragment[]): Extent | undefined {
    if (fragments.length === 0) return undefined;
    for (const { sequences } of fragments) {
      this.#maxSequence = Math.max(this.#maxSequence, sequences[0]!);
      this.#minSequence = Math.min(this.#minSequence, sequences.at(-1)!);
    }
    const part = new ByteWriter(1024);
    encodeFragments(part, fragments);
    return this.#parts.append(part.view());
  }

  #extent(fragments: readonly TombstoneFragment[]): KeyExtent {
    const extents: KeyExtent[] = [];
    if (this.#smallest !== undefined) {
      extents.push({ smallest: this.#smallest, largest: this.#last.copy(), openEnd: false });
    }
    const end = fragments.at(-1)?.end;
    if (end !== undefined) {
      extents.push({ smallest: fragments[0]!.start, largest: end, openEnd: true });
    }
    const { smallest, largest, openEnd } = extentOf(extents);
    return { smallest: smallest.slice(), largest: largest.slice(), openEnd };
  }

  #properties(ranges: Extent | undefined): Uint8Array {
    const out = new ByteWriter(32);
    for (const [tag, value] of [
      [PROPERTY_ENTRIES, this.#entries],
      [PROPERTY_TOMBSTONES, this.#tombstones],
      [PROPERTY_KEY_BYTES, this.#keyBytes],
      [PROPERTY_VALUE_BYTES, this.#valueBytes],
      [PROPERTY_RANGES_OFFSET, ranges?.offset],
      [PROPERTY_RANGES_LENGTH, ranges?.length],
    ] as const) {
      if (value === undefined) continue;
      out.varint(tag);
      out.varint(value);
    }
    return out.copy();
  }

  #remember(hash: number): void {
    const scratch = this.#scratch;
    if (this.#entries === scratch.hashes.length) {
      const grown = new Uint32Array(scratch.hashes.length * 2);
      grown.set(scratch.hashes);
      scratch.hashes = grown;
    }
    scratch.hashes[this.#entries] = hash;
  }
}

/**
 * How many bytes of `last` a separator needs: all, or so few that with its final byte raised by
 * one it lies after `last` and still before `next`.
 */
function separatorBytes(
  last: Uint8Array,
  next: Uint8Array | undefined,
  nextStart: number,
  nextEnd: number,
): number {
  if (next === undefined) return last.length;
  const limit = Math.min(last.length, nextEnd - nextStart);
  let shared = 0;
  while (shared < limit && last[shared] === next[nextStart + shared]) shared += 1;
  if (shared + 1 >= last.length || shared >= limit) return last.length;
  return last[shared]! + 1 < next[nextStart + shared]! ? shared + 1 : last.length;
}
