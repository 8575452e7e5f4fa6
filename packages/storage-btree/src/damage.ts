/** The error for bytes that are not what was written. */
import { StorageError } from '@ds/storage';

/** Damage noticed at `offset` of the file at `path`. */
export function damage(
  path: string,
  offset: number,
  reason: string,
  cause?: unknown,
): StorageError {
  return new StorageError('STORAGE_CORRUPT', `${path} is damaged at byte ${offset}: ${reason}`, {
    path,
    offset,
    cause,
  });
}
