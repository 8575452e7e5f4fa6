/**
 * Writes a table from entries handed over in order, in pieces of about 256 KiB, holding only the
 * block being filled, the index and the keys' hashes.
 *
 * Nothing is durable until `file.datasync()` and a sync of the directory.
 */
import type { File } from '@ds/storage';
import { BlockBuilder } from './block-builder.ts';
import type { BlockCodec } from './block-codec.ts';
import { buildFilter, hashKey } from './bloom.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Cursor } from './cursor.ts';
import { encodeFileHeader, TABLE_MAGIC } from './file-header.ts';
import { extentOf, type KeyExtent } from './key-extent.ts';
import type { TombstoneFragment } from './range-tombstones.ts';
import {
  appendPart,
  type Extent,
  encodeFooter,
  PROPERTY_ENTRIES,
  PROPERTY_KEY_BYTES,
  PROPERTY_RANGES_LENGTH,
  PROPERTY_RANGES_OFFSET,
  PROPERTY_TOMBSTONES,
  PROPERTY_VALUE_BYTES,
} from './table-format.ts';
import { encodeFragments } from './tombstone-codec.ts';

const WRITE_BYTES = 256 * 1024;

export interface TableShape {
  readonly blockBytes: number;
  readonly bloomBitsPerKey: number;
  readonly compression?: BlockCodec | undefined;
}

/** What a manifest records of a table. Its range tombstones count in its extent. */
export interface TableFacts extends KeyExtent {
  readonly number: number;
  readonly bytes: number;
  readonly entries: number;
  readonly tombstones: number;
  /** Fragments of range tombstones. */
  readonly rangeTombstones: number;
  readonly minSequence: number;
  readonly maxSequence: number;
}

export class TableWriter {
  readonly file: File;
  readonly number: number;
  readonly #shape: TableShape;
  readonly #block = new BlockBuilder();
  readonly #index = new ByteWriter(1024);
  readonly #out = new ByteWriter(WRITE_BYTES + 8192);
  #hashes = new Uint32Array(1024);
  /** Where `#out` begins in the file. */
  #origin = 0;
  #smallest: Uint8Array | undefined;
  /** The last key added, whole. */
  #last = new ByteWriter(64);
  /** The length of the block that still lacks its separator; 0 when none does. */
  #pendingBlockBytes = 0;
  #entries = 0;
  #tombstones = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #minSequence = Number.MAX_SAFE_INTEGER;
  #maxSequence = 0;

  constructor(file: File, number: number, shape: TableShape) {
    this.file = file;
    this.number = number;
    this.#shape = shape;
    this.#out.append(encodeFileHeader({ magic: TABLE_MAGIC, number, firstSequence: 0 }));
  }

  /** The bytes so far, in the file and waiting to be written. */
  get bytes(): number {
    return this.#origin + this.#out.length + this.#block.out.length;
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
    if (this.#pendingBlockBytes > 0) this.#indexBlock(keyBytes, keyStart, keyEnd);
    this.#block.add(entry);
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
    if (this.#block.bytes >= this.#shape.blockBytes) this.#finishBlock();
  }

  /** Writes what is left, and `fragments` of range tombstones; one of both is there. */
  finish(fragments: readonly TombstoneFragment[]): TableFacts {
    if (!this.#block.empty) this.#finishBlock();
    if (this.#pendingBlockBytes > 0) this.#indexBlock(undefined, 0, 0);
    const out = this.#out;
    const bits = this.#shape.bloomBitsPerKey;
    const filter = buildFilter(this.#hashes, this.#entries, bits);
    const footer = {
      filter: appendPart(out, this.#origin, filter),
      index: appendPart(out, this.#origin, this.#index.view()),
      properties: appendPart(out, this.#origin, this.#properties(this.#ranges(fragments))),
    };
    out.append(encodeFooter(footer, this.#origin + out.length));
    this.#flush();
    return {
      number: this.number,
      bytes: this.#origin,
      entries: this.#entries,
      tombstones: this.#tombstones,
      rangeTombstones: fragments.length,
      ...this.#extent(fragments),
      minSequence: this.#minSequence,
      maxSequence: this.#maxSequence,
    };
  }

  #finishBlock(): void {
    const block = this.#block.finish();
    const { length } = appendPart(this.#out, this.#origin, block, this.#shape.compression);
    this.#pendingBlockBytes = length;
    this.#block.reset();
    if (this.#out.length >= WRITE_BYTES) this.#flush();
  }

  /** Puts the last block into the index, under a short key between its last and the next one. */
  #indexBlock(next: Uint8Array | undefined, nextStart: number, nextEnd: number): void {
    const last = this.#last.view();
    const length = separatorBytes(last, next, nextStart, nextEnd);
    this.#index.varint(length);
    this.#index.append(last, 0, length);
    // A shortened separator ends one higher than the last key does there.
    if (length < last.length) this.#index.bytes[this.#index.length - 1]! += 1;
    this.#index.varint(this.#pendingBlockBytes);
    this.#pendingBlockBytes = 0;
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
    return appendPart(this.#out, this.#origin, part.view());
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
    if (this.#entries === this.#hashes.length) {
      const grown = new Uint32Array(this.#hashes.length * 2);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[this.#entries] = hash;
  }

  #flush(): void {
    this.file.write(this.#origin, this.#out.view());
    this.#origin += this.#out.length;
    this.#out.clear();
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
