/**
 * Who writes: batches as they come, or one transaction or load alone, for which all others wait.
 *
 * Invariants: turns are given in the order in which they were asked for; who has the turn keeps it
 * until its end is called. Cost: O(1), nothing while nobody has it.
 */
import type { StorageError } from '@ds/storage';

interface Waiting {
  begin(): void;
  reject(error: unknown): void;
  /** Whether closing lets it have its turn: what was written is not lost. */
  readonly isBatch: boolean;
}

export class WriterTurns {
  #waiting: Waiting[] = [];
  /** Ends the turn under way, as its owner would. */
  #cancel: (() => void) | undefined;

  /** Whether somebody has the turn, or is waiting for it. */
  get isTaken(): boolean {
    return this.#cancel !== undefined;
  }

  /**
   * Resolves, when it is the caller's turn, with what ends it; `cancel` is called when the store
   * closes before.
   */
  async take(cancel: () => void, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason);
      };
      const waiting: Waiting = {
        begin: () => {
          signal?.removeEventListener('abort', abort);
          this.#cancel = cancel;
          resolve();
        },
        reject,
        isBatch: false,
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
    return () => {
      if (this.#cancel !== cancel) return;
      this.#cancel = undefined;
      this.#next();
    };
  }

  /** Settles as `write` does, which is called when nobody before it has the turn. */
  batch(write: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ begin: () => resolve(write()), reject, isBatch: true });
      this.#next();
    });
  }

  /** After a failure: rejects all who wait. */
  reject(error: StorageError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Ends the turn under way; batches that wait are written, all others are rejected. */
  close(error: StorageError): void {
    const others = this.#waiting.filter(({ isBatch }) => !isBatch);
    this.#waiting = this.#waiting.filter(({ isBatch }) => isBatch);
    for (const { reject } of others) reject(error);
    this.#cancel?.();
  }

  #next(): void {
    while (this.#cancel === undefined) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      waiting.begin();
    }
  }
}
