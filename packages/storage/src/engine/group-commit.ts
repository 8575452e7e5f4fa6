/**
 * Group commit: durable writers wait together for one sync, and while it is under way the next
 * group gathers.
 *
 * Invariant: a writer is told only after a sync that began after its record reached the file.
 * Cost: one sync per group. Source: Gray and Reuter, "Transaction Processing" (1993), 9.4.
 */
import type { StorageError } from '../errors.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: StorageError) => void;
}

/** Turns of the promise queue in which writers woken by one sync may join the next. */
const GATHERING_TURNS = 3;

export interface GroupCommitOptions {
  readonly log: WriteAheadLog;
  /** The sequence of the newest operation in the log. */
  lastSequence(): number;
  /** Fails the store; returns what its writers are told. */
  onFailure(cause: unknown): StorageError;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiters: Waiter[] = [];
  #running: Promise<void> | undefined;
  #syncs = 0;
  #hasFailed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** How many groups have been synced. */
  get syncs(): number {
    return this.#syncs;
  }

  /** Resolves when all that is in the log now is durable. */
  request(): Promise<void> {
    const { log, lastSequence } = this.#options;
    if (lastSequence() <= log.syncedSequence) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** After a failure: rejects all who wait, and syncs no more. */
  reject(error: StorageError): void {
    this.#hasFailed = true;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(error);
  }

  /** Resolves when no sync is under way; never rejects. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Makes all of the log durable, and then that it is: for closing, when nobody writes. */
  async finish(): Promise<void> {
    await this.request();
    await this.idle();
    const { log } = this.#options;
    this.#mark();
    await log.sync();
  }

  async #run(): Promise<void> {
    const { log, lastSequence, onFailure } = this.#options;
    let group: Waiter[] = [];
    try {
      await gather();
      while (this.#waiters.length > 0) {
        log.flush();
        group = this.#waiters;
        this.#waiters = [];
        const target = lastSequence();
        await log.sync();
        this.#syncs += 1;
        log.advance(target);
        for (const { resolve } of group) resolve();
        group = [];
        await gather();
        if (this.#waiters.length === 0 && !this.#hasFailed) this.#mark();
      }
    } catch (cause) {
      const error = onFailure(cause);
      for (const { reject } of group) reject(error);
    } finally {
      this.#running = undefined;
    }
  }

  /** Says in the log what is durable, so that damage to the last group is not taken for a crash. */
  #mark(): void {
    const { log, lastSequence } = this.#options;
    log.append([], lastSequence() + 1);
    log.flush();
  }
}

async function gather(): Promise<void> {
  for (let turn = 0; turn < GATHERING_TURNS; turn += 1) await undefined;
}
