/**
 * The 32 bytes that an engine's files start with: what it is, in which version of the format, and
 * its own number, so that a file under another's name is noticed.
 *
 * ```
 *  0  8 bytes  magic                  16  u64  first sequence, 0 for none
 *  8  u32      version of the format  24  u32  flags, 0 so far
 * 12  u32      number of the file     28  u32  CRC-32 of bytes 0 to 27
 * ```
 */
import { crc32 } from '../checksum.ts';
import { StorageError } from '../errors.ts';
import { corrupt } from './byte-reader.ts';
import { getU32, getU64, setU32, setU64 } from './byte-writer.ts';
import type { LogDecisions } from './log-decisions.ts';

export const FILE_HEADER_BYTES = 32;

/** A kind of file. */
export interface FileFormat {
  /** 8 characters that tell it from all others. */
  readonly magic: string;
  /** The newest version that this code reads, and the one that it writes. */
  readonly version: number;
}

export interface FileHeader {
  readonly format: FileFormat;
  readonly number: number;
  readonly firstSequence: number;
}

export function encodeFileHeader({ format, number, firstSequence }: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  for (let i = 0; i < 8; i += 1) bytes[i] = format.magic.charCodeAt(i);
  setU32(bytes, 8, format.version);
  setU32(bytes, 12, number);
  setU64(bytes, 16, firstSequence);
  setU32(bytes, 28, crc32(bytes, 0, 28));
  return bytes;
}

/**
 * Reads a header and checks that it is one of `format` and `number`.
 * @throws {StorageError} `STORAGE_FORMAT` for a foreign or newer file, `STORAGE_CORRUPT` for damage
 */
export function decodeFileHeader(
  bytes: Uint8Array,
  { format, number, path }: { format: FileFormat; number: number; path: string },
  decisions: Pick<LogDecisions, 'checksumMatches'>,
): FileHeader {
  if (bytes.length < FILE_HEADER_BYTES) throw corrupt(path, bytes.length, 'the header is cut off');
  checkMagic(bytes, format, path);
  if (!decisions.checksumMatches(getU32(bytes, 28), crc32(bytes, 0, 28))) {
    throw corrupt(path, 0, 'the header does not match its checksum');
  }
  checkVersion(getU32(bytes, 8), format, path);
  const written = getU32(bytes, 12);
  if (written !== number) throw corrupt(path, 12, `the file says it is number ${written}`);
  return { format, number, firstSequence: getU64(bytes, 16) };
}

export function checkMagic(bytes: Uint8Array, { magic }: FileFormat, path: string): void {
  for (let i = 0; i < 8; i += 1) {
    if (bytes[i] !== magic.charCodeAt(i)) {
      throw new StorageError('STORAGE_FORMAT', `${path} is not a file of this store`, {
        path,
        offset: i,
      });
    }
  }
}

export function checkVersion(version: number, format: FileFormat, path: string): void {
  if (version === 0 || version > format.version) {
    throw new StorageError(
      'STORAGE_FORMAT',
      `${path} has version ${version} of the format; this code reads up to ${format.version}`,
      { path, offset: 8 },
    );
  }
}
