/** What can go wrong with files and engines, by code; the README has a heading for each. */
export type StorageErrorCode =
  | 'STORAGE_NOT_FOUND'
  | 'STORAGE_EXISTS'
  | 'STORAGE_NOT_A_DIRECTORY'
  | 'STORAGE_LOCKED'
  | 'STORAGE_FULL'
  | 'STORAGE_IO'
  | 'STORAGE_FAILED'
  | 'STORAGE_CORRUPT'
  | 'STORAGE_FORMAT'
  | 'STORAGE_CLOSED'
  | 'STORAGE_READ_ONLY'
  | 'STORAGE_INVALID_KEY'
  | 'STORAGE_INVALID_VALUE'
  | 'STORAGE_INVALID_RANGE';

export interface StorageErrorOptions extends ErrorOptions {
  /** The file or directory concerned. */
  readonly path?: string | undefined;
  /** For `STORAGE_CORRUPT`: where in the file the damage was noticed, in bytes. */
  readonly offset?: number | undefined;
}

/** The error of every file system and every engine behind these ports; match on `code`. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  readonly path: string | undefined;
  readonly offset: number | undefined;

  constructor(code: StorageErrorCode, message: string, options: StorageErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.path = options.path;
    this.offset = options.offset;
  }
}
