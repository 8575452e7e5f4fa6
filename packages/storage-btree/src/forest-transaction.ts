/** A transaction over the trees of a forest; see `Transaction`. */
import type { Batch, DeleteRange, WriteOptions } from '@ds/storage';
import type { NamedTree } from './named-tree.ts';
import type { Savepoint, Transaction } from './transaction.ts';
import type { BtreeReader } from './view-reader.ts';

/** What a transaction may do with one tree. */
export interface TreeInTransaction extends BtreeReader {
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  deleteRange(range?: Omit<DeleteRange, 'type'>): void;
}

export class ForestTransaction implements Disposable {
  readonly #transaction: Transaction;

  /** @internal Use `begin` of the forest. */
  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** The tree as the transaction sees it. */
  tree(tree: NamedTree): TreeInTransaction {
    const transaction = this.#transaction;
    const reader = tree.readerOf(transaction);
    const apply = (...batch: Batch): void => {
      for (const each of tree.prefixed(batch)) {
        if (each.type === 'put') transaction.put(each.key, each.value);
        else if (each.type === 'delete') transaction.delete(each.key);
        else transaction.deleteRange(each);
      }
    };
    return {
      get: (key) => reader.get(key),
      has: (key) => reader.has(key),
      getMany: (keys) => reader.getMany(keys),
      range: (bounds) => reader.range(bounds),
      countRange: (bounds) => reader.countRange(bounds),
      rank: (key) => reader.rank(key),
      at: (position) => reader.at(position),
      put: (key, value) => apply({ type: 'put', key, value }),
      delete: (key) => apply({ type: 'delete', key }),
      deleteRange: (range = {}) => apply({ type: 'deleteRange', ...range }),
    };
  }

  savepoint(): Savepoint {
    return this.#transaction.savepoint();
  }

  rollbackTo(savepoint: Savepoint): void {
    this.#transaction.rollbackTo(savepoint);
  }

  commit(options?: WriteOptions): Promise<void> {
    return this.#transaction.commit(options);
  }

  rollback(): void {
    this.#transaction.rollback();
  }

  [Symbol.dispose](): void {
    this.rollback();
  }
}
