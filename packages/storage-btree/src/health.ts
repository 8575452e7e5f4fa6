/** Whether the store takes writes and reads: open, failed for good after an error, or closed. */
import { StorageError } from '@ds/storage';

export class Health {
  readonly #directory: string;
  #failure: StorageError | undefined;
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get state(): 'open' | 'failed' | 'closed' {
    if (this.#isClosed) return 'closed';
    return this.#failure === undefined ? 'open' : 'failed';
  }

  /** What writers are told since something failed; `undefined` while all is well. */
  get failure(): StorageError | undefined {
    return this.#failure;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Ends writing, the first time; returns what writers are told. */
  fail(cause: unknown): StorageError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#failure ??= new StorageError(
      'STORAGE_FAILED',
      `the store in ${this.#directory} takes no writes until it is opened again: ${reason}`,
      { path: this.#directory, cause },
    );
    return this.#failure;
  }

  /** @throws {StorageError} `STORAGE_CLOSED` */
  checkReadable(): void {
    if (!this.#isClosed) return;
    const path = this.#directory;
    throw new StorageError('STORAGE_CLOSED', `the store in ${path} is closed`, { path });
  }

  /** @throws {StorageError} `STORAGE_CLOSED`, `STORAGE_FAILED` */
  checkWritable(): void {
    this.checkReadable();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
