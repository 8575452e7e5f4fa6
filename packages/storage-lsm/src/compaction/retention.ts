/**
 * Which entries and range tombstones a flush or merge keeps. Snapshots cut the sequences into
 * stripes; within a stripe only the newest entry of a key can ever be seen, and none that a range
 * tombstone of the stripe deletes. A tombstone of either kind can go once no snapshot is older and
 * nothing older can lie below.
 *
 * Entries come in order: by key, the newest first. Cost: O(log snapshots) per entry.
 */
import {
  type Cursor,
  compareRanges,
  LastKey,
  startsBy,
  type TombstoneFragment,
} from '@ds/storage/engine';
import type { KeyExtent } from '../table/key-extent.ts';

export interface RetentionDecisions {
  /** Whether a tombstone may be left out of a merge. */
  mayDropTombstone(facts: TombstoneFacts): boolean;
  /** The same for a range tombstone. */
  mayDropRangeTombstone(facts: TombstoneFacts): boolean;
}

export interface TombstoneFacts {
  /** Every snapshot is at least as new as the tombstone. */
  readonly seenByAllSnapshots: boolean;
  /** No table below the merge's output shares a key with it. */
  readonly nothingBelow: boolean;
}

export interface RetentionOptions {
  /** The sequences of the snapshots held, ascending. */
  readonly snapshots: readonly number[];
  readonly decisions: RetentionDecisions;
  /** All range tombstones of what is flushed or merged. */
  readonly fragments: readonly TombstoneFragment[];
  /** Whether no table below the output shares a key with `extent`; asked for tombstones only. */
  nothingBelow(extent: KeyExtent): boolean;
}

export class Retention {
  readonly #options: RetentionOptions;
  readonly #last = new LastKey();
  #stripe = -1;
  /** The first fragment that may cover the entries to come. */
  #fragment = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  keeps(entry: Cursor): boolean {
    const stripe = this.#stripeOf(entry.sequence);
    if (!this.#last.is(entry)) this.#last.set(entry);
    else if (stripe === this.#stripe) return false;
    this.#stripe = stripe;
    const { fragments, decisions, nothingBelow } = this.#options;
    if (fragments.length > 0 && this.#isDeleted(entry, stripe)) return false;
    if (!entry.isTombstone) return true;
    const key = entry.keyBytes.subarray(entry.keyStart, entry.keyEnd);
    return !decisions.mayDropTombstone({
      seenByAllSnapshots: stripe === 0,
      nothingBelow: nothingBelow({ smallest: key, largest: key, openEnd: false }),
    });
  }

  /** The fragments to keep, each with the sequences that some reader or older data needs. */
  *keptFragments(): Generator<TombstoneFragment> {
    const { fragments, decisions, nothingBelow } = this.#options;
    for (const { start, end, sequences } of fragments) {
      const extent = { smallest: start, largest: end, openEnd: true };
      const kept = sequences.filter((sequence, i) => {
        const stripe = this.#stripeOf(sequence);
        if (i > 0 && this.#stripeOf(sequences[i - 1]!) === stripe) return false;
        const seenByAllSnapshots = stripe === 0;
        return !decisions.mayDropRangeTombstone({
          seenByAllSnapshots,
          nothingBelow: nothingBelow(extent),
        });
      });
      if (kept.length > 0) yield { start, end, sequences: kept };
    }
  }

  /** Whether a range tombstone deletes the entry for everyone who could see it. */
  #isDeleted({ keyBytes, keyStart, keyEnd, sequence }: Cursor, stripe: number): boolean {
    const { fragments } = this.#options;
    let fragment = fragments[this.#fragment];
    for (; fragment !== undefined; fragment = fragments[++this.#fragment]) {
      const { end } = fragment;
      if (compareRanges(end, 0, end.length, keyBytes, keyStart, keyEnd) > 0) break;
    }
    if (fragment === undefined || !startsBy(fragment, keyBytes, keyStart, keyEnd)) return false;
    const { sequences } = fragment;
    for (let i = sequences.length - 1; i >= 0; i -= 1) {
      if (sequences[i]! > sequence) return this.#stripeOf(sequences[i]!) === stripe;
    }
    return false;
  }

  /** How many snapshots are too old to see `sequence`. */
  #stripeOf(sequence: number): number {
    const { snapshots } = this.#options;
    let low = 0;
    let high = snapshots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (snapshots[middle]! < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
