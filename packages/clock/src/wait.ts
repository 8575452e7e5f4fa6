/** Waiting on any clock. Every wait takes an `AbortSignal` and leaves no timer behind. */
import type { Clock } from './clock.ts';

/**
 * Resolves after `delayMs` of `clock`.
 * @throws the signal's reason as soon as `signal` aborts.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    const abort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** A signal with a deadline; `dispose` it when the work is done, so that its timer ends too. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts with a `TimeoutError` after `delayMs` of `clock`, or earlier with the
 * reason of `signal`. What `AbortSignal.timeout` does, on a clock that a simulator can drive.
 */
export function deadline(clock: Clock, delayMs: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => {
    timer.cancel();
    controller.abort(signal?.reason);
  };
  const timer = clock.setTimer(delayMs, () => {
    signal?.removeEventListener('abort', abort);
    controller.abort(new DOMException(`no answer within ${delayMs} ms`, 'TimeoutError'));
  });
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer.cancel();
      signal?.removeEventListener('abort', abort);
    },
  };
}
