/** Flags for which two decide at once: one on which enabling wins, one on which disabling does. */
import { type Causal, causal, deltaOf, type StoreType } from './causal.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { type Dots, dotSet } from './dots.ts';

type FlagState = Causal<Dots>;

interface FlagMutators {
  enable(state: FlagState, replica: ReplicaId): FlagState;
  disable(state: FlagState, replica: ReplicaId): FlagState;
}

type Flag = Crdt<FlagState, boolean, FlagMutators> & { readonly storeType: StoreType<Dots> };

function raise({ store, context }: FlagState, replica: ReplicaId): FlagState {
  return deltaOf(dotSet, [replica, context.next(replica)], store);
}

function lower({ store }: FlagState): FlagState {
  return deltaOf(dotSet, [], store);
}

export const enableWinsFlag: Flag = causal(5, dotSet, (dots) => dots.length > 0, {
  enable: raise,
  disable: lower,
});

/** Starts enabled: what is kept are the disablings that nobody has enabled over. */
export const disableWinsFlag: Flag = causal(6, dotSet, (dots) => dots.length === 0, {
  enable: lower,
  disable: raise,
});
