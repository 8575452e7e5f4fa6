/**
 * A counter that can stand in a map and be reset there: each replica has one dot with its total.
 *
 * A reset takes back what its maker has seen. An increment made elsewhere at the same time renews
 * its replica's dot, total and all, and so brings back that replica's part: what a reset means for
 * others is "as far as nobody went on". Known from Riak (riak_dt issue 98), and kept: one dot per
 * increment would make every counter grow for ever.
 */
import { type Causal, causal, deltaOf, type StoreType } from './causal.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { dotFunction, type ValuedDots } from './dots.ts';

type State = Causal<ValuedDots<number>>;

interface ResettableMutators {
  /** Adds `by`, of either sign. */
  add(state: State, replica: ReplicaId, by: number): State;
  reset(state: State): State;
}

const type: StoreType<ValuedDots<number>> = dotFunction<number>(
  (writer, value) => writer.signed(value),
  (reader) => reader.signed(),
);

export const resettableCounter: Crdt<State, number, ResettableMutators> & {
  readonly storeType: StoreType<ValuedDots<number>>;
} = causal(11, type, ({ values }) => values.reduce((sum, value) => sum + value, 0), {
  add({ store, context }: State, replica: ReplicaId, by: number) {
    if (!Number.isSafeInteger(by))
      throw new RangeError(`a counter goes by whole numbers, got ${by}`);
    const at = store.dots.findIndex((id, index) => index % 2 === 0 && id === replica);
    const own =
      at < 0
        ? type.empty()
        : {
            dots: store.dots.slice(at, at + 2),
            values: store.values.slice(at / 2, at / 2 + 1),
          };
    const total = (own.values[0] ?? 0) + by;
    return deltaOf(type, { dots: [replica, context.next(replica)], values: [total] }, own);
  },
  reset: ({ store }: State) => deltaOf(type, type.empty(), store),
});
