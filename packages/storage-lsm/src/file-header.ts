/**
 * The 32 bytes every log, manifest and table starts with: what it is, in which version of the
 * format, and its own number, so that a file under another's name is noticed.
 *
 * ```
 *  0  8 bytes  magic                  16  u64  first sequence (0 in a table)
 *  8  u32      version of the format  24  u32  flags, 0 so far
 * 12  u32      number of the file     28  u32  CRC-32 of bytes 0 to 27
 * ```
 */
import { crc32, StorageError } from '@ds/storage';
import { corrupt } from './byte-reader.ts';
import { getU32, getU64, setU32, setU64 } from './byte-writer.ts';
import type { SafetyDecisions } from './decisions.ts';

export const FILE_HEADER_BYTES = 32;
/** The newest version that this code reads, and the one that it writes. */
export const FORMAT_VERSION = 1;

export const LOG_MAGIC = 'DSLSMLOG';
export const MANIFEST_MAGIC = 'DSLSMMAN';
export const TABLE_MAGIC = 'DSLSMTAB';
export const CURRENT_MAGIC = 'DSLSMCUR';

export interface FileHeader {
  readonly magic: string;
  readonly number: number;
  readonly firstSequence: number;
}

export function encodeFileHeader({ magic, number, firstSequence }: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  for (let i = 0; i < 8; i += 1) bytes[i] = magic.charCodeAt(i);
  setU32(bytes, 8, FORMAT_VERSION);
  setU32(bytes, 12, number);
  setU64(bytes, 16, firstSequence);
  setU32(bytes, 28, crc32(bytes, 0, 28));
  return bytes;
}

/**
 * Reads a header and checks that it is one of `magic` and `number`.
 * @throws {StorageError} `STORAGE_FORMAT` for a foreign or newer file, `STORAGE_CORRUPT` for damage
 */
export function decodeFileHeader(
  bytes: Uint8Array,
  { magic, number, path }: { magic: string; number: number; path: string },
  decisions: SafetyDecisions,
): FileHeader {
  if (bytes.length < FILE_HEADER_BYTES) throw corrupt(path, bytes.length, 'the header is cut off');
  checkMagic(bytes, magic, path);
  if (!decisions.checksumMatches(getU32(bytes, 28), crc32(bytes, 0, 28))) {
    throw corrupt(path, 0, 'the header does not match its checksum');
  }
  checkVersion(getU32(bytes, 8), path);
  const written = getU32(bytes, 12);
  if (written !== number) throw corrupt(path, 12, `the file says it is number ${written}`);
  return { magic, number, firstSequence: getU64(bytes, 16) };
}

export function checkMagic(bytes: Uint8Array, magic: string, path: string): void {
  for (let i = 0; i < 8; i += 1) {
    if (bytes[i] !== magic.charCodeAt(i)) {
      throw new StorageError('STORAGE_FORMAT', `${path} is not a file of this store`, {
        path,
        offset: i,
      });
    }
  }
}

export function checkVersion(version: number, path: string): void {
  if (version === 0 || version > FORMAT_VERSION) {
    throw new StorageError(
      'STORAGE_FORMAT',
      `${path} has version ${version} of the format; this code reads up to ${FORMAT_VERSION}`,
      { path, offset: 8 },
    );
  }
}
