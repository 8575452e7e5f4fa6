/**
 * A set to which elements are added and from which they are removed; of an addition and a removal
 * that did not know of each other, the addition wins. No tombstones: what was removed leaves
 * nothing but a number per replica (an ORSWOT).
 *
 * Cost: a mutator, and joining its delta, O(1) for each element touched; joining a whole state
 * O(n).
 * Source: A. Bieniusa et al., "An optimized conflict-free replicated set", 2012.
 */
import { type Causal, causal, deltaOf, type StoreType } from './causal.ts';
import { CausalContext } from './causal-context.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { dotMap } from './dot-map.ts';
import { type Dots, dotSet } from './dots.ts';
import type { Key } from './keys.ts';

export type OrSetStore<Element extends Key> = Map<Element, Dots>;
type State<Element extends Key> = Causal<OrSetStore<Element>>;

interface OrSetMutators<Element extends Key> {
  add(state: State<Element>, replica: ReplicaId, element: Element): State<Element>;
  remove(state: State<Element>, replica: ReplicaId, element: Element): State<Element>;
  clear(state: State<Element>): State<Element>;
}

export type OrSet<Element extends Key> = Crdt<
  State<Element>,
  ReadonlySet<Element>,
  OrSetMutators<Element>
> & { readonly storeType: StoreType<OrSetStore<Element>> };

export function orSet<Element extends Key>(): OrSet<Element> {
  const type = dotMap<Element, Dots>(dotSet);
  const touch = ({ store }: State<Element>, element: Element, dots: Dots): State<Element> => {
    const old = store.get(element);
    const context = CausalContext.of(old === undefined ? dots : old.concat(dots));
    const touched: OrSetStore<Element> = new Map();
    return { store: touched.set(element, dots), context, partial: true };
  };
  return causal(9, type, (store) => new Set(store.keys()), {
    add: (state: State<Element>, replica: ReplicaId, element: Element) =>
      touch(state, element, [replica, state.context.next(replica)]),
    remove: (state: State<Element>, _replica: ReplicaId, element: Element) =>
      touch(state, element, []),
    clear: ({ store }: State<Element>) => deltaOf(type, type.hollow(store), store),
  });
}
