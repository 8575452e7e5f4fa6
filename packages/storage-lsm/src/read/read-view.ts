/**
 * Reading at one sequence: memtables first, then level 0 from the newest table on, then one table
 * per level. The first entry found is the newest and settles it.
 */
import { compareBytes } from '@ds/storage';
import {
  ABSENT,
  type Cursor,
  coveringSequence,
  FragmentProbe,
  type Memtable,
  type TombstoneProbe,
} from '@ds/storage/engine';
import { LEVELS, type Version } from '../levels/version.ts';
import { hashKey } from '../table/bloom.ts';
import { endsBefore } from '../table/key-extent.ts';
import { RunCursor } from '../table/run-cursor.ts';
import { TableLookup } from '../table/table.ts';
import type { TableFile } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';
import { RunProbe } from '../table/tombstone-probe.ts';

/** What a store consists of at one moment. */
export interface Layers {
  readonly memtable: Memtable;
  /** The oldest first. */
  readonly immutables: readonly { readonly memtable: Memtable }[];
  readonly version: Version;
  readonly tables: TableSet;
}

const lookup = new TableLookup();

/** The newest value of `key` that is not newer than `sequence`, copied. */
export function getAt(layers: Layers, key: Uint8Array, sequence: number): Uint8Array | undefined {
  const memtable = memtableWith(layers, key, sequence);
  if (memtable !== undefined) {
    return memtable.isTombstone(foundNode) ? undefined : memtable.valueOf(foundNode);
  }
  return isInTables(layers, key, sequence) ? lookup.value() : undefined;
}

/** Whether there is a value of `key` that is not newer than `sequence`. */
export function hasAt(layers: Layers, key: Uint8Array, sequence: number): boolean {
  const memtable = memtableWith(layers, key, sequence);
  if (memtable !== undefined) return !memtable.isTombstone(foundNode);
  return isInTables(layers, key, sequence);
}

/** Where {@link memtableWith} has found the key. */
let foundNode = ABSENT;

/** The newest memtable that knows of `key` at `sequence`. */
function memtableWith(
  { memtable, immutables }: Layers,
  key: Uint8Array,
  sequence: number,
): Memtable | undefined {
  foundNode = memtable.find(key, sequence);
  if (foundNode !== ABSENT) return memtable;
  for (let i = immutables.length - 1; i >= 0; i -= 1) {
    const older = immutables[i]!.memtable;
    foundNode = older.find(key, sequence);
    if (foundNode !== ABSENT) return older;
  }
  return undefined;
}

/** Whether the tables have a value of `key`; then {@link lookup} is at it. */
function isInTables({ version, tables }: Layers, key: Uint8Array, sequence: number): boolean {
  const keyHash = hashKey(key);
  // Whether a key lies outside of a table its filter says too, and sooner than two comparisons.
  for (const table of version.levels[0]!) {
    if (finds(table, tables, key, keyHash, sequence)) return !lookup.isTombstone;
  }
  for (let level = 1; level < LEVELS; level += 1) {
    if (version.levels[level]!.length === 0) continue;
    // A key before the table's first is rare, and its filter or its first block says the same.
    const table = version.levels[level]![version.indexFor(level, key)];
    if (table === undefined) continue;
    if (finds(table, tables, key, keyHash, sequence)) return !lookup.isTombstone;
  }
  return false;
}

function finds(
  table: TableFile,
  tables: TableSet,
  key: Uint8Array,
  keyHash: number,
  sequence: number,
): boolean {
  const reader = tables.reader(table);
  const { statistics } = tables;
  const mayContain = reader.mayContain(keyHash);
  if (mayContain) statistics.filterPasses += 1;
  else statistics.filterRejections += 1;
  const found = mayContain && lookup.find(reader, key, sequence);
  if (table.facts.rangeTombstones === 0) return found;
  const deleted = coveringSequence(reader.tombstones(), key, sequence);
  if (deleted > 0 && !(found && lookup.sequence > deleted)) lookup.isTombstone = true;
  return found || deleted > 0;
}

/** Cursors over every layer that may hold keys from `lower` on and before `upper`. */
export function cursorsOf(
  { memtable, immutables, version, tables }: Layers,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
  keepsValues: boolean,
): Cursor[] {
  const cursors = [memtable, ...immutables.map((each) => each.memtable)]
    .filter(({ entries }) => entries > 0)
    .map((each) => each.cursor());
  for (const table of version.levels[0]!) {
    const { smallest } = table.facts;
    if (lower !== undefined && endsBefore(table.facts, lower)) continue;
    if (upper !== undefined && compareBytes(smallest, upper) >= 0) continue;
    cursors.push(new RunCursor([table], tables, { keepsValues }));
  }
  for (let level = 1; level < LEVELS; level += 1) {
    const run = version.levels[level]!;
    if (run.length > 0) cursors.push(new RunCursor(run, tables, { keepsValues }));
  }
  return cursors;
}

/** The range tombstones of every layer that has any. */
export function tombstoneProbesOf({
  memtable,
  immutables,
  version,
  tables,
}: Layers): TombstoneProbe[] {
  const probes: TombstoneProbe[] = [memtable, ...immutables.map((each) => each.memtable)]
    .filter(({ tombstones }) => !tombstones.isEmpty)
    .map(({ tombstones }) => new FragmentProbe(tombstones.view()));
  version.levels.forEach((run, level) => {
    if (!version.hasRangeTombstones[level]) return;
    if (level > 0) probes.push(new RunProbe(run, tables));
    else for (const table of run) probes.push(new RunProbe([table], tables));
  });
  return probes;
}
