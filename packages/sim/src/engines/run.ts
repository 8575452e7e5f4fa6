/**
 * A store at work on a simulated machine: the steps of a workload, what the store has promised so
 * far, and whether it shows it.
 */
import type { KeyValueStore, Snapshot } from '@ds/storage';
import { seededRandom } from '../kernel/random.ts';
import type { Engine, StoreCopy } from './engine.ts';
import type { FaultKind } from './fault-kinds.ts';
import {
  type Expected,
  expectDamageReport,
  expectStorageError,
  Judge,
  stepsIn,
  unexpected,
  Violation,
} from './judge.ts';
import type { Machine } from './machine.ts';
import type { Step, StepAction, Workload } from './workload.ts';

export const DIRECTORY = 'data/store';
const COPY_DIRECTORY = 'data/copy';

/** How many steps the store had durable, had done, and was given. */
export interface Promised {
  durable: number;
  visible: number;
  issued: number;
}

export class Run {
  readonly machine: Machine;
  readonly workload: Workload;
  readonly promised: Promised;
  readonly judge: Judge;
  store: KeyValueStore | undefined;
  readonly #engine: Engine;
  #pending: Promise<unknown>[] = [];
  #snapshot: { readonly reader: Snapshot; readonly count: number } | undefined;
  #copy: { readonly expected: Expected; readonly isDone: boolean } | undefined;

  constructor(engine: Engine, machine: Machine, workload: Workload, promised?: Promised) {
    this.#engine = engine;
    this.machine = machine;
    this.workload = workload;
    this.judge = new Judge(engine, workload);
    this.promised = promised ?? { durable: 0, visible: 0, issued: 0 };
  }

  async open(): Promise<KeyValueStore> {
    const { fileSystem } = this.machine;
    this.store = undefined;
    const place = { fileSystem, directory: DIRECTORY, seed: this.workload.seed };
    this.store = await this.#engine.open(place);
    return this.store;
  }

  /** Takes every step, and closes; rejects with what ends the run early. */
  async work(): Promise<void> {
    await this.takeSteps();
    await this.#finish();
  }

  /** Takes every step, and leaves the store open. */
  async takeSteps(): Promise<void> {
    let store = await this.open();
    for (const [index, step] of this.workload.steps.entries()) {
      const { action } = step;
      if (action?.kind === 'reopen') {
        await this.#finish();
        store = await this.open();
      } else if (action !== undefined) await this.#act(store, action, index);
      this.promised.issued = index + 1;
      const written = this.#track(this.#write(store, step, index));
      if (step.waits) await written;
    }
  }

  /** Closes after a failure. Rejects with what went wrong beside the calls that were waited for. */
  async close(): Promise<void> {
    await this.#settle();
    await this.store?.close().catch(expectStorageError);
  }

  /**
   * That what still runs shows all that it has acknowledged, and what a snapshot holds; and takes
   * no writes once it has failed.
   */
  async checkLive(): Promise<void> {
    const { store, promised } = this;
    if (store === undefined || store.status().state === 'closed') return;
    await this.#settle();
    this.judge.prefix(store, { atLeast: promised.visible, atMost: promised.issued });
    this.#checkSnapshot();
    if (store.status().state === 'failed') await this.#checkRefusal(store);
  }

  /** What the engine itself finds wrong with what it holds. */
  async verify(): Promise<void> {
    if (this.store !== undefined) await this.#engine.verify?.(this.store);
  }

  /** A copy opens with what the store held; one that was cut short does not open. */
  async checkCopy({ damages }: FaultKind): Promise<void> {
    const { copy: ability } = this.#engine;
    if (this.#copy === undefined || ability === undefined) return;
    const { expected, isDone } = this.#copy;
    const { fileSystem } = this.machine;
    try {
      const place = { fileSystem, directory: COPY_DIRECTORY, seed: this.workload.seed };
      const copy: StoreCopy = await ability.open(place);
      this.judge.prefix(copy, expected);
      await ability.verify?.(copy);
      await copy.close();
    } catch (error) {
      if (isDone && !damages) throw unexpected(error);
      if (isDone) expectDamageReport(error);
      else expectStorageError(error);
    }
  }

  async #write(store: KeyValueStore, step: Step, index: number): Promise<void> {
    const { batch, writer } = step;
    const durable = step.durable;
    if (writer === undefined) await store.write(batch, { durable });
    else {
      const random = seededRandom(this.workload.seed, `writer ${index}`);
      await writer.write(store, batch, { durable, random });
    }
    this.#done(index + 1, durable || writer?.isDurable === true);
  }

  #done(count: number, durable: boolean): void {
    const { promised } = this;
    promised.visible = Math.max(promised.visible, count);
    if (durable) promised.durable = Math.max(promised.durable, count);
  }

  async #act(store: KeyValueStore, step: StepAction, index: number): Promise<void> {
    if (step.kind === 'snapshot') {
      const reader = store.snapshot();
      this.#snapshot = { reader, count: stepsIn(reader) };
    } else if (step.kind === 'release') this.#releaseSnapshot();
    else if (step.kind === 'copy') await this.#takeCopy(store);
    else if (step.kind === 'other') {
      const random = seededRandom(this.workload.seed, `action ${index}`);
      this.#track(Promise.resolve(step.action.run(store, random)));
    }
  }

  async #takeCopy(store: KeyValueStore): Promise<void> {
    const expected = { atLeast: stepsIn(store), atMost: this.promised.issued };
    this.#copy = { expected, isDone: false };
    await this.#engine.copy?.make(store, COPY_DIRECTORY);
    this.#copy = { expected, isDone: true };
  }

  /** Waits for what is under way, and closes: then all of it is durable. */
  async #finish(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    this.#releaseSnapshot();
    await this.store?.close();
    this.#done(this.promised.issued, true);
  }

  #releaseSnapshot(): void {
    this.#checkSnapshot();
    this.#snapshot?.reader.release();
    this.#snapshot = undefined;
  }

  #checkSnapshot(): void {
    if (this.#snapshot === undefined || this.store?.status().state === 'closed') return;
    this.judge.exactly(this.#snapshot.reader, this.#snapshot.count);
  }

  async #checkRefusal(store: KeyValueStore): Promise<void> {
    const code = await store.write(this.workload.steps[0]?.batch ?? []).then(
      () => 'no error',
      (error: unknown) => expectStorageError(error).code,
    );
    if (code !== 'STORAGE_FAILED') throw new Violation(`after a failure a write gives ${code}`);
  }

  /** Nobody may wait for it, so its error is looked at later. */
  #track<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    this.#pending.push(promise);
    return promise;
  }

  async #settle(): Promise<void> {
    for (const outcome of await Promise.allSettled(this.#pending.splice(0))) {
      if (outcome.status === 'rejected') expectStorageError(outcome.reason);
    }
  }
}
