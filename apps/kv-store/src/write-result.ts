/** What became of a write, as its caller learns it: a result, or the error it ended with. */
import { decodeOutcome, type Found } from './commands.ts';
import { KvError } from './errors.ts';

export interface WriteResult {
  /** The log index of this write: the version that everything it put now has. */
  readonly version: number;
  /** For each operation, in order. */
  readonly found: readonly Found[];
}

/**
 * Reads the bytes that the machine answered a command with.
 * @throws {KvError} `KV_CONFLICT` when a condition did not hold.
 * @throws {RangeError} for what is no outcome.
 */
export function readOutcome(bytes: Uint8Array): WriteResult {
  const outcome = decodeOutcome(bytes);
  switch (outcome.status) {
    case 'done':
      return { version: outcome.version, found: outcome.found };
    case 'conflict': {
      const { operation, currentVersion } = outcome;
      const now =
        currentVersion === 0 ? 'the key does not exist' : `its version is ${currentVersion}`;
      const text = `the condition of operation ${operation} does not hold: ${now}`;
      throw new KvError('KV_CONFLICT', text, { operation, currentVersion });
    }
    case 'malformed':
      throw new KvError('KV_FAILED', 'the cluster could not read this command');
  }
}
