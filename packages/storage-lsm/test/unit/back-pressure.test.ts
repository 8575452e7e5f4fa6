/** Writers are slowed down, then held, then go on, for each of the three reasons there are. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import {
  type Compactor,
  type CompactorEvent,
  type LsmStatus,
  type LsmStoreOptions,
  openLsmStore,
  type Pressure,
} from '../../src/index.ts';
import { text } from '../text.ts';

const ROOMY: Partial<LsmStoreOptions> = {
  memtableBytes: 1024,
  tableBytes: 4096,
  maxImmutableMemtables: 2,
  levelZeroTrigger: 2,
  levelZeroSlowdown: 500,
  levelZeroStop: 1000,
  levelOneBytes: 4096,
};

/** Flushes wait for ever, until they are let go. */
class GatedFileSystem extends MemoryFileSystem {
  readonly #waiting: (() => void)[] = [];
  isOpen = false;

  override open(...[path, options]: Parameters<MemoryFileSystem['open']>) {
    const file = super.open(path, options);
    if (!path.endsWith('.table') || options.mode !== 'create') return file;
    const datasync = file.datasync.bind(file);
    file.datasync = async () => {
      if (!this.isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await datasync();
    };
    return file;
  }

  letGo(): void {
    this.isOpen = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Merges wait for ever, until they are sent back. */
class DeafCompactor implements Compactor {
  readonly clock: Compactor['clock'] = { setTimer: () => ({ cancel: () => {} }) };
  readonly #jobs: number[] = [];
  #listener: (event: CompactorEvent) => void = () => {};
  isGivingUp = false;

  listen(listener: (event: CompactorEvent) => void): void {
    this.#listener = listener;
  }

  run(job: { id: number }): void {
    this.#jobs.push(job.id);
    if (this.isGivingUp) void Promise.resolve().then(() => this.letGo());
  }

  cancel(): void {}

  async close(): Promise<void> {}

  letGo(): void {
    this.isGivingUp = true;
    for (const job of this.#jobs.splice(0)) {
      this.#listener({ type: 'failed', job, reason: 'not today' });
    }
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) await undefined;
}

interface Course {
  /** What writers met, each once, in order. */
  readonly seen: readonly LsmStatus['writers'][];
  readonly atStop: LsmStatus;
  readonly atEnd: LsmStatus;
  readonly entries: number;
  readonly written: number;
}

/** Writes until writers are held, writes a little more, lets go, and waits for all of it. */
async function course(limits: Partial<LsmStoreOptions>): Promise<Course> {
  const fileSystem = new GatedFileSystem();
  const compactor = new DeafCompactor();
  // One of the two is stuck: either nothing is flushed, or nothing is merged.
  if (limits.compactor !== undefined) fileSystem.isOpen = true;
  const given = limits.compactor === undefined ? undefined : compactor;
  const options = { ...ROOMY, ...limits, compactor: given, directory: 'd', fileSystem };
  await using store = await openLsmStore(options);
  const seen: LsmStatus['writers'][] = [];
  const pending: Promise<void>[] = [];
  let written = 0;
  const write = async (): Promise<void> => {
    // Scattered, so that tables overlap and have to be merged.
    const key = text(`key ${(written * 7919) % 10_007}`);
    written += 1;
    pending.push(store.write([{ type: 'put', key, value: text('v'.repeat(100)) }]));
    await turns();
    const { writers } = store.status();
    if (seen.at(-1) !== writers) seen.push(writers);
  };
  while (store.status().writers !== 'held' && written < 5000) await write();
  const atStop = store.status();
  for (let more = 0; more < 20; more += 1) await write();
  expect(store.status().heldBatches).toBe(atStop.heldBatches + 20);
  expect([...store.range()].length).toBe(written - store.status().heldBatches);
  compactor.letGo();
  fileSystem.letGo();
  await Promise.all(pending);
  for (let wait = 0; wait < 200 && store.status().task !== 'idle'; wait += 1) await turns();
  const entries = [...store.range()].length;
  return { seen, atStop, atEnd: store.status(), entries, written };
}

const LOW: Pressure = { memtables: 'low', levelZero: 'low', debt: 'low' };
const stuck = new DeafCompactor();

const CASES: Record<string, { limits: Partial<LsmStoreOptions>; reason: keyof Pressure }> = {
  'full memtables': { limits: {}, reason: 'memtables' },
  'tables of level 0': {
    limits: { levelZeroSlowdown: 5, levelZeroStop: 8, compactor: stuck },
    reason: 'levelZero',
  },
  'the debt of merges': {
    limits: { slowdownDebtBytes: 6000, stopDebtBytes: 12_000, compactor: stuck },
    reason: 'debt',
  },
};

describe('writers that run ahead', () => {
  for (const [name, { limits, reason }] of Object.entries(CASES)) {
    it(`of ${name} are slowed down, then held, and all go on in the end`, async () => {
      const { seen, atStop, atEnd, entries, written } = await course(limits);
      expect(seen).toEqual(['flowing', 'slowed', 'held']);
      expect(atStop.pressure).toEqual({ ...LOW, [reason]: 'high' });
      expect(atStop.immutableMemtables).toBeLessThanOrEqual(2);
      expect(atEnd.writers).toBe('flowing');
      expect(atEnd.pressure).toEqual(LOW);
      expect(entries).toBe(written);
    });
  }

  it('of a store that is closed while they are held are all written', async () => {
    const fileSystem = new GatedFileSystem();
    const options = { ...ROOMY, directory: 'd', fileSystem };
    const store = await openLsmStore(options);
    const pending: Promise<void>[] = [];
    for (let i = 0; store.status().heldBatches < 10; i += 1) {
      const key = text(`key ${String(i).padStart(5, '0')}`);
      pending.push(store.write([{ type: 'put', key, value: text('v'.repeat(100)) }]));
    }
    const closed = store.close();
    fileSystem.letGo();
    await Promise.all([closed, ...pending]);
    await using again = await openLsmStore(options);
    expect([...again.range()].length).toBe(pending.length);
  });
});
