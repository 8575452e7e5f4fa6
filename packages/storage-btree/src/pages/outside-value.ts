/**
 * Values too large for a page: they lie in pages of their own, side by side and without headers, so
 * that reading one is one read call into the result. The cell has 14 bytes that say where: u32
 * first page, u32 CRC-32 of the value seeded with that page's id, u48 length in bytes.
 */

import { crc32 } from '@ds/storage';
import { getU32, setU32 } from '@ds/storage/engine';
import type { SafetyDecisions } from '../decisions.ts';
import type { SpaceMap } from '../durable/space-map.ts';
import { getU48, setU48 } from './numbers.ts';
import { OUTSIDE_BYTES } from './page.ts';
import type { PageWriter } from './page-writer.ts';
import type { Pager } from './pager.ts';

/** Writes a value out; returns the bytes for its cell. */
export function writeOutside(value: Uint8Array, writer: PageWriter): Uint8Array {
  const first = writer.writeOutside(value);
  const cell = new Uint8Array(OUTSIDE_BYTES);
  setU32(cell, 0, first);
  setU32(cell, 4, crc32(value, 0, value.length, first));
  setU48(cell, 8, value.length);
  return cell;
}

/** Reads the value that the 14 bytes at `at` speak of. */
export function readOutside(
  bytes: Uint8Array,
  at: number,
  pager: Pager,
  decisions: SafetyDecisions,
): Uint8Array {
  const first = getU32(bytes, at);
  const length = getU48(bytes, at + 8);
  const { file } = pager;
  if (file.offsetOf(first) + length > file.size) {
    throw pager.damage(first, 'the file ends before a large value does');
  }
  const value = new Uint8Array(length);
  const read = file.file.read(file.offsetOf(first), value);
  const checksum = crc32(value, 0, length, first);
  if (read < length || !decisions.checksumMatches(getU32(bytes, at + 4), checksum)) {
    throw pager.damage(first, 'a large value does not match its checksum');
  }
  return value;
}

/** The pages that the 14 bytes at `at` speak of. */
export function outsidePages(
  bytes: Uint8Array,
  at: number,
  pageBytes: number,
): { first: number; count: number } {
  const length = getU48(bytes, at + 8);
  return { first: getU32(bytes, at), count: Math.ceil(length / pageBytes) };
}

export function giveUpOutside(
  bytes: Uint8Array,
  at: number,
  pageBytes: number,
  space: SpaceMap,
): void {
  const { first, count } = outsidePages(bytes, at, pageBytes);
  space.giveUp(first, count);
}
