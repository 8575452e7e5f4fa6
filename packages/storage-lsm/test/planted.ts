/**
 * The engine with one plausible mistake each, planted by replacing one decision or one call to the
 * file system: the fault points, which see a store from outside, have to notice.
 * `npm run planted -- storage-lsm` prints the table.
 */
import type { CaughtBug, SoakOptions } from '@ds/sim';
import {
  alteredFileSystem,
  alteredFiles,
  huntEngineBugs,
  type PlantedEngine,
} from '@ds/sim/engines';
import { type File, type FileSystem, StorageError } from '@ds/storage';
import { SAFE_DECISIONS } from '../src/decisions.ts';
import { fileKind, lsmEngine, type Plant } from './simulation/lsm-engine.ts';

export const PLANTS: Readonly<Record<string, Plant>> = {
  'the directory is never synced': {
    wrap: (inner) => alteredFileSystem(inner, { syncDirectory: async () => {} }),
  },
  'checksums are not compared': {
    decisions: { ...SAFE_DECISIONS, checksumMatches: () => true },
  },
  'CURRENT names a manifest that is not synced': {
    wrap: withFiles(['manifest', 'current-new'], () => ({ datasync: async () => {} })),
  },
  'a log is removed when its table is begun': { wrap: removeLogsEarly },
  'a write is acknowledged before its sync': {
    wrap: withFiles(['log'], (file) => ({
      datasync: async () => {
        file.datasync().catch(() => {});
      },
    })),
  },
  'a sync that failed is tried again': {
    wrap: withFiles(['log', 'table', 'manifest', 'current-new'], (file) => ({
      datasync: () => file.datasync().catch(() => file.datasync()),
    })),
  },
  'sequences are used again after recovery': {
    decisions: {
      ...SAFE_DECISIONS,
      firstSequenceAfterRecovery: (lastSequence) => Math.max(1, lastSequence - 20),
    },
  },
  'a tombstone is dropped above older data': {
    decisions: { ...SAFE_DECISIONS, mayDropTombstone: (facts) => facts.seenByAllSnapshots },
  },
  'a range tombstone is dropped above older data': {
    decisions: { ...SAFE_DECISIONS, mayDropRangeTombstone: (facts) => facts.seenByAllSnapshots },
  },
  'a range tombstone is dropped that a snapshot cannot see yet': {
    decisions: { ...SAFE_DECISIONS, mayDropRangeTombstone: (facts) => facts.nothingBelow },
  },
  'old records of a log used again are replayed': {
    decisions: { ...SAFE_DECISIONS, isNextRecord: () => true },
  },
  'a result of another merge is accepted': {
    decisions: {
      ...SAFE_DECISIONS,
      isOfJob: () => true,
      checkResult: async (_job, { tables }) => tables,
    },
    fates: ['prompt', 'late', 'stale', 'doubled'],
  },
  'what a merge is said to have made is not checked': {
    decisions: { ...SAFE_DECISIONS, checkResult: async (_job, { tables }) => tables },
    fates: ['prompt', 'lies'],
  },
};

/** Files of some kinds, with some of their calls replaced. */
function withFiles(
  kinds: readonly string[],
  replaced: (file: File) => Partial<File>,
): (inner: FileSystem) => FileSystem {
  return (inner) =>
    alteredFiles(inner, (file) =>
      kinds.includes(fileKind(file.path) ?? '') ? replaced(file) : {},
    );
}

/** Every table that is begun takes the oldest log away, if there are two. */
function removeLogsEarly(inner: FileSystem): FileSystem {
  const removed = new Set<string>();
  return alteredFileSystem(inner, {
    open: (path, options) => {
      if (fileKind(path) === 'table' && options.mode === 'create') {
        const directory = path.slice(0, path.lastIndexOf('/'));
        const logs = inner.list(directory).filter((name) => fileKind(name) === 'log');
        if (logs.length > 1) {
          const oldest = `${directory}/${logs[0]}`;
          inner.remove(oldest);
          removed.add(oldest);
        }
      }
      return inner.open(path, options);
    },
    remove: (path) => {
      try {
        inner.remove(path);
      } catch (error) {
        if (!(error instanceof StorageError && removed.has(path))) throw error;
      }
    },
  });
}

export function plantedEngine(plant: Plant): PlantedEngine {
  const { fates } = plant;
  const sound = lsmEngine(fates === undefined ? {} : { fates });
  return { planted: lsmEngine(plant), sound };
}

export function run(options: SoakOptions): Promise<{ bugs: CaughtBug[] }> {
  const bugs = Object.entries(PLANTS).map(([name, plant]) => [name, plantedEngine(plant)] as const);
  return huntEngineBugs(Object.fromEntries(bugs), options);
}
