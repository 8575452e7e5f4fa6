/** What a store tells of itself. */
import type { StoreStatus } from '@ds/storage';

export interface LsmStatus extends StoreStatus {
  /**
   * `'slowed'`: a write's promise may wait for a slice of a merge. `'held'`: batches wait their
   * turn, because memtables or level 0 are full.
   */
  readonly writers: 'flowing' | 'slowed' | 'held';
  readonly heldBatches: number;
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
  /** Groups of durable writes synced since opening. */
  readonly syncs: number;
  readonly task: 'idle' | 'flush' | 'merge';
  readonly flushes: number;
  readonly merges: number;
  /** Compactions that needed no merging. */
  readonly moves: number;
}
