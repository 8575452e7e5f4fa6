/**
 * A Level database over any store of ours.
 *
 * abstract-level does what the public methods have in common: encodings, sublevels, hooks, events,
 * the waiting for `open`. What is left, and stands here, are the methods with an underscore in
 * front, which are handed encoded bytes.
 *
 * Invariants: whoever opened the store closes it; a write is one `write` of the store, a batch
 * therefore whole; each iterator reads one moment; every error has a code of Level.
 *
 * Cost over the store's own calls: the encodings, and abstract-level's promises around each call;
 * `getSync` has none.
 *
 * Source: abstract-level 3, "Private API for implementors".
 */
import type { Bounds, KeyValueStore, Operation, Reader, WriteOptions } from '@ds/storage';
import {
  type AbstractBatchOperation,
  type AbstractBatchOptions,
  type AbstractChainedBatch,
  type AbstractClearOptions,
  type AbstractDelOptions,
  AbstractLevel,
  type AbstractOpenOptions,
  type AbstractPutOptions,
} from 'abstract-level';
import { levelError, StoreLevelError } from './errors.ts';
import { readsViews, StoreIterator, StoreKeyIterator, StoreValueIterator } from './iterators.ts';
import {
  deletionOf,
  type IteratorOptions,
  type RangeOptions,
  type ReadOptions,
  type StoreLevelOptions,
  type SyncOption,
  storedBounds,
} from './options.ts';
import { RangeCursor } from './range-cursor.ts';
import { StoreSnapshot } from './snapshot.ts';
import { toStoredKey } from './stored-key.ts';

/** An open store, which stays its owner's to close, or how to open one, which `close` closes. */
export type StoreSource = KeyValueStore | (() => KeyValueStore | Promise<KeyValueStore>);

/** A reader, and what some engines do faster than by one `get` after another. */
export interface LevelReader extends Reader {
  has?(key: Uint8Array): boolean;
  getMany?(keys: readonly Uint8Array[]): (Uint8Array | undefined)[];
}

/** An operation of a batch, encoded. */
type EncodedOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

const BUFFERED: WriteOptions = { durable: false };
const DURABLE: WriteOptions = { durable: true };

/** Keys that a `clear` which cannot be one `deleteRange` deletes in one batch. */
const KEYS_PER_CLEAR = 1_000;

/**
 * A database of the Level ecosystem; see abstract-level for its methods.
 *
 * Besides Level's options for one call, `put`, `del`, `batch` and `clear` take `sync`.
 */
export class StoreLevel<K = string, V = string> extends AbstractLevel<Uint8Array, K, V> {
  readonly #source: StoreSource;
  readonly #exists: StoreLevelOptions['exists'];
  readonly #sync: boolean;
  #store: KeyValueStore | undefined;

  constructor(source: StoreSource, options: StoreLevelOptions<K, V> = {}) {
    const { sync = false, exists, permanence = true, ...forward } = options;
    super(manifest(permanence, exists !== undefined), forward);
    if (typeof source !== 'function') checkStore(source);
    this.#source = source;
    this.#exists = exists;
    this.#sync = sync;
  }

