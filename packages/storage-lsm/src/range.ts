/**
 * Ordered ranges: the layers merged, with what is too new, overwritten or deleted left out.
 *
 * A range is fixed when its iterator is made, and holds its version, hence its files, until it
 * ends, is left by `break`, or the store closes. Cost: a seek per layer, then a step per entry;
 * copying an entry costs more than finding it, which is what `views` are for.
 */
import { type Bounds, checkBounds, compareBytes, type Entry } from '@ds/storage';
import { type Cursor, compareRanges } from './cursor.ts';
import { MergeCursor } from './merge-cursor.ts';
import { cursorsOf, type Layers } from './read-view.ts';

export interface RangeSource {
  /** @throws {StorageError} `STORAGE_CLOSED` once reading is over. */
  check(): void;
  /** The layers and the sequence to read, held until `release`. */
  open(): { readonly layers: Layers; readonly sequence: number; release(): void };
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
  #key = new Uint8Array(64);
  #keyLength = -1;

  constructor(source: RangeSource, bounds: Bounds) {
    source.check();
    const { gt, gte, lt, lte, reverse = false, views = false, limit } = bounds;
    // A key's successor is the key with a zero behind it, so that each side has but one form.
    this.#lower = gt ? successor(gt) : gte?.slice();
    this.#upper = lte ? successor(lte) : lt?.slice();
    this.#reverse = reverse;
    this.#views = views;
    this.#left = limit ?? Number.POSITIVE_INFINITY;
    this.#source = source;
    const { layers, sequence, release } = source.open();
    this.#layers = layers;
    this.#sequence = sequence;
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
    const cursors = cursorsOf(this.#layers, lower, upper);
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
      if (top.sequence <= sequence && !this.#isLastKey(top)) {
        if (this.#isAtUpper(top)) return undefined;
        this.#rememberKey(top);
        if (!top.isTombstone) {
          return this.#entry(top.keyBytes, top.keyStart, top.keyEnd, top);
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
      this.#rememberKey(top);
      let isVisible = false;
      let valueBytes = top.valueBytes;
      let valueStart = 0;
      let valueEnd = 0;
      for (; top !== undefined && this.#isLastKey(top); top = merge.top) {
        if (top.sequence <= this.#sequence) {
          isVisible = !top.isTombstone;
          valueBytes = top.valueBytes;
          valueStart = top.valueStart;
          valueEnd = top.valueEnd;
        }
        merge.advance();
      }
      if (isVisible) {
        return this.#entry(this.#key, 0, this.#keyLength, { valueBytes, valueStart, valueEnd });
      }
    }
    return undefined;
  }

  #entry(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    { valueBytes, valueStart, valueEnd }: Pick<Cursor, 'valueBytes' | 'valueStart' | 'valueEnd'>,
  ): Entry {
    return this.#views
      ? {
          key: keyBytes.subarray(keyStart, keyEnd),
          value: valueBytes.subarray(valueStart, valueEnd),
        }
      : { key: keyBytes.slice(keyStart, keyEnd), value: valueBytes.slice(valueStart, valueEnd) };
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

  #isLastKey({ keyBytes, keyStart, keyEnd }: Cursor): boolean {
    const length = this.#keyLength;
    if (keyEnd - keyStart !== length) return false;
    const key = this.#key;
    // From the end, where neighbouring keys differ.
    for (let i = length - 1; i >= 0; i -= 1) if (key[i] !== keyBytes[keyStart + i]) return false;
    return true;
  }

  #rememberKey({ keyBytes, keyStart, keyEnd }: Cursor): void {
    const length = keyEnd - keyStart;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const key = this.#key;
    for (let i = 0; i < length; i += 1) key[i] = keyBytes[keyStart + i]!;
    this.#keyLength = length;
  }
}

function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
