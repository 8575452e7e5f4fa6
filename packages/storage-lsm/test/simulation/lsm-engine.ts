/** The engine as the trials of `@ds/sim/engines` see it, sound or with a mistake planted. */
import { drawInteger, drawOne, seededRandom } from '@ds/sim';
import type { Engine, Place } from '@ds/sim/engines';
import type { FileSystem } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { parseFileName } from '../../src/files/file-names.ts';
import {
  type LsmStore,
  type LsmStoreOptions,
  openLsmStore,
  type ReadOnlyLsmStore,
} from '../../src/index.ts';
import { deflateCodec } from '../../src/node.ts';
import { openWithDecisions } from '../../src/open.ts';
import { text } from '../text.ts';
import { TINY } from '../tiny.ts';
import { type JobFate, PATIENCE_TURNS, UnreliableCompactor } from './unreliable-compactor.ts';

/** What is planted: a decision replaced, a file system that forgets something, or nothing. */
export interface Plant {
  readonly decisions?: SafetyDecisions;
  wrap?(fileSystem: FileSystem): FileSystem;
  /** What becomes of each merge that is handed over. @default a mix, in half of the seeds */
  readonly fates?: readonly JobFate[];
}

/** Limits that differ from seed to seed, all of them so small that everything happens often. */
function limitsOf(seed: number): Partial<LsmStoreOptions> {
  const random = seededRandom(seed, 'limits');
  const memtableBytes = drawOne(random, [1024, 1536, 2048]);
  return {
    ...TINY,
    memtableBytes,
    tableBytes: drawOne(random, [1024, 2048]),
    blockBytes: drawOne(random, [128, 256, 512]),
    levelOneBytes: drawOne(random, [1024, 3072]),
    levelZeroTrigger: drawOne(random, [1, 2]),
    maxImmutableMemtables: drawInteger(random, 1, 2),
    logPreallocateBytes: drawOne(random, [0, 512, 2048]),
    manifestGrowthBytes: drawOne(random, [0, 1024]),
    mergeSliceBytes: drawOne(random, [1024, 4096]),
    compression: random() < 0.3 ? deflateCodec() : undefined,
  };
}

function compactorOf({ fileSystem, seed }: Place, { fates }: Plant): Partial<LsmStoreOptions> {
  const random = seededRandom(seed, 'compactor');
  if (random() < 0.5 && fates === undefined) return {};
  const compactor = new UnreliableCompactor(fileSystem, random, fates);
  return { compactor, compactorPatienceMs: PATIENCE_TURNS };
}

export function lsmEngine(plant: Plant = {}): Engine<LsmStore> {
  const { wrap, decisions = SAFE_DECISIONS } = plant;
  return {
    open(place) {
      const { fileSystem, directory, seed } = place;
      const options = { ...limitsOf(seed), ...compactorOf(place, plant), directory };
      return openWithDecisions(
        { ...options, fileSystem: wrap?.(fileSystem) ?? fileSystem },
        decisions,
      );
    },
    fileKind,
    verify: (store) => store.verify(),
    actions: {
      compact: {
        afterSnapshot: true,
        run: (store) => store.compactRange({ gte: text('key 03'), lt: text('key 19') }),
      },
    },
    copy: {
      make: (store, directory) => store.checkpoint(directory),
      open: ({ fileSystem, directory, seed }) =>
        openLsmStore({ ...limitsOf(seed), directory, fileSystem, readOnly: true }),
      verify: (copy: ReadOnlyLsmStore) => copy.verify(),
    },
  };
}

export function fileKind(path: string): string | undefined {
  return parseFileName(path.slice(path.lastIndexOf('/') + 1))?.kind;
}
