/** The engine as the trials of `@ds/sim/engines` see it, sound or with a mistake planted. */
import { drawInteger, drawOne, type Random, seededRandom } from '@ds/sim';
import type { Engine } from '@ds/sim/engines';
import type { Batch, Entry, FileSystem } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { DATA_NAME, LOCK_NAME, NEW_DATA_NAME } from '../../src/file-names.ts';
import {
  type BtreeReader,
  type BtreeStore,
  type BtreeStoreOptions,
  openBtreeStore,
  type ReadOnlyBtreeStore,
  type Transaction,
} from '../../src/index.ts';
import { openWithDecisions } from '../../src/open.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

/** What is planted: a decision replaced, a file system that forgets something, or nothing. */
export interface Plant {
  readonly decisions?: SafetyDecisions;
  wrap?(fileSystem: FileSystem): FileSystem;
  /** In the place of those that write as the engine does. */
  readonly writers?: Engine<BtreeStore>['writers'];
}

/** Limits that differ from seed to seed, all of them so small that everything happens often. */
function limitsOf(seed: number): Partial<BtreeStoreOptions> {
  const random = seededRandom(seed, 'limits');
  return {
    ...TINY,
    bufferBytes: drawOne(random, [1024, 2048, 4096]),
    cacheBytes: drawOne(random, [0, 4096, 65_536]),
    extentBytes: drawOne(random, [0, 1024, 8192]),
    logPreallocateBytes: drawOne(random, [0, 512, 2048]),
  };
}

const WRITERS: NonNullable<Plant['writers']> = {
  transaction: {
    write: async (store, batch, { durable, random }) => {
      await inTransaction(store, async (transaction) => {
        writeWithDetours(transaction, batch, random);
        await transaction.commit({ durable });
      });
    },
  },
  'bulk load': {
    ascendingPuts: true,
    isDurable: true,
    write: (store, batch) => store.bulkLoad(entriesOf(batch)),
  },
};

export function btreeEngine(plant: Plant = {}): Engine<BtreeStore> {
  const { wrap, decisions = SAFE_DECISIONS, writers = WRITERS } = plant;
  return {
    open: ({ fileSystem, directory, seed }) =>
      openWithDecisions(
        { ...limitsOf(seed), directory, fileSystem: wrap?.(fileSystem) ?? fileSystem },
        decisions,
      ),
    fileKind,
    // Some do not fit into a page.
    valueBytes: (random) =>
      random() < 0.1 ? drawInteger(random, 300, 1200) : drawInteger(random, 0, 230),
    verify: (store) => store.verify(),
    check: checkCounting,
    writers,
    actions: {
      compact: { afterSnapshot: true, run: (store) => store.compact() },
      checkpoint: { run: (store) => store.checkpoint() },
      count: { run: (store) => store.countRange() },
      'roll back': {
        run: (store, random) =>
          inTransaction(store, async (transaction) => writeDetour(transaction, random)),
      },
    },
    copy: {
      make: (store, directory) => store.backup(directory),
      open: ({ fileSystem, directory, seed }) =>
        openBtreeStore({ ...limitsOf(seed), directory, fileSystem, readOnly: true }),
      verify: (copy: ReadOnlyBtreeStore) => copy.verify(),
    },
  };
}

const KINDS: Readonly<Record<string, string>> = {
  [DATA_NAME]: 'data',
  [NEW_DATA_NAME]: 'new-data',
  [LOCK_NAME]: 'lock',
};

export function fileKind(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.endsWith('.log') ? 'log' : KINDS[name];
}

function checkCounting(reader: BtreeReader, entries: readonly Entry[]): string | undefined {
  if (reader.countRange() !== entries.length) return 'the count is wrong';
  for (const [position, { key }] of entries.entries()) {
    const at = reader.at(position);
    if (reader.rank(key) !== position || at === undefined || toText(at.key) !== toText(key)) {
      return `the rank of '${toText(key)}' is wrong`;
    }
  }
  return undefined;
}

/** Rolls back what is not committed. */
async function inTransaction(
  store: BtreeStore,
  work: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  const transaction = await store.begin();
  try {
    await work(transaction);
  } finally {
    transaction.rollback();
  }
}

/** Writes the batch with something before, within or after it that a savepoint takes back. */
function writeWithDetours(transaction: Transaction, batch: Batch, random: Random): void {
  const detourAt = drawInteger(random, 0, batch.length);
  for (const [index, operation] of batch.entries()) {
    if (index === detourAt) writeDetour(transaction, random);
    if (operation.type === 'put') transaction.put(operation.key, operation.value);
    else if (operation.type === 'delete') transaction.delete(operation.key);
    else transaction.deleteRange(operation);
  }
  if (detourAt === batch.length) writeDetour(transaction, random);
}

/** Leaves nothing behind: what the transaction shows after it is what it has shown before. */
function writeDetour(transaction: Transaction, random: Random): void {
  const savepoint = transaction.savepoint();
  const before = shownBy(transaction);
  for (let count = drawInteger(random, 1, 4); count > 0; count -= 1) {
    const key = text(`key 0${drawInteger(random, 0, 9)}`);
    const kind = random();
    if (kind < 0.2) transaction.deleteRange({ gte: key });
    else if (kind < 0.4) transaction.delete(key);
    else transaction.put(key, text('taken back'.repeat(drawInteger(random, 1, 60))));
  }
  transaction.rollbackTo(savepoint);
  if (shownBy(transaction) !== before) throw new Error('a savepoint does not take all back');
}

function shownBy(reader: BtreeReader): string {
  return [...reader.range()].map(({ key, value }) => `${toText(key)}=${toText(value)}`).join();
}

function entriesOf(batch: Batch): Entry[] {
  return batch.flatMap((each) => (each.type === 'put' ? [each] : []));
}
