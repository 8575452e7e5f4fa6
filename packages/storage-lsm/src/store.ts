/**
 * The store: writes go to the log and the memtable, reads go through all layers, and a full
 * memtable changes places with an empty one while the background turns it into a table.
 *
 * Invariants: the log has every batch before the memtable shows it as durable; memtables, level 0
 * and the levels below hold ever older data; sequences rise by one per operation.
 */
import {
  type Batch,
  type Bounds,
  checkBatch,
  checkBounds,
  checkKey,
  type Entry,
  type KeyValueStore,
  type Limits,
  type Lock,
  type Snapshot,
  type StorageError,
  type WriteOptions,
} from '@ds/storage';
import { bounded, GroupCommit, Health, type LogSegment, Memtable } from '@ds/storage/engine';
import { debtBytes } from './compaction/compaction.ts';
import {
  type CompactRangeBounds,
  type CompactRangeOptions,
  ManualCompactions,
} from './compaction/manual-compaction.ts';
import { totalBytes } from './levels/version.ts';
import { writeCheckpoint } from './maintenance/checkpoint.ts';
import { type VerifyOptions, type VerifyReport, verifyFiles } from './maintenance/verification.ts';
import type { ResolvedOptions } from './options.ts';
import { approximateSize } from './read/approximate-size.ts';
import { endOfKeys } from './read/end-of-keys.ts';
import { heldSource, Range, type RangeSource } from './read/range.ts';
import { getAt, hasAt, type Layers } from './read/read-view.ts';
import { snapshotHandle } from './read/snapshot-handle.ts';
import type { Recovered } from './recovery.ts';
import type { LsmStatus } from './status.ts';
import { BackPressure } from './write/back-pressure.ts';
import { Background, type ImmutableMemtable } from './write/background.ts';
import { insertBatch } from './write/insert-batch.ts';
import { MemtablePool } from './write/memtable-pool.ts';
import { Snapshots } from './write/snapshots.ts';

const DONE: Promise<void> = Promise.resolve();

/** An ordered, crash-safe map from bytes to bytes; see `KeyValueStore` for what it promises. */
export class LsmStore implements KeyValueStore {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #options: ResolvedOptions;
  readonly #limits: Limits;
  readonly #recovered: Recovered;
  readonly #lock: Lock;
  readonly #health: Health;
  readonly #commit: GroupCommit;
  readonly #background: Background;
  readonly #pressure: BackPressure;
  readonly #snapshots = new Snapshots();
  readonly #manual = new ManualCompactions();
  readonly #immutables: ImmutableMemtable[] = [];
  readonly #endOfKeys = (): Uint8Array => endOfKeys(this.#layers());
  readonly #memtables: MemtablePool;
  #memtable: Memtable;
  #segment: LogSegment;
  #lastSequence: number;
  /** Up to here writes have resolved or are about to, durable or not. */
  #acknowledgedSequence: number;
  #closing: Promise<void> | undefined;

