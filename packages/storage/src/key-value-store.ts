/**
 * What a protocol asks of an engine: an ordered map from bytes to bytes.
 *
 * Keys are 1 to `maxKeyBytes` bytes, ordered as unsigned bytes, a prefix before what it prefixes.
 * Values are 0 to `maxValueBytes` bytes.
 *
 * Rules every engine keeps, checked by `@ds/storage/conformance`:
 *  1. A batch becomes visible whole, and batches in the order of their `write` calls: when `write`
 *     returns, unless the engine is holding writers back, and in any case before its promise
 *     resolves. Within a batch a later operation on a key wins; a `deleteRange` counts as one on
 *     each key in its range, and deletes nothing when that is empty. So never compute a write from
 *     a `get` without awaiting the previous write of that key: one of two would be lost under load.
 *  2. `durable: true` delays the promise until the batch, and with it every earlier one, is synced.
 *     `sync()` does the same for all that was written before it.
 *  3. `write` only rejects; it never throws. A batch that is rejected as invalid changes nothing.
 *  4. The caller's buffers are borrowed until the promise settles and are not kept after it.
 *  5. What `get` and `range` return is the caller's own copy, unless the range asks for `views`:
 *     those are valid until the iterator's next step, and must not be written to.
 *  6. A range shows the store as it was when it was started, whatever is written meanwhile. Each
 *     loop over it starts anew; leave one early by `break`, which frees what it holds.
 *  7. A snapshot shows the store as it was when it was taken, until it is released.
 *  8. Bad input is a {@link StorageError}: `STORAGE_INVALID_KEY` (empty, too long or not bytes),
 *     `STORAGE_INVALID_VALUE`, `STORAGE_INVALID_RANGE` (both `gt` and `gte`, a bound that is not
 *     bytes, a limit that is not a whole number; a range that is merely empty yields nothing).
 *  9. After `close`: `STORAGE_CLOSED`. `close` is idempotent, waits for pending writes, and
 *     releases what is held; it syncs what was written.
 * 10. After a failed sync, or another write to the medium that failed, every write rejects, those
 *     still pending included, with `STORAGE_FAILED` until the store is reopened; reads go on.
 *     Damage is `STORAGE_CORRUPT`, with file and offset where there are any, never wrong or missing
 *     data.
 */

export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array }
  | DeleteRange;

/** Deletes the keys from `gte`, or from the first, up to but not including `lt`, or to the last. */
export interface DeleteRange {
  readonly type: 'deleteRange';
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
}

/** Operations that take effect together. */
export type Batch = readonly Operation[];

export interface WriteOptions {
  /** Resolve only when the batch would survive a power cut. @default false */
  readonly durable?: boolean;
}

/** Which entries, and in which order. Without bounds: all. */
export interface Bounds {
  readonly gt?: Uint8Array | undefined;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  /** From the last key to the first. @default false */
  readonly reverse?: boolean | undefined;
  /** At most this many entries, a whole number. @default no limit */
  readonly limit?: number | undefined;
  /** Yield views that live until the next step instead of copies. @default false */
  readonly views?: boolean | undefined;
}

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The reading half of a store. */
export interface Reader {
  /** The key's value, or `undefined`. Synchronous: a promise per read costs more than the read. */
  get(key: Uint8Array): Uint8Array | undefined;
  range(bounds?: Bounds): Iterable<Entry>;
}

/** The store as it was at one moment. Holds resources until released. */
export interface Snapshot extends Reader, Disposable {
  /** Gives the snapshot up; reading from it afterwards is `STORAGE_CLOSED`. Idempotent. */
  release(): void;
}

/** A plain snapshot for people and tests; engines add fields of their own. */
export interface StoreStatus {
  /** `'failed'` after a failed sync: reads go on, writes reject until reopened. */
  readonly state: 'open' | 'failed' | 'closed';
  /** What the store takes on its medium, in bytes. */
  readonly bytes: number;
  /** Snapshots taken and not released. */
  readonly snapshots: number;
}

/** An ordered map from bytes to bytes. */
export interface KeyValueStore extends Reader, AsyncDisposable {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  /** See rules 1 to 4. Resolves when visible, or, with `durable`, when synced. */
  write(batch: Batch, options?: WriteOptions): Promise<void>;
  snapshot(): Snapshot;
  status(): StoreStatus;
  /** Resolves when all that was written before would survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
