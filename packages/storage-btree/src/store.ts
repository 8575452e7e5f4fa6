/**
 * The store: writes go to the log and the buffer, reads look into the buffer before the tree, and
 * checkpoints bring the one into the other in the background.
 *
 * Invariants: the log has every batch before a reader sees it as durable; what a reader sees never
 * changes under it; a view of the present always shows all batches that were taken.
 */
import {
  type Batch,
  checkBatch,
  type Entry,
  type KeyValueStore,
  type Limits,
  type Lock,
  type StorageError,
  type WriteOptions,
} from '@ds/storage';
import { GroupCommit, Health } from '@ds/storage/engine';
import { type BulkLoadOptions, bulkLoad } from './changing/bulk-load.ts';
import { compactFile } from './changing/compaction.ts';
import { type BackupOptions, openTarget, writeBackup } from './durable/backup.ts';
import { Checkpointer } from './durable/checkpointer.ts';
import type { Recovered } from './durable/recovery.ts';
import { WriteBuffer } from './durable/write-buffer.ts';
import { longestKey, type ResolvedOptions } from './options.ts';
import { ForwardingReader } from './reading/forwarding-reader.ts';
import { type BtreeSnapshot, HeldReader } from './reading/snapshot.ts';
import { lastKey, type PageSource } from './reading/tree-reader.ts';
import { type TreeReport, verifyTree } from './reading/verify.ts';
import type { View } from './reading/view.ts';
import { ViewReader, type ViewSource } from './reading/view-reader.ts';
import { type BtreeStatus, statusOf } from './status.ts';
import { Transaction } from './transactions/transaction.ts';
import { WriterTurns } from './transactions/writer-turns.ts';

const DONE: Promise<void> = Promise.resolve();

/** While a checkpoint runs, a writer that has written so much waits for the next slice of it. */
const PACED_SHARE_OF_BUFFER = 1 / 64;
/** What a load writes before others run, in bytes. */
const LOADED_BYTES_PER_PAUSE = 4 * 1024 * 1024;

