/**
 * The engine with one plausible mistake each, planted by replacing one decision or one call to the
 * file system: the fault points, which see a store from outside, have to notice.
 * `npm run planted -- storage-btree` prints the table.
 */
import type { File, FileSystem } from '@ds/storage';
import { SAFE_DECISIONS } from '../src/decisions.ts';
import { Coverage, fileKind } from './simulation/coverage.ts';
import { FailedPoint, SEEDS_PER_WORKLOAD, sweep } from './simulation/fault-sweep.ts';
import type { Plant } from './simulation/run.ts';

export const PLANTED_BUGS: Readonly<Record<string, Plant>> = {
  'the head is written before the pages are durable': {
    decisions: { ...SAFE_DECISIONS, syncsPagesFirst: false },
  },
  'a page is written over while a reader needs it': {
    decisions: { ...SAFE_DECISIONS, reusableUpTo: ({ settledVersion }) => settledVersion },
  },
  'a page is written over while the last checkpoint needs it': {
    decisions: { ...SAFE_DECISIONS, reusableUpTo: ({ oldestReader }) => oldestReader },
  },
  'checksums are not compared': {
    decisions: { ...SAFE_DECISIONS, checksumMatches: () => true },
  },
  'a split is not told to the page above': {
    decisions: { ...SAFE_DECISIONS, announcesSplits: false },
  },
  'the free list is lost when opening': {
    decisions: { ...SAFE_DECISIONS, readsSpaceMap: false },
  },
  'a write is acknowledged before its sync': {
    wrap: withFiles(['log'], (file) => ({
      datasync: async () => {
        file.datasync().catch(() => {});
      },
    })),
  },
  'a sync that failed is tried again': {
    wrap: withFiles(['log', 'data'], (file) => ({
      datasync: () => file.datasync().catch(() => file.datasync()),
    })),
  },
  'the log is let go of before the tree is durable': {
    wrap: withFiles(['data'], (file) => ({
      datasync: async () => {
        file.datasync().catch(() => {});
      },
    })),
  },
  'the directory is never synced': {
    wrap: (inner) => delegate(inner, { syncDirectory: async () => {} }),
  },
  'old records of a log used again are replayed': {
    decisions: { ...SAFE_DECISIONS, isNextRecord: () => true },
  },
};

function delegate(inner: FileSystem, replaced: Partial<FileSystem>): FileSystem {
  return {
    open: (path, options) => inner.open(path, options),
    rename: (from, to) => inner.rename(from, to),
    link: (existing, added) => inner.link(existing, added),
    remove: (path) => inner.remove(path),
    list: (directory) => inner.list(directory),
    mkdir: (directory) => inner.mkdir(directory),
    lock: (path) => inner.lock(path),
    syncDirectory: (directory) => inner.syncDirectory(directory),
    ...replaced,
  };
}

/** Files of some kinds, with some of their calls replaced. */
function withFiles(
  kinds: readonly string[],
  replaced: (file: File) => Partial<File>,
): (inner: FileSystem) => FileSystem {
  return (inner) =>
    delegate(inner, {
      open: (path, options) => {
        const file = inner.open(path, options);
        if (!kinds.includes(fileKind(path) ?? '')) return file;
        return {
          path,
          read: (position, target) => file.read(position, target),
          write: (position, data) => file.write(position, data),
          truncate: (size) => file.truncate(size),
          preallocate: (size) => file.preallocate(size),
          size: () => file.size(),
          datasync: () => file.datasync(),
          close: () => file.close(),
          ...replaced(file),
        };
      },
    });
}

export interface PlantedOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export interface Caught {
  readonly name: string;
  readonly caught: boolean;
  readonly seeds: number;
  /** How many points it took. */
  readonly events: number;
  readonly message?: string;
}

/** Goes through seed after seed until a point gives the bug away. */
export async function hunt(name: string, plant: Plant, options: PlantedOptions): Promise<Caught> {
  const coverage = new Coverage();
  for (let seeds = 1; seeds <= options.seeds; seeds += 1) {
    options.signal.throwIfAborted();
    options.progress(`${name}: seed ${seeds}`);
    const seed = seedAfter(options.firstSeed, seeds);
    try {
      await sweep(seed, { plant, coverage });
    } catch (error) {
      if (!(error instanceof FailedPoint)) throw error;
      return { name, caught: true, seeds, events: coverage.points, message: error.message };
    }
  }
  return { name, caught: false, seeds: options.seeds, events: coverage.points };
}

/** Other calls of another workload each time. */
function seedAfter(firstSeed: number, seeds: number): number {
  return firstSeed + (seeds - 1) * (SEEDS_PER_WORKLOAD + 1);
}

export async function run(options: PlantedOptions): Promise<{ bugs: Caught[] }> {
  const bugs: Caught[] = [];
  for (const [name, plant] of Object.entries(PLANTED_BUGS)) {
    const caught = await hunt(name, plant, options);
    bugs.push(caught);
    // Without the bug the seed passes.
    if (caught.caught) await sweep(seedAfter(options.firstSeed, caught.seeds), {});
  }
  return { bugs };
}
