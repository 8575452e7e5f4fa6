/**
 * A key-value store in memory, with every guarantee of the port except outliving its process: no
 * reading is disturbed by writing, and a snapshot or a range costs O(1) to start.
 *
 * Its state is one {@link PersistentTree}. A batch is checked, then applied within the call of
 * `write`, so it is visible when that returns. There is no medium to sync: `durable` and `sync`
 * resolve at once, and mean that nothing is lost until the process ends.
 *
 * Cost: O(log n) per read and per operation of a batch, and per key that a `deleteRange` deletes;
 * bytes in and out are copied once.
 */
import {
  checkBatch,
  checkBounds,
  checkKey,
  checkLimits,
  checkWholeNumber,
  DEFAULT_LIMITS,
  type Limits,
} from './bytes.ts';
import { StorageError } from './errors.ts';
import type {
  Batch,
  Bounds,
  Entry,
  KeyValueStore,
  Operation,
  Snapshot,
  StoreStatus,
} from './key-value-store.ts';
import { lookUp, type Node, PersistentTree, walk } from './persistent-tree.ts';

export interface MemoryStoreOptions extends Partial<Limits> {
  /** Longest key, in bytes. @default 16384 */
  readonly maxKeyBytes?: number;
  /** Longest value, in bytes. @default 67108864 */
  readonly maxValueBytes?: number;
  /**
   * Keys and values together, in bytes; a batch that would exceed it rejects with `STORAGE_FULL`
   * and changes nothing. Old versions that snapshots hold are not counted.
   * @default 1073741824
   */
  readonly maxBytes?: number;
}

export class MemoryStore implements KeyValueStore {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #maxBytes: number;
  readonly #tree = new PersistentTree();
  readonly #snapshots = new Set<MemorySnapshot>();
  #bytes = 0;
  #closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    const {
      maxKeyBytes = DEFAULT_LIMITS.maxKeyBytes,
      maxValueBytes = DEFAULT_LIMITS.maxValueBytes,
      maxBytes = 1024 * 1024 * 1024,
    } = options;
    checkLimits({ maxKeyBytes, maxValueBytes });
    checkWholeNumber('maxBytes', maxBytes, 0);
    this.maxKeyBytes = maxKeyBytes;
    this.maxValueBytes = maxValueBytes;
    this.#maxBytes = maxBytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen();
    checkKey(key, this);
    return copied(this.#tree.get(key));
  }

  /** A range starts when its iteration does; looped over again it starts again. */
  range(bounds: Bounds = {}): Iterable<Entry> {
    this.#checkOpen();
    checkBounds(bounds);
    const check = () => this.#checkOpen();
    return {
      [Symbol.iterator]: () => {
        check();
        return entries(this.#tree.freeze(), bounds, check);
      },
    };
  }

  /** Visible when the call returns. Rejects with `STORAGE_FULL` beyond `maxBytes`. */
  async write(batch: Batch): Promise<void> {
    this.#checkOpen();
    checkBatch(batch, this);
    if (this.#bytes + addedBytes(batch) <= this.#maxBytes) {
      for (const operation of batch) this.#apply(operation);
    } else this.#tryApply(batch);
  }

  snapshot(): Snapshot {
    this.#checkOpen();
    const snapshot: MemorySnapshot = new MemorySnapshot(this.#tree.freeze(), this, () =>
      this.#snapshots.delete(snapshot),
    );
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  status(): StoreStatus {
    return {
      state: this.#closed ? 'closed' : 'open',
      bytes: this.#bytes,
      snapshots: this.#snapshots.size,
    };
  }

  /** There is no medium: what was written is as durable as it gets. */
  async sync(): Promise<void> {
    this.#checkOpen();
  }

  /** Lets go of the data. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const snapshot of this.#snapshots) snapshot.release();
    this.#tree.restore(new PersistentTree().freeze());
    this.#bytes = 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Applies a batch that may turn out too large; freezing costs copies, so only then. */
  #tryApply(batch: Batch): void {
    const before = this.#tree.freeze();
    const bytesBefore = this.#bytes;
    for (const operation of batch) this.#apply(operation);
    if (this.#bytes <= this.#maxBytes || this.#bytes <= bytesBefore) return;
    const wanted = this.#bytes;
    this.#tree.restore(before);
    this.#bytes = bytesBefore;
    throw new StorageError(
      'STORAGE_FULL',
      `the batch would make the store ${wanted} bytes, its limit is ${this.#maxBytes}`,
    );
  }

  #apply(operation: Operation): void {
    if (operation.type === 'deleteRange') {
      // Gathered first: the tree must not change under the walk.
      const doomed = Array.from(walk(this.#tree.root, operation), ({ key }) => key);
      for (const key of doomed) this.#delete(key);
    } else if (operation.type === 'delete') {
      this.#delete(operation.key);
    } else {
      const { key, value } = operation;
      const previous = this.#tree.set(key, new Uint8Array(value));
      this.#bytes += value.length - (previous ? previous.length : -key.length);
    }
  }

  #delete(key: Uint8Array): void {
    const previous = this.#tree.delete(key);
    if (previous) this.#bytes -= key.length + previous.length;
  }

  #checkOpen(): void {
    if (this.#closed) throw new StorageError('STORAGE_CLOSED', 'the store is closed');
  }
}

class MemorySnapshot implements Snapshot {
  #root: Node | undefined;
  readonly #limits: Limits;
  readonly #onRelease: () => void;

  constructor(root: Node, limits: Limits, onRelease: () => void) {
    this.#root = root;
    this.#limits = limits;
    this.#onRelease = onRelease;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const root = this.#held();
    checkKey(key, this.#limits);
    return copied(lookUp(root, key));
  }

  range(bounds: Bounds = {}): Iterable<Entry> {
    this.#held();
    checkBounds(bounds);
    return {
      [Symbol.iterator]: () => entries(this.#held(), bounds, () => this.#held()),
    };
  }

  release(): void {
    if (this.#root === undefined) return;
    this.#root = undefined;
    this.#onRelease();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #held(): Node {
    if (this.#root === undefined) {
      throw new StorageError('STORAGE_CLOSED', 'the snapshot is released, or its store closed');
    }
    return this.#root;
  }
}

/** Walks a frozen root for a caller; `check` runs before each step and throws when it must end. */
function* entries(
  root: Node,
  bounds: Bounds,
  check: () => void,
): Generator<Entry, void, undefined> {
  for (const entry of walk(root, bounds)) {
    yield bounds.views
      ? entry
      : { key: new Uint8Array(entry.key), value: new Uint8Array(entry.value) };
    check();
  }
}

/** By how much `batch` makes a store larger at most. */
function addedBytes(batch: Batch): number {
  let bytes = 0;
  for (const operation of batch) {
    if (operation.type === 'put') bytes += operation.key.length + operation.value.length;
  }
  return bytes;
}

/** A copy by constructor, since a Buffer's `slice` shares its memory. */
function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes);
}
