/**
 * A transaction: what it writes is seen by itself alone until it commits, and then by all at once.
 *
 * While one is under way nobody else writes, so it needs no locks and never has to be tried again;
 * whoever reads does not notice it. What it has written lies in a memtable over the view of the
 * store, and in a list, which becomes one batch when it commits.
 *
 * Cost: memory for what is written, twice; going back to a savepoint inserts what is left anew.
 */
import {
  checkBatch,
  type DeleteRange,
  type Limits,
  StorageError,
  type WriteOptions,
} from '@ds/storage';
import { type BoundedOperation, bounded, laterKey, Memtable, successor } from '@ds/storage/engine';
import { ForwardingReader } from '../reading/forwarding-reader.ts';
import type { PageSource } from '../reading/tree-reader.ts';
import type { View } from '../reading/view.ts';
import { ViewReader } from '../reading/view-reader.ts';

/** The start of a transaction's memtable, which grows as needed, in bytes. */
const FIRST_BYTES = 16 * 1024;

/** A place in a transaction to go back to. */
export interface Savepoint {
  readonly operations: number;
}

export interface TransactionOptions {
  readonly limits: Limits;
  readonly pages: PageSource;
  readonly lastSequence: number;
  /** @throws {StorageError} `STORAGE_CLOSED` when the store is. */
  check(): void;
  /** What the store holds; with as little as can be in memtables when it is to be counted. */
  view(isForCounting: boolean): View;
  /** Holds what the store's view needs. */
  hold(): () => void;
  endOfKeys(): Uint8Array;
  commit(batch: readonly BoundedOperation[], durable: boolean): Promise<void>;
  /** Lets others write. */
  end(): void;
}

export class Transaction extends ForwardingReader implements Disposable {
  readonly #options: TransactionOptions;
  protected readonly reader: ViewReader;
  #operations: BoundedOperation[] = [];
  #memtable: Memtable;
  #state: 'open' | 'committed' | 'rolled back' = 'open';
  /** The view, and the store's that it is made from. */
  #view: { readonly below: View; readonly view: View } | undefined;

  /** @internal Use `begin` of the store. */
  constructor(options: TransactionOptions) {
    super();
    this.#options = options;
    this.#memtable = new Memtable(options.lastSequence + 1, FIRST_BYTES);
    this.reader = new ViewReader({
      limits: options.limits,
      pages: options.pages,
      check: () => this.#check(),
      view: () => this.#viewOver(options.view(false)),
      countableView: () => this.#viewOver(options.view(true)),
      open: () => {
        const view = this.#viewOver(options.view(false));
        const sequence = this.#memtable.lastSequence;
        return { view: { ...view, sequence }, release: options.hold() };
      },
    });
  }

  /** Copies what it is given. @throws {StorageError} `STORAGE_INVALID_KEY`, `_VALUE` */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#check();
    checkBatch([{ type: 'put', key, value }], this.#options.limits);
    this.#add({ type: 'put', key: new Uint8Array(key), value: new Uint8Array(value) });
  }

  delete(key: Uint8Array): void {
    this.#check();
    checkBatch([{ type: 'delete', key }], this.#options.limits);
    this.#add({ type: 'delete', key: new Uint8Array(key) });
  }

  /** Deletes the keys from `gte`, or the first, up to but not including `lt`, or to the last. */
  deleteRange({ gte, lt }: Omit<DeleteRange, 'type'> = {}): void {
    this.#check();
    const range = {
      type: 'deleteRange' as const,
      gte: gte && new Uint8Array(gte),
      lt: lt && new Uint8Array(lt),
    };
    checkBatch([range], this.#options.limits);
    for (const each of bounded([range], () => this.#endOfKeys())) this.#add(each);
  }

  savepoint(): Savepoint {
    this.#check();
    return { operations: this.#operations.length };
  }

  /** Takes back what was written since. @throws {RangeError} when that itself was taken back */
  rollbackTo({ operations }: Savepoint): void {
    this.#check();
    if (!(operations >= 0 && operations <= this.#operations.length)) {
      throw new RangeError('the savepoint is behind one that was gone back to');
    }
    const kept = this.#operations.slice(0, operations);
    this.#operations = [];
    this.#memtable = new Memtable(this.#options.lastSequence + 1, FIRST_BYTES);
    this.#view = undefined;
    for (const each of kept) this.#add(each);
  }

  /** Resolves when all that was written is visible, or, with `durable`, synced; at once or not. */
  commit({ durable = false }: WriteOptions = {}): Promise<void> {
    try {
      this.#check();
    } catch (error) {
      return Promise.reject(error);
    }
    this.#state = 'committed';
    const committed = this.#options.commit(this.#operations, durable);
    this.#options.end();
    return committed;
  }

  /** Takes everything back. Harmless when it has ended. */
  rollback(): void {
    if (this.#state !== 'open') return;
    this.#state = 'rolled back';
    this.#options.end();
  }

  [Symbol.dispose](): void {
    this.rollback();
  }

  #add(operation: BoundedOperation): void {
    this.#operations.push(operation);
    const memtable = this.#memtable;
    const sequence = this.#options.lastSequence + this.#operations.length;
    const wasEmpty = memtable.isEmpty;
    if (operation.type === 'put') memtable.insert(sequence, operation.key, operation.value);
    else if (operation.type === 'delete') memtable.insert(sequence, operation.key, undefined);
    else memtable.deleteRange(sequence, operation.gte, operation.lt, 0);
    // What was counted by, or has no such memtable yet, is another view.
    if (wasEmpty || this.reader.hasCounted) this.#view = undefined;
  }

  #viewOver(below: View): View {
    if (this.#view?.below !== below) {
      const { tree, memtables } = below;
      const own = this.#memtable.isEmpty ? [] : [this.#memtable];
      const view = { tree, memtables: [...own, ...memtables], sequence: Number.MAX_SAFE_INTEGER };
      this.#view = { below, view };
    }
    return this.#view.view;
  }

  #endOfKeys(): Uint8Array {
    const last = this.#memtable.lastKey();
    const end = this.#options.endOfKeys();
    return last === undefined ? end : laterKey(end, successor(last));
  }

  #check(): void {
    this.#options.check();
    if (this.#state === 'open') return;
    throw new StorageError('STORAGE_CLOSED', `the transaction was ${this.#state}`);
  }
}
