/**
 * A clock that stands still until it is told to move: for tests of anything that takes a `Clock`.
 *
 * Invariants: readings change only inside `advance` and `setWall`; while a timer's callback runs,
 * `monotonic()` is exactly that timer's deadline. Cost: O(log n) per timer set and fired.
 */
import { type Clock, checkDelay, type Timer } from './clock.ts';
import { systemClock } from './system.ts';

export interface ManualClockOptions {
  /** The wall clock's first reading, in ms since 1970. @default 0 */
  readonly wallMs?: number;
}

interface Pending extends Timer {
  readonly deadline: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Time that only {@link ManualClock.advance} moves. */
export class ManualClock implements Clock {
  readonly #heap: Pending[] = [];
  #monotonicMs = 0;
  #wallMs: number;
  #order = 0;
  #live = 0;
  #advancing = false;

  constructor({ wallMs = 0 }: ManualClockOptions = {}) {
    this.#wallMs = wallMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** How many timers are set and neither fired nor cancelled. */
  get pendingTimers(): number {
    return this.#live;
  }

  /** When the next timer is due, by `monotonic()`; `Infinity` when none is set. */
  get nextDeadline(): number {
    this.#dropCancelled();
    return this.#heap[0]?.deadline ?? Number.POSITIVE_INFINITY;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending: Pending = {
      deadline: this.#monotonicMs + checkDelay(delayMs),
      order: this.#order++,
      fire,
      cancelled: false,
      cancel: () => {
        if (!pending.cancelled) {
          pending.cancelled = true;
          this.#live -= 1;
        }
      },
    };
    this.#live += 1;
    push(this.#heap, pending);
    return pending;
  }

  /**
   * Moves both readings on by `byMs` and fires, in order, every timer that comes due on the way,
   * including those that fired timers set. Promises do not run inside: use {@link run} for code
   * that awaits. Timers that throw do not stop the others; their errors
   * are thrown together afterwards.
   * @throws {RangeError} for a step that is negative or not finite.
   */
  advance(byMs: number): void {
    if (this.#advancing) throw new Error('advance was called from inside a timer it fired');
    const target = this.#monotonicMs + checkDelay(byMs);
    const errors: unknown[] = [];
    this.#advancing = true;
    while (this.nextDeadline <= target) {
      const due = pop(this.#heap);
      this.#moveTo(due.deadline);
      due.cancelled = true;
      this.#live -= 1;
      try {
        due.fire();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#moveTo(target);
    this.#advancing = false;
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} timers threw`);
  }

  /**
   * As {@link advance}, but lets every promise run before, between and after the timers: for code
   * that awaits between them. Takes a turn of the host's event loop per deadline.
   */
  async run(byMs: number): Promise<void> {
    const target = this.#monotonicMs + checkDelay(byMs);
    await hostTurn();
    while (this.nextDeadline <= target) {
      this.advance(Math.max(0, this.nextDeadline - this.#monotonicMs));
      await hostTurn();
    }
    this.advance(target - this.#monotonicMs);
    await hostTurn();
  }

  /** Lets the wall clock jump to `wallMs`; timers and `monotonic` do not notice. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.cancelled) pop(this.#heap);
  }
}

/** All promises that can run have run when this resolves. */
function hostTurn(): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer(0, resolve);
  });
}

function before(a: Pending, b: Pending): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
}

function push(heap: Pending[], item: Pending): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (before(heap[parent]!, item)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

function pop(heap: Pending[]): Pending {
  const top = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
    if (before(last, heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
