/**
 * One replica's copy of a state-based type, that remembers its latest deltas: others get those they
 * lack, or the whole state when they lack more than is remembered.
 *
 * Every delta has a name, the nth of its replica, and is passed on under it; so it reaches all over
 * any topology, and nobody twice. Several are sent as one, joined.
 *
 * Invariant: the state holds every delta that `known` counts. An update says from what knowledge on
 * it holds all deltas; it is applied only by who has that much, or there would be a gap.
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Lattice, ReplicaId } from '../crdt.ts';
import { malformed } from '../errors.ts';
import { decodeKnown, encodeKnown, type Known } from './known.ts';

export interface DeltaReplicaOptions<State> {
  readonly type: Lattice<State>;
  readonly replica: ReplicaId;
  /** How many deltas to remember, own and others'. @default 1024 */
  readonly maxDeltas?: number;
}

interface Named<State> {
  readonly replica: ReplicaId;
  readonly nth: number;
  readonly delta: State;
}

const DELTAS = 0;
const WHOLE = 1;

export class DeltaReplica<State> {
  readonly replica: ReplicaId;
  readonly #type: Lattice<State>;
  readonly #maxDeltas: number;
  #state: State;
  readonly #known: Map<ReplicaId, number> = new Map();
  /** The latest deltas, oldest first; of each replica without gaps. */
  #deltas: Named<State>[] = [];

  constructor({ type, replica, maxDeltas = 1024 }: DeltaReplicaOptions<State>) {
    if (!Number.isInteger(replica) || replica < 0 || replica >= 2 ** 32) {
      throw new RangeError(`replica must be a whole number below 2^32, got ${replica}`);
    }
    if (!(Number.isInteger(maxDeltas) && maxDeltas > 0)) {
      throw new RangeError(`maxDeltas must be a positive whole number, got ${maxDeltas}`);
    }
    this.replica = replica;
    this.#type = type;
    this.#maxDeltas = maxDeltas;
    this.#state = type.initial();
  }

  /** A replica from {@link save}d bytes. */
  static load<State>(bytes: Uint8Array, options: DeltaReplicaOptions<State>): DeltaReplica<State> {
    const replica = new DeltaReplica(options);
    replica.apply(bytes);
    return replica;
  }

  /** Not to be changed, except through {@link change}. */
  get state(): State {
    return this.#state;
  }

  /** What the state says. */
  get value(): unknown {
    return this.#type.value(this.#state);
  }

  /** Makes a change: `mutate` is given the state and this replica, and returns a delta. */
  change(mutate: (state: State, replica: ReplicaId) => State): void {
    const delta = mutate(this.#state, this.replica);
    const nth = this.#count(this.replica);
    this.#remember({ replica: this.replica, nth, delta });
    this.#type.absorb(this.#state, delta);
  }

  known(): Known {
    return new Map(this.#known);
  }

  /** What is here and `known` lacks; empty when there is nothing. */
  updateSince(known: Known = new Map()): Uint8Array {
    const missing = this.#deltas.filter(({ replica, nth }) => nth >= (known.get(replica) ?? 0));
    let lacked = 0;
    for (const [replica, count] of this.#known) {
      lacked += Math.max(0, count - (known.get(replica) ?? 0));
    }
    if (lacked === 0) return new Uint8Array(0);
    if (missing.length < lacked) return this.save();
    const group = missing
      .map(({ delta }) => delta)
      .reduce((sum, delta) => this.#type.join(sum, delta));
    const from = new Map(missing.map(({ replica }) => [replica, known.get(replica) ?? 0]));
    return this.#write(DELTAS, from, group);
  }

  /** The whole state and what it knows, as bytes for {@link DeltaReplica.load}. */
  save(): Uint8Array {
    return this.#write(WHOLE, new Map(), this.#state);
  }

  /**
   * Applies what another replica sent. Does nothing with deltas that follow on others which are
   * not here.
   * @throws {CrdtError} `CRDT_MALFORMED` for bytes that are no update.
   */
  apply(update: Uint8Array): void {
    if (update.length === 0) return;
    const reader = new ByteReader(update);
    const kind = reader.atMost(WHOLE, 'a kind');
    const from = decodeKnown(reader.bytes(reader.integer()));
    const to = decodeKnown(reader.bytes(reader.integer()));
    const delta = this.#type.read(reader);
    reader.finish();
    for (const [replica, count] of from) if (count > this.#count(replica)) return;
    const fresh = [...to].filter(([replica, count]) => count > this.#count(replica));
    if (fresh.length === 0) return;
    if (kind === DELTAS && fresh.some(([replica]) => !from.has(replica))) {
      throw malformed('deltas of nobody');
    }
    // A whole state cannot be told apart: who lacks it gets the whole state from here, too.
    if (kind === WHOLE) this.#deltas = [];
    for (const [replica, count] of fresh) {
      this.#note(replica, count, kind === DELTAS ? delta : undefined);
    }
    this.#type.absorb(this.#state, delta);
  }

  #count(replica: ReplicaId): number {
    return this.#known.get(replica) ?? 0;
  }

  /** Counts `replica`'s deltas up to `count`, each of which is in `group`. */
  #note(replica: ReplicaId, count: number, group: State | undefined): void {
    const first = Math.max(this.#count(replica), count - this.#maxDeltas);
    if (group === undefined) {
      this.#known.set(replica, count);
      return;
    }
    for (let nth = first; nth < count; nth += 1) this.#remember({ replica, nth, delta: group });
  }

  #remember(named: Named<State>): void {
    this.#deltas.push(named);
    this.#known.set(named.replica, named.nth + 1);
    if (this.#deltas.length > 2 * this.#maxDeltas) {
      this.#deltas = this.#deltas.slice(-this.#maxDeltas);
    }
  }

  #write(kind: number, from: Known, state: State): Uint8Array {
    const writer = new ByteWriter();
    writer.byte(kind);
    const to = kind === WHOLE ? this.#known : this.#reached(from);
    for (const known of [encodeKnown(from), encodeKnown(to)]) {
      writer.integer(known.length);
      writer.bytes(known);
    }
    this.#type.write(writer, state);
    return writer.take();
  }

  #reached(from: Known): Known {
    return new Map([...from.keys()].map((replica) => [replica, this.#count(replica)] as const));
  }
}
