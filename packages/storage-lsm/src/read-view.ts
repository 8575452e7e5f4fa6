/**
 * Reading at one sequence: memtables first, then level 0 from the newest table on, then one table
 * per level. The first entry found is the newest and settles it.
 */
import { compareBytes } from '@ds/storage';
import type { ImmutableMemtable } from './background.ts';
import { hashKey } from './bloom.ts';
import type { Cursor } from './cursor.ts';
import { ABSENT, type Memtable } from './memtable.ts';
import { RunCursor } from './run-cursor.ts';
import { TableLookup } from './table.ts';
import type { TableSet } from './table-set.ts';
import { LEVELS, type TableFile, type Version } from './version.ts';

/** What a store consists of at one moment. */
export interface Layers {
  readonly memtable: Memtable;
  /** The oldest first. */
  readonly immutables: readonly ImmutableMemtable[];
  readonly version: Version;
  readonly tables: TableSet;
}

const lookup = new TableLookup();

/** The newest value of `key` that is not newer than `sequence`, copied. */
export function getAt(layers: Layers, key: Uint8Array, sequence: number): Uint8Array | undefined {
  const { memtable, immutables } = layers;
  const node = memtable.find(key, sequence);
  if (node !== ABSENT) return memtable.isTombstone(node) ? undefined : memtable.valueOf(node);
  for (let i = immutables.length - 1; i >= 0; i -= 1) {
    const older = immutables[i]!.memtable;
    const found = older.find(key, sequence);
    if (found !== ABSENT) return older.isTombstone(found) ? undefined : older.valueOf(found);
  }
  return getFromTables(layers, key, sequence);
}

function getFromTables(
  { version, tables }: Layers,
  key: Uint8Array,
  sequence: number,
): Uint8Array | undefined {
  const keyHash = hashKey(key);
  for (const table of version.levels[0]!) {
    if (compareBytes(table.facts.largest, key) < 0) continue;
    if (finds(table, tables, key, keyHash, sequence)) return settled();
  }
  for (let level = 1; level < LEVELS; level += 1) {
    if (version.levels[level]!.length === 0) continue;
    const table = version.levels[level]![version.indexFor(level, key)];
    if (table === undefined) continue;
    if (finds(table, tables, key, keyHash, sequence)) return settled();
  }
  return undefined;
}

function finds(
  table: TableFile,
  tables: TableSet,
  key: Uint8Array,
  keyHash: number,
  sequence: number,
): boolean {
  if (compareBytes(key, table.facts.smallest) < 0) return false;
  const reader = tables.reader(table);
  return reader.mayContain(keyHash) && lookup.find(reader, key, sequence);
}

function settled(): Uint8Array | undefined {
  return lookup.isTombstone ? undefined : lookup.value();
}

/** Cursors over every layer that may hold keys from `lower` on and before `upper`. */
export function cursorsOf(
  { memtable, immutables, version, tables }: Layers,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): Cursor[] {
  const cursors = [memtable, ...immutables.map((each) => each.memtable)]
    .filter(({ entries }) => entries > 0)
    .map((each) => each.cursor());
  for (const table of version.levels[0]!) {
    const { smallest, largest } = table.facts;
    if (lower !== undefined && compareBytes(largest, lower) < 0) continue;
    if (upper !== undefined && compareBytes(smallest, upper) >= 0) continue;
    cursors.push(new RunCursor([table], tables));
  }
  for (let level = 1; level < LEVELS; level += 1) {
    const run = version.levels[level]!;
    if (run.length > 0) cursors.push(new RunCursor(run, tables));
  }
  return cursors;
}
