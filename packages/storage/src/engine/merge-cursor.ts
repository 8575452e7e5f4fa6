/**
 * Several cursors as one, in order: a binary heap whose root is the cursor that comes next.
 *
 * It goes one way only, set at its start. Cost: a step is one step of a source and up to two
 * comparisons per level of the heap, but only two as long as the same source stays ahead.
 */
import { type Cursor, compareEntries } from './cursor.ts';

export class MergeCursor {
  readonly #heap: Cursor[];
  readonly #reverse: boolean;

  /** The sources are in their starting positions. */
  constructor(sources: readonly Cursor[], reverse: boolean) {
    this.#heap = sources.filter((source) => source.valid);
    this.#reverse = reverse;
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i -= 1) this.#siftDown(i);
  }

  /** The source whose entry comes next; `undefined` at the end. Do not move it but by `advance`. */
  get top(): Cursor | undefined {
    return this.#heap[0];
  }

  advance(): void {
    const heap = this.#heap;
    const top = heap[0]!;
    if (this.#reverse) top.previous();
    else top.next();
    if (!top.valid) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    if (heap.length > 1) this.#siftDown(0);
  }

  #siftDown(from: number): void {
    const heap = this.#heap;
    const moving = heap[from]!;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  }

  #isBefore(a: Cursor, b: Cursor): boolean {
    const order = compareEntries(a, b);
    return this.#reverse ? order > 0 : order < 0;
  }
}
