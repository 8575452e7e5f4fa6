/**
 * The engine with one plausible mistake each, planted by replacing one decision or one call to the
 * file system: the fault points, which see a store from outside, have to notice.
 * `npm run planted -- storage-btree` prints the table.
 */
import type { CaughtBug, SoakOptions } from '@ds/sim';
import {
  alteredFileSystem,
  alteredFiles,
  huntEngineBugs,
  type PlantedEngine,
} from '@ds/sim/engines';
import type { File, FileSystem } from '@ds/storage';
import { SAFE_DECISIONS } from '../src/decisions.ts';
import { btreeEngine, fileKind, type Plant } from './simulation/btree-engine.ts';

export const PLANTS: Readonly<Record<string, Plant>> = {
  'the head is written before the pages are durable': {
    decisions: { ...SAFE_DECISIONS, syncsPagesFirst: false },
  },
  'the head is written before the log that it relies on is durable': {
    decisions: { ...SAFE_DECISIONS, syncsLogFirst: false },
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
    wrap: (inner) => alteredFileSystem(inner, { syncDirectory: async () => {} }),
  },
  'old records of a log used again are replayed': {
    decisions: { ...SAFE_DECISIONS, isNextRecord: () => true },
  },
  'a transaction is committed in two halves': {
    writers: {
      transaction: {
        write: async (store, batch, { durable }) => {
          const middle = batch.length >> 1;
          for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
            await store.write(half, { durable });
          }
        },
      },
    },
  },
  'a bulk load ends before it is durable': {
    writers: {
      'bulk load': {
        ascendingPuts: true,
        isDurable: true,
        write: (store, batch) => store.write(batch),
      },
    },
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

export function plantedEngine(plant: Plant): PlantedEngine {
  return { planted: btreeEngine(plant), sound: btreeEngine() };
}

export function run(options: SoakOptions): Promise<{ bugs: CaughtBug[] }> {
  const bugs = Object.entries(PLANTS).map(([name, plant]) => [name, plantedEngine(plant)] as const);
  return huntEngineBugs(Object.fromEntries(bugs), options);
}
