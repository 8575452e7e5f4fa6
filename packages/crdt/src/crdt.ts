/**
 * The one shape of all replicated types here: states that join.
 *
 * `join` is associative, commutative and idempotent, so states may arrive late, doubled and in any
 * order. A mutator changes nothing: it returns a delta, a small state that holds just what is new.
 * Join it into your own state, and send it, or a join of several, or the whole state now and then:
 * all three are the same to the receiver. To use a type by operations, send each delta once.
 *
 * Source: P. Almeida, A. Shoker, C. Baquero, "Delta state replicated data types", 2018.
 */
import { ByteReader, ByteWriter } from './bytes.ts';
import { CrdtError } from './errors.ts';

/** Who makes a change: a whole number below 2^32, never used by two at once. */
export type ReplicaId = number;

export function readReplica(reader: ByteReader): ReplicaId {
  return reader.atMost(2 ** 32 - 1, 'a replica');
}

/** States that join. */
export interface Lattice<State, Value = unknown> {
  /** Marks its encoding; one byte. */
  readonly tag: number;
  /** The state that adds nothing to any other. */
  initial(): State;
  value(state: State): Value;
  /** The least state that holds all of both; leaves them alone. */
  join(left: State, right: State): State;
  /** Joins `delta` into `state` itself, which becomes what `join` would return. */
  absorb(state: State, delta: State): void;
  write(writer: ByteWriter, state: State): void;
  read(reader: ByteReader): State;
}

/** A replicated type: a lattice, and its mutators, which take a state and a replica. */
export interface Crdt<State, Value, Mutators> extends Lattice<State, Value> {
  readonly mutators: Mutators;
}

const FORMAT = 1;

/** A state or delta as bytes: the same for equal states. */
export function encode<State>(type: Lattice<State>, state: State): Uint8Array {
  const writer = new ByteWriter(32);
  writer.byte(type.tag * 8 + FORMAT);
  type.write(writer, state);
  return writer.take();
}

/**
 * The state that `bytes` hold, which may come from anybody.
 * @throws {CrdtError} `CRDT_FORMAT` for another type or version, `CRDT_MALFORMED` for damage.
 */
export function decode<State>(type: Lattice<State>, bytes: Uint8Array): State {
  const reader = new ByteReader(bytes);
  const head = reader.byte();
  if (head !== type.tag * 8 + FORMAT) {
    throw new CrdtError('CRDT_FORMAT', `bytes of another type, or of format ${head % 8}`);
  }
  const state = type.read(reader);
  reader.finish();
  return state;
}
