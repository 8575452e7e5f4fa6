/**
 * The work behind the writes: turning full memtables into tables, merging tables, removing files
 * that nothing needs. One thing at a time, a slice at a time; a full memtable goes first, also
 * between the slices of a merge.
 *
 * Any error ends it and fails the store: what it was about is on the disk or in the log, and
 * opening again recovers it.
 */
import {
  type Compaction,
  compactionEdit,
  isMove,
  mergedEntries,
  pickCompaction,
} from './compaction.ts';
import { flushMemtable } from './flush.ts';
import type { Memtable } from './memtable.ts';
import type { ResolvedOptions } from './options.ts';
import { Retention } from './retention.ts';
import type { Snapshots } from './snapshots.ts';
import type { LsmStatus } from './status.ts';
import { TableOutput } from './table-output.ts';
import type { TableSet } from './table-set.ts';
import type { VersionSet } from './version-set.ts';
import type { LogSegment, WriteAheadLog } from './write-ahead-log.ts';

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
  /** The oldest first; flushed ones are taken from its front. */
  readonly immutables: ImmutableMemtable[];
  /** Called after each slice and each finished piece of work. */
  onProgress(): void;
  onFailure(cause: unknown): void;
}

export class Background {
  readonly #context: BackgroundOptions;
  #running: Promise<void> | undefined;
  #stopped = false;
  #task: 'idle' | 'flush' | 'merge' = 'idle';
  #flushes = 0;
  #merges = 0;
  #moves = 0;

  constructor(context: BackgroundOptions) {
    this.#context = context;
  }

  status(): Pick<LsmStatus, 'task' | 'flushes' | 'merges' | 'moves'> {
    const counts = { flushes: this.#flushes, merges: this.#merges, moves: this.#moves };
    return { task: this.#task, ...counts };
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Sees whether there is work. */
  wake(): void {
    if (this.#stopped || this.#running !== undefined || !this.#hasWork()) return;
    this.#running = this.#run();
  }

  /** Starts nothing more and gives up at the next slice. */
  halt(): void {
    this.#stopped = true;
  }

  /** Halts; resolves when nothing runs. */
  async stop(): Promise<void> {
    this.halt();
    await this.#running;
  }

  #hasWork(): boolean {
    const { immutables, versions, options } = this.#context;
    return (
      immutables.length > 0 ||
      versions.hasObsoleteTables ||
      pickCompaction(versions.current, options) !== undefined
    );
  }

  async #run(): Promise<void> {
    const { versions, options, onFailure, onProgress } = this.#context;
    this.#task = 'flush';
    try {
      // The caller is in the middle of a write.
      await undefined;
      while (!this.#stopped) {
        versions.removeObsoleteTables();
        if (await this.#flushOldest()) continue;
        const compaction = pickCompaction(versions.current, options);
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
    }
  }

  /** Makes a table of the oldest full memtable; `false` when there is none. */
  async #flushOldest(): Promise<boolean> {
    const { options, versions, immutables, log, snapshots, onProgress } = this.#context;
    const oldest = immutables[0];
    if (oldest === undefined) return false;
    const task = this.#task;
    this.#task = 'flush';
    const { memtable, segment } = oldest;
    const facts = await flushMemtable(memtable, {
      options,
      snapshots: snapshots.sequences(),
      newFileNumber: () => versions.newFileNumber(),
    });
    const nextSegment = log.segmentAfter(segment);
    await log.syncHeader(nextSegment);
    await versions.apply({
      added: [{ level: 0, facts }],
      logNumber: nextSegment.number,
      flushedSequence: memtable.lastSequence,
    });
    log.advance(memtable.lastSequence);
    immutables.shift();
    log.release(segment);
    this.#flushes += 1;
    this.#task = task;
    onProgress();
    return true;
  }

  async #compact(compaction: Compaction): Promise<void> {
    const { options, versions, tables, snapshots, onProgress } = this.#context;
    this.#task = 'merge';
    if (isMove(compaction)) {
      const moved = compaction.inputs.map(({ facts }) => facts);
      await versions.apply(compactionEdit(compaction, moved));
      this.#moves += 1;
      return;
    }
    const version = versions.current;
    const output = new TableOutput({
      options,
      tableBytes: options.tableBytes,
      newFileNumber: () => versions.newFileNumber(),
      retention: new Retention({
        snapshots: snapshots.sequences(),
        decisions: options.decisions,
        nothingBelow: (key) => version.nothingBelow(compaction.level + 1, key),
      }),
      onSlice: async () => {
        onProgress();
        while (!this.#stopped && (await this.#flushOldest()));
        return !this.#stopped;
      },
    });
    const added = await output.write(mergedEntries(compaction, tables));
    if (added === undefined) return;
    await versions.apply(compactionEdit(compaction, added));
    this.#merges += 1;
  }
}
