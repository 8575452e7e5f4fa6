/**
 * A version vector for processes that come and go, without names: each holds a share of the
 * interval from 0 to 1, can give half of it to a newcomer, and gives it back when it leaves.
 *
 * A stamp is an id (which parts of the interval are ours) and events (how many events each part of
 * the interval has seen). Both are binary trees that simplify themselves, so the size follows the
 * number of processes that there are now, not of all that ever were.
 *
 * Stamps are values: every operation returns new ones. After `fork` and `join` the old ones must
 * not be used any more, for a share belongs to one process at a time.
 *
 * Invariants: the trees are in normal form (no (0, 0) or (1, 1) in an id; no (n, m, m) in events,
 * and one child's base is 0), so equal stamps have equal encodings. Cost: O(nodes) for everything;
 * `compare` does not allocate.
 *
 * Source: P. S. Almeida, C. Baquero, V. Fonte, "Interval Tree Clocks: A Logical Clock for Dynamic
 * Systems", 2008, section 5.
 */
import { type Causality, causalityOf } from './causality.ts';
import {
  type Events,
  eventsAfter,
  type Id,
  joinEvents,
  seenBetween,
  splitId,
  sumIds,
} from './interval-tree.ts';

export class IntervalTreeClock {
  /** Which parts of the interval are ours, as the paper writes it: `[[1, 0], 0]`. */
  readonly id: Id;
  /** How many events each part has seen, as the paper writes it: `[0, 1, 0]`. */
  readonly events: Events;

  /** Use {@link seed} and {@link fork}: trees from elsewhere have to be in normal form. */
  constructor(id: Id, events: Events) {
    this.id = id;
    this.events = events;
  }

  /** The first process of all: the whole interval, and no event. Make one, fork the others. */
  static seed(): IntervalTreeClock {
    return new IntervalTreeClock(1, 0);
  }

  /** Whether this stamp has no share, and so can only be compared and joined. */
  get isAnonymous(): boolean {
    return this.id === 0;
  }

  /**
   * Splits our share in two: one for us, one for a newcomer. Both have seen the same.
   * @throws {ClockError} `CLOCK_LIMIT` when the share was split 256 times in a row.
   */
  fork(): [ours: IntervalTreeClock, newcomer: IntervalTreeClock] {
    const [left, right] = splitId(this.id);
    return [new IntervalTreeClock(left, this.events), new IntervalTreeClock(right, this.events)];
  }

  /** What to send along with a message: all that was seen, and no share. */
  peek(): IntervalTreeClock {
    return new IntervalTreeClock(0, this.events);
  }

  /**
   * After one more event of ours.
   * @throws {RangeError} for an anonymous stamp. {@link ClockError} `CLOCK_EXHAUSTED`
   */
  event(): IntervalTreeClock {
    return new IntervalTreeClock(this.id, eventsAfter(this.id, this.events));
  }

  /**
   * All that either has seen, and both shares: a message's stamp into ours, or a process that
   * leaves into one that stays.
   * @throws {ClockError} `CLOCK_AMNESIA` when both hold the same share: one of them is a copy.
   */
  join(other: IntervalTreeClock): IntervalTreeClock {
    const id = sumIds(this.id, other.id);
    return new IntervalTreeClock(id, joinEvents(this.events, other.events));
  }

  /** Whether what was seen here is part of what `other` has seen, or the other way round. */
  compare(other: IntervalTreeClock): Causality {
    return causalityOf(seenBetween(this.events, 0, other.events, 0));
  }

  /** The stamp as the paper writes it: `[[1, 0], [0, 1, 0]]`. */
  toJSON(): [id: Id, events: Events] {
    return [this.id, this.events];
  }
}
