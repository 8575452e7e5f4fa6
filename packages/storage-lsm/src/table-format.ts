/**
 * The parts of a table file: a header, data blocks, a filter, an index, range tombstones where
 * there are any, properties, a footer.
 *
 * Every part between header and footer is followed by a trailer of 5 bytes:
 * u8 codec (0, stored as it is) · u32 CRC-32 of the part and the codec, seeded with its offset.
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
import { appendCompressed, type BlockCodec, STORED } from './block-codec.ts';
import { corrupt } from './byte-reader.ts';
import { type ByteWriter, getU32, getU64, setU32, setU64 } from './byte-writer.ts';
import type { SafetyDecisions } from './decisions.ts';
import { checkMagic, TABLE_MAGIC } from './file-header.ts';

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
 * Appends `part` and its trailer to `out`, whose first byte lies at `origin` of the file; with a
 * codec, compressed if that makes it shorter.
 */
export function appendPart(
  out: ByteWriter,
  origin: number,
  part: Uint8Array,
  codec?: BlockCodec,
): Extent {
  const start = out.length;
  const offset = origin + start;
  const id = appendCompressed(out, part, codec);
  const length = out.length - start;
  out.u8(id);
  out.u32(crc32(out.bytes, start, out.length, offset >>> 0));
  return { offset, length };
}

/**
 * Checks the trailer behind `bytes[start, start + length)`, which lies at `offset` of its file;
 * returns the part's codec.
 * @throws {StorageError} `STORAGE_CORRUPT`
 */
export function checkTrailer(
  bytes: Uint8Array,
  start: number,
  extent: Extent,
  path: string,
  decisions: SafetyDecisions,
): number {
  const codecAt = start + extent.length;
  if (codecAt + TRAILER_BYTES > bytes.length) {
    throw corrupt(path, extent.offset, 'the file ends inside a block');
  }
  const computed = crc32(bytes, start, codecAt + 1, extent.offset >>> 0);
  if (!decisions.checksumMatches(getU32(bytes, codecAt + 1), computed)) {
    throw corrupt(path, extent.offset, 'a block does not match its checksum');
  }
  return bytes[codecAt]!;
}

/**
 * Reads a part that is never compressed and checks it; returns it without its trailer.
 * @throws {StorageError} `STORAGE_CORRUPT`, `STORAGE_FORMAT` for a codec
 */
export function readPart(file: File, extent: Extent, decisions: SafetyDecisions): Uint8Array {
  const bytes = new Uint8Array(extent.length + TRAILER_BYTES);
  const codec = readInto(bytes, file, extent, decisions);
  if (codec !== STORED) {
    throw new StorageError('STORAGE_FORMAT', `${file.path} uses codec ${codec}`, {
      path: file.path,
      offset: extent.offset,
    });
  }
  return bytes.subarray(0, extent.length);
}

/** Fills `bytes` with a part and its trailer, and checks it; returns its codec. */
export function readInto(
  bytes: Uint8Array,
  file: File,
  extent: Extent,
  decisions: SafetyDecisions,
): number {
  const read = file.read(extent.offset, bytes);
  if (read < bytes.length) throw corrupt(file.path, extent.offset + read, 'the file is cut off');
  return checkTrailer(bytes, 0, extent, file.path, decisions);
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
  for (let i = 0; i < 8; i += 1) bytes[40 + i] = TABLE_MAGIC.charCodeAt(i);
  return bytes;
}

/** @throws {StorageError} `STORAGE_CORRUPT`, `STORAGE_FORMAT` */
export function readFooter(file: File, fileBytes: number, decisions: SafetyDecisions): Footer {
  const offset = fileBytes - FOOTER_BYTES;
  const bytes = new Uint8Array(FOOTER_BYTES);
  if (offset < 0 || file.read(offset, bytes) < FOOTER_BYTES) {
    throw corrupt(file.path, Math.max(0, offset), 'the footer is cut off');
  }
  checkMagic(bytes.subarray(40), TABLE_MAGIC, file.path);
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
