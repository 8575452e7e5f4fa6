/**
 * The few decisions that crash safety and correctness hang on, gathered so that tests can replace
 * each with a plausible mistake and see the checkers catch it. The product always runs
 * {@link SAFE_DECISIONS}.
 */
import { type LogDecisions, SAFE_LOG_DECISIONS } from '@ds/storage/engine';
import type { CompactionJob } from './compaction-job.ts';
import { checkedTables, isOfJob } from './compaction-result.ts';
import type { Written } from './table-output.ts';
import type { TableSet } from './table-set.ts';
import type { TableFacts } from './table-writer.ts';

export interface SafetyDecisions extends LogDecisions {
  /** The number of the next operation after a recovery whose last operation was `lastSequence`. */
  firstSequenceAfterRecovery(lastSequence: number): number;
  /** Whether a tombstone may be left out of a merge. */
  mayDropTombstone(facts: TombstoneFacts): boolean;
  /** The same for a range tombstone. */
  mayDropRangeTombstone(facts: TombstoneFacts): boolean;
  /** Whether a number in a compactor's event, of a job or of a table, is one of `job`. */
  isOfJob(number: number, job: CompactionJob): boolean;
  /** Resolves with what a compactor has made of `job`; rejects what is not to be believed. */
  checkResult(
    job: CompactionJob,
    written: Written,
    tables: TableSet,
  ): Promise<readonly TableFacts[]>;
}

export interface TombstoneFacts {
  /** Every snapshot is at least as new as the tombstone. */
  readonly seenByAllSnapshots: boolean;
  /** No table below the merge's output shares a key with it. */
  readonly nothingBelow: boolean;
}

export const SAFE_DECISIONS: SafetyDecisions = {
  ...SAFE_LOG_DECISIONS,
  firstSequenceAfterRecovery: (lastSequence) => lastSequence + 1,
  mayDropTombstone: ({ seenByAllSnapshots, nothingBelow }) => seenByAllSnapshots && nothingBelow,
  mayDropRangeTombstone: ({ seenByAllSnapshots, nothingBelow }) =>
    seenByAllSnapshots && nothingBelow,
  isOfJob,
  checkResult: checkedTables,
};
