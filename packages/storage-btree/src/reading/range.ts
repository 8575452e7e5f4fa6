/**
 * Ordered ranges over one view.
 *
 * A range is fixed when its iterator is made, and keeps the pages of its tree from being written
 * over until it ends, is left by `break`, or the store closes.
 * Cost: a seek, then a step per entry; copying an entry costs more than finding it, which is what
 * `views` are for.
 */
import { type Bounds, checkBounds, compareBytes, type Entry } from '@ds/storage';
import { halfOpen } from '@ds/storage/engine';
import { BufferedCursor } from './buffered-cursor.ts';
import type { EntryCursor } from './entry-cursor.ts';
import { TreeCursor } from './tree-cursor.ts';
import type { PageSource } from './tree-reader.ts';
import type { View } from './view.ts';

export interface RangeSource {
  readonly pages: PageSource;
  /** @throws {StorageError} `STORAGE_CLOSED` once reading is over. */
  check(): void;
  /** What to read, held until `release`. */
  open(): { readonly view: View; release(): void };
}

export class Range implements Iterable<Entry> {
  readonly #source: RangeSource;
  readonly #bounds: Bounds;

  /** @throws {StorageError} `STORAGE_INVALID_RANGE` */
  constructor(source: RangeSource, bounds: Bounds) {
    source.check();
    checkBounds(bounds);
    this.#source = source;
    this.#bounds = { ...bounds };
  }

  [Symbol.iterator](): Iterator<Entry> {
    return new RangeIterator(this.#source, this.#bounds);
  }
}

const DONE: IteratorResult<Entry> = { done: true, value: undefined };

class RangeIterator implements IterableIterator<Entry> {
  readonly #source: RangeSource;
  readonly #lower: Uint8Array | undefined;
  readonly #upper: Uint8Array | undefined;
  readonly #isReverse: boolean;
  readonly #givesViews: boolean;
  readonly #cursor: EntryCursor;
  readonly #release: () => void;
  #left: number;
  #hasBegun = false;
  #hasEnded = false;

  constructor(source: RangeSource, bounds: Bounds) {
    source.check();
    const { reverse = false, views = false } = bounds;
    const { lower, upper } = halfOpen(bounds);
    this.#source = source;
    this.#lower = lower;
    this.#upper = upper;
    this.#isReverse = reverse;
    this.#givesViews = views;
    this.#left = bounds.limit ?? Number.POSITIVE_INFINITY;
    const { view, release } = source.open();
    this.#release = release;
    const { memtables, tree } = view;
    const { pages } = source;
    this.#cursor =
      memtables.length === 0 ? new TreeCursor(tree, pages) : new BufferedCursor(view, pages);
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this;
  }

  next(): IteratorResult<Entry> {
    this.#source.check();
    if (this.#hasEnded) return DONE;
    try {
      if (this.#left > 0 && this.#step()) {
        this.#left -= 1;
        return { done: false, value: this.#entry() };
      }
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#end();
    return DONE;
  }

  return(): IteratorResult<Entry> {
    this.#end();
    return DONE;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#release();
  }

  #step(): boolean {
    const cursor = this.#cursor;
    if (this.#hasBegun) this.#isReverse ? cursor.previous() : cursor.next();
    else this.#begin();
    if (!cursor.valid) return false;
    const bound = this.#isReverse ? this.#lower : this.#upper;
    if (bound === undefined) return true;
    const order = compareKey(cursor, bound);
    return this.#isReverse ? order >= 0 : order < 0;
  }

  #begin(): void {
    this.#hasBegun = true;
    const start = this.#isReverse ? this.#upper : this.#lower;
    const cursor = this.#cursor;
    if (this.#isReverse) start === undefined ? cursor.last() : cursor.seekBefore(start);
    else start === undefined ? cursor.first() : cursor.seek(start);
  }

  #entry(): Entry {
    const cursor = this.#cursor;
    return this.#givesViews
      ? { key: cursor.keyView(), value: cursor.valueView() }
      : { key: cursor.key(), value: cursor.value() };
  }
}

function compareKey({ keyBytes, keyEnd }: EntryCursor, bound: Uint8Array): number {
  const shared = Math.min(keyEnd, bound.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = keyBytes[i]! - bound[i]!;
    if (difference !== 0) return difference;
  }
  return keyEnd - bound.length;
}

/** How many keys `bounds` takes in, whatever their order and limit, by the rank of their ends. */
export function endsOf(bounds: Bounds): {
  from: Uint8Array | undefined;
  to: Uint8Array | undefined;
} {
  const { lower: from, upper: to } = halfOpen(bounds);
  if (from !== undefined && to !== undefined && compareBytes(from, to) > 0)
    return { from, to: from };
  return { from, to };
}
