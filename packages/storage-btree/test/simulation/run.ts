/**
 * A store at work on a simulated machine: the workload of a seed, what the store has promised so
 * far, and whether it shows it.
 */
import { seededRandom } from '@ds/sim';
import { type FileSystem, type Reader, StorageError } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import {
  type BtreeSnapshot,
  type BtreeStore,
  type BtreeStoreOptions,
  openBtreeStore,
} from '../../src/index.ts';
import { openWithDecisions } from '../../src/open.ts';
import { TINY } from '../tiny.ts';
import { drawOne } from './draw.ts';
import type { FaultKind } from './fault-kinds.ts';
import type { Machine } from './machine.ts';
import {
  checkExactly,
  checkPrefix,
  type Expected,
  expectDamageReport,
  expectStorageError,
  Violation,
} from './oracle.ts';
import { type Action, COUNTER, text, toText, type Workload } from './workload.ts';

export const DIRECTORY = 'data/store';
const BACKUP = 'data/backup';

/** What is planted: a decision replaced, a file system that forgets something, or nothing. */
export interface Plant {
  readonly decisions?: SafetyDecisions;
  wrap?(fileSystem: FileSystem): FileSystem;
}

/** How many steps the store had durable, had done, and was given. */
export interface Promised {
  durable: number;
  visible: number;
  issued: number;
}

/** Limits that differ from seed to seed, all of them so small that everything happens often. */
export function limitsOf(seed: number): Partial<BtreeStoreOptions> {
  const random = seededRandom(seed, 'limits');
  return {
    ...TINY,
    bufferBytes: drawOne(random, [1024, 2048, 4096]),
    cacheBytes: drawOne(random, [0, 4096, 65_536]),
    extentBytes: drawOne(random, [0, 1024, 8192]),
    logPreallocateBytes: drawOne(random, [0, 512, 2048]),
  };
}

export class Run {
  readonly machine: Machine;
  readonly workload: Workload;
  readonly promised: Promised;
  readonly #plant: Plant;
  store: BtreeStore | undefined;
  #pending: Promise<void>[] = [];
  #snapshot: { reader: BtreeSnapshot; count: number } | undefined;
  #backup: { expected: Expected; isDone: boolean } | undefined;

  constructor(machine: Machine, workload: Workload, plant: Plant, promised?: Promised) {
    this.machine = machine;
    this.workload = workload;
    this.#plant = plant;
    this.promised = promised ?? { durable: 0, visible: 0, issued: 0 };
  }

  async open(): Promise<BtreeStore> {
    const { wrap, decisions = SAFE_DECISIONS } = this.#plant;
    const { fileSystem } = this.machine;
    this.store = undefined;
    this.store = await openWithDecisions(
      {
        ...limitsOf(this.workload.seed),
        directory: DIRECTORY,
        fileSystem: wrap?.(fileSystem) ?? fileSystem,
      },
      decisions,
    );
    return this.store;
  }

  /** Takes every step from `first` on; rejects with what ends the run early. */
  async work(first = 0): Promise<void> {
    let store = await this.open();
    const { steps } = this.workload;
    for (let index = first; index < steps.length; index += 1) {
      const { batch, durable, waits, action } = steps[index]!;
      if (action === 'reopen') {
        await this.finish();
        store = await this.open();
      } else if (action !== undefined) await this.#act(store, action);
      this.promised.issued = index + 1;
      const written = store.write(batch, { durable }).then(() => this.#done(index + 1, durable));
      written.catch(expectStorageError);
      this.#pending.push(written);
      if (waits) await written;
    }
    await this.finish();
  }

  /** Waits for what is under way, and closes: then all of it is durable. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    this.#releaseSnapshot();
    await this.store?.close();
    this.#done(this.promised.issued, true);
  }

  /** Closes after a failure. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#pending.splice(0));
    await this.store?.close().catch(expectStorageError);
  }

  /**
   * That what still runs shows all that it has acknowledged, and what a snapshot holds; and takes
   * no writes once it has failed.
   */
  async checkLive(): Promise<void> {
    const { store, promised, workload } = this;
    if (store === undefined || store.status().state === 'closed') return;
    await Promise.allSettled(this.#pending.splice(0));
    checkPrefix(store, workload, { atLeast: promised.visible, atMost: promised.issued });
    this.#checkSnapshot();
    if (store.status().state === 'failed') await this.#checkRefusal(store);
  }

  /** A backup opens with what the store held; one that was cut short does not open. */
  async checkBackup({ damages }: FaultKind): Promise<void> {
    if (this.#backup === undefined) return;
    const { expected, isDone } = this.#backup;
    try {
      const store = await openBtreeStore({
        ...limitsOf(this.workload.seed),
        directory: BACKUP,
        fileSystem: this.machine.fileSystem,
        readOnly: true,
      });
      checkPrefix(store, this.workload, expected);
      store.verify();
      await store.close();
    } catch (error) {
      if (error instanceof Violation || (isDone && !damages)) throw unexpected(error);
      expectStorageError(error);
    }
  }

  #done(count: number, durable: boolean): void {
    const { promised } = this;
    promised.visible = Math.max(promised.visible, count);
    if (durable) promised.durable = Math.max(promised.durable, count);
  }

  async #act(store: BtreeStore, action: Exclude<Action, 'reopen'>): Promise<void> {
    if (action === 'snapshot') {
      const reader = store.snapshot();
      this.#snapshot = { reader, count: countIn(reader) };
    } else if (action === 'release') this.#releaseSnapshot();
    else if (action === 'count') store.countRange();
    else if (action === 'backup') await this.#takeBackup(store);
    else {
      const done = action === 'compact' ? store.compact() : store.checkpoint();
      done.catch(expectStorageError);
      this.#pending.push(done);
    }
  }

  async #takeBackup(store: BtreeStore): Promise<void> {
    const expected = { atLeast: countIn(store), atMost: this.promised.issued };
    this.#backup = { expected, isDone: false };
    await store.backup(BACKUP);
    this.#backup = { expected, isDone: true };
  }

  #releaseSnapshot(): void {
    this.#checkSnapshot();
    this.#snapshot?.reader.release();
    this.#snapshot = undefined;
  }

  #checkSnapshot(): void {
    if (this.#snapshot === undefined || this.store?.status().state === 'closed') return;
    checkExactly(this.#snapshot.reader, this.workload, this.#snapshot.count);
  }

  async #checkRefusal(store: BtreeStore): Promise<void> {
    const { batch } = this.workload.steps[0]!;
    const code = await store.write(batch).then(
      () => 'no error',
      (error: unknown) => expectStorageError(error).code,
    );
    if (code !== 'STORAGE_FAILED') throw new Violation(`after a failure a write gives ${code}`);
  }
}

function countIn(reader: Reader): number {
  const last = reader.get(text(COUNTER));
  return last === undefined ? 0 : Number(toText(last)) + 1;
}

/** Lets an error pass that the fault explains. */
export function expectExplained(error: unknown, { damages }: FaultKind): void {
  if (error instanceof Violation) throw error;
  const { code, message } = expectStorageError(error);
  if (code !== 'STORAGE_CORRUPT' && code !== 'STORAGE_FORMAT') return;
  if (damages) expectDamageReport(error);
  else throw new Violation(`damage without cause: ${message}`, { cause: error });
}

/** For what has to go well. */
export function unexpected(error: unknown): Violation {
  if (error instanceof Violation) return error;
  const message = error instanceof StorageError ? error.message : String(error);
  return new Violation(`it fails without cause: ${message}`, { cause: error });
}
