/**
 * Many operations, one time limit, one timer.
 *
 * An `AbortSignal` with a timer of its own costs more than a put. Since all operations of a node
 * get the same time, they come due in the order they began: a set in that order is the queue, and
 * one timer watches its head.
 *
 * Invariants: an operation settles once; a settled one is forgotten at once. Cost: O(1) each.
 */
import type { Clock, Timer } from '@ds/clock';

export interface DeadlinesOptions {
  readonly clock: Clock;
  /** How long every operation may take. */
  readonly timeoutMs: number;
}

/** Something under way that ends once: with a result, an error, or its deadline. */
export class Operation<T> {
  readonly startedMs: number;
  readonly endsMs: number;
  readonly promise: Promise<T>;
  /** Whether it may have taken effect: decides what its timeout means. */
  uncertain = false;
  readonly #settled: (operation: Operation<T>) => void;
  #resolve!: (result: T) => void;
  #reject!: (reason: unknown) => void;
  #done = false;

  constructor(startedMs: number, endsMs: number, settled: (operation: Operation<T>) => void) {
    this.startedMs = startedMs;
    this.endsMs = endsMs;
    this.#settled = settled;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get done(): boolean {
    return this.#done;
  }

  resolve(result: T): void {
    if (this.#finish()) this.#resolve(result);
  }

  reject(reason: unknown): void {
    if (this.#finish()) this.#reject(reason);
  }

  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#settled(this);
    return true;
  }
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #expired: (operation: Operation<unknown>) => unknown;
  readonly #running = new Set<Operation<unknown>>();
  readonly #forget = (operation: Operation<unknown>): void => {
    this.#running.delete(operation);
  };
  #timer: Timer | undefined;

  /** `expired` makes the error of an operation that ran out of time. */
  constructor(
    { clock, timeoutMs }: DeadlinesOptions,
    expired: (operation: Operation<unknown>) => unknown,
  ) {
    if (!(timeoutMs > 0 && timeoutMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`timeoutMs is finite and positive, got ${timeoutMs}`);
    }
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#expired = expired;
  }

  /** How many operations are under way. */
  get size(): number {
    return this.#running.size;
  }

  begin<T>(): Operation<T> {
    const now = this.#clock.monotonic();
    const forget = this.#forget as (operation: Operation<T>) => void;
    const operation = new Operation<T>(now, now + this.#timeoutMs, forget);
    this.#running.add(operation as Operation<unknown>);
    this.#timer ??= this.#clock.setTimer(this.#timeoutMs, () => this.#expire());
    return operation;
  }

  /** Rejects everything under way with what `reason` makes of it. */
  close(reason: (operation: Operation<unknown>) => unknown): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const operation of this.#running) operation.reject(reason(operation));
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (const operation of this.#running) {
      if (operation.endsMs > now) {
        this.#timer = this.#clock.setTimer(operation.endsMs - now, () => this.#expire());
        return;
      }
      operation.reject(this.#expired(operation));
    }
  }
}
