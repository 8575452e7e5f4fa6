/**
 * Counters: each replica counts for itself, and the largest count of each is the newest.
 *
 * A state is one flat array, replica and count in turn: joining two of the same replicas is a loop
 * over numbers that lie together. Cost: O(replicas).
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { type Crdt, type ReplicaId, readReplica } from './crdt.ts';
import { malformed } from './errors.ts';

/** Replica, count, replica, count, ... ascending by replica. */
export type Counts = number[];

export interface CountPair {
  readonly increments: Counts;
  readonly decrements: Counts;
}

function countOf(counts: Counts, replica: ReplicaId): number {
  for (let at = 0; at < counts.length; at += 2) {
    if (counts[at] === replica) return counts[at + 1] as number;
  }
  return 0;
}

function sum(counts: Counts): number {
  let total = 0;
  for (let at = 1; at < counts.length; at += 2) total += counts[at] as number;
  return total;
}

function absorb(state: Counts, delta: Counts): void {
  // Not beyond either end: what reads there is slow from then on.
  const shorter = Math.min(state.length, delta.length);
  let at = 0;
  while (at < shorter && state[at] === delta[at]) {
    const count = delta[at + 1] as number;
    if (count > (state[at + 1] as number)) state[at + 1] = count;
    at += 2;
  }
  if (at < delta.length) absorbStrangers(state, delta, at);
}

/** From `start` on, where the two do not list the same replicas any more. */
function absorbStrangers(state: Counts, delta: Counts, start: number): void {
  let at = start;
  for (let from = start; from < delta.length; from += 2) {
    const replica = delta[from] as number;
    const count = delta[from + 1] as number;
    while (at < state.length && (state[at] as number) < replica) at += 2;
    if (state[at] !== replica) state.splice(at, 0, replica, count);
    else if (count > (state[at + 1] as number)) state[at + 1] = count;
    at += 2;
  }
}

function raised(state: Counts, replica: ReplicaId, by: number): Counts {
  if (!(Number.isSafeInteger(by) && by >= 0)) {
    throw new RangeError(`a counter goes by whole numbers from 0, not by ${by}`);
  }
  return [replica, countOf(state, replica) + by];
}

function write(writer: ByteWriter, counts: Counts): void {
  writer.integer(counts.length / 2);
  for (const number of counts) writer.integer(number);
}

function read(reader: ByteReader): Counts {
  const counts: Counts = [];
  for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
    const replica = readReplica(reader);
    if (replica <= (counts.at(-2) ?? -1)) throw malformed('replicas out of order');
    counts.push(replica, reader.integer());
  }
  return counts;
}

/** A counter that only grows. */
export const gCounter: Crdt<
  Counts,
  number,
  { increment(state: Counts, replica: ReplicaId, by?: number): Counts }
> = {
  tag: 1,
  initial: () => [],
  value: sum,
  join(left, right) {
    const joined = left.slice();
    absorb(joined, right);
    return joined;
  },
  absorb,
  mutators: { increment: (state, replica, by = 1) => raised(state, replica, by) },
  write,
  read,
};

/** A counter that goes both ways: two that only grow. */
export const pnCounter: Crdt<
  CountPair,
  number,
  {
    increment(state: CountPair, replica: ReplicaId, by?: number): CountPair;
    decrement(state: CountPair, replica: ReplicaId, by?: number): CountPair;
  }
> = {
  tag: 2,
  initial: () => ({ increments: [], decrements: [] }),
  value: ({ increments, decrements }) => sum(increments) - sum(decrements),
  join(left, right) {
    const joined = { increments: left.increments.slice(), decrements: left.decrements.slice() };
    pnCounter.absorb(joined, right);
    return joined;
  },
  absorb(state, delta) {
    absorb(state.increments, delta.increments);
    absorb(state.decrements, delta.decrements);
  },
  mutators: {
    increment: ({ increments }, replica, by = 1) => ({
      increments: raised(increments, replica, by),
      decrements: [],
    }),
    decrement: ({ decrements }, replica, by = 1) => ({
      increments: [],
      decrements: raised(decrements, replica, by),
    }),
  },
  write(writer, { increments, decrements }) {
    write(writer, increments);
    write(writer, decrements);
  },
  read: (reader) => ({ increments: read(reader), decrements: read(reader) }),
};
