/**
 * The store: a batch is applied to the tree at once, and durable with the next checkpoint.
 *
 * Invariants: the tree is replaced as a whole, batch by batch; the version rises by one each time;
 * what a version needs is not written over while the store shows it, a reader holds it, or opening
 * could come back to it.
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
  StorageError,
  type WriteOptions,
} from '@ds/storage';
import { applyChanges } from './apply.ts';
import { changesOf } from './batch-changes.ts';
import { CommitQueue } from './commit-queue.ts';
import type { OpenedData } from './data-file.ts';
import { Health } from './health.ts';
import { longestKey, type ResolvedOptions } from './options.ts';
import { endsOf, Range, type RangeSource } from './range.ts';
import { relocate } from './relocation.ts';
import type { BtreeStatus } from './status.ts';
import { entryAt, getValue, type PageSource, rankOf } from './tree-reader.ts';
import type { TreeReference } from './tree-reference.ts';
import { type TreeReport, verifyTree } from './verify.ts';

const DONE: Promise<void> = Promise.resolve();

/** What a snapshot of a tree can tell besides its entries. Cost of each: one page per level. */
export interface Counting {
  /** How many keys are in `bounds`, whatever their order and limit. */
  countRange(bounds?: Bounds): number;
  /** How many keys are below `key`. */
  rank(key: Uint8Array): number;
  /** The entry with `position` keys before it; `undefined` when there are not so many. */
  at(position: number): Entry | undefined;
}

export type BtreeSnapshot = Snapshot & Counting;

/** An ordered, crash-safe map from bytes to bytes; see `KeyValueStore` for what it promises. */
export class BtreeStore implements KeyValueStore, Counting {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #limits: Limits;
  readonly #options: ResolvedOptions;
  readonly #data: OpenedData;
  readonly #lock: Lock;
  readonly #pages: PageSource;
  readonly #health: Health;
  readonly #commits: CommitQueue;
  #tree: TreeReference;
  #version: number;
  #snapshots = 0;
  #writtenAtCheckpoint = 0;
  #closing: Promise<void> | undefined;

