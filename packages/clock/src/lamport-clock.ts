/**
 * A count that respects cause and effect: what could have caused an event has a smaller timestamp.
 * With the process's id behind the count no two events are equal, and the order is total.
 *
 * It cannot tell concurrency: of two timestamps one is smaller, whether or not it was a cause. Take
 * a {@link VectorClock} to know that.
 *
 * Invariant: `time` never goes back, and no two timestamps of one clock are equal. Cost: O(1).
 * Source: L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", 1978.
 */
import { ClockError } from './errors.ts';
import { checkCounter, checkReplicaId, nextCounter } from './replica-id.ts';

const DEFAULT_MAX_ADVANCE = 2 ** 40;

export interface LamportTimestamp {
  readonly time: number;
  /** The process that took the timestamp. */
  readonly id: string;
}

export interface LamportClockOptions {
  /** This process: 1 to 128 bytes, unlike all others. */
  readonly id: string;
  /** The last time before a restart. @default 0 */
  readonly time?: number;
  /**
   * How far a remote timestamp may be ahead, so that no peer can drive the clock to its end at one
   * stroke. @default 2^40
   */
  readonly maxAdvance?: number;
}

export class LamportClock {
  readonly id: string;
  readonly #maxAdvance: number;
  #time: number;

  constructor({ id, time = 0, maxAdvance = DEFAULT_MAX_ADVANCE }: LamportClockOptions) {
    this.id = checkReplicaId(id);
    this.#time = checkCounter(time);
    this.#maxAdvance = checkCounter(maxAdvance);
  }

  /** The time of the last event: what has to outlive a restart. */
  get time(): number {
    return this.#time;
  }

  /**
   * The timestamp of a local event, or of the sending of a message.
   * @throws {ClockError} `CLOCK_EXHAUSTED` after 2^53 - 1 events.
   */
  tick(): LamportTimestamp {
    this.#time = nextCounter(this.#time);
    return { time: this.#time, id: this.id };
  }

  /**
   * The timestamp of the receipt of a message: after all of our events, and after `remote`.
   * @throws {ClockError} `CLOCK_REMOTE_AHEAD`, and then the clock is as it was.
   */
  receive({ time }: LamportTimestamp): LamportTimestamp {
    if (checkCounter(time) - this.#time > this.#maxAdvance) {
      const ahead = `the remote time ${time} is more than ${this.#maxAdvance} ahead`;
      throw new ClockError('CLOCK_REMOTE_AHEAD', `${ahead} of ${this.#time}`);
    }
    this.#time = nextCounter(Math.max(this.#time, time));
    return { time: this.#time, id: this.id };
  }
}

/** The total order: by time, then by id. A number as `sort` wants it. */
export function compareLamport(a: LamportTimestamp, b: LamportTimestamp): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
