/**
 * What Raft asks of stable storage, in its own words: the hard state, the log, and a place for a
 * snapshot that is arriving.
 *
 * Writes are synchronous and take effect in the order of the calls; only `sync` and the end of a
 * staging wait for the device. A crash keeps a prefix of the writes that holds at least all that a
 * resolved `sync` covered.
 *
 * Rules every log keeps:
 *  1. Reads see earlier writes at once, synced or not.
 *  2. An entry written at `index` replaces that entry and everything after it.
 *  3. After a failed write or sync every later write and sync fails with `RAFT_FAILED`.
 *  4. Damage to what a sync covered is `RAFT_CORRUPT`, never a shorter log.
 */
import type { Configuration } from '../members/configuration.ts';
import type { PlacedConfiguration } from '../members/configuration-history.ts';
import type { LogEntry } from './entry.ts';

/** What must survive before a vote or an acknowledgement leaves this node (figure 2). */
export interface HardState {
  readonly term: number;
  readonly votedFor: string | undefined;
}

/** A point of the log: everything up to it is in the state machine. */
export interface LogPosition {
  readonly index: number;
  readonly term: number;
}

/** A point of the log where it may start, and who takes part there. */
export interface LogBase extends LogPosition {
  readonly configuration: Configuration;
}

/** Entries of one term that follow one another; `firstIndex` is the first of them. */
export interface TermRun {
  readonly firstIndex: number;
  readonly term: number;
}

/** What a log held when it was opened. */
export interface RecoveredLog {
  readonly hardState: HardState;
  /** The position before the first entry. */
  readonly base: LogPosition;
  readonly lastIndex: number;
  /** The terms of the entries after `base`, ascending. */
  readonly terms: readonly TermRun[];
  /**
   * The configuration at `base` and those of the entries after it, ascending; empty before the
   * first `reset`, which is how a new log gets its members.
   */
  readonly configurations: readonly PlacedConfiguration[];
}

/** Everything one step of the core wants persisted, applied in the order of the fields. */
export interface LogWrite {
  readonly hardState?: HardState | undefined;
  /** Forget all entries; the log goes on after this position, whose snapshot is staged. */
  readonly reset?: LogBase | undefined;
  /** In order, without gaps; the first may replace entries written before. */
  readonly entries: readonly LogEntry[];
  /** Entries up to this position may be forgotten. */
  readonly compact?: LogBase | undefined;
}

/** A snapshot on its way in. */
export interface SnapshotStage {
  /** How many bytes were written so far. */
  readonly bytes: number;
  append(chunk: Uint8Array): void;
  /**
   * Resolves when the snapshot is whole and durable, as the log's `stagedSnapshot`; rejects when it
   * was dropped meanwhile.
   */
  finish(): Promise<void>;
  /** Drops what was staged. Idempotent; harmless once `finish` has resolved. */
  abort(): void;
}

/** A whole and durable snapshot that waits to be restored. */
export interface StagedSnapshot extends LogBase {
  /** Checks every piece: damage is `RAFT_CORRUPT`. */
  chunks(): Iterable<Uint8Array>;
}

export interface RaftLog {
  /** What was found at opening and has been written since. */
  recovered(): RecoveredLog;
  /** What the log takes on its medium, in bytes, as far as compaction could free it. */
  readonly bytes: number;
  write(write: LogWrite): void;
  /**
   * Entries from `firstIndex` up to `lastIndex`, in order: at least one, and no more than fit in
   * `maxBytes` as `entryBytes` counts.
   */
  read(firstIndex: number, lastIndex: number, maxBytes: number): LogEntry[];
  /** Resolves when all that was written before would survive a power cut. */
  sync(): Promise<void>;
  /** Starts staging a snapshot; an earlier unfinished one is dropped. */
  stageSnapshot(base: LogBase): SnapshotStage;
  stagedSnapshot(): StagedSnapshot | undefined;
  /** Drops the staged snapshot, since it was restored or is of no use. */
  discardSnapshot(): void;
  /** Idempotent. Syncs first; rejects with `RAFT_FAILED` where what was written is not durable. */
  close(): Promise<void>;
}
