/**
 * Somebody who merges tables elsewhere, as a worker thread does: jobs go out, events come back.
 *
 * The engine trusts it with nothing but work. Events may be late, lost, doubled or false, and a
 * compactor may die: a result is checked against the files before any manifest names them, a job
 * that is silent for too long is given up, and what is not done there is done on the engine's own
 * thread. So a compactor that only loses things costs time and disk space, never data.
 */
import type { Clock } from '@ds/clock';
import type { CompactionJob } from './compaction-job.ts';
import type { Written } from './table-output.ts';

/** Plain data. `job` is the id of the job that it is about. */
export type CompactorEvent =
  | { readonly type: 'progress'; readonly job: number; readonly entriesRead: number }
  | ({ readonly type: 'done'; readonly job: number } & Written)
  | { readonly type: 'failed'; readonly job: number; readonly reason: string };

export interface Compactor {
  /** Where its events go; called once, by the store that it belongs to. */
  listen(listener: (event: CompactorEvent) => void): void;
  /**
   * Begins a job. Its progress and its end are reported later, never from within this call. The
   * job of a worker that dies has failed.
   */
  run(job: CompactionJob): void;
  /** Gives a job up, as far as that is possible. Its events no longer matter. */
  cancel(jobId: number): void;
  /** What the engine measures silence by. */
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Ends it; resolves when it touches no file any more. Called by the store as it closes. */
  close(): Promise<void>;
}