  /** @internal Use `openBtreeStore`. */
  constructor(options: ResolvedOptions, data: OpenedData, lock: Lock) {
    this.maxKeyBytes = longestKey(data.meta.pageBytes);
    this.maxValueBytes = options.maxValueBytes;
    this.#limits = { maxKeyBytes: this.maxKeyBytes, maxValueBytes: this.maxValueBytes };
    this.#options = options;
    this.#data = data;
    this.#lock = lock;
    this.#pages = { pager: data.pager, decisions: options.decisions };
    this.#tree = data.meta.root;
    this.#version = data.meta.version;
    this.#health = new Health(options.directory);
    this.#commits = new CommitQueue({
      checkpoint: () => this.#checkpoint(),
      onFailure: (cause) => this.#fail(cause),
    });
  }

  write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    try {
      this.#health.checkWritable();
      checkBatch(batch, this.#limits);
      this.#apply(batch);
    } catch (error) {
      return Promise.reject(error);
    }
    if (durable) return this.#isDurable() ? DONE : this.#commits.request();
    const { writer } = this.#data;
    const pages = writer.written - this.#writtenAtCheckpoint;
    if (pages * writer.pageBytes >= this.#options.checkpointBytes) this.#commits.schedule();
    return DONE;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#health.checkReadable();
    checkKey(key, this.#limits);
    return getValue(this.#tree, key, this.#pages);
  }

  /** See `Reader.range`. Its end, a `break`, or closing the store let go of the pages it reads. */
  range(bounds: Bounds = {}): Iterable<Entry> {
    return new Range(this.#rangeSource(), bounds);
  }

  countRange(bounds: Bounds = {}): number {
    return this.#counting(() => this.#tree).countRange(bounds);
  }

  rank(key: Uint8Array): number {
    return this.#counting(() => this.#tree).rank(key);
  }

  at(position: number): Entry | undefined {
    return this.#counting(() => this.#tree).at(position);
  }

  snapshot(): BtreeSnapshot {
    this.#health.checkReadable();
    const { readers, checkpoints } = this.#data;
    const tree = this.#tree;
    const held = readers.take(this.#version);
    this.#snapshots += 1;
    let isReleased = false;
    const check = (): void => {
      this.#health.checkReadable();
      if (isReleased) throw new StorageError('STORAGE_CLOSED', 'the snapshot has been released');
    };
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.#snapshots -= 1;
      readers.release(held);
      if (this.#health.state === 'open') checkpoints.reuse();
    };
    const source: RangeSource = {
      pages: this.#pages,
      check,
      open: () => {
        const reader = readers.take(held.version);
        return { tree, release: () => readers.release(reader) };
      },
    };
    return {
      ...this.#counting(() => tree, check),
      get: (key) => {
        check();
        checkKey(key, this.#limits);
        return getValue(tree, key, this.#pages);
      },
      range: (bounds = {}) => new Range(source, bounds),
      release,
      [Symbol.dispose]: release,
    };
  }

  sync(): Promise<void> {
    return this.write([], { durable: true });
  }

  /**
   * Moves what lies at the end of the file into free places before it and cuts the end off, as far
   * as readers let it. Writes and reads go on meanwhile; what they wait for is one slice.
   * Cost: reads all branches for every `checkpointBytes` moved, and four syncs.
   */
  async compact({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#health.checkWritable();
    const { writer, checkpoints } = this.#data;
    const { space, pageBytes } = writer;
    const pages = Math.ceil(this.#options.checkpointBytes / pageBytes);
    for (let above = Number.POSITIVE_INFINITY; ; ) {
      // The second one makes the first one's pages free, and the end of the file is cut.
      await this.#commits.request();
      await this.#commits.request();
      signal?.throwIfAborted();
      this.#health.checkWritable();
      const limit = space.usedPages;
      const stillAbove = space.usedAbove(limit);
      if (stillAbove === 0 || stillAbove >= above) return;
      above = stillAbove;
      checkpoints.movePiecesAbove(limit);
      this.#replaceTree((tree) => relocate(tree, limit, pages, this.#pages, writer));
    }
  }

  /**
   * Reads every page of the file and checks what should hold among them.
   * @throws {StorageError} `STORAGE_CORRUPT` at the first damage
   */
  verify(): TreeReport {
    this.#health.checkReadable();
    return verifyTree(this.#tree, this.#pages, this.#data.writer.space, this.#data.checkpoints);
  }

  status(): BtreeStatus {
    const { pager, writer, readers, checkpoints } = this.#data;
    const { space, pageBytes } = writer;
    return {
      state: this.#health.state,
      bytes: pager.file.size,
      snapshots: this.#snapshots,
      entries: this.#tree.entries,
      pageBytes,
      usedPages: space.usedPages,
      waitingPages: space.waitingPages,
      heldByOldestReaderBytes: space.waitingAfter(readers.oldest) * pageBytes,
      readers: readers.count,
      levels: this.#tree.page === 0 ? 0 : this.#tree.level + 1,
      cachedBytes: pager.cachedBytes,
      pagesRead: pager.reads,
      pagesWritten: writer.written,
      checkpoints: checkpoints.count,
      isDurable: this.#isDurable(),
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
    const { pager } = this.#data;
    const hadFailed = this.#health.state === 'failed';
    this.#health.close();
    try {
      await this.#commits.idle();
      if (this.#health.failure === undefined) await this.#finish();
      // Whoever wrote has been told; but a failure on the way here is told to the closer.
      if (this.#health.failure !== undefined && !hadFailed) throw this.#health.failure;
    } finally {
      pager.file.file.close();
      this.#lock.release();
    }
  }

  async #finish(): Promise<void> {
    try {
      if (!this.#isDurable()) await this.#checkpoint();
      this.#data.readers.releaseAll();
      await this.#data.checkpoints.settle(true);
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  #isDurable(): boolean {
    return this.#data.checkpoints.durableVersion === this.#version;
  }

  #apply(batch: Batch): void {
    if (batch.length === 0) return;
    const changes = changesOf(batch);
    const { writer } = this.#data;
    this.#replaceTree((old) => {
      let tree = old;
      while (!changes.isDone) {
        tree = applyChanges(tree, changes, writer, this.#options.decisions);
      }
      return tree;
    });
  }

  /** Puts another tree in the place of the store's, as a version of its own. */
  #replaceTree(make: (old: TreeReference) => TreeReference): void {
    try {
      this.#tree = make(this.#tree);
    } catch (cause) {
      this.#fail(cause);
      throw cause;
    }
    this.#version += 1;
    this.#data.writer.space.endVersion(this.#version);
  }

  async #checkpoint(): Promise<void> {
    // After a write that failed half way the space map knows of pages given up that are not.
    if (this.#health.failure !== undefined) throw this.#health.failure;
    this.#version += 1;
    this.#writtenAtCheckpoint = this.#data.writer.written;
    await this.#data.checkpoints.write(this.#tree, this.#version);
  }

  #fail(cause: unknown): StorageError {
    const error = this.#health.fail(cause);
    this.#commits.reject(error);
    return error;
  }

  #rangeSource(): RangeSource {
    const { readers } = this.#data;
    return {
      pages: this.#pages,
      check: () => this.#health.checkReadable(),
      open: () => {
        const reader = readers.take(this.#version);
        return { tree: this.#tree, release: () => readers.release(reader) };
      },
    };
  }

  #counting(
    tree: () => TreeReference,
    check: () => void = () => this.#health.checkReadable(),
  ): Counting {
    const pages = this.#pages;
    return {
      countRange: (bounds = {}) => {
        check();
        checkBounds(bounds);
        const { from, to } = endsOf(bounds);
        const end = to === undefined ? tree().entries : rankOf(tree(), to, pages);
        return end - (from === undefined ? 0 : rankOf(tree(), from, pages));
      },
      rank: (key) => {
        check();
        checkKey(key, this.#limits);
        return rankOf(tree(), key, pages);
      },
      at: (position) => {
        check();
        return entryAt(tree(), position, pages);
      },
    };
  }
}
