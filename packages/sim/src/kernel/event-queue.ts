/**
 * What is going to happen, ordered by virtual time and, at equal times, by the order it was
 * scheduled in.
 *
 * A cancelled event stays in the heap until it surfaces, or until cancelled ones are the majority
 * and the heap is rebuilt without them: protocols cancel most of the timers they set. Cost:
 * O(log n) per event, amortized.
 */
import type { Timer } from '@ds/clock';

/** One life of a machine, from a start to the next crash. What it scheduled dies with it. */
export interface Owner {
  readonly alive: boolean;
  readonly machine: Holder;
}

/**
 * A machine that can be paused, so that its events are held back until it resumes, or slow, so that
 * each of them waits for its turn.
 */
export interface Holder {
  readonly id: string;
  readonly index: number;
  readonly paused: boolean;
  readonly held: SimEvent[];
  /** How long one event keeps it busy; 0: no time at all. */
  readonly eventMs: number;
  /** When it will be through with all that waits for it. */
  freeAtMs: number;
}

export type EventKind = 'timer' | 'message' | 'drain' | 'sync' | 'peer' | 'network' | 'world';

export class SimEvent implements Timer {
  readonly kind: EventKind;
  readonly at: number;
  readonly order: number;
  /** Whose event it is; it does not happen when that life is over. */
  readonly owner: Owner | undefined;
  /** The machine it happens on; it waits while that one is paused. */
  readonly machine: Holder | undefined;
  readonly fire: () => unknown;
  /** It has waited for a slow machine, and its turn has come. */
  waited = false;
  readonly #queue: EventQueue;
  #pending = true;

  constructor(
    queue: EventQueue,
    kind: EventKind,
    at: number,
    order: number,
    owner: Owner | undefined,
    machine: Holder | undefined,
    fire: () => unknown,
  ) {
    this.#queue = queue;
    this.kind = kind;
    this.at = at;
    this.order = order;
    this.owner = owner;
    this.machine = machine;
    this.fire = fire;
  }

  /** Neither fired nor cancelled. */
  get pending(): boolean {
    return this.#pending;
  }

  cancel(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.#queue.noteCancelled();
  }

  /** The event happens now, or never. */
  settle(): void {
    this.#pending = false;
  }
}

export class EventQueue {
  #heap: SimEvent[] = [];
  #cancelled = 0;

  push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (above.at < event.at || (above.at === event.at && above.order < event.order)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  /** The next pending event, left in place. */
  peek(): SimEvent | undefined {
    let next = this.#heap[0];
    while (next !== undefined && !next.pending) {
      this.pop();
      this.#cancelled -= 1;
      next = this.#heap[0];
    }
    return next;
  }

  /** Takes the first event out; call {@link peek} before. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (before(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }

  /** Every pending event, in no order. */
  *pending(): Iterable<SimEvent> {
    for (const event of this.#heap) if (event.pending) yield event;
  }

  clear(): void {
    this.#heap = [];
    this.#cancelled = 0;
  }

  noteCancelled(): void {
    this.#cancelled += 1;
    if (this.#cancelled < 64 || this.#cancelled * 2 < this.#heap.length) return;
    const kept = this.#heap.filter((event) => event.pending);
    this.clear();
    for (const event of kept) this.push(event);
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
