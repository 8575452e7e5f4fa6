/** What a store tells of itself. */
import type { StoreStatus } from '@ds/storage';
import type { ReadStatistics } from './table/read-statistics.ts';
import type { Pressure } from './write/back-pressure.ts';

/** A merge under way. */
export interface MergeStatus {
  /** The level that it takes tables from. */
  readonly level: number;
  /** How many entries it reads, and how many it has read so far. */
  readonly entries: number;
  readonly entriesRead: number;
  /** Whether a compactor has it. */
  readonly isElsewhere: boolean;
}

export interface LsmStatus extends StoreStatus, Readonly<ReadStatistics> {
  /**
   * `'slowed'`: a write's promise may wait for a slice of a merge. `'held'`: batches wait their
   * turn, because memtables or level 0 are full.
   */
  readonly writers: 'flowing' | 'slowed' | 'held';
  readonly heldBatches: number;
  /** What slows or holds them. */
  readonly pressure: Pressure;
  /** Operations written so far, over the store's life. */
  readonly lastSequence: number;
  /** Operations known to be durable. */
  readonly syncedSequence: number;
  readonly memtableBytes: number;
  readonly immutableMemtables: number;
  readonly levels: readonly { readonly tables: number; readonly bytes: number }[];
  /** What merging has yet to do, at least. */
  readonly debtBytes: number;
  readonly openTables: number;
  readonly cachedBytes: number;
  /** Handed to the log and put into tables since opening; a table that moves is not written. */
  readonly logBytesWritten: number;
  readonly tableBytesWritten: number;
  /** All bytes written for each byte of the log, which is about that of the batches; 0 for none. */
  readonly writeAmplification: number;
  /** Groups of durable writes synced since opening. */
  readonly syncs: number;
  readonly task: 'idle' | 'flush' | 'merge';
  readonly merge: MergeStatus | undefined;
  readonly flushes: number;
  readonly merges: number;
  /** Compactions that needed no merging. */
  readonly moves: number;
  /** Merges that a compactor failed at, so that they were done here. */
  readonly failedJobs: number;
  /** Why it failed at the last of them. */
  readonly lastJobFailure: string | undefined;
}
