/**
 * Segments that came before what they follow on, until that comes.
 *
 * Each waits for one event by name, and is asked for again when that replica's events grow. The
 * number of characters and events kept is bounded: whoever sends more than that ahead of time is
 * not kept, and asked again by the next exchange of versions.
 */
import { CrdtError } from '../errors.ts';
import type { EventName, Segment } from './update.ts';

interface Waiting {
  readonly segment: Segment;
  /** The sequence that it waits for, of the replica under which it is kept. */
  readonly sequence: number;
}

/** What a segment costs besides its text. */
const SEGMENT_COST = 64;

export class Pending {
  readonly #waiting: Map<number, Waiting[]> = new Map();
  readonly #maxBytes: number;
  #bytes = 0;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Keeps `segment` until `missing` is known. */
  add(segment: Segment, missing: EventName): void {
    const bytes = cost(segment);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new CrdtError(
        'CRDT_LIMIT',
        `more than ${this.#maxBytes} bytes wait for others: exchange versions first`,
      );
    }
    let list = this.#waiting.get(missing.replica);
    if (list === undefined) this.#waiting.set(missing.replica, (list = []));
    // The least is last, where it is taken; segments mostly come in descending order of urgency.
    let at = list.length;
    while (at > 0 && (list[at - 1] as Waiting).sequence <= missing.sequence) {
      if (isSame((list[at - 1] as Waiting).segment, segment)) return;
      at -= 1;
    }
    list.splice(at, 0, { segment, sequence: missing.sequence });
    this.#bytes += bytes;
    this.#size += 1;
  }

  /** Takes a segment that waits for one of the first `known` events of `replica`. */
  take(replica: number, known: number): Segment | undefined {
    const list = this.#waiting.get(replica);
    const next = list?.at(-1);
    if (list === undefined || next === undefined || next.sequence >= known) return undefined;
    list.pop();
    if (list.length === 0) this.#waiting.delete(replica);
    this.#bytes -= cost(next.segment);
    this.#size -= 1;
    return next.segment;
  }
}

function cost(segment: Segment): number {
  return SEGMENT_COST + 2 * segment.text.length;
}

function isSame(a: Segment, b: Segment): boolean {
  return a.replica === b.replica && a.sequence === b.sequence && a.count === b.count;
}
