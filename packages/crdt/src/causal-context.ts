/**
 * Which changes a state has seen, whether it still shows them or not.
 *
 * A change is a dot: the nth of a replica, from 1 on. Those seen without a gap are one number per
 * replica; the others are loose until the gap closes. This is what makes removal work without
 * tombstones: what somebody has seen and does not show, they have removed.
 *
 * Source: P. Almeida et al., "Delta state replicated data types", 2018, section 7.2.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { ReplicaId } from './crdt.ts';
import { malformed } from './errors.ts';

export class CausalContext {
  readonly #upTo: Map<ReplicaId, number> = new Map();
  #loose: Map<ReplicaId, Set<number>> | undefined;

  has(replica: ReplicaId, counter: number): boolean {
    if (counter <= (this.#upTo.get(replica) ?? 0)) return true;
    return this.#loose !== undefined && this.#loose.get(replica)?.has(counter) === true;
  }

  /** The counter of the next change that `replica` makes. */
  next(replica: ReplicaId): number {
    let last = this.#upTo.get(replica) ?? 0;
    const loose = this.#loose?.get(replica);
    if (loose !== undefined) for (const counter of loose) last = Math.max(last, counter);
    return last + 1;
  }

  add(replica: ReplicaId, counter: number): void {
    const upTo = this.#upTo.get(replica) ?? 0;
    if (counter <= upTo) return;
    if (counter === upTo + 1) {
      this.#reach(replica, counter);
      return;
    }
    this.#loose ??= new Map();
    const counters = this.#loose.get(replica);
    if (counters === undefined) this.#loose.set(replica, new Set([counter]));
    else counters.add(counter);
  }

  absorb(other: CausalContext): void {
    for (const [replica, counter] of other.#upTo) {
      if (counter > (this.#upTo.get(replica) ?? 0)) this.#reach(replica, counter);
    }
    if (other.#loose === undefined) return;
    for (const [replica, counters] of other.#loose) {
      for (const counter of counters) this.add(replica, counter);
    }
  }

  copy(): CausalContext {
    const copied = new CausalContext();
    copied.absorb(this);
    return copied;
  }

  write(writer: ByteWriter): void {
    const upTo = [...this.#upTo].sort(byFirst);
    writer.integer(upTo.length);
    for (const [replica, counter] of upTo) {
      writer.integer(replica);
      writer.integer(counter);
    }
    const loose = [...(this.#loose ?? [])].sort(byFirst);
    writer.integer(loose.length);
    for (const [replica, counters] of loose) {
      writer.integer(replica);
      writer.integer(counters.size);
      for (const counter of [...counters].sort((a, b) => a - b)) writer.integer(counter);
    }
  }

  static read(reader: ByteReader): CausalContext {
    const context = new CausalContext();
    for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
      const replica = readReplica(reader);
      const counter = reader.integer();
      if (counter === 0 || context.has(replica, 1)) throw malformed('a causal context');
      context.#reach(replica, counter);
    }
    for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
      const replica = readReplica(reader);
      for (let count = reader.atMost(reader.remaining, 'a length'); count > 0; count -= 1) {
        context.add(replica, reader.integer());
      }
    }
    return context;
  }

  /** Everything of `replica` up to `counter` has been seen, and what is loose right behind it. */
  #reach(replica: ReplicaId, counter: number): void {
    let upTo = counter;
    const counters = this.#loose?.get(replica);
    if (counters !== undefined) {
      while (counters.delete(upTo + 1)) upTo += 1;
      for (const loose of counters) if (loose <= upTo) counters.delete(loose);
      if (counters.size === 0) this.#loose?.delete(replica);
    }
    this.#upTo.set(replica, upTo);
  }
}

export function readReplica(reader: ByteReader): ReplicaId {
  return reader.atMost(2 ** 32 - 1, 'a replica');
}

function byFirst([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b;
}
