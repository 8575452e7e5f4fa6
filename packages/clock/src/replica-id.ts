/** Names of replicas, nodes and processes: the same rule as for the nodes of a transport. */
import { ClockError } from './errors.ts';

/** The longest name, in bytes of UTF-8. */
export const MAX_ID_BYTES = 128;

/** The most replicas that one vector names: what bounds its memory. */
export const MAX_REPLICAS: number = 2 ** 16;

/**
 * Returns `id`, a well-formed string of 1 to 128 bytes.
 * @throws {RangeError} for anything else.
 */
export function checkReplicaId(id: string): string {
  const isText = typeof id === 'string' && id !== '' && id.isWellFormed();
  // A UTF-16 code unit takes three bytes at most: short ids need not be encoded to be measured.
  if (!isText || (id.length > 42 && new TextEncoder().encode(id).length > MAX_ID_BYTES)) {
    throw new RangeError(`a replica's id is a well-formed string of 1 to ${MAX_ID_BYTES} bytes`);
  }
  return id;
}

/**
 * Returns `counter`, an integer from 0 to 2^53 - 1.
 * @throws {RangeError} for anything else.
 */
export function checkCounter(counter: number): number {
  if (!Number.isSafeInteger(counter) || counter < 0) {
    throw new RangeError(`a counter is an integer from 0 to 2^53 - 1, got ${counter}`);
  }
  return counter;
}

/**
 * The counter after `counter`.
 * @throws {ClockError} `CLOCK_EXHAUSTED` at 2^53 - 1.
 */
export function nextCounter(counter: number): number {
  if (counter >= Number.MAX_SAFE_INTEGER) {
    throw new ClockError('CLOCK_EXHAUSTED', 'the counter has reached 2^53 - 1 and cannot go on');
  }
  return counter + 1;
}
