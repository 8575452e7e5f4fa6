/**
 * What Raft replicates: a deterministic machine that every member feeds the same entries.
 *
 * The log is the durability. Applying need not be synced; it must carry its applied index with it,
 * in one atomic step, so that a restart continues exactly where the machine's disk says.
 */
import type { CommittedEntry } from '../log/entry.ts';

/** What applying one entry came to; every member computes the same. */
export type ApplyResult =
  | { readonly ok: true; readonly result: Uint8Array }
  | { readonly ok: false; readonly code: 'RAFT_SESSION_EXPIRED' | 'RAFT_SESSION_STALE' };

/** The machine as it was after applying `index`. Holds resources until released. */
export interface MachineSnapshot {
  readonly index: number;
  readonly term: number;
  /** The snapshot's bytes in pieces of any size; each call starts over and gives the same bytes. */
  chunks(): Iterable<Uint8Array>;
  /** Idempotent. */
  release(): void;
}

/**
 * Rules:
 *  1. The result of `apply` depends on the entries alone: no time, no chance, no node's name.
 *  2. `apply`, `restore` and `close` are called one at a time, entries in order without gaps.
 *  3. What one `apply` changed survives a crash together with its applied index or not at all.
 */
export interface StateMachine {
  /** The last entry applied; at opening: what survived. 0 before any. */
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  /** Resolves, when the entries' effects are visible to reads, with one result per entry. */
  apply(entries: readonly CommittedEntry[]): Promise<readonly ApplyResult[]>;
  /** Resolves with an applied index that would survive a power cut. */
  sync(): Promise<number>;
  /** Consistent, cheap to take; later applies go on beside it. */
  snapshot(): MachineSnapshot;
  /**
   * Replaces everything by a snapshot. After a crash in the middle the next opening reports
   * applied index 0 or the old state, never a mixture.
   */
  restore(
    meta: { readonly index: number; readonly term: number },
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
