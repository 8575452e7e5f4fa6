/**
 * Leveled compaction: which tables to merge next, and merging them.
 *
 * A level over its size gives up the table that costs least to merge: the one that overlaps the
 * fewest bytes of the next level for each of its own. Level 0 gives up all its tables at once. What
 * overlaps nothing is moved by a mere edit, as in a sequential load.
 *
 * Cost: each byte is rewritten about once per level and fan-out. Source: O'Neil et al., "The
 * Log-Structured Merge-Tree" (1996); the leveled form is LevelDB's (Dean and Ghemawat, 2011).
 */
import { compareBytes } from '@ds/storage';
import type { Cursor } from './cursor.ts';
import { MergeCursor } from './merge-cursor.ts';
import type { ResolvedOptions } from './options.ts';
import { RunCursor } from './run-cursor.ts';
import type { TableSet } from './table-set.ts';
import { LEVELS, type TableFile, totalBytes, type Version, type VersionEdit } from './version.ts';

const LEVEL_GROWTH = 10;

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
  const inputs = best === 0 ? version.levels[0]! : [cheapestTable(version, best)];
  let { smallest, largest } = inputs[0]!.facts;
  for (const { facts } of inputs) {
    if (compareBytes(facts.smallest, smallest) < 0) smallest = facts.smallest;
    if (compareBytes(facts.largest, largest) > 0) largest = facts.largest;
  }
  return { level: best, inputs, below: version.overlapping(best + 1, smallest, largest) };
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

/** Whether an edit alone does it: nothing below overlaps, and the inputs share no key. */
export function isMove({ inputs, below }: Compaction): boolean {
  if (below.length > 0) return false;
  const sorted = [...inputs].sort((a, b) => compareBytes(a.facts.smallest, b.facts.smallest));
  return sorted.every(
    ({ facts }, i) => i === 0 || compareBytes(sorted[i - 1]!.facts.largest, facts.smallest) < 0,
  );
}

/** The edit that replaces what went into a compaction by `added`. */
export function compactionEdit(
  { level, inputs, below }: Compaction,
  added: readonly TableFile['facts'][],
): VersionEdit {
  return {
    removed: [
      ...inputs.map(({ facts }) => ({ level, number: facts.number })),
      ...below.map(({ facts }) => ({ level: level + 1, number: facts.number })),
    ],
    added: added.map((facts) => ({ level: level + 1, facts })),
  };
}

/** The entries of a compaction, merged. */
export function mergedEntries({ level, inputs, below }: Compaction, tables: TableSet): MergeCursor {
  const scan = { scan: true };
  const sources: Cursor[] =
    level === 0
      ? inputs.map((table) => new RunCursor([table], tables, scan))
      : [new RunCursor(inputs, tables, scan)];
  sources.push(new RunCursor(below, tables, scan));
  for (const source of sources) source.first();
  return new MergeCursor(sources, false);
}

function cheapestTable(version: Version, level: number): TableFile {
  let cheapest: TableFile | undefined;
  let lowestRatio = Number.POSITIVE_INFINITY;
  for (const table of version.levels[level]!) {
    const { smallest, largest, bytes } = table.facts;
    const ratio = totalBytes(version.overlapping(level + 1, smallest, largest)) / bytes;
    if (ratio >= lowestRatio) continue;
    cheapest = table;
    lowestRatio = ratio;
  }
  return cheapest!;
}
