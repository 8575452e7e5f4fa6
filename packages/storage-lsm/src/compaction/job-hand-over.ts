/**
 * A job given to a {@link Compactor}, until it is settled: by its result, by its failure, or by the
 * engine, which gives it up when it is asked to, or when nothing new was heard for too long.
 *
 * Invariant: a job settles once, and what is heard of it later, or of another job, is ignored.
 */
import { type CompactionJob, jobEntries } from './compaction-job.ts';
import type { JobDecisions } from './compaction-result.ts';
import type { Compactor, CompactorEvent } from './compactor.ts';
import type { Written } from './table-output.ts';

export type JobOutcome =
  | { readonly type: 'done'; readonly written: Written }
  | { readonly type: 'failed'; readonly reason: string };

export interface HandOverOptions {
  readonly compactor: Compactor;
  readonly patienceMs: number;
  readonly decisions: Pick<JobDecisions, 'isOfJob'>;
  onProgress(): void;
  /** Called once. */
  onSettled(outcome: JobOutcome): void;
}

export class JobHandOver {
  readonly #job: CompactionJob;
  readonly #options: HandOverOptions;
  #timer: { cancel(): void } | undefined;
  #entriesRead = 0;
  #isSettled = false;
  /** How many it reads. */
  readonly entries: number;

  constructor(job: CompactionJob, options: HandOverOptions) {
    this.#job = job;
    this.entries = jobEntries(job);
    this.#options = options;
  }

  get entriesRead(): number {
    return this.#entriesRead;
  }

  start(): void {
    this.#wait();
    this.#options.compactor.run(this.#job);
  }

  /** Ends the waiting; the compactor may go on for a while. */
  giveUp(reason: string): void {
    if (this.#isSettled) return;
    this.#settle({ type: 'failed', reason });
    this.#options.compactor.cancel(this.#job.id);
  }

  hear(event: CompactorEvent): void {
    if (this.#isSettled || !this.#options.decisions.isOfJob(event.job, this.#job)) return;
    if (event.type === 'done') this.#settle({ type: 'done', written: event });
    else if (event.type === 'failed') this.#settle({ type: 'failed', reason: event.reason });
    else if (event.entriesRead > this.#entriesRead && event.entriesRead <= this.entries) {
      // Only what is new counts as a sign of life: there is but so much to read.
      this.#entriesRead = event.entriesRead;
      this.#options.onProgress();
      this.#wait();
    }
  }

  #wait(): void {
    const { compactor, patienceMs } = this.#options;
    this.#timer?.cancel();
    this.#timer = compactor.clock.setTimer(patienceMs, () => {
      this.giveUp(`nothing new was heard for ${patienceMs} ms`);
    });
  }

  #settle(outcome: JobOutcome): void {
    this.#isSettled = true;
    this.#timer?.cancel();
    this.#options.onSettled(outcome);
  }
}
