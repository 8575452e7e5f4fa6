/**
 * One client's numbers: which write is which, and up to where all answers have arrived.
 *
 * The server remembers the outcome of every write above `acknowledged`, so a write sent twice is
 * applied once and answered alike; what is acknowledged it may forget.
 *
 * Invariants: a sequence is given out once; `acknowledged` counts only sequences that will not be
 * sent again. Cost: O(1) per write, a set of those that were answered out of turn.
 */
import type { SessionTag } from '@ds/raft';

export class ClientSession {
  readonly id: number;
  readonly #answered = new Set<number>();
  #next = 1;
  #acknowledged = 0;

  constructor(id: number) {
    this.id = id;
  }

  /** The number of a write that was not sent before. */
  take(): number {
    return this.#next++;
  }

  tag(sequence: number): SessionTag {
    return { session: this.id, sequence, acknowledged: this.#acknowledged };
  }

  /** `sequence` has its answer, or is given up: it is never sent again. */
  settle(sequence: number): void {
    this.#answered.add(sequence);
    while (this.#answered.delete(this.#acknowledged + 1)) this.#acknowledged += 1;
  }
}
