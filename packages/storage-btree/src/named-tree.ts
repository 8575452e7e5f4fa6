/** One tree of a forest, as a store. */
import {
  type Batch,
  type Bounds,
  checkBatch,
  type Entry,
  type KeyValueStore,
  type Limits,
  type Operation,
  StorageError,
  type StoreStatus,
  type WriteOptions,
} from '@ds/storage';
import { type Prefix, PrefixedReader } from './prefixed.ts';
import type { BtreeSnapshot } from './snapshot.ts';
import type { BtreeStore } from './store.ts';
import type { BtreeReader } from './view-reader.ts';

export class NamedTree implements KeyValueStore, BtreeReader {
  readonly name: string;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #store: BtreeStore;
  readonly #prefix: Prefix;
  readonly #limits: Limits;
  readonly #reader: PrefixedReader;
  #snapshots = new Set<BtreeSnapshot>();
  #onClose: () => void = () => {};
  #isClosed = false;

  /** @internal Use `tree` of the forest. */
  constructor(name: string, store: BtreeStore, prefix: Prefix, limits: Limits) {
    this.name = name;
    this.maxKeyBytes = limits.maxKeyBytes;
    this.maxValueBytes = limits.maxValueBytes;
    this.#store = store;
    this.#prefix = prefix;
    this.#limits = limits;
    this.#reader = new PrefixedReader(store, prefix, limits, () => this.#check());
  }

  /** @internal Calls `listener` once, when the handle is closed. */
  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  /** @internal The batch as the forest's store takes it. */
  prefixed(batch: Batch): Operation[] {
    this.#check();
    checkBatch(batch, this.#limits);
    return this.#prefix.batch(batch);
  }

  /** @internal What `reader`, of the forest's store, knows of this tree. */
  readerOf(reader: BtreeReader): PrefixedReader {
    this.#check();
    return new PrefixedReader(reader, this.#prefix, this.#limits, () => this.#check());
  }

  write(batch: Batch, options?: WriteOptions): Promise<void> {
    try {
      return this.#store.write(this.prefixed(batch), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#reader.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.#reader.has(key);
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return this.#reader.getMany(keys);
  }

  range(bounds: Bounds = {}): Iterable<Entry> {
    return this.#reader.range(bounds);
  }

  countRange(bounds: Bounds = {}): number {
    return this.#reader.countRange(bounds);
  }

  rank(key: Uint8Array): number {
    return this.#reader.rank(key);
  }

  at(position: number): Entry | undefined {
    return this.#reader.at(position);
  }

  snapshot(): BtreeSnapshot {
    this.#check();
    const whole = this.#store.snapshot();
    this.#snapshots.add(whole);
    const reader = this.readerOf(whole);
    const release = (): void => {
      this.#snapshots.delete(whole);
      whole.release();
    };
    return {
      get: (key) => reader.get(key),
      has: (key) => reader.has(key),
      getMany: (keys) => reader.getMany(keys),
      range: (bounds) => reader.range(bounds),
      countRange: (bounds) => reader.countRange(bounds),
      rank: (key) => reader.rank(key),
      at: (position) => reader.at(position),
      release,
      [Symbol.dispose]: release,
    };
  }

  /** `bytes` are those of the whole forest. */
  status(): StoreStatus {
    const { state, bytes } = this.#store.status();
    const snapshots = this.#snapshots.size;
    return { state: this.#isClosed ? 'closed' : state, bytes, snapshots };
  }

  sync(): Promise<void> {
    return this.write([], { durable: true });
  }

  /** Gives this handle up, and with it its snapshots; the tree stays in its forest. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    for (const snapshot of this.#snapshots) snapshot.release();
    this.#snapshots.clear();
    if (this.#store.status().state === 'open') await this.#store.sync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(): void {
    if (!this.#isClosed) return;
    throw new StorageError('STORAGE_CLOSED', `the tree '${this.name}' is closed`);
  }
}
