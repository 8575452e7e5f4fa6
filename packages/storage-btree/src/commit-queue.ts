/**
 * Checkpoints for those who wait: one under way, while the next group gathers.
 *
 * Invariant: a writer is told only after a checkpoint that began after its write. After a failure
 * everybody is told, and nothing is tried again.
 */
import type { StorageError } from '@ds/storage';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: StorageError) => void;
}

/** Turns of the promise queue in which writers woken by one checkpoint may join the next. */
const GATHERING_TURNS = 3;

export interface CommitQueueOptions {
  /** Makes all that has been written durable. */
  checkpoint(): Promise<void>;
  /** Fails the store; returns what its writers are told. */
  onFailure(cause: unknown): StorageError;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  #waiters: Waiter[] = [];
  #isDue = false;
  #running: Promise<void> | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /** Resolves when all that is written now is durable. */
  request(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.schedule();
    });
  }

  /** Sees to it that a checkpoint comes, without waiting for it. */
  schedule(): void {
    this.#isDue = true;
    this.#running ??= this.#run();
  }

  /** Resolves when no checkpoint is under way or due; never rejects. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** After a failure: rejects all who wait. */
  reject(error: StorageError): void {
    this.#isDue = false;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(error);
  }

  async #run(): Promise<void> {
    let group: Waiter[] = [];
    try {
      for (;;) {
        for (let turn = 0; turn < GATHERING_TURNS; turn += 1) await undefined;
        if (!this.#isDue) break;
        this.#isDue = false;
        group = this.#waiters;
        this.#waiters = [];
        await this.#options.checkpoint();
        for (const { resolve } of group) resolve();
        group = [];
      }
    } catch (cause) {
      const error = this.#options.onFailure(cause);
      for (const { reject } of group) reject(error);
    } finally {
      this.#running = undefined;
    }
  }
}
