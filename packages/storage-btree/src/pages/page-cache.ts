/**
 * Pages that were read, up to a number of them, by page id.
 *
 * Which page gives way is decided by a clock: a hand goes round over the places and takes the first
 * whose page has not been used since it last came by. Who holds a page beyond a call says so (see
 * `holders`), so that the memory of the others can be used again when they have given way.
 *
 * Invariant: at most `capacity` pages. Cost: O(1), amortised. Source: Corbato, "A Paging Experiment
 * with the Multics System" (1968).
 */
import type { Page } from './page.ts';

export class PageCache {
  readonly #capacity: number;
  readonly #places: (Page | undefined)[] = [];
  readonly #placeOf = new Map<number, number>();
  readonly #vacant: number[] = [];
  #hand = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#placeOf.size;
  }

  get(id: number): Page | undefined {
    const place = this.#placeOf.get(id);
    return place === undefined ? undefined : this.getAt(place, id);
  }

  /** The same where the page is thought to be at `place`: saves looking that up. */
  getAt(place: number, id: number): Page | undefined {
    const page = this.#places[place];
    if (page === undefined || page.id !== id) return undefined;
    page.referenced = true;
    return page;
  }

  /** Where the page is, as long as it stays; -1 when it is not here. */
  placeOf(id: number): number {
    return this.#placeOf.get(id) ?? -1;
  }

  /** Takes a page in, in the place of an older one of the same id; returns what gave way. */
  set(page: Page): Page | undefined {
    if (this.#capacity === 0) return undefined;
    const place = this.#placeOf.get(page.id) ?? this.#findPlace();
    const old = this.#places[place];
    this.#places[place] = page;
    this.#placeOf.set(page.id, place);
    return old;
  }

  /** Forgets a page; returns it if it was here. */
  delete(id: number): Page | undefined {
    const place = this.#placeOf.get(id);
    if (place === undefined) return undefined;
    const page = this.#places[place];
    this.#placeOf.delete(id);
    this.#places[place] = undefined;
    this.#vacant.push(place);
    return page;
  }

  clear(): void {
    this.#places.length = 0;
    this.#vacant.length = 0;
    this.#placeOf.clear();
    this.#hand = 0;
  }

  #findPlace(): number {
    const vacant = this.#vacant.pop();
    if (vacant !== undefined) return vacant;
    if (this.#places.length < this.#capacity) return this.#places.push(undefined) - 1;
    for (;;) {
      const place = this.#hand;
      const page = this.#places[place]!;
      this.#hand = place + 1 === this.#capacity ? 0 : place + 1;
      if (page.referenced) {
        page.referenced = false;
        continue;
      }
      this.#placeOf.delete(page.id);
      return place;
    }
  }
}
