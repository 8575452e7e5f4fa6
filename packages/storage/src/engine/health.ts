/**
 * Whether the store takes writes and reads: open, failed for good after an error of the disk (a
 * sync that failed must not be tried again: what it covered may be gone although it reads back,
 * Rebello et al., "Can Applications Recover from fsync Failures?", 2020), or closed.
 */
import { StorageError } from '../errors.ts';

export class Health {
  #state: 'open' | 'failed' = 'open';
  #isClosing = false;
  #cause: unknown;
  readonly #onFailure: (error: StorageError) => void;
  readonly #directory: string;

  constructor(directory: string, onFailure: (error: StorageError) => void) {
    this.#directory = directory;
    this.#onFailure = onFailure;
  }

  get state(): 'open' | 'failed' | 'closed' {
    return this.#isClosing ? 'closed' : this.#state;
  }

  get failed(): boolean {
    return this.#state === 'failed';
  }

  /** From now on nothing new is taken; what is pending goes on. */
  beginClosing(): void {
    this.#isClosing = true;
  }

  /** What every write is told after a failure. */
  failure(): StorageError {
    const reason = this.#cause instanceof Error ? this.#cause.message : String(this.#cause);
    return new StorageError(
      'STORAGE_FAILED',
      `the store in ${this.#directory} takes no writes until it is opened again: ${reason}`,
      { path: this.#directory, cause: this.#cause },
    );
  }

  /** Ends writing, the first time; returns what writers are told. */
  fail(cause: unknown): StorageError {
    if (this.#state === 'open') {
      this.#state = 'failed';
      this.#cause = cause;
      this.#onFailure(this.failure());
    }
    return this.failure();
  }

  /** @throws {StorageError} `STORAGE_CLOSED` */
  checkReadable(): void {
    if (this.#isClosing) throw this.closed();
  }

  /** What every call is told after closing. */
  closed(): StorageError {
    return new StorageError('STORAGE_CLOSED', `the store in ${this.#directory} is closed`, {
      path: this.#directory,
    });
  }

  /** @throws {StorageError} `STORAGE_CLOSED`, `STORAGE_FAILED` */
  checkWritable(): void {
    this.checkReadable();
    this.checkNotFailed();
  }

  /** @throws {StorageError} `STORAGE_FAILED` */
  checkNotFailed(): void {
    if (this.#state === 'failed') throw this.failure();
  }
}
