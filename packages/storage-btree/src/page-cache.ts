/**
 * Pages that were read, up to a number of them, by page id.
 *
 * Which page gives way is decided by a clock: a hand goes round over the places and takes the first
 * whose page has not been used since it last came by. Pages are never written to, so one that has
 * given way stays good for whoever still reads it, and is the garbage collector's after that.
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
    if (place === undefined) return undefined;
    const page = this.#places[place]!;
    page.referenced = true;
    return page;
  }

  /** Takes a page in, in the place of an older one of the same id. */
  set(page: Page): void {
    if (this.#capacity === 0) return;
    const place = this.#placeOf.get(page.id) ?? this.#findPlace();
    this.#places[place] = page;
    this.#placeOf.set(page.id, place);
  }

  /** Forgets a page; tells whether it was here. */
  delete(id: number): boolean {
    const place = this.#placeOf.get(id);
    if (place === undefined) return false;
    this.#placeOf.delete(id);
    this.#places[place] = undefined;
    this.#vacant.push(place);
    return true;
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
