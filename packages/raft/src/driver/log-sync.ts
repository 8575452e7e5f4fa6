/**
 * One sync of the log at a time: what is written while it runs shares the next (group commit).
 *
 * Invariant: what is reported is covered by a sync that began after it was written.
 */
import type { RaftEvent, SequencedWrite } from '../core/events.ts';
import type { RaftLog } from '../log/raft-log.ts';

export interface LogSyncOptions {
  readonly log: RaftLog;
  /** Takes the `persisted` event in. Returns whether to go on. */
  readonly step: (event: RaftEvent) => boolean;
  readonly fail: (error: unknown) => void;
}

export class LogSync {
  readonly #options: LogSyncOptions;
  #running: Promise<void> | undefined;
  /** The latest write that no sync was started for. */
  #unsynced: SequencedWrite | undefined;
  /** The latest write that the sync under way covers. */
  #covered: SequencedWrite | undefined;

  constructor(options: LogSyncOptions) {
    this.#options = options;
  }

  /** Settles when no sync is under way. */
  get settled(): Promise<void> | undefined {
    return this.#running;
  }

  /** The log has been handed a write. */
  written(write: SequencedWrite): void {
    this.#unsynced = write;
    this.#start();
  }

  #start(): void {
    if (this.#running !== undefined || this.#unsynced === undefined) return;
    this.#covered = this.#unsynced;
    this.#unsynced = undefined;
    this.#running = this.#options.log.sync().then(this.#synced, this.#failed);
  }

  // Made once, since every commit takes a sync on every member.
  readonly #synced = (): void => {
    const { sequence, term, index } = this.#covered!;
    this.#running = undefined;
    if (this.#options.step({ kind: 'persisted', sequence, term, index })) this.#start();
  };

  readonly #failed = (error: unknown): void => {
    this.#running = undefined;
    this.#options.fail(error);
  };
}
