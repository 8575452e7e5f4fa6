/**
 * A store opened for reading only: what its files hold, as it was when it was opened.
 *
 * No file is made, changed, removed or locked: the logs are replayed into memory and stay there.
 * It is for directories that nobody writes to, such as a checkpoint or a copy. Beside a running
 * store it may meet files that are half written or already removed, and then says so with an error;
 * what it has opened goes on reading.
 */
import {
  type Batch,
  type Bounds,
  checkBatch,
  checkKey,
  type Entry,
  type KeyValueStore,
  type Limits,
  type Snapshot,
  StorageError,
  type StoreStatus,
} from '@ds/storage';
import { Memtable } from '@ds/storage/engine';
import { logName } from './files/file-names.ts';
import { totalBytes } from './levels/version.ts';
import { type VerifyOptions, type VerifyReport, verifyFiles } from './maintenance/verification.ts';
import type { ResolvedOptions } from './options.ts';
import { approximateSize } from './read/approximate-size.ts';
import { Range, type RangeSource } from './read/range.ts';
import { getAt, hasAt, type Layers } from './read/read-view.ts';
import { snapshotHandle } from './read/snapshot-handle.ts';
import { type DirectoryState, readDirectory } from './recovery.ts';
import { TableSet } from './table/table-set.ts';

export class ReadOnlyLsmStore implements KeyValueStore {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #options: ResolvedOptions;
  readonly #limits: Limits;
  readonly #state: DirectoryState;
  readonly #tables: TableSet;
  readonly #layers: Layers;
  readonly #sequence: number;
  #snapshots = 0;
  #isClosed = false;

  /** @internal Use `openLsmStore` with `readOnly: true`. */
  constructor(options: ResolvedOptions) {
    this.maxKeyBytes = options.maxKeyBytes;
    this.maxValueBytes = options.maxValueBytes;
    this.#limits = { maxKeyBytes: options.maxKeyBytes, maxValueBytes: options.maxValueBytes };
    this.#options = options;
    this.#state = readDirectory(options);
    if (this.#state.manifestNumber === undefined) {
      const message = `${options.directory} holds no store, and one opened for reading makes none`;
      throw new StorageError('STORAGE_NOT_FOUND', message, { path: options.directory });
    }
    this.#tables = new TableSet(options);
    const { version, replay } = this.#state;
    this.#sequence = replay.lastSequence;
    this.#layers = {
      memtable: new Memtable(replay.lastSequence + 1, 0),
      immutables: replay.memtables.map((memtable) => ({ memtable })),
      version,
      tables: this.#tables,
    };
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    checkKey(key, this.#limits);
    return getAt(this.#layers, key, this.#sequence);
  }

  /** See `LsmStore.has`. */
  has(key: Uint8Array): boolean {
    this.#check();
    checkKey(key, this.#limits);
    return hasAt(this.#layers, key, this.#sequence);
  }

  /** See `LsmStore.getMany`. */
  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return keys.map((key) => this.get(key));
  }

  range(bounds: Bounds = {}): Iterable<Entry> {
    return new Range(
      this.#rangeSource(() => this.#check()),
      bounds,
    );
  }

  /** The store itself never changes, so a snapshot is another name for it. */
  snapshot(): Snapshot {
    this.#check();
    this.#snapshots += 1;
    return snapshotHandle({
      check: () => this.#check(),
      get: (key) => this.get(key),
      range: (bounds, check) => new Range(this.#rangeSource(check), bounds),
      onRelease: () => {
        this.#snapshots -= 1;
      },
    });
  }

  /** Rejects: `STORAGE_READ_ONLY`, or what is wrong with the batch. */
  async write(batch: Batch): Promise<void> {
    this.#check();
    checkBatch(batch, this.#limits);
    const { directory } = this.#options;
    throw new StorageError('STORAGE_READ_ONLY', `the store in ${directory} is open for reading`, {
      path: directory,
    });
  }

  /** Resolves: there is nothing that is not durable. */
  async sync(): Promise<void> {
    this.#check();
  }

  /** See `LsmStore.approximateSize`. */
  approximateSize(bounds: Bounds = {}): number {
    this.#check();
    return approximateSize(this.#state.version, this.#tables, bounds);
  }

  /** See `LsmStore.verify`. */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#check();
    const { version, manifestNumber = 0, logs } = this.#state;
    const { fileSystem, directory, decisions } = this.#options;
    return verifyFiles(
      {
        ...{ fileSystem, directory, decisions },
        manifestNumbers: [manifestNumber],
        tables: this.#tables,
        levels: version.levels,
        // A crash may have cut them short: what counts has been replayed, and so verified.
        logs: logs.map((number) => ({ path: `${directory}/${logName(number)}`, number })),
        check: () => this.#check(),
      },
      options,
    );
  }

  status(): StoreStatus {
    const { levels } = this.#state.version;
    return {
      state: this.#isClosed ? 'closed' : 'open',
      bytes: levels.reduce((sum, each) => sum + totalBytes(each), 0),
      snapshots: this.#snapshots,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tables.closeAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #rangeSource(check: () => void): RangeSource {
    const opened = { layers: this.#layers, sequence: this.#sequence, release: () => {} };
    return { check, open: () => opened };
  }

  #check(): void {
    if (!this.#isClosed) return;
    const { directory } = this.#options;
    throw new StorageError('STORAGE_CLOSED', `the store in ${directory} is closed`, {
      path: directory,
    });
  }
}
