/** What a failed command tells the person, and what it tells the script around it. */
import { CommanderError } from 'commander';
import { KvError } from '../errors.ts';

/** Raised by commands for input that cannot be used; exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export const EXIT_CODES = `Exit codes:
  0  done
  1  the key was not found, or a condition (--if-version, --if-absent, --if-exists) did not hold
  2  wrong arguments or unusable input
  3  no node answered, or there is no leader; a write may or may not have taken effect
  4  anything else that went wrong
  130  interrupted`;

const BY_CODE: Partial<Record<KvError['code'], number>> = {
  KV_NOT_FOUND: 1,
  KV_CONFLICT: 1,
  KV_BAD_REQUEST: 2,
  KV_TOO_LARGE: 2,
  KV_NO_LEADER: 3,
  KV_NOT_LEADER: 3,
  KV_OVERLOADED: 3,
  KV_UNREACHABLE: 3,
  KV_UNCERTAIN: 3,
  KV_TIMED_OUT: 3,
  KV_CLOSED: 3,
};

export function explainCliError(error: unknown): { sentence: string; exitCode: number } {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) {
    return { sentence: '', exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  if (error instanceof KvError) {
    return { sentence: `${error.message} (${error.code})`, exitCode: BY_CODE[error.code] ?? 4 };
  }
  if (error instanceof InputError) return { sentence: error.message, exitCode: 2 };
  if ((error as { name?: unknown } | null)?.name === 'AbortError') {
    return { sentence: 'interrupted', exitCode: 130 };
  }
  return {
    sentence: error instanceof Error ? (error.stack ?? error.message) : String(error),
    exitCode: 4,
  };
}
