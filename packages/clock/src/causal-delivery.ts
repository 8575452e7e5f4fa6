/**
 * Holds messages back until all that could have caused them has been delivered, so that nobody
 * sees an answer before its question, whatever the network does.
 *
 * A message carries the vector of its sending: the sender's own entry numbers it, the others say
 * what the sender had delivered. A message that cannot be delivered yet waits at one update that is
 * missing, and is looked at again when that has been delivered.
 *
 * Invariants: each message is delivered once; before it, everything in its vector. Memory: at most
 * `maxHeld` messages, `maxHeldPerSender` of one sender. Cost: O(n) for each missing update that a
 * message waits for, at most n for n senders.
 *
 * Source: K. Birman, A. Schiper, P. Stephenson, "Lightweight Causal and Atomic Group Multicast",
 * 1991.
 */
import { MAX_REPLICAS } from './replica-id.ts';
import type { DotRange } from './version-vector.ts';
import { VersionVector } from './version-vector.ts';

/** `held` waits; `full` and `invalid` were not taken: the former has to be sent again. */
export type Receipt = 'delivered' | 'held' | 'duplicate' | 'full' | 'invalid';

export interface CausalDeliveryOptions<M> {
  /**
   * Called for each message in causal order. What it throws, `receive` throws; the message counts
   * as delivered, and what waited for it comes with the next one.
   */
  readonly deliver: (message: M, sender: string, vector: VersionVector) => void;
  /** What has been delivered before a restart. @default nothing */
  readonly delivered?: VersionVector;
  /** @default 10,000 */
  readonly maxHeld?: number;
  /** @default a tenth of `maxHeld` */
  readonly maxHeldPerSender?: number;
}

interface Held<M> {
  readonly sender: string;
  readonly number: number;
  readonly vector: VersionVector;
  readonly message: M;
}

export class CausalDelivery<M> {
  readonly #deliver: CausalDeliveryOptions<M>['deliver'];
  readonly #delivered: VersionVector;
  readonly #maxHeld: number;
  readonly #maxHeldPerSender: number;
  // Who waits for an update, by its dot; and which numbers of each sender are held.
  readonly #waiting = new Map<string, Held<M>[]>();
  readonly #held = new Map<string, Set<number>>();
  #heldCount = 0;
  readonly #ready: Held<M>[] = [];
  #isDelivering = false;

  constructor({
    deliver,
    delivered = new VersionVector(),
    maxHeld = 10_000,
    maxHeldPerSender = Math.ceil(maxHeld / 10),
  }: CausalDeliveryOptions<M>) {
    if (!(maxHeld > 0 && maxHeld < Number.POSITIVE_INFINITY && maxHeldPerSender > 0)) {
      throw new RangeError('maxHeld: over 0, finite');
    }
    this.#deliver = deliver;
    this.#delivered = delivered.clone();
    this.#maxHeld = maxHeld;
    this.#maxHeldPerSender = maxHeldPerSender;
  }

  /** How many messages wait. */
  get held(): number {
    return this.#heldCount;
  }

  /** What has been delivered, as a copy: to persist, and to send along with the next message. */
  get delivered(): VersionVector {
    return this.#delivered.clone();
  }

  /**
   * Takes a message in, and delivers it and all that waited for it as far as possible. What
   * `deliver` itself sends in is delivered after it returns.
   * @param vector kept, not copied: must not change any more
   */
  receive(sender: string, vector: VersionVector, message: M): Receipt {
    const number = vector.get(sender);
    if (number === 0) return 'invalid';
    const numbers = this.#held.get(sender);
    if (this.#delivered.covers(sender, number) || numbers?.has(number)) return 'duplicate';
    // Asked now, so that no sender is refused half-way through a release.
    const isKnown = numbers || this.#delivered.get(sender);
    if (!isKnown && this.#delivered.size + this.#held.size >= MAX_REPLICAS) return 'full';
    const arrived = { sender, number, vector, message };
    const missing = this.#missing(arrived);
    if (missing === undefined) {
      this.#accept(arrived);
      this.#deliverReady();
      return 'delivered';
    }
    if (this.#heldCount >= this.#maxHeld) return 'full';
    if ((numbers?.size ?? 0) >= this.#maxHeldPerSender) return 'full';
    if (numbers) numbers.add(number);
    else this.#held.set(sender, new Set([number]));
    this.#heldCount += 1;
    this.#waitFor(missing, arrived);
    return 'held';
  }

  /** The updates that are known to exist and are not here: what to ask others for. */
  missing(): DotRange[] {
    const known = new VersionVector();
    for (const waiting of this.#waiting.values()) {
      for (const { vector } of waiting) known.merge(vector);
    }
    return known.since(this.#delivered).flatMap((range) => this.#withoutHeld(range));
  }

  #accept(message: Held<M>): void {
    this.#delivered.advance(message.sender, message.number);
    this.#ready.push(message);
  }

  #deliverReady(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    let done = 0;
    try {
      for (let next = this.#ready[done]; next; next = this.#ready[done]) {
        done += 1;
        this.#release(next);
        this.#deliver(next.message, next.sender, next.vector);
      }
    } finally {
      this.#ready.splice(0, done);
      this.#isDelivering = false;
    }
  }

  /** Looks again at the messages that waited for this one. */
  #release({ sender, number }: Held<M>): void {
    const dot = dotKey(sender, number);
    const waiting = this.#waiting.get(dot) ?? [];
    this.#waiting.delete(dot);
    for (const held of waiting) {
      const missing = this.#missing(held);
      if (missing === undefined) {
        this.#held.get(held.sender)?.delete(held.number);
        this.#heldCount -= 1;
        this.#accept(held);
      } else this.#waitFor(missing, held);
    }
  }

  #waitFor(dot: string, held: Held<M>): void {
    const waiting = this.#waiting.get(dot);
    if (waiting) waiting.push(held);
    else this.#waiting.set(dot, [held]);
  }

  /** One update that has to be delivered before this message, if there is any. */
  #missing({ sender, vector }: Held<M>): string | undefined {
    for (const [id, counter] of vector) {
      const needed = id === sender ? counter - 1 : counter;
      if (!this.#delivered.covers(id, needed)) return dotKey(id, needed);
    }
    return undefined;
  }

  /** The parts of a range that are not held. */
  #withoutHeld({ id, from, to }: DotRange): DotRange[] {
    const numbers = [...(this.#held.get(id) ?? []), to + 1].sort((a, b) => a - b);
    const parts: DotRange[] = [];
    let start = from;
    for (const number of numbers) {
      if (number > start) parts.push({ id, from: start, to: number - 1 });
      start = number + 1;
    }
    return parts;
  }
}

function dotKey(id: string, counter: number): string {
  return `${counter} ${id}`;
}
