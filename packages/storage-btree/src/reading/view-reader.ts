/** Everything that can be asked of a view, with the caller's input checked. */
import {
  type Bounds,
  checkBounds,
  checkKey,
  type Entry,
  type Limits,
  type Reader,
} from '@ds/storage';
import { Difference } from './difference.ts';
import { endsOf, Range } from './range.ts';
import { entryAt, type PageSource, rankOf } from './tree-reader.ts';
import { isIn, type View, valueIn } from './view.ts';

/** What a tree can tell besides its entries. Cost of each: one page per level. */
export interface Counting {
  /** How many keys are in `bounds`, whatever their order and limit. */
  countRange(bounds?: Bounds): number;
  /** How many keys are below `key`. */
  rank(key: Uint8Array): number;
  /** The entry with `position` keys before it; `undefined` when there are not so many. */
  at(position: number): Entry | undefined;
}

export interface BtreeReader extends Reader, Counting {
  /** Whether `key` has a value: as `get`, without making a copy of it. */
  has(key: Uint8Array): boolean;
  /**
   * The values of `keys`, in their order and all of one moment.
   * @throws {StorageError} `STORAGE_INVALID_KEY`, before anything is read
   */
  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[];
}

export interface ViewSource {
  readonly limits: Limits;
  readonly pages: PageSource;
  /** @throws {StorageError} `STORAGE_CLOSED` once reading is over. */
  check(): void;
  /** What is to be read now. */
  view(): View;
  /** The same, for counting: with as little in memtables as can be. */
  countableView(): View;
  /** The same, held until `release`. */
  open(): { readonly view: View; release(): void };
}

export class ViewReader implements BtreeReader {
  readonly #source: ViewSource;
  /** Of the view that was counted in last, as long as the view is the same. */
  #difference: { readonly view: View; readonly difference: Difference } | undefined;

  constructor(source: ViewSource) {
    this.#source = source;
  }

  /** Whether a difference of the view from its tree has been made. */
  get hasCounted(): boolean {
    return this.#difference !== undefined;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const source = this.#source;
    source.check();
    checkKey(key, source.limits);
    return valueIn(source.view(), key, source.pages);
  }

  has(key: Uint8Array): boolean {
    const source = this.#source;
    source.check();
    checkKey(key, source.limits);
    return isIn(source.view(), key, source.pages);
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    const source = this.#source;
    source.check();
    for (const key of keys) checkKey(key, source.limits);
    const view = source.view();
    return keys.map((key) => valueIn(view, key, source.pages));
  }

  range(bounds: Bounds = {}): Iterable<Entry> {
    return new Range(this.#source, bounds);
  }

  countRange(bounds: Bounds = {}): number {
    this.#source.check();
    checkBounds(bounds);
    const { from, to } = endsOf(bounds);
    const view = this.#source.countableView();
    const end = to === undefined ? this.#entries(view) : this.#rank(view, to);
    return end - (from === undefined ? 0 : this.#rank(view, from));
  }

  rank(key: Uint8Array): number {
    this.#source.check();
    checkKey(key, this.#source.limits);
    return this.#rank(this.#source.countableView(), key);
  }

  at(position: number): Entry | undefined {
    this.#source.check();
    const view = this.#source.countableView();
    const difference = this.#differenceOf(view);
    if (difference !== undefined) return difference.at(position);
    return entryAt(view.tree, position, this.#source.pages);
  }

  #entries(view: View): number {
    return this.#differenceOf(view)?.entries ?? view.tree.entries;
  }

  #rank(view: View, key: Uint8Array): number {
    return this.#differenceOf(view)?.rank(key) ?? rankOf(view.tree, key, this.#source.pages);
  }

  /** `undefined` for a view that is a tree alone. */
  #differenceOf(view: View): Difference | undefined {
    if (view.memtables.length === 0) return undefined;
    if (this.#difference?.view !== view) {
      this.#difference = { view, difference: new Difference(view, this.#source.pages) };
    }
    return this.#difference?.difference;
  }
}
