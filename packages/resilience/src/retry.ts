/**
 * Trying again, with an end: by a number of attempts, by a deadline, or both.
 *
 * Only the caller knows whether doing the operation twice is safe, and which errors are worth it:
 * `retryable` says so. What fails for good rejects with the operation's own last error, so that
 * code which matches on errors reads the same with and without retries.
 *
 * Invariants: one attempt at a time; no timer and no listener is left behind when it settles.
 */
import { type Clock, deadline, sleep, systemClock } from '@ds/clock';
import { Backoff, type BackoffOptions } from './backoff.ts';

export interface RetryAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts at the deadline, or when the caller gives up. */
  readonly signal: AbortSignal;
}

export interface RetryOptions {
  /** @default systemClock */
  readonly clock?: Clock;
  /** The waits between attempts: its own `Backoff` (reset on success), or options for a new one. */
  readonly backoff?: Backoff | BackoffOptions;
  /** At most this many attempts. Needed unless there is `deadlineMs`. */
  readonly attempts?: number;
  /** Gives up after this many ms in all. Needed unless there is `attempts`. */
  readonly deadlineMs?: number;
  /** Gives up at once: rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whether to try again after `error`. @default every error */
  readonly retryable?: (error: unknown) => boolean;
}

/**
 * Resolves with the first success of `operation`.
 *
 * Rejects with the operation's last error when attempts or time are used up (also when the next
 * wait would end after the deadline) or when it is not `retryable`; with a `TimeoutError` when the
 * deadline passes during an attempt; with the signal's reason on abort.
 * @throws {RangeError} when neither `attempts` nor `deadlineMs` bounds it.
 */
export async function retry<T>(
  operation: (attempt: RetryAttempt) => T | Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { clock = systemClock, signal, deadlineMs, retryable = () => true } = options;
  const { attempts = Number.POSITIVE_INFINITY } = options;
  checkBounds(attempts, deadlineMs);
  const backoff =
    options.backoff instanceof Backoff ? options.backoff : new Backoff(options.backoff);
  signal?.throwIfAborted();
  const endsAt = clock.monotonic() + (deadlineMs ?? Number.POSITIVE_INFINITY);
  // Not `using`: browsers without Symbol.dispose run this too.
  const limit = limited(clock, deadlineMs, signal);
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await unlessAborted(limit.signal, async () =>
          operation({ attempt, signal: limit.signal }),
        );
        backoff.reset();
        return result;
      } catch (error) {
        limit.signal.throwIfAborted();
        if (attempt >= attempts || !retryable(error)) throw error;
        const delayMs = backoff.nextMs();
        if (clock.monotonic() + delayMs >= endsAt) throw error;
        await sleep(clock, delayMs, limit.signal);
      }
    }
  } finally {
    limit[Symbol.dispose]();
  }
}

function checkBounds(attempts: number, deadlineMs: number | undefined): void {
  if (deadlineMs === undefined && attempts === Number.POSITIVE_INFINITY) {
    throw new RangeError('a retry ends: give attempts, deadlineMs, or both');
  }
  if (!(attempts >= 1)) throw new RangeError(`attempts is at least 1, got ${attempts}`);
  if (deadlineMs !== undefined && !(deadlineMs > 0 && deadlineMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`deadlineMs is finite and positive, got ${deadlineMs}`);
  }
}

function limited(
  clock: Clock,
  deadlineMs: number | undefined,
  signal: AbortSignal | undefined,
): Disposable & { readonly signal: AbortSignal } {
  if (deadlineMs !== undefined) return deadline(clock, deadlineMs, signal);
  return { signal: signal ?? new AbortController().signal, [Symbol.dispose]: () => {} };
}

/** Settles as `work` does, or rejects as soon as `signal` aborts, whatever `work` makes of it. */
function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work()
      .finally(() => signal.removeEventListener('abort', abort))
      .then(resolve, reject);
  });
}
