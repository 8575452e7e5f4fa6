/**
 * The record that says which tree a file holds: one page reference, from which all else follows.
 *
 * It lies twice at the head of the file, each time with a checksum. A checkpoint writes the first
 * slot, syncs, and only then writes the second, which the sync before the next checkpoint's first
 * slot covers: so at any moment one of them is whole and durable, and as long as they differ,
 * nothing that the older one needs has been touched. Opening takes the newer whole one.
 *
 * ```
 *    0  8 bytes  magic DSBTREE1            32  u32  root page, 0 for none
 *    8  u32      version of the format     36  u32  CRC of the root page
 *   12  u32      bytes in a page           40  u48  entries
 *   16  u48      version of the tree       46  u8   level of the root · u8 large values (0, 1)
 *   24  u32      end of the pages in use   48  u32  pieces of the space map
 *   28  u32      flags, 0                  52  u32  number of the first log that is needed
 *                                          56  u64  last sequence that is in the tree
 *                                          64  u64  last sequence that the log is known to have
 *                                          72  per piece: u32 page, u32 CRC
 * 4092  u32      CRC-32 of bytes 0 to 4091
 * ```
 */
import { crc32, StorageError } from '@ds/storage';
import { corrupt, getU32, getU64, setU32, setU64 } from '@ds/storage/engine';
import type { SafetyDecisions } from '../decisions.ts';
import { getU48, setU48 } from '../pages/numbers.ts';
import { META_SLOT_BYTES } from '../pages/tree-file.ts';
import type { TreeReference } from '../pages/tree-reference.ts';

const MAGIC = 'DSBTREE1';
export const FORMAT_VERSION = 1;
const CRC_AT: number = META_SLOT_BYTES - 4;
const PIECES_AT = 72;
/** How many pieces of the space map a slot has room for: with 8 KiB pages, 250 GiB of file. */
export const MAX_SPACE_PIECES: number = Math.floor((CRC_AT - PIECES_AT) / 8);

/** A stored piece of the space map. */
export interface SpacePiece {
  readonly page: number;
  readonly checksum: number;
}

/** Where the log goes on from what the tree holds. */
export interface LogPosition {
  /** The first log that is needed: its first record comes right after `appliedSequence`. */
  readonly logNumber: number;
  /** The tree has every operation up to this one. */
  readonly appliedSequence: number;
  /**
   * The log is durable up to here, and the tree may have some of that already: the head of a
   * checkpoint's middle. As `appliedSequence` when it has nothing beyond.
   */
  readonly syncedSequence: number;
}

export interface Meta {
  readonly pageBytes: number;
  readonly version: number;
  readonly end: number;
  readonly root: TreeReference;
  readonly pieces: readonly SpacePiece[];
  readonly log: LogPosition;
}

export function encodeMeta({ pageBytes, version, end, root, pieces, log }: Meta): Uint8Array {
  const bytes = new Uint8Array(META_SLOT_BYTES);
  for (let i = 0; i < 8; i += 1) bytes[i] = MAGIC.charCodeAt(i);
  setU32(bytes, 8, FORMAT_VERSION);
  setU32(bytes, 12, pageBytes);
  setU48(bytes, 16, version);
  setU32(bytes, 24, end);
  setU32(bytes, 32, root.page);
  setU32(bytes, 36, root.checksum);
  setU48(bytes, 40, root.entries);
  bytes[46] = root.level;
  bytes[47] = root.hasOutside ? 1 : 0;
  setU32(bytes, 48, pieces.length);
  setU32(bytes, 52, log.logNumber);
  setU64(bytes, 56, log.appliedSequence);
  setU64(bytes, 64, log.syncedSequence);
  for (let i = 0; i < pieces.length; i += 1) {
    setU32(bytes, PIECES_AT + i * 8, pieces[i]!.page);
    setU32(bytes, PIECES_AT + i * 8 + 4, pieces[i]!.checksum);
  }
  setU32(bytes, CRC_AT, crc32(bytes, 0, CRC_AT));
  return bytes;
}

/** A slot that is not whole is `undefined`. */
function decodeSlot(bytes: Uint8Array, decisions: SafetyDecisions): Meta | undefined {
  if (!decisions.checksumMatches(getU32(bytes, CRC_AT), crc32(bytes, 0, CRC_AT))) return undefined;
  const count = Math.min(getU32(bytes, 48), MAX_SPACE_PIECES);
  return {
    pageBytes: getU32(bytes, 12),
    version: getU48(bytes, 16),
    end: getU32(bytes, 24),
    root: {
      page: getU32(bytes, 32),
      checksum: getU32(bytes, 36),
      entries: getU48(bytes, 40),
      level: bytes[46]!,
      hasOutside: bytes[47] === 1,
    },
    log: {
      logNumber: getU32(bytes, 52),
      appliedSequence: getU64(bytes, 56),
      syncedSequence: getU64(bytes, 64),
    },
    pieces: Array.from({ length: count }, (_, i) => ({
      page: getU32(bytes, PIECES_AT + i * 8),
      checksum: getU32(bytes, PIECES_AT + i * 8 + 4),
    })),
  };
}

/**
 * The newer whole one of two slots, and whether the other says the same.
 * @throws {StorageError} `STORAGE_FORMAT` for a foreign or newer file, `STORAGE_CORRUPT` for damage
 */
export function readMeta(
  slots: readonly [Uint8Array, Uint8Array],
  path: string,
  decisions: SafetyDecisions,
): { meta: Meta; slot: 0 | 1; isSettled: boolean } {
  const [first, second] = slots.map((slot) => decodeSlot(slot, decisions));
  const slot = (first?.version ?? -1) >= (second?.version ?? -1) ? 0 : 1;
  const meta = slot === 0 ? first : second;
  const bytes = slots[slot];
  if (meta === undefined) {
    if (!slots.some(hasMagic)) throw foreign(path, `${path} is not a file of this store`);
    throw corrupt(path, 0, 'neither of its two heads is whole');
  }
  if (!hasMagic(bytes)) throw foreign(path, `${path} is not a file of this store`);
  const version = getU32(bytes, 8);
  if (version === 0 || version > FORMAT_VERSION) {
    const known = `this code reads up to ${FORMAT_VERSION}`;
    throw foreign(path, `${path} has version ${version} of the format; ${known}`, 8);
  }
  return { meta, slot, isSettled: first?.version === second?.version };
}

function hasMagic(bytes: Uint8Array): boolean {
  for (let i = 0; i < 8; i += 1) if (bytes[i] !== MAGIC.charCodeAt(i)) return false;
  return true;
}

function foreign(path: string, message: string, offset = 0): StorageError {
  return new StorageError('STORAGE_FORMAT', message, { path, offset });
}
