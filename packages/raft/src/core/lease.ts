/**
 * Reads without a round trip (thesis 6.4.1): a follower that has heard from its leader votes for
 * nobody else for an election timeout by its own clock, so a leader that a quorum has answered
 * knows that for that long, from when it asked, no other can have committed anything.
 *
 * What is assumed: no two clocks differ in speed by more than `maxClockDrift` to either side, and a
 * member does not forget that it heard from a leader: after a restart it waits an election timeout
 * before it votes. What is not assumed: that clocks show the same time, that messages are quick,
 * that a process is not paused. A leader that has told another to stand holds no lease for the rest
 * of its term, since that candidate need not wait.
 *
 * Invariant: `#since` is when the latest round confirmed by a quorum was sent.
 * Cost: one small record per heartbeat under way.
 */

interface SentRound {
  readonly round: number;
  readonly sentMs: number;
}

/** More rounds than this are not under way within a timeout that is at most thousands of beats. */
const MAX_ROUNDS = 256;

export class Lease {
  #sent: SentRound[] = [];
  #sinceMs = Number.NEGATIVE_INFINITY;
  #handedOver = false;

  /** When the latest confirmed round was sent. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Somebody was told to stand for election in this term. */
  get handedOver(): boolean {
    return this.#handedOver;
  }

  sent(round: number, sentMs: number): void {
    if (this.#sent.length === MAX_ROUNDS) this.#sent.shift();
    this.#sent.push({ round, sentMs });
  }

  /** A quorum has answered rounds up to this one. */
  confirmed(round: number): void {
    let count = 0;
    while (count < this.#sent.length && this.#sent[count]!.round <= round) {
      this.#sinceMs = this.#sent[count]!.sentMs;
      count += 1;
    }
    if (count > 0) this.#sent.splice(0, count);
  }

  handOver(): void {
    this.#handedOver = true;
  }

  /** Another term: nothing is known. */
  startOver(): void {
    this.#sent = [];
    this.#sinceMs = Number.NEGATIVE_INFINITY;
    this.#handedOver = false;
  }
}
