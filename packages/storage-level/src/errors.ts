/**
 * Our errors in Level's words: modules of the Level ecosystem match on its codes.
 *
 * What our ports throw stays reachable as `cause`, with its own code, path and offset. The other
 * codes of Level (`LEVEL_DECODE_ERROR`, `LEVEL_ITERATOR_BUSY`, ...) come from abstract-level.
 */
import { StorageError, type StorageErrorCode } from '@ds/storage';

/** What this package adds to Level's own errors; the README has a heading for each. */
export type StoreLevelErrorCode =
  | 'LEVEL_DATABASE_NOT_OPEN'
  | 'LEVEL_LOCKED'
  | 'LEVEL_CORRUPTION'
  | 'LEVEL_IO_ERROR'
  | 'LEVEL_INVALID_KEY'
  | 'LEVEL_INVALID_VALUE'
  | 'LEVEL_NOT_SUPPORTED'
  | 'LEVEL_READONLY'
  | 'LEVEL_ABORTED';

/** An error with a code of Level; `cause` is the `StorageError` where there is one. */
export class StoreLevelError extends Error {
  override readonly name: string;
  readonly code: StoreLevelErrorCode;

  constructor(code: StoreLevelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    // The name that the web gives to an aborted operation, and Level too.
    this.name = code === 'LEVEL_ABORTED' ? 'AbortError' : 'StoreLevelError';
    this.code = code;
  }
}

const CODES: Readonly<Record<StorageErrorCode, StoreLevelErrorCode>> = {
  STORAGE_LOCKED: 'LEVEL_LOCKED',
  STORAGE_CORRUPT: 'LEVEL_CORRUPTION',
  STORAGE_FORMAT: 'LEVEL_NOT_SUPPORTED',
  STORAGE_READ_ONLY: 'LEVEL_READONLY',
  STORAGE_CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  STORAGE_INVALID_KEY: 'LEVEL_INVALID_KEY',
  STORAGE_INVALID_VALUE: 'LEVEL_INVALID_VALUE',
  // Level has checked all of a range but that its bounds are bytes.
  STORAGE_INVALID_RANGE: 'LEVEL_INVALID_KEY',
  STORAGE_FULL: 'LEVEL_IO_ERROR',
  STORAGE_IO: 'LEVEL_IO_ERROR',
  STORAGE_FAILED: 'LEVEL_IO_ERROR',
  STORAGE_NOT_FOUND: 'LEVEL_IO_ERROR',
  STORAGE_EXISTS: 'LEVEL_IO_ERROR',
  STORAGE_NOT_A_DIRECTORY: 'LEVEL_IO_ERROR',
};

/** A `StorageError` as Level's error; anything else as it is. */
export function levelError(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  return new StoreLevelError(CODES[error.code], error.message, { cause: error });
}
