/**
 * How two events, or two sets of events, stand to each other.
 *
 * Partial orders answer with a word, because a number has no room for the fourth case: a
 * comparator that returns 0 both for equal and for concurrent loses one of two writes. Total orders
 * (`compareLamport`, `compareTimestamps`) return a negative number, 0 or a positive one, as `sort`
 * wants it.
 *
 * Source: L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", 1978.
 */
export type Causality = 'before' | 'after' | 'equal' | 'concurrent';

/** Seen in a comparison of `a` with `b`: somewhere `a` is less. */
export const LESS = 1;
/** Seen in a comparison of `a` with `b`: somewhere `a` is more. */
export const MORE = 2;
/** Both: nothing that is still to come can change the verdict. */
export const BOTH = 3;

/** The verdict on what was {@link LESS}, {@link MORE}, both or neither. */
export function causalityOf(seen: number): Causality {
  if (seen === 0) return 'equal';
  if (seen === BOTH) return 'concurrent';
  return seen === LESS ? 'before' : 'after';
}
