/**
 * The parts of a table file: a header, data blocks, a filter, an index, range tombstones where
 * there are any, properties, a footer.
 *
 * Every part between header and footer is followed by a trailer of 5 bytes:
 * u8 codec (0, stored as it is) · u32 XXH32 of the part and the codec, seeded with the offset.
 * Only data blocks are ever compressed (see block-codec.ts).
 *
 * ```
 * footer:  0 u64 filter offset    24 u32 filter length      40 8 bytes magic
 *          8 u64 index offset     28 u32 index length
 *         16 u64 properties       32 u32 properties length
 *                                 36 u32 CRC-32 of bytes 0 to 35, seeded with the footer's offset
 * index:  per data block: varint separator length · separator · varint block length
 * ```
 * The first block follows the header, each next one the trailer of the one before. A separator is
 * at or after every key of its block and before every key of the next.
 */
import { crc32, type File, StorageError } from '@ds/storage';
import {
  checkMagic,
  corrupt,
  getU32,
  getU64,
  type LogDecisions,
  setU32,
  setU64,
} from '@ds/storage/engine';
import { STORED } from '../block/block-codec.ts';
import { inWords, type Words, xxhash32 } from '../block/xxhash32.ts';
import { TABLE_FORMAT } from '../files/file-formats.ts';

export const TRAILER_BYTES = 5;
export const FOOTER_BYTES = 48;

/** Where a part lies in its file; the length is without the trailer. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface Footer {
  readonly filter: Extent;
  readonly index: Extent;
  readonly properties: Extent;
}

/** What a table's properties block records of it, as varint tag and varint value. */
export const PROPERTY_ENTRIES = 1;
export const PROPERTY_TOMBSTONES = 2;
export const PROPERTY_KEY_BYTES = 3;
export const PROPERTY_VALUE_BYTES = 4;
/** Where the part with the range tombstones lies; both are absent when there are none. */
export const PROPERTY_RANGES_OFFSET = 5;
export const PROPERTY_RANGES_LENGTH = 6;

/**
 * The checksum of the part whose bytes and codec begin at `start` of `memory`: seeded with where it
 * lies, so that a part found elsewhere than where it was written does not pass.
 */
export function checksumOf(memory: Words, start: number, { offset, length }: Extent): number {
  return xxhash32(memory, start, start + length + 1, offset | 0);
}

/**
 * Checks the trailer of the part that begins at `start` of `memory`; returns the part's codec.
 * @throws {StorageError} `STORAGE_CORRUPT`
 */
export function checkTrailer(
  memory: Words,
  start: number,
  extent: Extent,
  path: string,
  decisions: LogDecisions,
): number {
  const { bytes } = memory;
  const codecAt = start + extent.length;
  if (codecAt + TRAILER_BYTES > bytes.length) {
    throw corrupt(path, extent.offset, 'the file ends inside a block');
  }
  const computed = checksumOf(memory, start, extent);
  if (!decisions.checksumMatches(getU32(bytes, codecAt + 1), computed)) {
    throw corrupt(path, extent.offset, 'a block does not match its checksum');
  }
  return bytes[codecAt]!;
}

/**
 * Reads a part that is never compressed and checks it; returns it without its trailer.
 * @throws {StorageError} `STORAGE_CORRUPT`, `STORAGE_FORMAT` for a codec
 */
export function readPart(file: File, extent: Extent, decisions: LogDecisions): Uint8Array {
  const { path } = file;
  const { offset, length } = extent;
  const memory = inWords(new Uint8Array(length + TRAILER_BYTES));
  const read = file.read(offset, memory.bytes);
  if (read < memory.bytes.length) throw corrupt(path, offset + read, 'the file is cut off');
  const codec = checkTrailer(memory, 0, extent, path, decisions);
  if (codec !== STORED) {
    throw new StorageError('STORAGE_FORMAT', `${path} uses codec ${codec}`, { path, offset });
  }
  return memory.bytes.subarray(0, length);
}

export function encodeFooter({ filter, index, properties }: Footer, offset: number): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  setU64(bytes, 0, filter.offset);
  setU64(bytes, 8, index.offset);
  setU64(bytes, 16, properties.offset);
  setU32(bytes, 24, filter.length);
  setU32(bytes, 28, index.length);
  setU32(bytes, 32, properties.length);
  setU32(bytes, 36, crc32(bytes, 0, 36, offset >>> 0));
  for (let i = 0; i < 8; i += 1) bytes[40 + i] = TABLE_FORMAT.magic.charCodeAt(i);
  return bytes;
}

/** @throws {StorageError} `STORAGE_CORRUPT`, `STORAGE_FORMAT` */
export function readFooter(file: File, fileBytes: number, decisions: LogDecisions): Footer {
  const offset = fileBytes - FOOTER_BYTES;
  const bytes = new Uint8Array(FOOTER_BYTES);
  if (offset < 0 || file.read(offset, bytes) < FOOTER_BYTES) {
    throw corrupt(file.path, Math.max(0, offset), 'the footer is cut off');
  }
  checkMagic(bytes.subarray(40), TABLE_FORMAT, file.path);
  const computed = crc32(bytes, 0, 36, offset >>> 0);
  if (!decisions.checksumMatches(getU32(bytes, 36), computed)) {
    throw corrupt(file.path, offset, 'the footer does not match its checksum');
  }
  const extent = (at: number, lengthAt: number): Extent => {
    const part = { offset: getU64(bytes, at), length: getU32(bytes, lengthAt) };
    if (part.offset + part.length + TRAILER_BYTES > offset) {
      throw corrupt(file.path, offset + at, 'the footer points outside the file');
    }
    return part;
  };
  return { filter: extent(0, 24), index: extent(8, 28), properties: extent(16, 32) };
}
