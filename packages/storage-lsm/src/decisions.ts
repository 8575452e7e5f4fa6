/**
 * The few decisions that crash safety and correctness hang on, gathered so that tests can replace
 * each with a plausible mistake and see the checkers catch it. The product always runs
 * {@link SAFE_DECISIONS}.
 */
import { type LogDecisions, SAFE_LOG_DECISIONS } from '@ds/storage/engine';
import { checkedTables, isOfJob, type JobDecisions } from './compaction/compaction-result.ts';
import type { RetentionDecisions } from './compaction/retention.ts';

export interface SafetyDecisions extends LogDecisions, RetentionDecisions, JobDecisions {
  /** The number of the next operation after a recovery whose last operation was `lastSequence`. */
  firstSequenceAfterRecovery(lastSequence: number): number;
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
