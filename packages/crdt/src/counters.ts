/**
 * Counters: each replica counts for itself, and the largest count of each is the newest.
 *
 * A state is two arrays, replicas in ascending order and their counts: joining two of the same
 * replicas is a loop over numbers. Cost: O(replicas).
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { malformed } from './errors.ts';

export interface Counts {
  replicas: number[];
  counts: number[];
}

export interface CountPair {
  readonly increments: Counts;
  readonly decrements: Counts;
}

function none(): Counts {
  return { replicas: [], counts: [] };
}

function countOf({ replicas, counts }: Counts, replica: ReplicaId): number {
  const at = replicas.indexOf(replica);
  return at < 0 ? 0 : (counts[at] as number);
}

function sum({ counts }: Counts): number {
  let total = 0;
  for (let index = 0; index < counts.length; index += 1) total += counts[index] as number;
  return total;
}

function absorb(state: Counts, delta: Counts): void {
  const { replicas, counts } = state;
  const others = delta.replicas;
  const theirs = delta.counts;
  let at = 0;
  // As long as both list the same replicas it is a loop over numbers.
  while (at < others.length && replicas[at] === others[at]) {
    if ((counts[at] as number) < (theirs[at] as number)) counts[at] = theirs[at] as number;
    at += 1;
  }
  for (let index = at; index < others.length; index += 1) {
    const replica = others[index] as number;
    while (at < replicas.length && (replicas[at] as number) < replica) at += 1;
    if (replicas[at] === replica) {
      if ((counts[at] as number) < (theirs[index] as number)) counts[at] = theirs[index] as number;
    } else {
      replicas.splice(at, 0, replica);
      counts.splice(at, 0, theirs[index] as number);
    }
    at += 1;
  }
}

function copy({ replicas, counts }: Counts): Counts {
  return { replicas: replicas.slice(), counts: counts.slice() };
}

function raised(state: Counts, replica: ReplicaId, by: number): Counts {
  if (!(Number.isSafeInteger(by) && by >= 0)) {
    throw new RangeError(`a counter goes by whole numbers from 0, not by ${by}`);
  }
  return { replicas: [replica], counts: [countOf(state, replica) + by] };
}

function write(writer: ByteWriter, { replicas, counts }: Counts): void {
  writer.integer(replicas.length);
  for (let index = 0; index < replicas.length; index += 1) {
    writer.integer(replicas[index] as number);
    writer.integer(counts[index] as number);
  }
}

function read(reader: ByteReader): Counts {
  const state = none();
  for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
    const replica = reader.atMost(2 ** 32 - 1, 'a replica');
    if (replica <= (state.replicas.at(-1) ?? -1)) throw malformed('replicas out of order');
    state.replicas.push(replica);
    state.counts.push(reader.integer());
  }
  return state;
}

/** A counter that only grows. */
export const gCounter: Crdt<
  Counts,
  number,
  { increment(state: Counts, replica: ReplicaId, by?: number): Counts }
> = {
  tag: 1,
  initial: none,
  value: sum,
  join(left, right) {
    const joined = copy(left);
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
  initial: () => ({ increments: none(), decrements: none() }),
  value: ({ increments, decrements }) => sum(increments) - sum(decrements),
  join(left, right) {
    const joined = { increments: copy(left.increments), decrements: copy(left.decrements) };
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
      decrements: none(),
    }),
    decrement: ({ decrements }, replica, by = 1) => ({
      increments: none(),
      decrements: raised(decrements, replica, by),
    }),
  },
  write(writer, { increments, decrements }) {
    write(writer, increments);
    write(writer, decrements);
  },
  read: (reader) => ({ increments: read(reader), decrements: read(reader) }),
};
