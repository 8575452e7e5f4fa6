/**
 * A map and a set in which the last write of each key wins, by the writers' clocks.
 *
 * Removals leave a stamp behind for ever: without it an older write would come back. Where that
 * matters, or clocks cannot be trusted, take `orMap` and `orSet`.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { malformed } from './errors.ts';
import { compareKeys, type Key, readKey, writeKey } from './keys.ts';
import { type Plain, readPlain, writePlain } from './plain.ts';
import { isLater, NEVER, readStamp, type Stamp, stampAfter, writeStamp } from './stamp.ts';

export interface Entry<Value extends Plain> {
  readonly stamp: Stamp;
  /** Undefined once removed. */
  readonly value: Value | undefined;
}

type MapState<Name extends Key, Value extends Plain> = Map<Name, Entry<Value>>;

interface LwwMapMutators<Name extends Key, Value extends Plain> {
  set(
    state: MapState<Name, Value>,
    replica: ReplicaId,
    key: Name,
    value: Value,
    nowMs: number,
  ): MapState<Name, Value>;
  remove(
    state: MapState<Name, Value>,
    replica: ReplicaId,
    key: Name,
    nowMs: number,
  ): MapState<Name, Value>;
}

function absorb<Name, Value extends Plain>(
  state: Map<Name, Entry<Value>>,
  delta: Map<Name, Entry<Value>>,
): void {
  for (const [key, entry] of delta) {
    if (isLater(entry.stamp, state.get(key)?.stamp ?? NEVER)) state.set(key, entry);
  }
}

function join<Name, Value extends Plain>(
  left: Map<Name, Entry<Value>>,
  right: Map<Name, Entry<Value>>,
): Map<Name, Entry<Value>> {
  const joined = new Map(left);
  absorb(joined, right);
  return joined;
}

function written<Name, Value extends Plain>(
  state: Map<Name, Entry<Value>>,
  replica: ReplicaId,
  key: Name,
  value: Value | undefined,
  nowMs: number,
): Map<Name, Entry<Value>> {
  const stamp = stampAfter(state.get(key)?.stamp ?? NEVER, replica, nowMs);
  return new Map([[key, { stamp, value }]]);
}

function write(writer: ByteWriter, state: ReadonlyMap<Key, Entry<Plain>>): void {
  writer.integer(state.size);
  for (const key of [...state.keys()].sort(compareKeys)) {
    const { stamp, value } = state.get(key) as Entry<Plain>;
    writeKey(writer, key);
    writeStamp(writer, stamp);
    writer.byte(value === undefined ? 0 : 1);
    if (value !== undefined) writePlain(writer, value);
  }
}

function read<Name extends Key, Value extends Plain>(reader: ByteReader): MapState<Name, Value> {
  const state: MapState<Name, Value> = new Map();
  for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
    const key = readKey(reader) as Name;
    if (state.has(key)) throw malformed('a key twice');
    const stamp = readStamp(reader);
    const there = reader.atMost(1, 'a flag') === 1;
    state.set(key, { stamp, value: there ? (readPlain(reader) as Value) : undefined });
  }
  return state;
}

/** The last write of each key wins; removing is a write. */
export function lwwMap<Name extends Key, Value extends Plain>(): Crdt<
  MapState<Name, Value>,
  ReadonlyMap<Name, Value>,
  LwwMapMutators<Name, Value>
> {
  return {
    tag: 12,
    initial: () => new Map(),
    value(state) {
      const shown = new Map<Name, Value>();
      for (const [key, { value }] of state) if (value !== undefined) shown.set(key, value);
      return shown;
    },
    join,
    absorb,
    mutators: {
      set: (state, replica, key, value, nowMs) => written(state, replica, key, value, nowMs),
      remove: (state, replica, key, nowMs) => written(state, replica, key, undefined, nowMs),
    },
    write,
    read,
  };
}

type SetState<Element extends Key> = MapState<Element, true>;

interface LwwSetMutators<Element extends Key> {
  add(
    state: SetState<Element>,
    replica: ReplicaId,
    element: Element,
    nowMs: number,
  ): SetState<Element>;
  remove(
    state: SetState<Element>,
    replica: ReplicaId,
    element: Element,
    nowMs: number,
  ): SetState<Element>;
}

/** A set in which of adding and removing an element the later wins. */
export function lwwElementSet<Element extends Key>(): Crdt<
  SetState<Element>,
  ReadonlySet<Element>,
  LwwSetMutators<Element>
> {
  return {
    tag: 13,
    initial: () => new Map(),
    value(state) {
      const shown = new Set<Element>();
      for (const [element, { value }] of state) if (value) shown.add(element);
      return shown;
    },
    join,
    absorb,
    mutators: {
      add: (state, replica, element, nowMs) => written(state, replica, element, true, nowMs),
      remove: (state, replica, element, nowMs) =>
        written(state, replica, element, undefined, nowMs),
    },
    write,
    read,
  };
}
