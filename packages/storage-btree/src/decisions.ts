/**
 * The few decisions that crash safety and correctness hang on, gathered so that tests can replace
 * each with a plausible mistake and see the checkers catch it. The product always runs
 * {@link SAFE_DECISIONS}.
 */
import { type LogDecisions, SAFE_LOG_DECISIONS } from '@ds/storage/engine';

export interface SafetyDecisions extends LogDecisions {
  /** Whether pages are durable before the meta record that reaches them is written. */
  readonly syncsPagesFirst: boolean;
  /** Whether the log that a meta record names is durable before the record is written. */
  readonly syncsLogFirst: boolean;
  /** Up to which version freed pages may be written over. */
  reusableUpTo(facts: ReuseFacts): number;
  /** Whether opening believes the stored space map; else it takes every page for free. */
  readonly readsSpaceMap: boolean;
  /** Whether what split a page is told to the page above. */
  readonly announcesSplits: boolean;
}

export interface ReuseFacts {
  /** The version that both meta slots hold, durably. */
  readonly settledVersion: number;
  /** The oldest version that a reader holds; infinite without readers. */
  readonly oldestReader: number;
}

export const SAFE_DECISIONS: SafetyDecisions = {
  ...SAFE_LOG_DECISIONS,
  syncsPagesFirst: true,
  syncsLogFirst: true,
  reusableUpTo: ({ settledVersion, oldestReader }) => Math.min(settledVersion, oldestReader),
  readsSpaceMap: true,
  announcesSplits: true,
};
