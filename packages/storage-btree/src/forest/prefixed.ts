/**
 * The keys with one prefix as if they were all there is: how several trees share one.
 *
 * Cost: a copy of the key for what is asked, and none for what is found. Counting asks for two
 * ranks instead of one.
 */
import {
  type Batch,
  type Bounds,
  checkBounds,
  checkKey,
  type Entry,
  type Limits,
  type Operation,
} from '@ds/storage';
import type { BtreeReader } from '../reading/view-reader.ts';

export class Prefix {
  readonly bytes: Uint8Array;
  /** The first key behind all keys with the prefix. */
  readonly end: Uint8Array;

  /** `bytes` has a byte below 255. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    let length = bytes.length;
    while (bytes[length - 1] === 255) length -= 1;
    this.end = bytes.slice(0, length);
    this.end[length - 1]! += 1;
  }

  /** The key as it is in the tree that is shared. */
  before(key: Uint8Array): Uint8Array {
    const { bytes } = this;
    const whole = new Uint8Array(bytes.length + key.length);
    whole.set(bytes);
    whole.set(key, bytes.length);
    return whole;
  }

  bounds({ gt, gte, lt, lte, ...rest }: Bounds): Bounds {
    const lower = gt ? { gt: this.before(gt) } : { gte: gte ? this.before(gte) : this.bytes };
    const upper = lte ? { lte: this.before(lte) } : { lt: lt ? this.before(lt) : this.end };
    return { ...rest, ...lower, ...upper };
  }

  batch(batch: Batch): Operation[] {
    return batch.map((operation): Operation => {
      if (operation.type !== 'deleteRange') {
        return { ...operation, key: this.before(operation.key) };
      }
      const { gte, lt } = operation;
      return {
        type: 'deleteRange',
        gte: gte ? this.before(gte) : this.bytes,
        lt: lt ? this.before(lt) : this.end,
      };
    });
  }

  entry({ key, value }: Entry): Entry {
    return { key: key.subarray(this.bytes.length), value };
  }
}

export class PrefixedReader implements BtreeReader {
  readonly #reader: BtreeReader;
  readonly #prefix: Prefix;
  /** Of keys without the prefix. */
  readonly #limits: Limits;
  readonly #check: () => void;

  /** `check` throws when reading is over; the reader itself knows when its store is closed. */
  constructor(reader: BtreeReader, prefix: Prefix, limits: Limits, check: () => void) {
    this.#reader = reader;
    this.#prefix = prefix;
    this.#limits = limits;
    this.#check = check;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    checkKey(key, this.#limits);
    return this.#reader.get(this.#prefix.before(key));
  }

  has(key: Uint8Array): boolean {
    this.#check();
    checkKey(key, this.#limits);
    return this.#reader.has(this.#prefix.before(key));
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    this.#check();
    for (const key of keys) checkKey(key, this.#limits);
    return this.#reader.getMany(keys.map((key) => this.#prefix.before(key)));
  }

  range(bounds: Bounds = {}): Iterable<Entry> {
    this.#check();
    checkBounds(bounds);
    const prefix = this.#prefix;
    const range = this.#reader.range(prefix.bounds(bounds));
    return {
      [Symbol.iterator]: () => {
        this.#check();
        return new StrippedIterator(range[Symbol.iterator](), prefix, this.#check);
      },
    };
  }

  countRange(bounds: Bounds = {}): number {
    this.#check();
    checkBounds(bounds);
    return this.#reader.countRange(this.#prefix.bounds(bounds));
  }

  rank(key: Uint8Array): number {
    this.#check();
    checkKey(key, this.#limits);
    return this.countRange({ lt: key });
  }

  at(position: number): Entry | undefined {
    if (!(position >= 0 && position < this.countRange())) return undefined;
    const before = this.#reader.countRange({ lt: this.#prefix.bytes });
    const entry = this.#reader.at(before + position);
    return entry && this.#prefix.entry(entry);
  }
}

class StrippedIterator implements IterableIterator<Entry> {
  readonly #entries: Iterator<Entry>;
  readonly #prefix: Prefix;
  readonly #check: () => void;

  constructor(entries: Iterator<Entry>, prefix: Prefix, check: () => void) {
    this.#entries = entries;
    this.#prefix = prefix;
    this.#check = check;
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this;
  }

  next(): IteratorResult<Entry> {
    this.#check();
    const result = this.#entries.next();
    return result.done ? result : { done: false, value: this.#prefix.entry(result.value) };
  }

  return(): IteratorResult<Entry> {
    this.#entries.return?.();
    return { done: true, value: undefined };
  }
}
