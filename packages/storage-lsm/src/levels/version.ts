/**
 * Which tables make up the store at one moment, level by level.
 *
 * Level 0 holds flushed memtables, the newest first, and its tables overlap. On every other level
 * tables are sorted by key and share no key, so that a level is one sorted run.
 *
 * Versions are never changed; an edit makes a new one. A version is held by the store while it is
 * current and by every range reading from it; a table that no held version names may be removed.
 */
import { compareBytes } from '@ds/storage';
import { endsBefore, type KeyExtent, overlap } from '../table/key-extent.ts';
import { SortedKeys } from '../table/sorted-keys.ts';
import type { TableFacts, TableFile } from '../table/table-file.ts';

export const LEVELS = 7;

/** A change from one version to the next, and what else the manifest keeps. */
export interface VersionEdit {
  readonly added?: readonly { readonly level: number; readonly facts: TableFacts }[];
  readonly removed?: readonly { readonly level: number; readonly number: number }[];
  /** The oldest log that recovery has to read. */
  readonly logNumber?: number;
  /** All sequences up to this one are in tables. */
  readonly flushedSequence?: number;
  /** All sequences up to this one were durable when the edit was written. */
  readonly syncedSequence?: number;
  /** File numbers from this one on are free. */
  readonly nextFileNumber?: number;
}

export class Version {
  readonly levels: readonly (readonly TableFile[])[];
  readonly levelBytes: readonly number[];
  /** Whether any table of a level has range tombstones. */
  readonly hasRangeTombstones: readonly boolean[];
  /** Where the tables of each level end, once somebody has looked for one. */
  readonly #ends: (SortedKeys | undefined)[] = [];
  #holders = 0;

  constructor(levels: readonly (readonly TableFile[])[]) {
    this.levels = levels;
    this.levelBytes = levels.map((tables) => totalBytes(tables));
    this.hasRangeTombstones = levels.map((tables) =>
      tables.some(({ facts }) => facts.rangeTombstones > 0),
    );
  }

  static empty(): Version {
    return new Version(Array.from({ length: LEVELS }, () => []));
  }

  /** The version after `edit`; tables moved between levels keep their {@link TableFile}. */
  apply(edit: VersionEdit): Version {
    const known = new Map<number, TableFile>();
    for (const table of this.levels.flat()) known.set(table.facts.number, table);
    const levels = this.levels.map((tables, level) => {
      const removed = new Set<number>();
      for (const each of edit.removed ?? []) if (each.level === level) removed.add(each.number);
      const kept = tables.filter((table) => !removed.has(table.facts.number));
      const added = (edit.added ?? []).filter((each) => each.level === level);
      if (added.length === 0) return kept;
      for (const { facts } of added) {
        kept.push(known.get(facts.number) ?? { facts, versions: 0, open: undefined });
      }
      return kept.sort(level === 0 ? newestFirst : bySmallest);
    });
    return new Version(levels);
  }

  hold(): void {
    this.#holders += 1;
    if (this.#holders > 1) return;
    for (const tables of this.levels) for (const table of tables) table.versions += 1;
  }

  /** Gives one hold up; returns the tables that no held version names any more. */
  release(): TableFile[] {
    this.#holders -= 1;
    if (this.#holders > 0) return [];
    return this.levels.flat().filter((table) => {
      table.versions -= 1;
      return table.versions === 0;
    });
  }

  /** The index on a sorted level of the first table that ends at or after `key`. */
  indexFor(level: number, key: Uint8Array): number {
    const tables = this.levels[level]!;
    this.#ends[level] ??= SortedKeys.of(tables.map(({ facts }) => facts.largest));
    const index = this.#ends[level].indexFor(key);
    const facts = tables[index]?.facts;
    return facts?.openEnd && endsBefore(facts, key) ? index + 1 : index;
  }

  /** The tables on `level` that share any key with `extent`, in the order of the level. */
  overlapping(level: number, extent: KeyExtent): TableFile[] {
    const tables = this.levels[level]!;
    if (level === 0) return tables.filter(({ facts }) => overlap(facts, extent));
    const from = this.indexFor(level, extent.smallest);
    let to = from;
    while (to < tables.length && !endsBefore(extent, tables[to]!.facts.smallest)) to += 1;
    return tables.slice(from, to);
  }
}

export function totalBytes(tables: readonly TableFile[]): number {
  return tables.reduce((sum, { facts }) => sum + facts.bytes, 0);
}

function newestFirst(a: TableFile, b: TableFile): number {
  return b.facts.number - a.facts.number;
}

function bySmallest(a: TableFile, b: TableFile): number {
  return compareBytes(a.facts.smallest, b.facts.smallest);
}
