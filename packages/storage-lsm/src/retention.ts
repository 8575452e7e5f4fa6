/**
 * Which entries a flush or merge keeps. Snapshots cut the sequences into stripes; within a stripe
 * only the newest entry of a key can ever be seen. A tombstone can go once no snapshot is older
 * and nothing older can lie below.
 *
 * Entries come in order: by key, the newest first. Cost: O(log snapshots) per entry.
 */

import type { Cursor } from './cursor.ts';
import type { SafetyDecisions } from './decisions.ts';

export interface RetentionOptions {
  /** The sequences of the snapshots held, ascending. */
  readonly snapshots: readonly number[];
  readonly decisions: SafetyDecisions;
  /** Whether no table below the output has the key in its range; asked for tombstones only. */
  nothingBelow(key: Uint8Array): boolean;
}

export class Retention {
  readonly #options: RetentionOptions;
  #key = new Uint8Array(64);
  #keyLength = -1;
  #stripe = -1;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  keeps(entry: Cursor): boolean {
    const stripe = this.#stripeOf(entry.sequence);
    if (!this.#isSameKey(entry)) this.#rememberKey(entry);
    else if (stripe === this.#stripe) return false;
    this.#stripe = stripe;
    if (!entry.isTombstone) return true;
    const { decisions, nothingBelow } = this.#options;
    const key = entry.keyBytes.subarray(entry.keyStart, entry.keyEnd);
    return !decisions.mayDropTombstone({
      seenByAllSnapshots: stripe === 0,
      nothingBelow: nothingBelow(key),
    });
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

  #isSameKey({ keyBytes, keyStart, keyEnd }: Cursor): boolean {
    const length = this.#keyLength;
    if (keyEnd - keyStart !== length) return false;
    const key = this.#key;
    // From the end, where neighbouring keys differ.
    for (let i = length - 1; i >= 0; i -= 1) if (key[i] !== keyBytes[keyStart + i]) return false;
    return true;
  }

  #rememberKey({ keyBytes, keyStart, keyEnd }: Cursor): void {
    const length = keyEnd - keyStart;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const key = this.#key;
    for (let i = 0; i < length; i += 1) key[i] = keyBytes[keyStart + i]!;
    this.#keyLength = length;
  }
}
