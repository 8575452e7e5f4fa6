/** Waiting, for a supervisor that must be able to stop at any moment. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after `delayMs`. @throws the signal's reason as soon as it aborts. */
export async function wait(delayMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
