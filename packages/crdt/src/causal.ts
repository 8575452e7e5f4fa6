/**
 * Types that remove without tombstones: what is shown, by dot, and a context of all dots seen.
 *
 * Joining keeps a dot that both show, or that one shows and the other has not seen. A delta lists
 * every key it touches, also those it empties, and its context holds only dots of these keys; so
 * joining a delta touches those keys alone, however large the state is. A whole state is joined key
 * by key.
 *
 * Source: P. Almeida et al., "Delta state replicated data types", 2018, section 7; A. Bieniusa et
 * al., "An optimized conflict-free replicated set", 2012.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { CausalContext } from './causal-context.ts';
import type { Crdt } from './crdt.ts';

export interface Causal<Store> {
  store: Store;
  readonly context: CausalContext;
  /** Whether it lists all that it touches: a delta, or a join of deltas. */
  partial: boolean;
}

/** What a type shows, and how that joins; `partial` as in {@link Causal}. */
export interface StoreType<Store> {
  empty(): Store;
  copy(store: Store): Store;
  isEmpty(store: Store): boolean;
  /** The same keys, and nothing in them: what a delta that removes everything lists. */
  hollow(store: Store): Store;
  /** Calls `visit` for each dot shown. */
  each(store: Store, visit: (replica: number, counter: number) => void): void;
  /** Joins `theirs` into `mine`, which may be changed, and returns the result. */
  absorb(mine: Store, theirs: Store, joining: Joining): Store;
  write(writer: ByteWriter, store: Store): void;
  read(reader: ByteReader, depth: number): Store;
}

const NOTHING_SEEN = new CausalContext();

/** What two stores that are joined are parts of. */
export interface Joining {
  readonly mine: CausalContext;
  readonly theirs: CausalContext;
  /** Whether theirs lists all that it touches. */
  readonly partial: boolean;
  /** Whether the result does, and so keeps keys with nothing in them. */
  readonly keep: boolean;
}

/** What changes between nothing and `store`: a delta that shows it, and has seen `old` go. */
export function deltaOf<Store>(
  type: StoreType<Store>,
  store: Store,
  ...old: readonly Store[]
): Causal<Store> {
  return { store, context: contextOf(type, store, ...old), partial: true };
}

/** All dots that the stores show. */
function contextOf<Store>(type: StoreType<Store>, ...stores: readonly Store[]): CausalContext {
  const dots: number[] = [];
  for (const store of stores) {
    type.each(store, (replica, counter) => void dots.push(replica, counter));
  }
  return CausalContext.of(dots);
}

/** A replicated type made of a store. */
export function causal<Store, Value, Mutate>(
  tag: number,
  type: StoreType<Store>,
  value: (store: Store) => Value,
  mutators: Mutate,
): Crdt<Causal<Store>, Value, Mutate> & { readonly storeType: StoreType<Store> } {
  const absorb = (state: Causal<Store>, delta: Causal<Store>): void => {
    const { context: theirs, partial } = delta;
    const keep = state.partial && partial;
    state.store = type.absorb(state.store, delta.store, {
      mine: state.context,
      theirs,
      partial,
      keep,
    });
    state.partial = keep;
    state.context.absorb(theirs);
  };
  return {
    tag,
    storeType: type,
    mutators,
    initial: () => ({ store: type.empty(), context: new CausalContext(), partial: false }),
    value: ({ store }) => value(store),
    join(left, right) {
      const { store, context, partial } = left;
      const joined = { store: type.copy(store), context: context.copy(), partial };
      absorb(joined, right);
      return joined;
    },
    absorb,
    write(writer, { store, context, partial }) {
      // A dot that is shown has been seen, which need not be said of the few that a delta shows.
      context.write(writer, partial, partial ? contextOf(type, store) : NOTHING_SEEN);
      type.write(writer, store);
    },
    read(reader) {
      const { context, mark: partial } = CausalContext.read(reader);
      const store = type.read(reader, 0);
      context.absorb(contextOf(type, store));
      return { store, context, partial };
    },
  };
}
