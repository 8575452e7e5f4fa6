/** A transaction over the trees of a forest; see `Transaction`. */
import type { DeleteRange, Operation, WriteOptions } from '@ds/storage';
import { ForwardingReader } from '../reading/forwarding-reader.ts';
import type { BtreeReader } from '../reading/view-reader.ts';
import type { Savepoint, Transaction } from '../transactions/transaction.ts';
import type { NamedTree } from './named-tree.ts';

/** What a transaction may do with one tree; see `Transaction`. */
export class TreeInTransaction extends ForwardingReader {
  protected readonly reader: BtreeReader;
  readonly #transaction: Transaction;
  readonly #tree: NamedTree;

  /** @internal Use `tree` of the transaction. */
  constructor(transaction: Transaction, tree: NamedTree) {
    super();
    this.reader = tree.readerOf(transaction);
    this.#transaction = transaction;
    this.#tree = tree;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#apply({ type: 'put', key, value });
  }

  delete(key: Uint8Array): void {
    this.#apply({ type: 'delete', key });
  }

  deleteRange(range: Omit<DeleteRange, 'type'> = {}): void {
    this.#apply({ type: 'deleteRange', ...range });
  }

  #apply(operation: Operation): void {
    const transaction = this.#transaction;
    for (const each of this.#tree.prefixed([operation])) {
      if (each.type === 'put') transaction.put(each.key, each.value);
      else if (each.type === 'delete') transaction.delete(each.key);
      else transaction.deleteRange(each);
    }
  }
}

export class ForestTransaction implements Disposable {
  readonly #transaction: Transaction;

  /** @internal Use `begin` of the forest. */
  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** The tree as the transaction sees it. */
  tree(tree: NamedTree): TreeInTransaction {
    return new TreeInTransaction(this.#transaction, tree);
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
