/**
 * Runs a workload against a store on a simulated disk that meets one fault at one call, then
 * recovers, possibly through a second crash, and checks what is left against what was promised.
 */
import { type DiskFault, SimDisk, seededRandom } from '@ds/sim';
import { type FileSystem, type KeyValueStore, StorageError } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { openWithDecisions } from '../../src/open.ts';
import { TINY } from '../tiny.ts';
import { drawInteger } from './draw.ts';
import { checkPrefix, makeWorkload, type Promised, type Step, Violation } from './workload.ts';

/** What is planted: a decision replaced, a file system that forgets something, or nothing. */
export interface Plant {
  readonly decisions?: SafetyDecisions;
  wrap?(fileSystem: FileSystem): FileSystem;
}

export interface CrashPoint {
  readonly seed: number;
  readonly callIndex: number;
  readonly fault: DiskFault;
}

const STEPS = 36;

/** How many file-system calls the workload of `seed` makes when nothing goes wrong. */
export async function countCalls(seed: number, plant: Plant = {}): Promise<number> {
  const run = new Run(seed, plant);
  await run.work();
  await run.store?.close();
  return run.disk.calls;
}

/** Meets one fault; throws a {@link Violation} when the store breaks a promise. */
export async function meetFault(point: CrashPoint, plant: Plant = {}): Promise<string> {
  const run = new Run(point.seed, plant);
  run.disk.onCall(({ index }) => (index === point.callIndex ? point.fault : 'ok'));
  await run.work();
  // A store that has failed goes on reading; on a dead machine there is nothing to read.
  if (point.fault !== 'crash') run.checkReads();
  await run.store?.close().catch(expectStorageError);
  run.disk.onCall(undefined);
  const draw = seededRandom(point.seed * 7919 + point.callIndex);
  if (point.fault === 'crash' || draw() < 0.5) run.disk.crash();
  // Half of the recoveries meet a crash of their own.
  if (draw() < 0.5) await run.crashDuringRecovery(drawInteger(draw, 0, 40));
  await run.recoverAndCheck();
  return `${run.promised.durable}/${run.promised.issued}`;
}

class Run {
  readonly disk: SimDisk;
  readonly #steps: readonly Step[];
  readonly #plant: Plant;
  #durable = 0;
  #issued = 0;
  store: KeyValueStore | undefined;

  constructor(seed: number, plant: Plant) {
    const random = seededRandom(seed);
    this.#steps = makeWorkload(random, STEPS);
    this.disk = new SimDisk({ random });
    this.#plant = plant;
  }

  get promised(): Promised {
    return { durable: this.#durable, issued: this.#issued };
  }

  async work(): Promise<void> {
    try {
      this.store = await this.#open();
      // A store is closed and opened in between, so that recovery has something to recover.
      await this.#write(0, STEPS / 3);
      await this.store.close();
      this.store = await this.#open();
      await this.#write(STEPS / 3, STEPS);
    } catch (error) {
      expectStorageError(error);
    }
  }

  checkReads(): void {
    if (this.store === undefined || this.store.status().state === 'closed') return;
    try {
      checkPrefix(this.store, this.#steps, this.promised);
    } catch (error) {
      expectStorageError(error);
      // The one call that fails may be one of these reads' own.
      if (error instanceof StorageError && error.code === 'STORAGE_CORRUPT')
        throw wrongAlarm(error);
    }
  }

  async crashDuringRecovery(calls: number): Promise<void> {
    const crashAt = this.disk.calls + calls;
    this.disk.onCall(({ index }) => (index === crashAt ? 'crash' : 'ok'));
    try {
      const store = await this.#open();
      await store.close();
    } catch (error) {
      expectStorageError(error);
    }
    this.disk.onCall(undefined);
    this.disk.crash();
  }

  async recoverAndCheck(): Promise<void> {
    let store: KeyValueStore;
    try {
      store = await this.#open();
    } catch (error) {
      throw wrongAlarm(error);
    }
    let count: number;
    try {
      count = checkPrefix(store, this.#steps, this.promised);
      // It also has to work on: what comes now has to be there the next time.
      const rest = this.#steps.slice(count);
      for (const { batch } of rest) await store.write(batch);
      await store.sync();
      this.disk.crash();
      store = await this.#open();
      const all = { durable: STEPS, issued: STEPS };
      checkPrefix(store, this.#steps, all);
    } catch (error) {
      throw error instanceof Violation ? error : wrongAlarm(error);
    } finally {
      await store.close().catch(expectStorageError);
    }
  }

  async #write(from: number, to: number): Promise<void> {
    const store = this.store!;
    const pending: Promise<void>[] = [];
    for (let index = from; index < to; index += 1) {
      const { batch, durable, waits } = this.#steps[index]!;
      this.#issued = index + 1;
      const written = store.write(batch, { durable }).then(() => {
        if (durable) this.#durable = Math.max(this.#durable, index + 1);
      });
      pending.push(written);
      written.catch(expectStorageError);
      if (waits) await written;
    }
    await Promise.all(pending);
    await store.sync();
    this.#durable = Math.max(this.#durable, to);
  }

  #open(): Promise<KeyValueStore> {
    const { wrap, decisions = SAFE_DECISIONS } = this.#plant;
    const fileSystem = this.disk.fileSystem();
    const options = {
      ...TINY,
      memtableBytes: 1536,
      tableBytes: 1536,
      levelOneBytes: 4096,
      mergeSliceBytes: 1024,
      directory: 'data/store',
      fileSystem: wrap?.(fileSystem) ?? fileSystem,
    };
    return openWithDecisions(options, decisions);
  }
}

function expectStorageError(error: unknown): void {
  if (!(error instanceof StorageError)) throw error;
}

function wrongAlarm(error: unknown): Violation {
  return new Violation(`recovery failed: ${error instanceof Error ? error.message : error}`, {
    cause: error,
  });
}
