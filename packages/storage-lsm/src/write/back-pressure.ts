/**
 * Keeps writers from running away from the work behind them.
 *
 * Slowed: while full memtables, level 0 or the debt are many, every 64 KiB written wait for one
 * slice of a flush or merge. Held: a batch that finds the memtable full, and no room for another
 * full one, or too much in level 0 or in debt, waits its turn; so does every batch behind it. Both
 * end as the background gets on.
 */
import type { Batch, StorageError } from '@ds/storage';
import { debtBytes } from '../compaction/compaction.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Layers } from '../read/read-view.ts';

const SLOWED_BYTES_PER_SLICE = 64 * 1024;

/** `'raised'` slows writers down; `'high'` holds them once the memtable is full. */
export type PressureDegree = 'low' | 'raised' | 'high';

export interface Pressure {
  readonly memtables: PressureDegree;
  readonly levelZero: PressureDegree;
  readonly debt: PressureDegree;
}

interface HeldBatch {
  readonly batch: Batch;
  readonly durable: boolean;
  readonly resolve: (outcome: Promise<void>) => void;
  readonly reject: (error: StorageError) => void;
}

export interface BackPressureOptions {
  readonly options: ResolvedOptions;
  layers(): Layers;
  memtableIsFull(): boolean;
  /** Whether the background runs, so that progress will be reported. */
  isWorking(): boolean;
  apply(batch: Batch, durable: boolean): Promise<void>;
}

export class BackPressure {
  readonly #context: BackPressureOptions;
  #held: HeldBatch[] = [];
  #slowed: (() => void)[] = [];
  #drained: (() => void)[] = [];
  #unpaidBytes = 0;
  #degrees: Pressure = { memtables: 'low', levelZero: 'low', debt: 'low' };
  isSlowing = false;

  constructor(context: BackPressureOptions) {
    this.#context = context;
    this.update();
  }

  get heldBatches(): number {
    return this.#held.length;
  }

  get writers(): 'flowing' | 'slowed' | 'held' {
    if (this.#held.length > 0) return 'held';
    return this.isSlowing ? 'slowed' : 'flowing';
  }

  /** Whether the next batch has to wait its turn. */
  get holdsBack(): boolean {
    return this.#held.length > 0 || this.#isFull();
  }

  /** Queues a batch; settles as its write does. */
  hold(batch: Batch, durable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.push({ batch, durable, resolve, reject });
    });
  }

  /** Settles a write that is slowed down. */
  pay(batch: Batch): Promise<void> {
    for (const operation of batch) {
      if (operation.type === 'deleteRange') continue;
      this.#unpaidBytes += operation.key.length;
      if (operation.type === 'put') this.#unpaidBytes += operation.value.length;
    }
    if (this.#unpaidBytes < SLOWED_BYTES_PER_SLICE || !this.#context.isWorking()) {
      return Promise.resolve();
    }
    this.#unpaidBytes = 0;
    return new Promise((resolve) => this.#slowed.push(resolve));
  }

  /** What there is too much of. */
  get pressure(): Pressure {
    const { options, layers } = this.#context;
    const { immutables, version } = layers();
    const tables = version.levels[0]!.length;
    const debt = debtBytes(version, options);
    return {
      memtables: degree(
        immutables.length,
        options.maxImmutableMemtables,
        options.maxImmutableMemtables,
      ),
      levelZero: degree(tables, options.levelZeroSlowdown, options.levelZeroStop),
      debt: degree(debt, options.slowdownDebtBytes, options.stopDebtBytes),
    };
  }

  /** Looks at the layers anew, after they have changed. */
  update(): void {
    this.#degrees = this.pressure;
    const { memtables, levelZero, debt } = this.#degrees;
    this.isSlowing = memtables !== 'low' || levelZero !== 'low' || debt !== 'low';
  }

  /** The background has got on: lets on who may. */
  onProgress(): void {
    this.update();
    const slowed = this.#slowed;
    this.#slowed = [];
    for (const resolve of slowed) resolve();
    while (this.#held.length > 0 && !this.#isFull()) {
      const { batch, durable, resolve } = this.#held.shift()!;
      resolve(this.#context.apply(batch, durable));
    }
    this.#settleDrained();
  }

  /** Resolves when nothing is held. */
  drained(): Promise<void> {
    if (this.#held.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Rejects what is held, after a failure. */
  reject(error: StorageError): void {
    const held = this.#held;
    this.#held = [];
    for (const { reject } of held) reject(error);
    for (const resolve of this.#slowed.splice(0)) resolve();
    this.#settleDrained();
  }

  #isFull(): boolean {
    if (!this.#context.memtableIsFull()) return false;
    const { memtables, levelZero, debt } = this.#degrees;
    return memtables === 'high' || levelZero === 'high' || debt === 'high';
  }

  #settleDrained(): void {
    if (this.#held.length > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

function degree(amount: number, slowFrom: number, stopFrom: number): PressureDegree {
  if (amount >= stopFrom) return 'high';
  return amount >= slowFrom ? 'raised' : 'low';
}
