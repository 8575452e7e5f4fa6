/**
 * Bringing sorted entries into the tree directly: no log, no memtable, and pages packed full.
 *
 * They are taken in slices, each of which is visible at once. All of it is durable at the end, and
 * until then a crash leaves some first part.
 *
 * Cost: a pass over the entries, and each page written once, where the keys come after all others.
 */
import { checkKey, checkValue, type Entry, type Limits, StorageError } from '@ds/storage';
import { ByteWriter, compareRanges } from '@ds/storage/engine';
import { type ChangeCursor, Changes } from './changes.ts';

export interface BulkLoadOptions {
  /** Ends it early; what was loaded by then stays. */
  readonly signal?: AbortSignal;
}

export interface BulkLoadContext {
  readonly signal: AbortSignal;
  readonly limits: Limits;
  apply(changes: Changes): void;
  /** Lets others run. */
  pause(): Promise<void>;
}

const SLICE_BYTES = 512 * 1024;

/** Resolves with how many there were. @throws {StorageError} `STORAGE_INVALID_KEY`, `_VALUE` */
export async function bulkLoad(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  { limits, signal, apply, pause }: BulkLoadContext,
): Promise<number> {
  let slice = new Slice(undefined);
  let count = 0;
  const take = ({ key, value }: Entry): boolean => {
    checkKey(key, limits);
    checkValue(value, limits);
    slice.add(key, value);
    count += 1;
    return slice.bytes >= SLICE_BYTES;
  };
  const finish = async (): Promise<void> => {
    if (slice.isEmpty) return;
    apply(slice.changes());
    slice = new Slice(slice.lastKey());
    await pause();
    signal.throwIfAborted();
  };
  // An entry of an iterable that is not asynchronous should not cost a promise.
  if (Symbol.iterator in entries) {
    for (const entry of entries) if (take(entry)) await finish();
  } else {
    for await (const entry of untilAborted(entries, signal)) if (take(entry)) await finish();
  }
  await finish();
  return count;
}

/** The entries, until the signal ends it: also while the source is being waited for. */
async function* untilAborted(
  entries: AsyncIterable<Entry>,
  signal: AbortSignal,
): AsyncGenerator<Entry, void> {
  const iterator = entries[Symbol.asyncIterator]();
  let endWaiting: (reason: unknown) => void = () => {};
  const abort = (): void => endWaiting(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const step = await new Promise<IteratorResult<Entry>>((resolve, reject) => {
        endWaiting = reject;
        iterator.next().then(resolve, reject);
      });
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // A source that gives nothing does not end either, so nobody waits for that, nor for its error.
    iterator.return?.().catch(() => {});
  }
}

/** Some entries, copied. */
class Slice {
  readonly #out = new ByteWriter(SLICE_BYTES + SLICE_BYTES / 8);
  /** Per entry: where its key starts, where its value starts; at the end, where that ends. */
  readonly #starts: number[] = [];
  readonly #before: Uint8Array | undefined;

  constructor(before: Uint8Array | undefined) {
    this.#before = before;
  }

  get isEmpty(): boolean {
    return this.#starts.length === 0;
  }

  get bytes(): number {
    return this.#out.length;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    this.#checkOrder(key);
    const { length } = this.#out;
    this.#starts.push(length, length + key.length);
    this.#out.append(key);
    this.#out.append(value);
  }

  lastKey(): Uint8Array {
    const from = this.#starts.at(-2) ?? 0;
    return this.#out.bytes.slice(from, this.#starts.at(-1));
  }

  changes(): Changes {
    return new Changes(new SliceCursor(this.#out.bytes, [...this.#starts, this.#out.length]));
  }

  #checkOrder(key: Uint8Array): void {
    const last = this.isEmpty ? this.#before : this.#out.bytes;
    if (last === undefined) return;
    const [from = 0, to = last.length] = this.isEmpty ? [] : this.#starts.slice(-2);
    if (compareRanges(last, from, to, key, 0, key.length) < 0) return;
    throw new StorageError('STORAGE_INVALID_KEY', 'the keys of a load ascend, each once');
  }
}

class SliceCursor implements ChangeCursor {
  readonly isTombstone = false;
  readonly keyBytes: Uint8Array;
  readonly valueBytes: Uint8Array;
  readonly #starts: readonly number[];
  #index = 0;

  constructor(bytes: Uint8Array, starts: readonly number[]) {
    this.keyBytes = bytes;
    this.valueBytes = bytes;
    this.#starts = starts;
  }

  get valid(): boolean {
    return this.#index + 1 < this.#starts.length;
  }

  get keyStart(): number {
    return this.#starts[this.#index]!;
  }

  get keyEnd(): number {
    return this.#starts[this.#index + 1]!;
  }

  get valueStart(): number {
    return this.#starts[this.#index + 1]!;
  }

  get valueEnd(): number {
    return this.#starts[this.#index + 2]!;
  }

  next(): void {
    this.#index += 2;
  }
}
