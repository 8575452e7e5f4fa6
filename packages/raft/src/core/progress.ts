/**
 * What a leader knows of one follower, and how much it may send it.
 *
 * `probe`: where the logs agree is not known; one message at a time. `replicate`: it is known;
 * messages go out without waiting, up to a window of messages and bytes. `snapshot`: what the
 * follower needs is compacted away; nothing goes out until a snapshot has arrived.
 *
 * Invariants: `matchIndex < nextIndex`; `matchIndex` never falls within a term; the window is empty
 * except in `replicate`.
 */
import type { NodeId } from '@ds/transport';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

interface InFlight {
  readonly lastIndex: number;
  readonly bytes: number;
}

export class Progress {
  readonly peer: NodeId;
  state: ProgressState = 'probe';
  matchIndex = 0;
  nextIndex: number;
  /** A probe is under way: wait for its answer or for the next heartbeat. */
  probeSent = false;
  /** Entries for this follower are being read back from the log. */
  loading = false;
  /** When it last answered, by the core's clock. */
  lastContactMs: number;
  /** It answered in this term at least once. */
  answered = false;
  /** The latest round of reads it confirmed. */
  round = 0;
  /** In `snapshot`: what the transfer under way will bring it to. */
  snapshotIndex = 0;
  readonly #inFlight: InFlight[] = [];
  #inFlightBytes = 0;

  constructor(peer: NodeId, nextIndex: number, nowMs: number) {
    this.peer = peer;
    this.nextIndex = nextIndex;
    this.lastContactMs = nowMs;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Records a message of entries up to `lastIndex`, which is not waited for. */
  sent(lastIndex: number, bytes: number): void {
    this.nextIndex = lastIndex + 1;
    this.#inFlight.push({ lastIndex, bytes });
    this.#inFlightBytes += bytes;
  }

  /** The follower holds everything up to `index`. Returns whether that is news. */
  matched(index: number): boolean {
    while (this.#inFlight.length > 0 && this.#inFlight[0]!.lastIndex <= index) {
      this.#inFlightBytes -= this.#inFlight[0]!.bytes;
      this.#inFlight.shift();
    }
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    this.nextIndex = Math.max(this.nextIndex, index + 1);
    return true;
  }

  become(state: ProgressState, nextIndex: number): void {
    this.state = state;
    this.nextIndex = Math.max(nextIndex, this.matchIndex + 1);
    this.probeSent = false;
    this.#inFlight.length = 0;
    this.#inFlightBytes = 0;
  }
}
