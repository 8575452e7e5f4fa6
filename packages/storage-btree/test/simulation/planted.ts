/** Plausible mistakes, each planted by replacing one decision. */
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';

export const PLANTED_BUGS: Readonly<Record<string, SafetyDecisions>> = {
  'the meta page is written before the pages are durable': {
    ...SAFE_DECISIONS,
    syncsPagesFirst: false,
  },
  'a page is written over while a reader needs it': {
    ...SAFE_DECISIONS,
    reusableUpTo: ({ settledVersion }) => settledVersion,
  },
  'a page is written over while the last checkpoint needs it': {
    ...SAFE_DECISIONS,
    reusableUpTo: ({ oldestReader }) => oldestReader,
  },
  'a split is not told to the page above': { ...SAFE_DECISIONS, announcesSplits: false },
  'the free list is lost when opening': { ...SAFE_DECISIONS, readsSpaceMap: false },
};

/** Damage goes unnoticed; found by flipping bits, see damage.test.ts. */
export const CHECKSUMS_IGNORED: SafetyDecisions = {
  ...SAFE_DECISIONS,
  checksumMatches: () => true,
};
