/** The trials pass a sound engine, and catch each of the broken ones. */
import { SimulationError } from '@ds/sim';
import {
  type BatchWriter,
  coverageTable,
  damageEverywhere,
  type Engine,
  FAULT_NAMES,
  huntEngineBug,
  meetFault,
  meetFaultEverywhere,
  SEEDS_PER_WORKLOAD,
  sweep,
} from '@ds/sim/engines';
import type { Batch, File } from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { WholeFileStore } from './whole-file-store.ts';

type StoreClass = new (
  ...parameters: ConstructorParameters<typeof WholeFileStore>
) => WholeFileStore;

function engineOf(Store: StoreClass, more: Partial<Engine> = {}): Engine {
  return {
    open: ({ fileSystem, directory }) => new Store(fileSystem, directory).open(),
    ...more,
  };
}

const sound = engineOf(WholeFileStore);
const HUNT = { firstSeed: 1, seeds: 8, signal: new AbortController().signal, progress: () => {} };

const BROKEN: Readonly<Record<string, Engine>> = {
  'it acknowledges before its sync': engineOf(
    class extends WholeFileStore {
      protected override async syncDirectory(): Promise<void> {
        super.syncDirectory().catch(() => {});
      }
    },
  ),
  'it moves a file into place that is not synced': engineOf(
    class extends WholeFileStore {
      protected override async syncFile(): Promise<void> {}
    },
  ),
  'it writes over the only file it has': engineOf(
    class extends WholeFileStore {
      protected override async replace(content: Uint8Array): Promise<void> {
        const file = this.fileSystem.open(this.path, { mode: 'write' });
        file.truncate(0);
        file.write(0, content);
        await this.syncFile(file);
        file.close();
      }
    },
  ),
  'it takes damage for data': engineOf(
    class extends WholeFileStore {
      protected override isSound(): boolean {
        return true;
      }
    },
  ),
  'it waits for ever': engineOf(
    class extends WholeFileStore {
      protected override async syncFile(file: File): Promise<void> {
        await file.datasync().catch(() => new Promise(() => {}));
      }
    },
  ),
};

describe('a sound engine', () => {
  it('passes what is swept, and the coverage tells of it', async () => {
    const coverage = {};
    for (let seed = 1; seed <= 3; seed += 1) {
      await sweep(sound, seed * (SEEDS_PER_WORKLOAD + 1), { coverage });
    }
    expect(coverageTable(coverage)).toMatch(/^call +points +faults\n/);
    expect(coverageTable(coverage)).toMatch(/^write whole\.new +\d+ +\d+$/m);
  }, 60_000);

  for (const fault of FAULT_NAMES) {
    it(`passes a ${fault} at every call that can meet it`, async () => {
      expect(await meetFaultEverywhere(sound, { seed: 1, fault })).toBeGreaterThan(0);
    }, 60_000);
  }

  it('reports damage to any byte, and to the length', async () => {
    const flipped = await damageEverywhere(sound, 'flipped bit', { leaving: 'killed' });
    expect(flipped['whole: reported']).toBeGreaterThan(500);
    expect(flipped['whole: harmless']).toBe(undefined);
    const cut = await damageEverywhere(sound, 'cut short');
    expect(cut['whole: harmless']).toBe(undefined);
  }, 60_000);
});

describe('the trials catch an engine when', () => {
  for (const [name, planted] of Object.entries(BROKEN)) {
    it(name, async () => {
      const { caught, message } = await huntEngineBug(name, { planted, sound }, HUNT);
      expect(caught).toBe(true);
      expect(message).toMatch(/ at \{"seed":/);
      if (name === 'it waits for ever') expect(message).toContain(name);
    }, 60_000);
  }

  it('it tries a sync that failed again', async () => {
    const stubborn = engineOf(
      class extends WholeFileStore {
        protected override async syncFile(file: File): Promise<void> {
          await file.datasync().catch(() => file.datasync());
        }
      },
    );
    const met = meetFaultEverywhere(stubborn, {
      seed: 1,
      fault: 'I/O error, then power cut',
    });
    await expect(met).rejects.toThrow('without cause');
  }, 60_000);

  it('it keeps nothing', async () => {
    const forgetful: Engine = { open: async () => new MemoryStore() };
    await expect(sweep(forgetful, 1)).rejects.toThrow('step 27 was promised, the last is -1');
  });

  it('its runs differ from each other', async () => {
    let opened = 0;
    const erratic = engineOf(WholeFileStore, {
      open: async ({ fileSystem, directory }) => {
        opened += 1;
        if (opened < 4) fileSystem.mkdir('elsewhere');
        return new WholeFileStore(fileSystem, directory).open();
      },
    });
    await expect(meetFaultEverywhere(erratic, { seed: 1, fault: 'power cut' })).rejects.toThrow(
      'over before',
    );
  });

  it('what it can do beyond the port fails', async () => {
    const check = (): string => 'the count is wrong';
    await expect(sweep({ ...sound, check }, 1)).rejects.toThrow('the count is wrong');
    const verify = async (): Promise<void> => Promise.reject(new Error('a page is lost'));
    await expect(sweep({ ...sound, verify }, 1)).rejects.toThrow('a page is lost');
    const run = async (): Promise<void> => Promise.reject(new Error('merged in vain'));
    await expect(sweep({ ...sound, actions: { merge: { run } } }, 1)).rejects.toThrow('in vain');
  });

  it('another way to write leaves a part of a batch out', async () => {
    const careless: BatchWriter = {
      write: (store, batch, { durable }) => store.write(batch.slice(-1), { durable }),
    };
    await expect(sweep({ ...sound, writers: { careless } }, 1)).rejects.toThrow(SimulationError);
    const careful: BatchWriter = {
      ascendingPuts: true,
      write: (store, batch, { durable }) => store.write(ascending(batch), { durable }),
    };
    await sweep({ ...sound, writers: { careful } }, 1);
  }, 60_000);

  it('a copy does not hold what the store held', async () => {
    const open = sound.open;
    const make = async (): Promise<void> => {};
    await expect(sweep({ ...sound, copy: { make, open } }, 51)).rejects.toThrow(SimulationError);
  }, 60_000);
});

it('more actions than a workload has room for are refused', async () => {
  const names = Array.from({ length: 9 }, (_, i) => [`action ${i}`, { run: () => {} }]);
  const crowded = { ...sound, actions: Object.fromEntries(names) };
  await expect(sweep(crowded, 1)).rejects.toThrow('at most 8 actions, got 9');
});

it('a sweep ends when it is told to', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(sweep(sound, 1, { signal })).rejects.toThrow('enough');
});

it('a point that was named can be met again', async () => {
  const planted = BROKEN['it acknowledges before its sync'] ?? sound;
  const { message = '' } = await huntEngineBug('', { planted, sound }, HUNT);
  const point = JSON.parse(message.slice(message.indexOf(' at {') + 4));
  await expect(meetFault(planted, point)).rejects.toThrow(message);
  await meetFault(sound, point);
}, 60_000);

/** @throws unless the puts ascend */
function ascending(batch: Batch): Batch {
  const keys = batch.map((each) => (each.type === 'put' ? String(each.key) : 'no put'));
  expect(keys).not.toContain('no put');
  expect(new Set(keys).size).toBe(keys.length);
  return batch;
}
