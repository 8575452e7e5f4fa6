/**
 * Leveled compaction: which tables to merge next.
 *
 * A level over its size gives up the table that costs least to merge: the one that overlaps the
 * fewest bytes of the next level for each of its own. Level 0 gives up all its tables at once. What
 * overlaps nothing is moved by a mere edit, as in a sequential load.
 *
 * Cost: each byte is rewritten about once per level and fan-out. Source: O'Neil et al., "The
 * Log-Structured Merge-Tree" (1996); the leveled form is LevelDB's (Dean and Ghemawat, 2011).
 */
import { compareBytes } from '@ds/storage';
import { STORED } from '../block/block-codec.ts';
import { LEVELS, totalBytes, type Version, type VersionEdit } from '../levels/version.ts';
import type { ResolvedOptions } from '../options.ts';
import { extentOf, type KeyExtent, overlap, unionOf } from '../table/key-extent.ts';
import type { TableFacts, TableFile } from '../table/table-file.ts';
import type { CompactionJob, JobShape } from './compaction-job.ts';

const LEVEL_GROWTH = 10;
/** A job's numbers for tables: these, and so many for each table that its bytes would fill. */
const SPARE_NUMBERS = 16;
const NUMBERS_PER_TABLE = 4;

export interface Compaction {
  /** The tables of `inputs` go from `level` to the next, together with `below`, which lie there. */
  readonly level: number;
  readonly inputs: readonly TableFile[];
  readonly below: readonly TableFile[];
}

export type CompactionLimits = Pick<ResolvedOptions, 'levelZeroTrigger' | 'levelOneBytes'>;

/** What to do next; `undefined` when every level is within its size. */
export function pickCompaction(version: Version, limits: CompactionLimits): Compaction | undefined {
  let best = -1;
  let bestScore = 1;
  for (let level = 0; level < LEVELS - 1; level += 1) {
    const score =
      level === 0
        ? version.levels[0]!.length / limits.levelZeroTrigger
        : version.levelBytes[level]! / levelCapacityBytes(level, limits);
    if (score < bestScore || (score === bestScore && best >= 0)) continue;
    best = level;
    bestScore = score;
  }
  if (best < 0) return undefined;
  return compactionOf(version, best, best === 0 ? undefined : cheapestTable(version, best));
}

/** What moves `table` of `level`, or all of level 0, down by one level. */
export function compactionOf(
  version: Version,
  level: number,
  table: TableFile | undefined,
): Compaction {
  const inputs = table === undefined ? version.levels[level]! : [table];
  const extent = extentOf(inputs.map(({ facts }) => facts));
  return { level, inputs, below: version.overlapping(level + 1, extent) };
}

/** How much `level` should hold, in bytes. */
export function levelCapacityBytes(level: number, { levelOneBytes }: CompactionLimits): number {
  return levelOneBytes * LEVEL_GROWTH ** (level - 1);
}

/** The bytes by which levels exceed their sizes: what merging has yet to do, at least. */
export function debtBytes(version: Version, limits: CompactionLimits): number {
  let debt = version.levels[0]!.length >= limits.levelZeroTrigger ? version.levelBytes[0]! : 0;
  for (let level = 1; level < LEVELS - 1; level += 1) {
    debt += Math.max(0, version.levelBytes[level]! - levelCapacityBytes(level, limits));
  }
  return debt;
}

/**
 * Whether an edit alone does it: nothing on the next level overlaps, the inputs share no key, and
 * no tombstone among them could be dropped instead.
 */
export function isMove(version: Version, { level, inputs, below }: Compaction): boolean {
  if (below.length > 0) return false;
  const sorted = inputs
    .map(({ facts }) => facts)
    .sort((a, b) => compareBytes(a.smallest, b.smallest));
  if (sorted.some((facts, i) => i > 0 && overlap(sorted[i - 1]!, facts))) return false;
  const hasTombstones = sorted.some((facts) => facts.tombstones + facts.rangeTombstones > 0);
  return !hasTombstones || beneath(version, level + 1, extentOf(sorted)).length > 0;
}

/** A compaction as a job for whoever is to run it; its numbers begin with `id`. */
export function jobOf(
  version: Version,
  { level, inputs, below }: Compaction,
  {
    id,
    snapshots,
    options,
  }: { id: number; snapshots: readonly number[]; options: ResolvedOptions },
): CompactionJob {
  const { directory, tableBytes } = options;
  const all = [...inputs, ...below];
  const extent = extentOf(all.map(({ facts }) => facts));
  return {
    id,
    directory,
    level,
    inputs: inputs.map(({ facts }) => facts),
    below: below.map(({ facts }) => facts),
    beneath: beneath(version, level + 1, extent),
    snapshots,
    maxTables: SPARE_NUMBERS + NUMBERS_PER_TABLE * Math.ceil(totalBytes(all) / tableBytes),
    shape: shapeOf(options),
    tableBytes,
  };
}

/** The edit that replaces what went into a compaction by `added`. */
export function compactionEdit(
  { level, inputs, below }: Compaction,
  added: readonly TableFacts[],
): VersionEdit {
  return {
    removed: [
      ...inputs.map(({ facts }) => ({ level, number: facts.number })),
      ...below.map(({ facts }) => ({ level: level + 1, number: facts.number })),
    ],
    added: added.map((facts) => ({ level: level + 1, facts })),
  };
}

/** Where the levels below `level` hold keys of tables that overlap `extent`, in order. */
function beneath(version: Version, level: number, extent: KeyExtent): KeyExtent[] {
  const extents: KeyExtent[] = [];
  for (let lower = level + 1; lower < LEVELS; lower += 1) {
    for (const { facts } of version.overlapping(lower, extent)) {
      const { smallest, largest, openEnd } = facts;
      extents.push({ smallest, largest, openEnd });
    }
  }
  return unionOf(extents);
}

function shapeOf({ blockBytes, bloomBitsPerKey, compression }: ResolvedOptions): JobShape {
  return { blockBytes, bloomBitsPerKey, codec: compression?.id ?? STORED };
}

function cheapestTable(version: Version, level: number): TableFile {
  let cheapest: TableFile | undefined;
  let lowestRatio = Number.POSITIVE_INFINITY;
  for (const table of version.levels[level]!) {
    const ratio = totalBytes(version.overlapping(level + 1, table.facts)) / table.facts.bytes;
    if (ratio >= lowestRatio) continue;
    cheapest = table;
    lowestRatio = ratio;
  }
  return cheapest!;
}
