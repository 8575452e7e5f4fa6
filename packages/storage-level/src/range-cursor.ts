/**
 * A place in a range that can be moved: what lies between Level's iterators and a store's ranges.
 *
 * A store's range cannot seek, so a seek begins another one. All of them read one snapshot, taken
 * when the iterator is made: that is what Level calls an implicit snapshot. It is held, and with it
 * what the engine keeps for it, until `close`.
 *
 * Cost: a snapshot per iterator, a range per seek, and nothing before the first entry is asked for.
 */
import { type Bounds, type Entry, type Reader, withinBounds } from '@ds/storage';
import { levelError } from './errors.ts';

export class RangeCursor {
  readonly #reader: Reader;
  readonly #release: () => void;
  readonly #bounds: Bounds;
  /** The bounds from the last seek's target on; undefined when that was outside the range. */
  #rest: Bounds | undefined;
  #range: Iterator<Entry> | undefined;

  /** `release` gives up the snapshot that `reader` is, if it is the cursor's own. */
  constructor(reader: Reader, bounds: Bounds, release: () => void) {
    this.#reader = reader;
    this.#bounds = bounds;
    this.#rest = bounds;
    this.#release = release;
  }

  /** The next entry, as a view where the bounds ask for views; undefined at the end. */
  next(): Entry | undefined {
    if (this.#rest === undefined) return undefined;
    try {
      this.#range ??= this.#reader.range(this.#rest)[Symbol.iterator]();
      const { done, value } = this.#range.next();
      return done ? undefined : value;
    } catch (error) {
      throw levelError(error);
    }
  }

  /** Moves to `target`, or to the nearest key after it in the direction of the range. */
  seek(target: Uint8Array): void {
    this.#leave();
    const { gt, gte, lt, lte, ...order } = this.#bounds;
    if (!withinBounds(target, this.#bounds)) this.#rest = undefined;
    else if (order.reverse) this.#rest = { ...order, gt, gte, lte: target };
    else this.#rest = { ...order, gte: target, lt, lte };
  }

  /** Idempotent. */
  close(): void {
    this.#leave();
    this.#rest = undefined;
    this.#release();
  }

  #leave(): void {
    this.#range?.return?.();
    this.#range = undefined;
  }
}