  /**
   * The store below, for what Level has no word for: `status()`, `sync()`.
   * @throws {StoreLevelError} `LEVEL_DATABASE_NOT_OPEN`
   */
  get store(): KeyValueStore {
    if (this.#store !== undefined) return this.#store;
    throw new StoreLevelError('LEVEL_DATABASE_NOT_OPEN', 'the database is not open');
  }

  override put(key: K, value: V): Promise<void>;
  override put<L = K, W = V>(
    key: L,
    value: W,
    options: AbstractPutOptions<L, W> & SyncOption,
  ): Promise<void>;
  override put(key: K, value: V, options?: AbstractPutOptions<K, V>): Promise<void> {
    return super.put(key, value, options as AbstractPutOptions<K, V>);
  }

  override del(key: K): Promise<void>;
  override del<L = K>(key: L, options: AbstractDelOptions<L> & SyncOption): Promise<void>;
  override del(key: K, options?: AbstractDelOptions<K>): Promise<void> {
    return super.del(key, options as AbstractDelOptions<K>);
  }

  override batch(): AbstractChainedBatch<this, K, V>;
  override batch(operations: AbstractBatchOperation<this, K, V>[]): Promise<void>;
  override batch<L = K, W = V>(
    operations: AbstractBatchOperation<this, L, W>[],
    options: AbstractBatchOptions<L, W> & SyncOption,
  ): Promise<void>;
  override batch(
    ...call: [] | [AbstractBatchOperation<this, K, V>[], AbstractBatchOptions<K, V>?]
  ): AbstractChainedBatch<this, K, V> | Promise<void> {
    return super.batch(...(call as []));
  }

  override clear(): Promise<void>;
  override clear<L = K>(options: AbstractClearOptions<L> & SyncOption): Promise<void>;
  override clear(options?: AbstractClearOptions<K>): Promise<void> {
    return super.clear(options as AbstractClearOptions<K>);
  }

  protected async _open(options: AbstractOpenOptions): Promise<void> {
    try {
      await this.#checkExistence(options);
      const source = this.#source;
      const store = typeof source === 'function' ? await source() : source;
      checkStore(store);
      if (store.status().state === 'closed') {
        throw new StoreLevelError('LEVEL_DATABASE_NOT_OPEN', 'the store has been closed');
      }
      this.#store = store;
    } catch (error) {
      throw levelError(error);
    }
  }

  /** A store that fails to close says so once; it is let go of all the same. */
  protected async _close(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    if (store === undefined || store === this.#source) return;
    try {
      await store.close();
    } catch (error) {
      throw levelError(error);
    }
  }

  protected async _get(key: Uint8Array, options: ReadOptions): Promise<Uint8Array | undefined> {
    return this._getSync(key, options);
  }

  protected _getSync(key: Uint8Array, options: ReadOptions): Uint8Array | undefined {
    try {
      return this.#reader(options).get(toStoredKey(key));
    } catch (error) {
      throw levelError(error);
    }
  }

  protected async _getMany(
    keys: readonly Uint8Array[],
    options: ReadOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    try {
      const reader = this.#reader(options);
      const stored = keys.map(toStoredKey);
      return reader.getMany?.(stored) ?? stored.map((key) => reader.get(key));
    } catch (error) {
      throw levelError(error);
    }
  }

  protected async _has(key: Uint8Array, options: ReadOptions): Promise<boolean> {
    const [isThere = false] = await this._hasMany([key], options);
    return isThere;
  }

  protected async _hasMany(keys: readonly Uint8Array[], options: ReadOptions): Promise<boolean[]> {
    try {
      const reader = this.#reader(options);
      return keys.map(toStoredKey).map((key) => reader.has?.(key) ?? reader.get(key) !== undefined);
    } catch (error) {
      throw levelError(error);
    }
  }

  protected _put(key: Uint8Array, value: Uint8Array, options: SyncOption): Promise<void> {
    return this.#write([{ type: 'put', key: toStoredKey(key), value }], options);
  }

  protected _del(key: Uint8Array, options: SyncOption): Promise<void> {
    return this.#write([{ type: 'delete', key: toStoredKey(key) }], options);
  }

  protected _batch(operations: readonly EncodedOperation[], options: SyncOption): Promise<void> {
    const batch = operations.map((operation): Operation => {
      const key = toStoredKey(operation.key);
      return operation.type === 'put'
        ? { type: 'put', key, value: operation.value }
        : { type: 'delete', key };
    });
    return this.#write(batch, options);
  }

  /** One `deleteRange`, whole like any batch; with a limit or a snapshot by key, in batches. */
  protected async _clear(options: RangeOptions & SyncOption): Promise<void> {
    const bounds = storedBounds(options);
    if (options.limit < 0 && options.snapshot == null) {
      await this.#write([deletionOf(bounds)], options);
      return;
    }
    const limit = options.limit < 0 ? undefined : options.limit;
    const cursor = this.#cursor(options, { ...bounds, limit, views: true });
    try {
      for (let batch = nextDeletions(cursor); batch.length > 0; batch = nextDeletions(cursor)) {
        await this.#write(batch, options);
      }
    } finally {
      cursor.close();
    }
  }

  protected _iterator(options: IteratorOptions): StoreIterator<this, K, V> {
    const bounds = { ...storedBounds(options), views: readsViews(options) };
    return new StoreIterator(this, options, this.#cursor(options, bounds));
  }

  protected _keys(options: IteratorOptions): StoreKeyIterator<this, K> {
    const bounds = { ...storedBounds(options), views: true };
    return new StoreKeyIterator(this, options, this.#cursor(options, bounds));
  }

  protected _values(options: IteratorOptions): StoreValueIterator<this, K, V> {
    const bounds = { ...storedBounds(options), views: true };
    return new StoreValueIterator(this, options, this.#cursor(options, bounds));
  }

  protected _snapshot(options: object): StoreSnapshot {
    try {
      return new StoreSnapshot(this.store, options);
    } catch (error) {
      throw levelError(error);
    }
  }

  async #checkExistence({ createIfMissing, errorIfExists }: AbstractOpenOptions): Promise<void> {
    if (createIfMissing !== false && errorIfExists !== true) return;
    if (this.#exists === undefined) {
      const message = 'createIfMissing and errorIfExists need the option exists: () => boolean';
      throw new StoreLevelError('LEVEL_NOT_SUPPORTED', message);
    }
    const isThere = await this.#exists();
    if (isThere && errorIfExists === true) {
      throw new StoreLevelError('LEVEL_DATABASE_NOT_OPEN', 'the database exists already');
    }
    if (!isThere && createIfMissing === false) {
      throw new StoreLevelError('LEVEL_DATABASE_NOT_OPEN', 'the database does not exist');
    }
  }

  async #write(batch: readonly Operation[], { sync = this.#sync }: SyncOption): Promise<void> {
    try {
      await this.store.write(batch, sync ? DURABLE : BUFFERED);
    } catch (error) {
      throw levelError(error);
    }
  }

  #reader({ snapshot }: ReadOptions): LevelReader {
    const { store } = this;
    if (snapshot == null) return store;
    if (snapshot instanceof StoreSnapshot && snapshot.store === store) return snapshot.reader;
    throw new TypeError('the snapshot is of another database');
  }

  /** Over the moment that `options` names, or this one, which the cursor then gives back. */
  #cursor(options: ReadOptions, bounds: Bounds): RangeCursor {
    try {
      if (options.snapshot != null) {
        return new RangeCursor(this.#reader(options), bounds, () => {});
      }
      const held = this.store.snapshot();
      return new RangeCursor(held, bounds, () => held.release());
    } catch (error) {
      throw levelError(error);
    }
  }
}

/** What Level's modules may ask of the database. */
function manifest(
  permanence: boolean,
  canTellExistence: boolean,
): Partial<AbstractLevel<unknown>['supports']> {
  const getSync = { getSync: true }; // The types do not have it yet.
  return {
    ...getSync,
    encodings: { view: true },
    has: true,
    seek: true,
    implicitSnapshots: true,
    explicitSnapshots: true,
    permanence,
    createIfMissing: canTellExistence,
    errorIfExists: canTellExistence,
    signals: { iterators: true },
  };
}

function checkStore(store: KeyValueStore): void {
  if (typeof store?.write === 'function' && typeof store.range === 'function') return;
  throw new TypeError('a StoreLevel is made of a KeyValueStore, or of a function that opens one');
}

function nextDeletions(cursor: RangeCursor): Operation[] {
  const batch: Operation[] = [];
  while (batch.length < KEYS_PER_CLEAR) {
    const entry = cursor.next();
    if (entry === undefined) break;
    batch.push({ type: 'delete', key: new Uint8Array(entry.key) });
  }
  return batch;
}
