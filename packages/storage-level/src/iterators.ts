/**
 * Level's three iterators over a {@link RangeCursor}.
 *
 * What they return is the caller's own, and copied once: the store copies where both halves of an
 * entry are wanted; where only one is, they take views and copy that half.
 */
import type { Entry } from '@ds/storage';
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level';
import { StoreLevelError } from './errors.ts';
import type { IteratorOptions } from './options.ts';
import type { RangeCursor } from './range-cursor.ts';
import { fromStoredKey, toStoredKey } from './stored-key.ts';

type EncodedEntry = [key: Uint8Array | undefined, value: Uint8Array | undefined];

/** Which entries' halves an iterator reads as views. */
export function readsViews({ keys = true, values = true }: IteratorOptions): boolean {
  return !(keys && values);
}

export class StoreIterator<D, K, V> extends AbstractIterator<D, K, V> {
  readonly #steps: Steps<EncodedEntry>;

  constructor(db: D, options: IteratorOptions, cursor: RangeCursor) {
    super(db, options as object);
    this.#steps = new Steps(cursor, options.signal, entryPicker(options));
  }

  protected _next(): Promise<EncodedEntry | undefined> {
    return this.#steps.next();
  }

  protected _nextv(size: number): Promise<EncodedEntry[]> {
    return this.#steps.take(size);
  }

  protected _seek(target: Uint8Array): void {
    this.#steps.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#steps.close();
  }
}

export class StoreKeyIterator<D, K> extends AbstractKeyIterator<D, K> {
  readonly #steps: Steps<Uint8Array>;

  constructor(db: D, options: IteratorOptions, cursor: RangeCursor) {
    super(db, options as object);
    this.#steps = new Steps(cursor, options.signal, copyKey);
  }

  protected _next(): Promise<Uint8Array | undefined> {
    return this.#steps.next();
  }

  protected _nextv(size: number): Promise<Uint8Array[]> {
    return this.#steps.take(size);
  }

  protected _seek(target: Uint8Array): void {
    this.#steps.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#steps.close();
  }
}

export class StoreValueIterator<D, K, V> extends AbstractValueIterator<D, K, V> {
  readonly #steps: Steps<Uint8Array>;

  constructor(db: D, options: IteratorOptions, cursor: RangeCursor) {
    super(db, options as object);
    this.#steps = new Steps(cursor, options.signal, copyValue);
  }

  protected _next(): Promise<Uint8Array | undefined> {
    return this.#steps.next();
  }

  protected _nextv(size: number): Promise<Uint8Array[]> {
    return this.#steps.take(size);
  }

  protected _seek(target: Uint8Array): void {
    this.#steps.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#steps.close();
  }
}

/** What the three have in common: they differ in what they pick of an entry. */
class Steps<T> {
  readonly #cursor: RangeCursor;
  readonly #signal: AbortSignal | null | undefined;
  readonly #pick: (entry: Entry) => T;

  constructor(
    cursor: RangeCursor,
    signal: AbortSignal | null | undefined,
    pick: (entry: Entry) => T,
  ) {
    this.#cursor = cursor;
    this.#signal = signal;
    this.#pick = pick;
  }

  async next(): Promise<T | undefined> {
    if (this.#signal != null) await this.#goAhead(this.#signal);
    const entry = this.#cursor.next();
    return entry && this.#pick(entry);
  }

  async take(size: number): Promise<T[]> {
    if (this.#signal != null) await this.#goAhead(this.#signal);
    const items: T[] = [];
    while (items.length < size) {
      const entry = this.#cursor.next();
      if (entry === undefined) break;
      items.push(this.#pick(entry));
    }
    return items;
  }

  /**
   * Reading is synchronous, so this is where an abort can come in between: right after the call,
   * or while `all` takes its thousands.
   */
  async #goAhead(signal: AbortSignal): Promise<void> {
    await undefined;
    if (!signal.aborted) return;
    const options = { cause: signal.reason };
    throw new StoreLevelError('LEVEL_ABORTED', 'the read has been aborted', options);
  }

  seek(target: Uint8Array): void {
    this.#cursor.seek(new Uint8Array(toStoredKey(target)));
  }

  close(): void {
    this.#cursor.close();
  }
}

function entryPicker(options: IteratorOptions): (entry: Entry) => EncodedEntry {
  const { keys = true, values = true } = options;
  if (keys && values) return ({ key, value }) => [fromStoredKey(key), value];
  return (entry) => [keys ? copyKey(entry) : undefined, values ? copyValue(entry) : undefined];
}

function copyKey({ key }: Entry): Uint8Array {
  return new Uint8Array(fromStoredKey(key));
}

function copyValue({ value }: Entry): Uint8Array {
  return new Uint8Array(value);
}
