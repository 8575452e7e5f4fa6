/** Sets without clocks: one that only grows, and one where what was removed never comes back. */
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { compareKeys, type Key, readKey, writeKey } from './keys.ts';

export interface TwoPhase<Element extends Key> {
  readonly added: Set<Element>;
  readonly removed: Set<Element>;
}

function addAll<Element>(into: Set<Element>, from: ReadonlySet<Element>): void {
  for (const element of from) into.add(element);
}

function write(writer: ByteWriter, set: ReadonlySet<Key>): void {
  writer.integer(set.size);
  for (const element of [...set].sort(compareKeys)) writeKey(writer, element);
}

function read<Element extends Key>(reader: ByteReader): Set<Element> {
  const set = new Set<Element>();
  for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
    set.add(readKey(reader) as Element);
  }
  return set;
}

interface Growing<Element extends Key> {
  add(state: Set<Element>, replica: ReplicaId, element: Element): Set<Element>;
}

/** A set that only grows. */
export function gSet<Element extends Key>(): Crdt<
  Set<Element>,
  ReadonlySet<Element>,
  Growing<Element>
> {
  return {
    tag: 3,
    initial: () => new Set(),
    value: (state) => state,
    join: (left, right) => new Set([...left, ...right]),
    absorb: addAll,
    mutators: { add: (_state, _replica, element) => new Set([element]) },
    write,
    read: read<Element>,
  };
}

interface TwoPhaseMutators<Element extends Key> {
  add(state: TwoPhase<Element>, replica: ReplicaId, element: Element): TwoPhase<Element>;
  /** Removes it for good, also where it has not been added yet. */
  remove(state: TwoPhase<Element>, replica: ReplicaId, element: Element): TwoPhase<Element>;
}

/** A set from which an element can be removed once and never added again. */
export function twoPhaseSet<Element extends Key>(): Crdt<
  TwoPhase<Element>,
  ReadonlySet<Element>,
  TwoPhaseMutators<Element>
> {
  const type: Crdt<TwoPhase<Element>, ReadonlySet<Element>, TwoPhaseMutators<Element>> = {
    tag: 4,
    initial: () => ({ added: new Set(), removed: new Set() }),
    value: ({ added, removed }) => new Set([...added].filter((element) => !removed.has(element))),
    join(left, right) {
      const joined = { added: new Set(left.added), removed: new Set(left.removed) };
      type.absorb(joined, right);
      return joined;
    },
    absorb(state, delta) {
      addAll(state.added, delta.added);
      addAll(state.removed, delta.removed);
    },
    mutators: {
      add: (_state, _replica, element) => ({ added: new Set([element]), removed: new Set() }),
      remove: (_state, _replica, element) => ({ added: new Set(), removed: new Set([element]) }),
    },
    write(writer, { added, removed }) {
      write(writer, added);
      write(writer, removed);
    },
    read: (reader) => ({ added: read(reader), removed: read(reader) }),
  };
  return type;
}
