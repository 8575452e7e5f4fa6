/**
 * Timestamps that tell cause from coincidence: one event is before another exactly if its vector
 * is, and two vectors are concurrent exactly if neither event could have caused the other.
 *
 * Invariants: a process's own entry counts its events; no other process advances it. Timestamps
 * are copies, so that a clock that goes on does not change them. Cost: O(n) for n processes.
 * Source: C. Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering",
 * 1988; F. Mattern, "Virtual Time and Global States of Distributed Systems", 1989.
 */
import { ClockError } from './errors.ts';
import { checkReplicaId } from './replica-id.ts';
import { VersionVector } from './version-vector.ts';

export interface VectorClockOptions {
  /** This process: 1 to 128 bytes, unlike all others. */
  readonly id: string;
  /** The last timestamp before a restart: without it, events would be named twice. */
  readonly resume?: VersionVector;
}

export class VectorClock {
  readonly id: string;
  readonly #vector: VersionVector;

  constructor({ id, resume = new VersionVector() }: VectorClockOptions) {
    this.id = checkReplicaId(id);
    this.#vector = resume.clone();
  }

  /** The timestamp of the last event: what has to outlive a restart. */
  get timestamp(): VersionVector {
    return this.#vector.clone();
  }

  /** The timestamp of a local event, or of the sending of a message. */
  tick(): VersionVector {
    this.#vector.increment(this.id);
    return this.timestamp;
  }

  /**
   * The timestamp of the receipt of a message: after all of our events, and after `remote`.
   * @throws {ClockError} `CLOCK_AMNESIA` for a remote that has seen events of ours that we have
   * not, `CLOCK_LIMIT` for too many processes. The clock is then as it was.
   */
  receive(remote: VersionVector): VersionVector {
    const [ours, theirs] = [this.#vector.get(this.id), remote.get(this.id)];
    if (theirs > ours) {
      const seen = `the remote has seen event ${theirs} of ${JSON.stringify(this.id)}`;
      throw new ClockError('CLOCK_AMNESIA', `${seen}, which itself knows of ${ours}`);
    }
    this.#vector.merge(remote);
    return this.tick();
  }
}
