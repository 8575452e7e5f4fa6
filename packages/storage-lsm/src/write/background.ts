/**
 * The work behind the writes: turning full memtables into tables, merging tables, removing files
 * that nothing needs. One loop, so that one edit of the version follows another. A full memtable
 * goes first, also between the slices of a merge and while a compactor merges elsewhere.
 *
 * Any error ends it and fails the store: what it was about is on the disk or in the log, and
 * opening again recovers it. What a compactor does wrong is no error: the merge is done here then.
 */

import type { LogSegment, Memtable, WriteAheadLog } from '@ds/storage/engine';
import {
  type Compaction,
  compactionEdit,
  isMove,
  jobOf,
  pickCompaction,
} from '../compaction/compaction.ts';
import { type CompactionJob, jobEntries, runCompactionJob } from '../compaction/compaction-job.ts';
import { JobHandOver, type JobOutcome } from '../compaction/job-hand-over.ts';
import type { ManualCompactions } from '../compaction/manual-compaction.ts';
import type { VersionSet } from '../levels/version-set.ts';
import type { ResolvedOptions } from '../options.ts';
import type { LsmStatus, MergeStatus } from '../status.ts';
import type { TableFacts, TableFile } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';
import { TableScratch } from '../table/table-writer.ts';
import { flushMemtable } from './flush.ts';
import type { MemtablePool } from './memtable-pool.ts';
import type { Snapshots } from './snapshots.ts';

/** A memtable that takes no more writes, and the log that has them. */
export interface ImmutableMemtable {
  readonly memtable: Memtable;
  readonly segment: LogSegment;
}

export interface BackgroundOptions {
  readonly options: ResolvedOptions;
  readonly versions: VersionSet;
  readonly tables: TableSet;
  readonly log: WriteAheadLog;
  readonly snapshots: Snapshots;
  readonly manual: ManualCompactions;
  /** The oldest first; flushed ones are taken from its front. */
  readonly immutables: ImmutableMemtable[];
  readonly memtables: MemtablePool;
  /** Called after each slice and each finished piece of work. */
  onProgress(): void;
  onFailure(cause: unknown): void;
}

type BackgroundField =
  | 'task'
  | 'merge'
  | 'flushes'
  | 'merges'
  | 'moves'
  | 'failedJobs'
  | 'lastJobFailure';

export class Background {
  readonly #context: BackgroundOptions;
  /** For flushes: a merge on this thread may be in the middle of a table. */
  #scratch = new TableScratch();
  #running: Promise<void> | undefined;
  #stopped = false;
  #task: 'idle' | 'flush' | 'merge' = 'idle';
  #merge: MergeStatus | undefined;
  #handOver: JobHandOver | undefined;
  /** Ends the wait for something to do while a compactor works. */
  #rouse: (() => void) | undefined;
  #flushes = 0;
  #merges = 0;
  #moves = 0;
  #failedJobs = 0;
  #lastFailure: string | undefined;