  /** @internal Use `openLsmStore`. */
  constructor(options: ResolvedOptions, recovered: Recovered, lock: Lock) {
    const { versions, tables, log, lastSequence } = recovered;
    this.maxKeyBytes = options.maxKeyBytes;
    this.maxValueBytes = options.maxValueBytes;
    this.#limits = { maxKeyBytes: options.maxKeyBytes, maxValueBytes: options.maxValueBytes };
    this.#options = options;
    this.#recovered = recovered;
    this.#lock = lock;
    this.#lastSequence = lastSequence;
    this.#acknowledgedSequence = lastSequence;
    this.#memtables = new MemtablePool(options);
    this.#memtable = this.#memtables.take(lastSequence + 1);
    this.#segment = log.current;
    this.#health = new Health(options.directory, (error) => {
      this.#background.halt();
      this.#commit.reject(error);
      this.#pressure.reject(error);
      this.#manual.reject(error);
    });
    const onFailure = (cause: unknown): StorageError => this.#health.fail(cause);
    this.#commit = new GroupCommit({
      log,
      lastSequence: () => this.#lastSequence,
      onFailure,
    });
    this.#background = new Background({
      options,
      versions,
      tables,
      log,
      snapshots: this.#snapshots,
      manual: this.#manual,
      immutables: this.#immutables,
      memtables: this.#memtables,
      onProgress: () => this.#pressure.onProgress(),
      onFailure,
    });
    this.#pressure = new BackPressure({
      options,
      layers: () => this.#layers(),
      memtableIsFull: () => this.#memtable.bytes >= options.memtableBytes,
      isWorking: () => this.#background.isRunning,
      apply: (batch, durable) => this.#apply(batch, durable),
    });
    this.#background.wake();
  }

  write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    try {
      this.#health.checkWritable();
      checkBatch(batch, this.#limits);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#pressure.holdsBack
      ? this.#pressure.hold(batch, durable)
      : this.#apply(batch, durable);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#health.checkReadable();
    checkKey(key, this.#limits);
    return getAt(this.#layers(), key, this.#lastSequence);
  }

  /** Whether `key` has a value: as `get`, without making a copy of it. */
  has(key: Uint8Array): boolean {
    this.#health.checkReadable();
    checkKey(key, this.#limits);
    return hasAt(this.#layers(), key, this.#lastSequence);
  }

  /**
   * The values of `keys`, in their order and all of one moment.
   * @throws {StorageError} `STORAGE_INVALID_KEY`, before anything is read
   */
  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    this.#health.checkReadable();
    for (const key of keys) checkKey(key, this.#limits);
    const layers = this.#layers();
    return keys.map((key) => getAt(layers, key, this.#lastSequence));
  }

  /** See `Reader.range`. Ends, a `break`, or closing the store let go of the files it reads. */
  range(bounds: Bounds = {}): Iterable<Entry> {
    const check = (): void => this.#health.checkReadable();
    return new Range(
      this.#rangeSource(check, () => this.#lastSequence),
      bounds,
    );
  }

  snapshot(): Snapshot {
    this.#health.checkReadable();
    const held = this.#snapshots.take(this.#lastSequence);
    return snapshotHandle({
      check: () => this.#health.checkReadable(),
      get: (key) => {
        checkKey(key, this.#limits);
        return getAt(this.#layers(), key, held.sequence);
      },
      range: (bounds, check) =>
        new Range(
          this.#rangeSource(check, () => held.sequence),
          bounds,
        ),
      onRelease: () => this.#snapshots.release(held),
    });
  }

  sync(): Promise<void> {
    return this.write([], { durable: true });
  }

  /**
   * Merges the tables of a range of keys down to the lowest level that has any, which gives back
   * the room of what was overwritten or deleted there. Resolves when that is done. Other merges and
   * writes go on meanwhile; when aborted, the merge under way is still finished.
   * @throws {StorageError} `STORAGE_CLOSED`, `STORAGE_FAILED`, `STORAGE_INVALID_RANGE`
   */
  async compactRange(
    bounds: CompactRangeBounds = {},
    options: CompactRangeOptions = {},
  ): Promise<void> {
    this.#health.checkWritable();
    checkBounds(bounds);
    options.signal?.throwIfAborted();
    // A full memtable may have to wait for room, as a batch does.
    if (this.#pressure.holdsBack) await this.#pressure.hold([], false);
    this.#health.checkWritable();
    if (!this.#memtable.isEmpty) this.#rotate();
    const { versions } = this.#recovered;
    const done = this.#manual.add(versions.current, bounds, options);
    this.#background.wake();
    return done;
  }

  /**
   * Makes a store of what this one holds now in `directory`, which has to be empty or absent and on
   * the same device. Resolves when it is durable. Costs a link per table and a copy of the log.
   * @throws {StorageError} `STORAGE_EXISTS` where there is a store, `STORAGE_CLOSED`,
   *   `STORAGE_FAILED`, and what the file system throws; what was made of it by then does not open
   */
  async checkpoint(directory: string): Promise<void> {
    this.#health.checkWritable();
    const { versions, log } = this.#recovered;
    const { fileSystem, directory: own } = this.#options;
    const flushLog = (): number => {
      this.#flushLog();
      return this.#lastSequence;
    };
    const source = { fileSystem, directory: own, versions, log, flushLog };
    try {
      await writeCheckpoint(source, directory);
    } finally {
      this.#background.wake();
    }
  }

  /**
   * How many bytes of the tables a range of keys takes, about: right to a block at each of its ends
   * in each table. Overwritten and deleted entries count, memtables do not.
   */
  approximateSize(bounds: Bounds = {}): number {
    this.#health.checkReadable();
    const { versions, tables } = this.#recovered;
    return approximateSize(versions.current, tables, bounds);
  }

  /**
   * Reads every file and verifies every checksum, in slices that let everything else run.
   * @throws {StorageError} `STORAGE_CORRUPT` at the first damage, with its file and offset
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#health.checkReadable();
    this.#flushLog();
    const { versions, tables, log } = this.#recovered;
    const { fileSystem, directory, decisions } = this.#options;
    const version = versions.current;
    version.hold();
    const letLogsGo = log.hold();
    try {
      const source = {
        ...{ fileSystem, directory, decisions, tables, letLogsGo },
        levels: version.levels,
        manifestNumbers: versions.manifestNumbers,
        logs: log.segments.map(({ path, number, offset }) => ({ path, number, offset })),
        check: () => this.#health.checkReadable(),
      };
      return await verifyFiles(source, options);
    } finally {
      letLogsGo();
      versions.release(version);
      this.#background.wake();
    }
  }

  status(): LsmStatus {
    const { versions, tables, log } = this.#recovered;
    const { levels, levelBytes } = versions.current;
    return {
      state: this.#health.state,
      bytes: levels.reduce(
        (sum, each) => sum + totalBytes(each),
        log.bytes + versions.manifestBytes,
      ),
      snapshots: this.#snapshots.count,
      writers: this.#pressure.writers,
      heldBatches: this.#pressure.heldBatches,
      pressure: this.#pressure.pressure,
      lastSequence: this.#lastSequence,
      syncedSequence: log.syncedSequence,
      memtableBytes: this.#memtable.bytes,
      immutableMemtables: this.#immutables.length,
      levels: levels.map((each, level) => ({ tables: each.length, bytes: levelBytes[level]! })),
      debtBytes: debtBytes(versions.current, this.#options),
      openTables: tables.openTables,
      cachedBytes: tables.cachedBytes,
      logBytesWritten: log.bytesWritten,
      tableBytesWritten: versions.tableBytesWritten,
      writeAmplification: 1 + versions.tableBytesWritten / log.bytesWritten,
      ...tables.statistics,
      syncs: this.#commit.syncs,
      ...this.#background.status(),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { versions, tables, log } = this.#recovered;
    const hadFailed = this.#health.state === 'failed';
    const pending = this.#pressure.drained();
    this.#health.beginClosing();
    try {
      await pending;
      await this.#background.stop();
      this.#manual.reject(this.#health.closed());
      await this.#options.compactor?.close();
      await this.#commit.idle();
      if (this.#health.failed) {
        // Rejected writes were told. The closer is told of a failure on the way here, and of
        // acknowledged writes that closing should have made durable.
        const isMissing = log.syncedSequence < this.#acknowledgedSequence;
        if (!hadFailed || isMissing) throw this.#health.failure();
        return;
      }
      await this.#commit.finish();
      log.removeSpare();
      // The manifest's claim tells a log that is cut short later from one that a crash cut.
      await versions.apply({});
    } finally {
      log.close();
      tables.closeAll();
      versions.close();
      // Whoever still holds the store does not hold what it wrote and read.
      this.#memtable = new Memtable(this.#lastSequence + 1, 0);
      this.#memtables.close();
      this.#immutables.length = 0;
      this.#lock.release();
    }
  }

  #apply(batch: Batch, durable: boolean): Promise<void> {
    const { log } = this.#recovered;
    try {
      this.#health.checkNotFailed();
      if (batch.length > 0) {
        if (this.#memtable.bytes >= this.#options.memtableBytes) this.#rotate();
        const sequence = this.#lastSequence + 1;
        const operations = bounded(batch, this.#endOfKeys);
        log.append(operations, sequence);
        // A durable batch reaches the file with its group.
        if (!durable) this.#flushLog();
        insertBatch(this.#memtable, operations, sequence, this.#snapshots.newestSequence);
        this.#lastSequence += batch.length;
      }
    } catch (error) {
      return Promise.reject(error);
    }
    if (durable) return this.#commit.request();
    this.#acknowledgedSequence = this.#lastSequence;
    return this.#pressure.isSlowing ? this.#pressure.pay(batch) : DONE;
  }

  #flushLog(): void {
    try {
      this.#recovered.log.flush();
    } catch (error) {
      this.#health.fail(error);
      throw error;
    }
  }

  /** Puts an empty memtable with a log of its own in the place of the full one. */
  #rotate(): void {
    const { log, versions } = this.#recovered;
    const nextSequence = this.#lastSequence + 1;
    try {
      const segment = log.rotate(versions.newFileNumber(), nextSequence);
      this.#immutables.push({ memtable: this.#memtable, segment: this.#segment });
      this.#segment = segment;
    } catch (error) {
      this.#health.fail(error);
      throw error;
    }
    this.#memtable = this.#memtables.take(nextSequence);
    this.#pressure.update();
    this.#background.wake();
  }

  #layers(): Layers {
    const { versions, tables } = this.#recovered;
    return {
      memtable: this.#memtable,
      immutables: this.#immutables,
      version: versions.current,
      tables,
    };
  }

  #rangeSource(check: () => void, sequence: () => number): RangeSource {
    return heldSource(
      check,
      () => this.#layers(),
      sequence,
      ({ version }) => {
        this.#recovered.versions.release(version);
        this.#background.wake();
      },
    );
  }
}
