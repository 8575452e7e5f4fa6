/**
 * How much of the tables a range of keys takes, from their indexes alone: right to a block at each
 * end of each table. What is still in memtables does not count.
 *
 * Cost: a look at each table's ends; the index of those that the range's own ends cut through.
 */
import { type Bounds, checkBounds, compareBytes } from '@ds/storage';
import { halfOpen } from '@ds/storage/engine';
import type { Version } from '../levels/version.ts';
import { endsBefore } from '../table/key-extent.ts';
import type { TableFile } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';

/** Bytes, compressed as they lie in the files. @throws {StorageError} `STORAGE_INVALID_RANGE` */
export function approximateSize(version: Version, tables: TableSet, bounds: Bounds): number {
  checkBounds(bounds);
  const { lower, upper } = halfOpen(bounds);
  if (lower && upper && compareBytes(lower, upper) >= 0) return 0;
  let bytes = 0;
  for (const table of version.levels.flat()) bytes += within(table, tables, lower, upper);
  return bytes;
}

function within(
  table: TableFile,
  tables: TableSet,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): number {
  const { facts } = table;
  if (lower && endsBefore(facts, lower)) return 0;
  if (upper && compareBytes(facts.smallest, upper) >= 0) return 0;
  const isCutBelow = lower !== undefined && compareBytes(facts.smallest, lower) < 0;
  const isCutAbove = upper !== undefined && compareBytes(facts.largest, upper) >= 0;
  if (!isCutBelow && !isCutAbove) return facts.bytes;
  const reader = tables.reader(table);
  const { blockCount } = reader;
  const first = isCutBelow ? reader.blockFor(lower) : 0;
  const last = isCutAbove ? Math.min(reader.blockFor(upper) + 1, blockCount) : blockCount;
  return Math.max(0, reader.blockOffset(last) - reader.blockOffset(first));
}
