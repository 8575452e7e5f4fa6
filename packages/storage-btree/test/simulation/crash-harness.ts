/**
 * Runs a workload against a store on a simulated disk that meets one fault at one call, then
 * recovers, possibly through a second crash, and checks what is left against what was promised.
 */
import { type DiskCall, type DiskFault, SimDisk, seededRandom } from '@ds/sim';
import { StorageError } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import type { BtreeSnapshot, BtreeStore } from '../../src/index.ts';
import { openWithDecisions } from '../../src/open.ts';
import { Model } from '../property/model.ts';
import { TINY } from '../tiny.ts';
import { drawInteger } from './draw.ts';
import {
  checkContents,
  checkPrefix,
  makeWorkload,
  type Promised,
  type Step,
  Violation,
} from './workload.ts';

export interface CrashPoint {
  readonly seed: number;
  readonly callIndex: number;
  readonly fault: DiskFault;
}

/** Faults that change bytes which were durable, or were said to be: an error may be all that is left. */
const DAMAGING: readonly DiskFault[] = ['rot', 'misdirect'];

const STEPS = 36;
/** For how many steps a snapshot is kept. */
const SNAPSHOT_STEPS = 6;

/** The file-system calls that the workload of `seed` makes when nothing goes wrong. */
export async function callsOf(seed: number, decisions?: SafetyDecisions): Promise<DiskCall[]> {
  const run = new Run(seed, decisions);
  const calls: DiskCall[] = [];
  run.disk.onCall((call) => {
    calls.push(call);
    return 'ok';
  });
  await run.work();
  await run.store?.close();
  return calls;
}

/** Meets one fault; throws a {@link Violation} when the store breaks a promise. */
export async function meetFault(point: CrashPoint, decisions?: SafetyDecisions): Promise<void> {
  if (!DAMAGING.includes(point.fault)) return meet(point, decisions);
  try {
    await meet(point, decisions);
  } catch (error) {
    // Damage that is reported as damage is all that can be asked for.
    if (!reportsDamage(error)) throw error;
  }
}

async function meet(point: CrashPoint, decisions?: SafetyDecisions): Promise<void> {
  const run = new Run(point.seed, decisions);
  run.disk.onCall(({ index }) => (index === point.callIndex ? point.fault : 'ok'));
  await run.work();
  // A store that has failed goes on reading; on a dead machine there is nothing to read.
  if (point.fault !== 'crash') run.checkReads();
  await run.store?.close().catch(expectStorageError);
  run.disk.onCall(undefined);
  const draw = seededRandom(point.seed * 7919 + point.callIndex);
  const runsOn = DAMAGING.includes(point.fault) || (point.fault !== 'crash' && draw() < 0.5);
  // Some die with their machine, some alone: then what was not synced can still be read.
  if (!runsOn) run.disk.crash(draw() < 0.3 ? 'process' : 'random');
  // Half of the recoveries meet a crash of their own.
  if (!runsOn && draw() < 0.5) await run.crashDuringRecovery(drawInteger(draw, 0, 24));
  await run.recoverAndCheck();
}

class Run {
  readonly disk: SimDisk;
  readonly #steps: readonly Step[];
  readonly #decisions: SafetyDecisions;
  readonly #snapshots: { snapshot: BtreeSnapshot; model: Model; until: number }[] = [];
  #model = new Model();
  #durable = 0;
  #issued = 0;
  store: BtreeStore | undefined;

  constructor(seed: number, decisions: SafetyDecisions = SAFE_DECISIONS) {
    const random = seededRandom(seed);
    this.#steps = makeWorkload(random, STEPS);
    this.disk = new SimDisk({ random });
    this.#decisions = decisions;
  }

  get promised(): Promised {
    return { durable: this.#durable, issued: this.#issued };
  }

  async work(): Promise<void> {
    try {
      this.store = await this.#open();
      // A store is closed and opened in between, so that opening has something to find.
      await this.#write(0, STEPS / 3);
      await this.store.close();
      this.#snapshots.length = 0;
      this.store = await this.#open();
      await this.#write(STEPS / 3, STEPS);
    } catch (error) {
      expectExpected(error);
    }
  }

  checkReads(): void {
    if (this.store === undefined || this.store.status().state === 'closed') return;
    try {
      checkPrefix(this.store, this.#steps, this.promised);
    } catch (error) {
      expectExpected(error);
    }
  }

  async crashDuringRecovery(calls: number): Promise<void> {
    const crashAt = this.disk.calls + calls;
    this.disk.onCall(({ index }) => (index === crashAt ? 'crash' : 'ok'));
    try {
      const store = await this.#open();
      await store.write(this.#steps[0]!.batch).catch(expectStorageError);
      // Written and not synced: none of it has been promised, so it may not be there; nor may it
      // be half there. To keep the prefix it is not made durable.
      this.disk.crash();
      await store.close().catch(expectStorageError);
    } catch (error) {
      expectStorageError(error);
    }
    this.disk.onCall(undefined);
    this.disk.crash();
  }

  async recoverAndCheck(): Promise<void> {
    try {
      let store = await this.#open();
      store.verify();
      const count = checkPrefix(store, this.#steps, this.promised);
      // It also has to work on: what comes now has to be there the next time.
      const rest = this.#steps.slice(count);
      for (const { batch } of rest) await store.write(batch);
      await store.sync();
      this.disk.crash();
      store = await this.#open();
      store.verify();
      checkPrefix(store, this.#steps, { durable: STEPS, issued: STEPS });
      await store.close();
    } catch (error) {
      throw error instanceof Violation ? error : wrongAlarm(error);
    }
  }

  async #write(from: number, to: number): Promise<void> {
    const store = this.store!;
    const pending: Promise<void>[] = [];
    for (let index = from; index < to; index += 1) {
      const { batch, durable, waits, snapshots, compacts } = this.#steps[index]!;
      this.#checkSnapshots(index);
      if (snapshots) {
        const until = index + SNAPSHOT_STEPS;
        this.#snapshots.push({ snapshot: store.snapshot(), model: this.#model, until });
      }
      if (compacts) pending.push(store.compact());
      this.#issued = index + 1;
      const written = store.write(batch, { durable }).then(() => {
        if (durable) this.#durable = Math.max(this.#durable, index + 1);
      });
      this.#model = this.#model.with(batch);
      pending.push(written);
      for (const each of pending) each.catch(expectStorageError);
      if (waits) await written;
    }
    await Promise.all(pending);
    await store.sync();
    this.#durable = Math.max(this.#durable, to);
    this.#checkSnapshots(to);
  }

  #checkSnapshots(index: number): void {
    while (this.#snapshots.length > 0 && this.#snapshots[0]!.until <= index) {
      const { snapshot, model } = this.#snapshots.shift()!;
      checkContents(snapshot, model);
      snapshot.release();
    }
  }

  #open(): Promise<BtreeStore> {
    const options = { ...TINY, directory: 'data/store', fileSystem: this.disk.fileSystem() };
    return openWithDecisions(options, this.#decisions);
  }
}

function expectStorageError(error: unknown): void {
  if (!(error instanceof StorageError)) throw error;
}

/** Faults of the disk are expected; damage is not, since few of these faults damage. */
function expectExpected(error: unknown): void {
  expectStorageError(error);
  if (reportsDamage(error)) throw wrongAlarm(error);
}

function reportsDamage(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof StorageError && cause.code === 'STORAGE_CORRUPT') return true;
  }
  return false;
}

function wrongAlarm(error: unknown): Violation {
  return new Violation(`recovery failed: ${error instanceof Error ? error.message : error}`, {
    cause: error,
  });
}
