/**
 * Many trees by name in one file, which batches and transactions can change together.
 *
 * They share one tree: each has a number, and its keys begin with that. Pages store what their keys
 * share only once, so a number costs next to nothing there; neighbouring trees may share a page.
 * Which name has which number is written under number 0, before anything is written to the tree.
 */
import { type Limits, type Operation, StorageError, type WriteOptions } from '@ds/storage';
import { openBtreeStore } from '../open.ts';
import type { BtreeStoreOptions } from '../options.ts';
import type { BtreeStore } from '../store.ts';
import { ForestTransaction } from './forest-transaction.ts';
import { NamedTree } from './named-tree.ts';
import { Prefix } from './prefixed.ts';

const NUMBER_BYTES = 2;
const MOST_TREES = 65_534;
const CATALOG = prefixOf(0);
const LONGEST_NAME_BYTES = 128;

/** An operation on one of the forest's trees. */
export type ForestOperation = Operation & { readonly tree: NamedTree };

/** Opens the forest in `directory`, or begins one. @throws {StorageError} as `openBtreeStore` */
export async function openBtreeForest(options: BtreeStoreOptions): Promise<BtreeForest> {
  return new BtreeForest(await openBtreeStore(options));
}

export class BtreeForest implements AsyncDisposable {
  /**
   * The file as a whole, for `backup`, `compact`, `checkpoint`, `verify`, `status` and `sync`. Its
   * keys begin with the numbers of trees: leave them alone.
   */
  readonly store: BtreeStore;
  readonly #limits: Limits;
  readonly #trees = new Map<string, Promise<NamedTree>>();

  /** @internal Use `openBtreeForest`. */
  constructor(store: BtreeStore) {
    this.store = store;
    const { maxKeyBytes, maxValueBytes } = store;
    this.#limits = { maxKeyBytes: maxKeyBytes - NUMBER_BYTES, maxValueBytes };
  }

  /** The names of all trees, in order. */
  names(): string[] {
    const decoder = new TextDecoder();
    const entries = this.store.range({ gte: CATALOG.bytes, lt: CATALOG.end });
    return Array.from(entries, ({ key }) => decoder.decode(key.subarray(NUMBER_BYTES)));
  }

  /**
   * The tree called `name`, which is made when there is none: a store of its own to whoever uses
   * it. Closing it gives up the handle, not the tree. Making one is a write, and waits as such for
   * a transaction under way.
   * @throws {RangeError} for a name of no or more than 128 bytes
   */
  tree(name: string): Promise<NamedTree> {
    let tree = this.#trees.get(name);
    if (tree === undefined) {
      tree = this.#openTree(name);
      this.#trees.set(name, tree);
      // Who asks again after a failure, or after closing, begins anew.
      tree.then(
        (opened) => opened.onClose(() => this.#trees.delete(name)),
        () => this.#trees.delete(name),
      );
    }
    return tree;
  }

  /** Deletes the tree called `name` with all that is in it. Harmless when there is none. */
  async drop(name: string, { durable = false }: WriteOptions = {}): Promise<void> {
    const key = catalogKey(name);
    const number = this.#numberOf(key);
    if (number === undefined) return;
    const handle = this.#trees.get(name);
    const { bytes, end } = prefixOf(number);
    const batch: Operation[] = [
      { type: 'deleteRange', gte: bytes, lt: end },
      { type: 'delete', key },
    ];
    const dropped = this.store.write(batch, { durable });
    await (await handle)?.close();
    await dropped;
  }

  /** Writes to several trees as one batch; see `KeyValueStore.write`. */
  write(batch: readonly ForestOperation[], options?: WriteOptions): Promise<void> {
    try {
      const operations = batch.flatMap(({ tree, ...operation }) => tree.prefixed([operation]));
      return this.store.write(operations, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** See `BtreeStore.begin`: one transaction over all trees. */
  async begin(options?: { readonly signal?: AbortSignal }): Promise<ForestTransaction> {
    return new ForestTransaction(await this.store.begin(options));
  }

  close(): Promise<void> {
    return this.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #openTree(name: string): Promise<NamedTree> {
    const key = catalogKey(name);
    let number = this.#numberOf(key);
    if (number === undefined) {
      number = this.#freeNumber();
      const value = prefixOf(number).bytes;
      await this.store.write([{ type: 'put', key, value }]);
    }
    return new NamedTree(name, this.store, prefixOf(number), this.#limits);
  }

  #numberOf(key: Uint8Array): number | undefined {
    const value = this.store.get(key);
    return value && value[0]! * 256 + value[1]!;
  }

  /** The lowest number that no tree has. */
  #freeNumber(): number {
    const taken = new Set<number>();
    for (const { value } of this.store.range({ gte: CATALOG.bytes, lt: CATALOG.end })) {
      taken.add(value[0]! * 256 + value[1]!);
    }
    let number = 1;
    while (taken.has(number)) number += 1;
    if (number <= MOST_TREES) return number;
    throw new StorageError('STORAGE_FULL', `a forest has at most ${MOST_TREES} trees`);
  }
}

function prefixOf(number: number): Prefix {
  return new Prefix(Uint8Array.of(number >> 8, number & 0xff));
}

function catalogKey(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length === 0 || bytes.length > LONGEST_NAME_BYTES) {
    throw new RangeError(`a tree's name has 1 to ${LONGEST_NAME_BYTES} bytes, got ${bytes.length}`);
  }
  return CATALOG.before(bytes);
}
