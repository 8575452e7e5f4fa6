/**
 * A map from keys to replicated values: any type that is made of a store, maps among them.
 *
 * Removing a key resets what is under it, as far as the remover has seen it. What somebody else put
 * there at the same time stays, and nothing of the old: a set under a key that is removed and used
 * again holds what was added since, and what was added elsewhere unseen (reset-remove). A value
 * with nothing in it is not there.
 *
 * Source: P. Almeida et al., "Delta state replicated data types", 2018, section 7.4.
 */
import { type Causal, causal, deltaOf, type StoreType } from './causal.ts';
import { CausalContext } from './causal-context.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { dotMap } from './dot-map.ts';
import type { Key } from './keys.ts';

type State<Name extends Key, Store> = Causal<Map<Name, Store>>;

/** A type that can stand under a key. */
export interface Nestable<Store, Value> {
  readonly storeType: StoreType<Store>;
  value(state: Causal<Store>): Value;
}

export interface OrMapMutators<Name extends Key, Store> {
  /** Changes what is under `key`: `change` is given it, and returns a delta of it. */
  update(
    state: State<Name, Store>,
    replica: ReplicaId,
    key: Name,
    change: (nested: Causal<Store>) => Causal<Store>,
  ): State<Name, Store>;
  remove(state: State<Name, Store>, replica: ReplicaId, key: Name): State<Name, Store>;
  clear(state: State<Name, Store>): State<Name, Store>;
}

export function orMap<Name extends Key, Store, Value>(
  nested: Nestable<Store, Value>,
): Crdt<State<Name, Store>, ReadonlyMap<Name, Value>, OrMapMutators<Name, Store>> &
  Nestable<Map<Name, Store>, ReadonlyMap<Name, Value>> {
  const inner = nested.storeType;
  const type = dotMap<Name, Store>(inner);
  const shown = (store: Store): Value =>
    nested.value({ store, context: new CausalContext(), partial: false });
  return causal(
    10,
    type,
    (map) => new Map([...map].map(([key, store]) => [key, shown(store)] as const)),
    {
      update({ store, context }: State<Name, Store>, _replica: ReplicaId, key: Name, change) {
        const before = { store: store.get(key) ?? inner.empty(), context, partial: false };
        const delta = change(before);
        return { ...delta, store: new Map([[key, delta.store]]) };
      },
      remove({ store }: State<Name, Store>, _replica: ReplicaId, key: Name) {
        const old = store.get(key) ?? inner.empty();
        return deltaOf(type, new Map([[key, inner.hollow(old)]]), new Map([[key, old]]));
      },
      clear: ({ store }: State<Name, Store>) => deltaOf(type, type.hollow(store), store),
    } satisfies OrMapMutators<Name, Store>,
  );
}
