/** One tree of a forest, as a store. */
import {
  type Batch,
  checkBatch,
  type KeyValueStore,
  type Limits,
  type Operation,
  StorageError,
  type StoreStatus,
  type WriteOptions,
} from '@ds/storage';
import { ForwardingReader } from '../reading/forwarding-reader.ts';
import { type BtreeSnapshot, HeldReader } from '../reading/snapshot.ts';
import type { BtreeReader } from '../reading/view-reader.ts';
import type { BtreeStore } from '../store.ts';
import { type Prefix, PrefixedReader } from './prefixed.ts';

export class NamedTree extends ForwardingReader implements KeyValueStore {
  readonly name: string;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #store: BtreeStore;
  readonly #prefix: Prefix;
  readonly #limits: Limits;
  protected readonly reader: PrefixedReader;
  #snapshots = new Set<BtreeSnapshot>();
  #onClose: () => void = () => {};
  #isClosed = false;

  /** @internal Use `tree` of the forest. */
  constructor(name: string, store: BtreeStore, prefix: Prefix, limits: Limits) {
    super();
    this.name = name;
    this.maxKeyBytes = limits.maxKeyBytes;
    this.maxValueBytes = limits.maxValueBytes;
    this.#store = store;
    this.#prefix = prefix;
    this.#limits = limits;
    this.reader = new PrefixedReader(store, prefix, limits, () => this.#check());
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

  snapshot(): BtreeSnapshot {
    this.#check();
    const whole = this.#store.snapshot();
    this.#snapshots.add(whole);
    return new HeldReader({
      readerWith: () => this.readerOf(whole),
      onRelease: () => {
        this.#snapshots.delete(whole);
        whole.release();
      },
    });
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
