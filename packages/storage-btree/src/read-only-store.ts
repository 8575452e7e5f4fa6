/**
 * A store opened for reading only: what its files hold, as it was when it was opened.
 *
 * No file is made, changed, removed or locked: what the logs hold is read into memory and stays
 * there. It is for directories that nobody writes to, such as a backup. Beside a running store it
 * may meet pages that are written over, and then says so with an error.
 */
import {
  type Batch,
  checkBatch,
  type KeyValueStore,
  type Limits,
  StorageError,
  type StoreStatus,
} from '@ds/storage';
import { Health } from '@ds/storage/engine';
import { type OpenedData, openDataFileToRead } from './durable/data-file.ts';
import { replay } from './durable/recovery.ts';
import { longestKey, type ResolvedOptions } from './options.ts';
import { ForwardingReader } from './reading/forwarding-reader.ts';
import { type BtreeSnapshot, HeldReader } from './reading/snapshot.ts';
import { type TreeReport, verifyTree } from './reading/verify.ts';
import type { View } from './reading/view.ts';
import { ViewReader } from './reading/view-reader.ts';

export class ReadOnlyBtreeStore extends ForwardingReader implements KeyValueStore {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #directory: string;
  readonly #limits: Limits;
  readonly #data: OpenedData;
  readonly #health: Health;
  protected readonly reader: ViewReader;
  readonly #readerWith: (check: () => void) => ViewReader;
  readonly #verify: () => TreeReport;
  #snapshots = 0;

  /** @internal Use `openBtreeStore` with `readOnly: true`. */
  constructor(options: ResolvedOptions) {
    super();
    const data = openDataFileToRead(options);
    this.maxKeyBytes = longestKey(data.meta.pageBytes);
    this.maxValueBytes = options.maxValueBytes;
    this.#limits = { maxKeyBytes: this.maxKeyBytes, maxValueBytes: this.maxValueBytes };
    this.#directory = options.directory;
    this.#data = data;
    this.#health = new Health(options.directory, () => {});
    const view = viewOf(data, options);
    const pages = { pager: data.pager, decisions: options.decisions };
    this.#readerWith = (check) =>
      new ViewReader({
        limits: this.#limits,
        pages,
        check,
        view: () => view,
        countableView: () => view,
        open: () => ({ view, release: () => {} }),
      });
    this.reader = this.#readerWith(() => this.#health.checkReadable());
    this.#verify = () => verifyTree(view.tree, pages, data.writer.space, data.checkpoints);
  }

  /** The store itself never changes, so a snapshot is another name for it. */
  snapshot(): BtreeSnapshot {
    this.#health.checkReadable();
    this.#snapshots += 1;
    return new HeldReader({
      readerWith: (checkHeld) =>
        this.#readerWith(() => {
          this.#health.checkReadable();
          checkHeld();
        }),
      onRelease: () => {
        this.#snapshots -= 1;
      },
    });
  }

  /** Rejects: `STORAGE_READ_ONLY`, or what is wrong with the batch. */
  async write(batch: Batch): Promise<void> {
    this.#health.checkReadable();
    checkBatch(batch, this.#limits);
    const path = this.#directory;
    throw new StorageError('STORAGE_READ_ONLY', `the store in ${path} is open for reading`, {
      path,
    });
  }

  /** Resolves: there is nothing that is not durable. */
  async sync(): Promise<void> {
    this.#health.checkReadable();
  }

  /** See `BtreeStore.verify`; what the logs hold was verified when it was opened. */
  verify(): TreeReport {
    this.#health.checkReadable();
    return this.#verify();
  }

  status(): StoreStatus {
    const { state } = this.#health;
    return { state, bytes: this.#data.pager.file.size, snapshots: this.#snapshots };
  }

  async close(): Promise<void> {
    this.#health.beginClosing();
    this.#data.pager.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function viewOf(data: OpenedData, options: ResolvedOptions): View {
  try {
    const { memtables } = replay(data.meta.log, options);
    const newestFirst = memtables.toReversed();
    return { tree: data.meta.root, memtables: newestFirst, sequence: Number.MAX_SAFE_INTEGER };
  } catch (error) {
    data.pager.close();
    throw error;
  }
}
