/**
 * The few decisions that crash safety and correctness hang on, gathered so that tests can replace
 * each with a plausible mistake and see the checkers catch it. The product always runs
 * {@link SAFE_DECISIONS}.
 */
export interface SafetyDecisions {
  /** Whether bytes are what was written. */
  checksumMatches(stored: number, computed: number): boolean;
  /** The number of the next operation after a recovery whose last operation was `lastSequence`. */
  firstSequenceAfterRecovery(lastSequence: number): number;
  /** Whether a tombstone may be left out of a merge. */
  mayDropTombstone(facts: TombstoneFacts): boolean;
}

export interface TombstoneFacts {
  /** Every snapshot is at least as new as the tombstone. */
  readonly seenByAllSnapshots: boolean;
  /** No table below the merge's output has the key in its range. */
  readonly nothingBelow: boolean;
}

export const SAFE_DECISIONS: SafetyDecisions = {
  checksumMatches: (stored, computed) => stored === computed,
  firstSequenceAfterRecovery: (lastSequence) => lastSequence + 1,
  mayDropTombstone: ({ seenByAllSnapshots, nothingBelow }) => seenByAllSnapshots && nothingBelow,
};