  constructor(context: BackgroundOptions) {
    this.#context = context;
    context.options.compactor?.listen((event) => this.#handOver?.hear(event));
  }

  status(): Pick<LsmStatus, BackgroundField> {
    return {
      task: this.#task,
      merge: this.#merge,
      flushes: this.#flushes,
      merges: this.#merges,
      moves: this.#moves,
      failedJobs: this.#failedJobs,
      lastJobFailure: this.#lastFailure,
    };
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Sees whether there is work. */
  wake(): void {
    this.#rouse?.();
    if (this.#stopped || this.#running !== undefined || !this.#hasWork()) return;
    this.#running = this.#run();
  }

  /** Starts nothing more and gives up at the next slice. */
  halt(): void {
    this.#stopped = true;
    this.#handOver?.giveUp('the store stops');
    this.#rouse?.();
  }

  /** Halts; resolves when nothing runs. */
  async stop(): Promise<void> {
    this.halt();
    await this.#running;
  }

  #hasWork(): boolean {
    const { immutables, versions } = this.#context;
    return (
      immutables.length > 0 || versions.hasObsoleteTables || this.#nextCompaction() !== undefined
    );
  }

  #nextCompaction(): Compaction | undefined {
    const { versions, options, manual } = this.#context;
    return pickCompaction(versions.current, options) ?? manual.next(versions.current);
  }

  async #run(): Promise<void> {
    const { versions, onFailure, onProgress } = this.#context;
    this.#task = 'flush';
    try {
      // The caller is in the middle of a write.
      await undefined;
      while (!this.#stopped) {
        await versions.removeObsoleteTables();
        if (await this.#flushOldest()) continue;
        const compaction = this.#nextCompaction();
        if (compaction === undefined) break;
        await this.#compact(compaction);
        this.#task = 'flush';
        onProgress();
      }
    } catch (cause) {
      onFailure(cause);
    } finally {
      this.#task = 'idle';
      this.#running = undefined;
      onProgress();
      // What came after the last look found this running and left it alone.
      this.wake();
    }
  }

  /** Makes a table of the oldest full memtable; `false` when there is none. */
  async #flushOldest(): Promise<boolean> {
    const { options, versions, immutables, memtables, log, snapshots, onProgress } = this.#context;
    const oldest = immutables[0];
    if (oldest === undefined) return false;
    const task = this.#task;
    this.#task = 'flush';
    const { memtable, segment } = oldest;
    const facts = await flushMemtable(memtable, {
      options,
      snapshots: snapshots.sequences(),
      scratch: this.#scratch,
      newFileNumber: () => versions.newFileNumber(),
      onSlice: onProgress,
    });
    if (this.#scratch.isLarge) this.#scratch = new TableScratch();
    const nextSegment = log.segmentAfter(segment);
    await log.syncHeader(nextSegment);
    await versions.apply({
      added: facts === undefined ? [] : [{ level: 0, facts }],
      logNumber: nextSegment.number,
      flushedSequence: memtable.lastSequence,
    });
    log.advance(memtable.lastSequence);
    immutables.shift();
    memtables.retire(memtable);
    log.release(segment);
    this.#flushes += 1;
    this.#task = task;
    onProgress();
    return true;
  }

  async #compact(compaction: Compaction): Promise<void> {
    const { versions, manual } = this.#context;
    this.#task = 'merge';
    if (isMove(versions.current, compaction)) {
      const moved = compaction.inputs.map(({ facts }) => facts);
      await versions.apply(compactionEdit(compaction, moved));
      manual.done(versions.current, compaction);
      this.#moves += 1;
      return;
    }
    const added = (await this.#mergeElsewhere(compaction)) ?? (await this.#mergeHere(compaction));
    this.#merge = undefined;
    if (added === undefined) return;
    await versions.apply(compactionEdit(compaction, added));
    manual.done(versions.current, compaction);
    this.#merges += 1;
  }

  /** Merges on this thread; `undefined` when stopped. */
  async #mergeHere(compaction: Compaction): Promise<readonly TableFacts[] | undefined> {
    if (this.#stopped) return undefined;
    const { options, tables, onProgress } = this.#context;
    const job = this.#jobOf(compaction);
    const files = new Map<number, TableFile>();
    for (const file of [...compaction.inputs, ...compaction.below]) {
      files.set(file.facts.number, file);
    }
    const written = await runCompactionJob(job, {
      fileSystem: options.fileSystem,
      tables,
      decisions: options.decisions,
      sliceBytes: options.mergeSliceBytes,
      codecs: options.compression ? [options.compression] : [],
      fileOf: ({ number }) => files.get(number)!,
      onSlice: async (entriesRead) => {
        this.#merge = mergeStatus(job, entriesRead, false);
        onProgress();
        while (!this.#stopped && (await this.#flushOldest()));
        return !this.#stopped;
      },
    });
    return written?.tables;
  }

  /** Has the compactor merge; `undefined` without one, when it fails, and when stopped. */
  async #mergeElsewhere(compaction: Compaction): Promise<readonly TableFacts[] | undefined> {
    const { options, versions, tables } = this.#context;
    const { compactor, decisions, compactorPatienceMs } = options;
    if (compactor === undefined) return undefined;
    const job = this.#jobOf(compaction);
    // Nobody uses the job's numbers again, also after a crash.
    await versions.apply({});
    const outcome = await this.#handedOver(job, (onSettled) => {
      const onProgress = (): void => {
        this.#merge = mergeStatus(job, handOver.entriesRead, true);
        this.#context.onProgress();
      };
      const patienceMs = compactorPatienceMs;
      const on = { compactor, patienceMs, decisions, onProgress, onSettled };
      const handOver = new JobHandOver(job, on);
      return handOver;
    });
    if (this.#stopped) return undefined;
    try {
      if (outcome.type === 'done') return await decisions.checkResult(job, outcome.written, tables);
      this.#lastFailure = outcome.reason;
    } catch (error) {
      // What is wrong beyond the result, a damaged input, shows where the merge is done again.
      this.#lastFailure = error instanceof Error ? error.message : String(error);
    }
    this.#failedJobs += 1;
    return undefined;
  }

  /** Hands a job over and flushes full memtables until it is settled. */
  async #handedOver(
    job: CompactionJob,
    handOverFor: (onSettled: (outcome: JobOutcome) => void) => JobHandOver,
  ): Promise<JobOutcome> {
    let outcome: JobOutcome | undefined;
    const handOver = handOverFor((settled) => {
      outcome = settled;
      this.#rouse?.();
    });
    this.#merge = mergeStatus(job, 0, true);
    this.#handOver = handOver;
    if (this.#stopped) return { type: 'failed', reason: 'the store stops' };
    handOver.start();
    try {
      for (;;) {
        if (outcome !== undefined) return outcome;
        if (!this.#stopped && (await this.#flushOldest())) continue;
        if (outcome === undefined) await this.#somethingToDo();
      }
    } finally {
      handOver.giveUp('a flush failed');
      this.#handOver = undefined;
    }
  }

  #somethingToDo(): Promise<void> {
    return new Promise((resolve) => {
      this.#rouse = () => {
        this.#rouse = undefined;
        resolve();
      };
    });
  }

  #jobOf(compaction: Compaction): CompactionJob {
    const { options, versions, snapshots } = this.#context;
    const job = jobOf(versions.current, compaction, {
      id: versions.newFileNumber(),
      snapshots: snapshots.sequences(),
      options,
    });
    versions.skipFileNumbers(job.maxTables - 1);
    return job;
  }
}

function mergeStatus(job: CompactionJob, entriesRead: number, isElsewhere: boolean): MergeStatus {
  return { level: job.level, entries: jobEntries(job), entriesRead, isElsewhere };
}