/** An ordered, crash-safe map from bytes to bytes; see `KeyValueStore` for what it promises. */
export class BtreeStore extends ForwardingReader implements KeyValueStore {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #limits: Limits;
  readonly #options: ResolvedOptions;
  readonly #recovered: Recovered;
  readonly #lock: Lock;
  readonly #pages: PageSource;
  readonly #health: Health;
  readonly #commit: GroupCommit;
  readonly #buffer: WriteBuffer;
  readonly #checkpointer: Checkpointer;
  protected readonly reader: ViewReader;
  readonly #turns = new WriterTurns();
  /** What there is now; made anew when the tree or the memtables are other ones. */
  #view: View | undefined;
  #snapshots = 0;
  #unpacedBytes = 0;
  /** Up to here writes have resolved or are about to, durable or not. */
  #acknowledgedSequence = 0;
  /** Settles when the load under way has ended; never rejects. */
  #loading: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @internal Use `openBtreeStore`. */
  constructor(options: ResolvedOptions, recovered: Recovered, lock: Lock) {
    super();
    const { data, working, log } = recovered;
    this.maxKeyBytes = longestKey(data.meta.pageBytes);
    this.maxValueBytes = options.maxValueBytes;
    this.#limits = { maxKeyBytes: this.maxKeyBytes, maxValueBytes: this.maxValueBytes };
    this.#options = options;
    this.#recovered = recovered;
    this.#lock = lock;
    this.#pages = { pager: data.pager, decisions: options.decisions };
    this.#health = new Health(options.directory, (error) => {
      this.#commit.reject(error);
      this.#checkpointer.reject(error);
      this.#turns.reject(error);
    });
    const onFailure = (cause: unknown): StorageError => this.#health.fail(cause);
    const onChange = (): void => {
      this.#view = undefined;
    };
    working.listen({ onChange, onFailure });
    this.#buffer = new WriteBuffer({
      log,
      bufferBytes: options.bufferBytes,
      logNumber: recovered.logNumber,
      lastSequence: recovered.lastSequence,
      lastKeyInTree: () => lastKey(working.tree, this.#pages),
      newestSnapshot: () => data.readers.newestSequence,
      isRead: () => data.readers.count > 0,
      onChange,
    });
    this.#commit = new GroupCommit({
      log,
      lastSequence: () => this.#buffer.lastSequence,
      onFailure,
    });
    this.#checkpointer = new Checkpointer({
      data,
      log,
      buffer: this.#buffer,
      working,
      bufferBytes: options.bufferBytes,
      onFailure,
    });
    this.reader = new ViewReader(this.#presentSource());
  }

  write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    try {
      this.#health.checkWritable();
      checkBatch(batch, this.#limits);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#turns.isTaken
      ? this.#turns.batch(() => this.#apply(batch, durable))
      : this.#apply(batch, durable);
  }

  snapshot(): BtreeSnapshot {
    this.#health.checkReadable();
    const { checkpoints } = this.#recovered.data;
    const { view, release } = this.#hold();
    this.#snapshots += 1;
    return new HeldReader({
      readerWith: (checkHeld) =>
        new ViewReader({
          limits: this.#limits,
          pages: this.#pages,
          check: () => {
            this.#health.checkReadable();
            checkHeld();
          },
          view: () => view,
          countableView: () => view,
          // A range ends with its snapshot, which holds what it reads.
          open: () => ({ view, release: () => {} }),
        }),
      onRelease: () => {
        this.#snapshots -= 1;
        release();
        if (this.#health.state === 'open') checkpoints.reuse();
      },
    });
  }

  sync(): Promise<void> {
    return this.write([], { durable: true });
  }

  /**
   * Begins a transaction: resolves when nobody else writes, and lets nobody else write until it has
   * ended. Writes meanwhile wait for that; reads do not. A store that closes rolls it back.
   * @throws {StorageError} `STORAGE_CLOSED`, `STORAGE_FAILED`
   */
  async begin({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Transaction> {
    this.#health.checkWritable();
    let transaction: Transaction | undefined;
    const end = await this.#turns.take(() => transaction?.rollback(), signal);
    transaction = new Transaction({
      limits: this.#limits,
      pages: this.#pages,
      lastSequence: this.#buffer.lastSequence,
      check: () => this.#health.checkReadable(),
      view: (isForCounting) => (isForCounting ? this.#countable() : this.#present()),
      hold: () => this.#hold().release,
      endOfKeys: () => this.#buffer.endOfKeys(),
      commit: (batch, durable) => this.#apply(batch, durable),
      end,
    });
    return transaction;
  }

  /**
   * Brings entries into the tree whose keys ascend, past the log, about as fast as they can be
   * written; keys that are there already get the new value. They are visible slice by slice, and
   * durable when it resolves, with their number; a crash before leaves a first part of them. Writes
   * meanwhile wait until it has ended.
   * @throws {StorageError} `STORAGE_INVALID_KEY` where a key is not above the one before
   */
  async bulkLoad(
    entries: Iterable<Entry> | AsyncIterable<Entry>,
    { signal }: BulkLoadOptions = {},
  ): Promise<number> {
    this.#health.checkWritable();
    const abort = new AbortController();
    const end = await this.#turns.take(() => abort.abort(this.#health.closed()), signal);
    const signals = signal === undefined ? [abort.signal] : [abort.signal, signal];
    const loading = this.#load(entries, AbortSignal.any(signals));
    this.#loading = loading.then(end, end);
    return await loading;
  }

  /**
   * Brings everything that was written into the tree, durably; the log begins anew. That happens by
   * itself whenever the buffer is full, so there is need for it only before something like copying
   * the file.
   */
  async checkpoint(): Promise<void> {
    this.#health.checkWritable();
    await this.#checkpointer.request();
  }

  /**
   * Makes a store of what this one holds now in `directory`, which has to be empty or absent; reads
   * and writes go on meanwhile. Resolves when it is durable. Cost: a checkpoint, and a copy of the
   * file.
   * @throws {StorageError} `STORAGE_EXISTS` where there is a store, `STORAGE_CLOSED`,
   *   `STORAGE_FAILED`, and what the file system throws; what was made of it by then does not open
   */
  async backup(directory: string, options: BackupOptions = {}): Promise<void> {
    this.#health.checkWritable();
    options.signal?.throwIfAborted();
    const { fileSystem } = this.#options;
    const { data } = this.#recovered;
    await openTarget(fileSystem, directory);
    this.#health.checkWritable();
    // From before the checkpoint on, so that nothing of it is written over.
    const { release } = this.#hold();
    try {
      await this.#checkpointer.request();
      await writeBackup({ data, fileSystem }, data.checkpoints.lastComplete, directory, options);
    } finally {
      release();
    }
  }

  /**
   * Moves what lies at the end of the file into free places before it and cuts the end off, as far
   * as readers let it. Writes and reads go on meanwhile; what they wait for is one slice.
   * Cost: reads all branches for every 1024 pages moved, and four syncs.
   */
  async compact({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#health.checkWritable();
    const { data, working } = this.#recovered;
    await compactFile({
      data,
      working,
      pages: this.#pages,
      checkpoint: () => this.#checkpointer.request(),
      check: () => {
        signal?.throwIfAborted();
        this.#health.checkWritable();
      },
    });
  }

  /**
   * Reads every page of the file and checks what should hold among them.
   * @throws {StorageError} `STORAGE_CORRUPT` at the first damage
   */
  verify(): TreeReport {
    this.#health.checkReadable();
    const { data, working } = this.#recovered;
    return verifyTree(working.tree, this.#pages, data.writer.space, data.checkpoints);
  }

  status(): BtreeStatus {
    return statusOf(this.#recovered, this.#buffer, {
      state: this.#health.state,
      snapshots: this.#snapshots,
      syncs: this.#commit.syncs,
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { data, log } = this.#recovered;
    const hadFailed = this.#health.failed;
    this.#health.beginClosing();
    this.#turns.close(this.#health.closed());
    try {
      await this.#loading;
      await this.#commit.idle();
      await this.#checkpointer.idle();
      if (!this.#health.failed) await this.#finish();
      if (!this.#health.failed) return;
      // Rejected writes were told. The closer is told of a failure on the way here, and of
      // acknowledged writes that closing should have made durable.
      const isMissing = log.syncedSequence < this.#acknowledgedSequence;
      if (!hadFailed || isMissing) throw this.#health.failure();
    } finally {
      log.close();
      data.pager.close();
      // Whoever still holds the store does not hold what it wrote and read.
      this.#buffer.close();
      this.#view = undefined;
      this.#lock.release();
    }
  }

  async #finish(): Promise<void> {
    const { data, working, log } = this.#recovered;
    try {
      const isWritten = this.#buffer.memtables.length > 0 || !working.isDurable;
      if (isWritten) await this.#checkpointer.request();
      data.readers.releaseAll();
      await data.checkpoints.settle();
      data.checkpoints.cutEnd();
      log.removeSpare();
    } catch (cause) {
      throw this.#health.fail(cause);
    }
  }

  #apply(batch: Batch, durable: boolean): Promise<void> {
    try {
      this.#health.checkNotFailed();
      if (batch.length > 0) this.#append(batch, durable);
    } catch (error) {
      return Promise.reject(error);
    }
    if (durable) return this.#commit.request();
    this.#acknowledgedSequence = this.#buffer.lastSequence;
    return this.#checkpointer.isRunning ? this.#pace(batch) : DONE;
  }

  #append(batch: Batch, durable: boolean): void {
    const { bufferBytes } = this.#options;
    const buffer = this.#buffer;
    try {
      buffer.append(batch, durable);
    } catch (cause) {
      this.#health.fail(cause);
      throw cause;
    }
    if (buffer.active.bytes < bufferBytes) return;
    if (!this.#checkpointer.isRunning) this.#checkpointer.schedule();
    // Those who do not wait for their writes fill it faster than a checkpoint ends.
    else if (buffer.active.bytes >= 2 * bufferBytes) this.#checkpointer.applyAll();
  }

  /** Settles a write while a checkpoint runs, so that the one does not run away from the other. */
  #pace(batch: Batch): Promise<void> {
    const { bufferBytes } = this.#options;
    if (this.#buffer.active.bytes >= bufferBytes) return this.#checkpointer.idle();
    for (const operation of batch) {
      if (operation.type === 'deleteRange') continue;
      this.#unpacedBytes += operation.key.length;
      if (operation.type === 'put') this.#unpacedBytes += operation.value.length;
    }
    if (this.#unpacedBytes < bufferBytes * PACED_SHARE_OF_BUFFER) return DONE;
    this.#unpacedBytes = 0;
    return this.#checkpointer.nextSlice();
  }

  async #load(
    entries: Iterable<Entry> | AsyncIterable<Entry>,
    signal: AbortSignal,
  ): Promise<number> {
    const { data, working } = this.#recovered;
    const { writer } = data;
    this.#checkpointer.applyAll();
    let writtenBefore = writer.written;
    const count = await bulkLoad(entries, {
      limits: this.#limits,
      signal,
      apply: (changes) => {
        this.#health.checkNotFailed();
        working.apply(changes);
      },
      pause: async () => {
        this.#health.checkNotFailed();
        // Where keys are there already: what they give up is used again.
        if (this.#checkpointer.hasGivenUpMuch) await this.#checkpointer.request();
        const pages = writer.written - writtenBefore;
        if (pages * writer.pageBytes < LOADED_BYTES_PER_PAUSE) return;
        writtenBefore = writer.written;
        await data.checkpoints.settle();
      },
    });
    await this.#checkpointer.request();
    return count;
  }

  #present(): View {
    this.#view ??= {
      tree: this.#recovered.working.tree,
      memtables: this.#buffer.memtables,
      sequence: Number.MAX_SAFE_INTEGER,
    };
    return this.#view;
  }

  /** The present as a tree alone, unless the store has failed and writes nothing any more. */
  #countable(): View {
    if (!this.#health.failed) this.#checkpointer.applyAll();
    return this.#present();
  }

  /** The present, which no longer changes and keeps its pages until it is released. */
  #hold(): { view: View; release(): void } {
    const { data, working } = this.#recovered;
    const sequence = this.#buffer.lastSequence;
    const held = data.readers.take(working.version, sequence);
    const view = { ...this.#present(), sequence };
    return { view, release: () => data.readers.release(held) };
  }

  #presentSource(): ViewSource {
    return {
      limits: this.#limits,
      pages: this.#pages,
      check: () => this.#health.checkReadable(),
      view: () => this.#present(),
      countableView: () => this.#countable(),
      open: () => this.#hold(),
    };
  }
}
