/**
 * Ordered ranges: the layers merged, with what is too new, overwritten or deleted left out.
 *
 * A range is fixed when its iterator is made, and holds its version, hence its files, until it
 * ends, is left by `break`, or the store closes. Cost: a seek per layer, then a step per entry;
 * copying an entry costs more than finding it, which is what `views` are for.
 */
import { type Bounds, checkBounds, compareBytes, type Entry } from '@ds/storage';
import {
  type Cursor,
  compareRanges,
  copyOf,
  halfOpen,
  LastKey,
  MergeCursor,
  type TombstoneProbe,
  viewOf,
} from '@ds/storage/engine';
import { cursorsOf, type Layers, tombstoneProbesOf } from './read-view.ts';

export interface RangeSource {
  /** @throws {StorageError} `STORAGE_CLOSED` once reading is over. */
  check(): void;
  /** The layers and the sequence to read, held until `release`. */
  open(): { readonly layers: Layers; readonly sequence: number; release(): void };
}

/**
 * A source of the layers of a store that goes on changing: they stay as they are until released,
 * the memory of memtables among them.
 */
export function heldSource(
  check: () => void,
  layersNow: () => Layers,
  sequenceNow: () => number,
  onRelease: (layers: Layers) => void,
): RangeSource {
  return {
    check,
    open: () => {
      const now = layersNow();
      const layers = { ...now, immutables: [...now.immutables] };
      const memtables = [layers.memtable, ...layers.immutables.map(({ memtable }) => memtable)];
      for (const memtable of memtables) memtable.readers += 1;
      layers.version.hold();
      const release = (): void => {
        for (const memtable of memtables) memtable.readers -= 1;
        onRelease(layers);
      };
      return { layers, sequence: sequenceNow(), release };
    },
  };
}

export class Range implements Iterable<Entry> {
  readonly #source: RangeSource;
  readonly #bounds: Bounds;

  /** @throws {StorageError} `STORAGE_INVALID_RANGE` */
  constructor(source: RangeSource, bounds: Bounds) {
    checkBounds(bounds);
    source.check();
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
  readonly #reverse: boolean;
  readonly #views: boolean;
  #left: number;
  readonly #sequence: number;
  #merge: MergeCursor | undefined;
  readonly #release: () => void;
  #started = false;
  #ended = false;
  #layers: Layers;
  /** The key that was dealt with last. */
  readonly #last = new LastKey();
  readonly #tombstones: readonly TombstoneProbe[];

  constructor(source: RangeSource, bounds: Bounds) {
    source.check();
    const { reverse = false, views = false, limit } = bounds;
    const { lower, upper } = halfOpen(bounds);
    this.#lower = lower;
    this.#upper = upper;
    this.#reverse = reverse;
    this.#views = views;
    this.#left = limit ?? Number.POSITIVE_INFINITY;
    this.#source = source;
    const { layers, sequence, release } = source.open();
    this.#layers = layers;
    this.#sequence = sequence;
    this.#tombstones = tombstoneProbesOf(layers);
    this.#release = release;
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this;
  }

  next(): IteratorResult<Entry> {
    if (this.#ended) {
      this.#source.check();
      return DONE;
    }
    try {
      this.#source.check();
      const entry = this.#left > 0 && !this.#isEmpty() ? this.#step() : undefined;
      if (entry !== undefined) {
        this.#left -= 1;
        return { done: false, value: entry };
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
    if (this.#ended) return;
    this.#ended = true;
    this.#merge = undefined;
    this.#release();
  }

  #isEmpty(): boolean {
    const lower = this.#lower;
    const upper = this.#upper;
    return lower !== undefined && upper !== undefined && compareBytes(lower, upper) >= 0;
  }

  #step(): Entry | undefined {
    const merge = this.#merge ?? this.#begin();
    return this.#reverse ? this.#stepBack(merge) : this.#stepForward(merge);
  }

  #begin(): MergeCursor {
    const lower = this.#lower;
    const upper = this.#upper;
    // Backwards a value waits until all entries of its key have been seen.
    const cursors = cursorsOf(this.#layers, lower, upper, this.#reverse);
    for (const cursor of cursors) {
      if (!this.#reverse) lower === undefined ? cursor.first() : cursor.seek(lower);
      else upper === undefined ? cursor.last() : cursor.seekBefore(upper);
    }
    this.#merge = new MergeCursor(cursors, this.#reverse);
    return this.#merge;
  }

  #stepForward(merge: MergeCursor): Entry | undefined {
    if (this.#started) merge.advance();
    this.#started = true;
    const sequence = this.#sequence;
    for (let top = merge.top; top !== undefined; top = merge.top) {
      if (top.sequence <= sequence && !this.#last.is(top)) {
        if (this.#isAtUpper(top)) return undefined;
        this.#last.set(top);
        if (!top.isTombstone && !this.#isDeleted(top, top.sequence)) {
          return this.#entry(top);
        }
      }
      merge.advance();
    }
    return undefined;
  }

  /** A key's entries come oldest first, so the last one that is visible counts. */
  #stepBack(merge: MergeCursor): Entry | undefined {
    for (let top = merge.top; top !== undefined; top = merge.top) {
      if (this.#isBeforeLower(top)) return undefined;
      this.#last.set(top);
      let isVisible = false;
      let valueBytes = top.valueBytes;
      let valueStart = 0;
      let valueEnd = 0;
      let found = 0;
      for (; top !== undefined && this.#last.is(top); top = merge.top) {
        if (top.sequence <= this.#sequence) {
          isVisible = !top.isTombstone;
          found = top.sequence;
          valueBytes = top.valueBytes;
          valueStart = top.valueStart;
          valueEnd = top.valueEnd;
        }
        merge.advance();
      }
      const key = { keyBytes: this.#last.bytes, keyStart: 0, keyEnd: this.#last.length };
      if (isVisible && !this.#isDeleted(key, found)) {
        return this.#entry({ valueBytes, valueStart, valueEnd });
      }
    }
    return undefined;
  }

  /** The key that was dealt with last, and a value. */
  #entry({
    valueBytes,
    valueStart,
    valueEnd,
  }: Pick<Cursor, 'valueBytes' | 'valueStart' | 'valueEnd'>): Entry {
    const { bytes, length } = this.#last;
    return this.#views
      ? { key: this.#last.view(), value: viewOf(valueBytes, valueStart, valueEnd) }
      : { key: copyOf(bytes, 0, length), value: copyOf(valueBytes, valueStart, valueEnd) };
  }

  #isAtUpper({ keyBytes, keyStart, keyEnd }: Cursor): boolean {
    const upper = this.#upper;
    if (upper === undefined) return false;
    return compareRanges(keyBytes, keyStart, keyEnd, upper, 0, upper.length) >= 0;
  }

  #isBeforeLower({ keyBytes, keyStart, keyEnd }: Cursor): boolean {
    const lower = this.#lower;
    if (lower === undefined) return false;
    return compareRanges(keyBytes, keyStart, keyEnd, lower, 0, lower.length) < 0;
  }

  /** Whether a range tombstone lies over the key that hides an entry of `sequence`. */
  #isDeleted(
    { keyBytes, keyStart, keyEnd }: Pick<Cursor, 'keyBytes' | 'keyStart' | 'keyEnd'>,
    sequence: number,
  ): boolean {
    for (const probe of this.#tombstones) {
      if (probe.newest(keyBytes, keyStart, keyEnd, this.#sequence) > sequence) return true;
    }
    return false;
  }
}
