/** One value: of which the last by the clock wins, or of which concurrent ones are all kept. */
import { type Causal, causal, deltaOf, type StoreType } from './causal.ts';
import type { Crdt, ReplicaId } from './crdt.ts';
import { dotFunction, type ValuedDots, valuesInOrder } from './dots.ts';
import { type Plain, readPlain, writePlain } from './plain.ts';
import { isLater, NEVER, readStamp, type Stamp, stampAfter, writeStamp } from './stamp.ts';

export interface LastWrite<Value extends Plain> {
  stamp: Stamp;
  /** Undefined before the first write. */
  current: Value | undefined;
}

interface LastWriteMutators<Value extends Plain> {
  /** `nowMs` is the writer's clock; a write after another that it has seen wins in any case. */
  set(state: LastWrite<Value>, replica: ReplicaId, value: Value, nowMs: number): LastWrite<Value>;
}

/** The last write wins, by the writers' clocks, and by replica where these agree. */
export function lwwRegister<Value extends Plain>(): Crdt<
  LastWrite<Value>,
  Value | undefined,
  LastWriteMutators<Value>
> {
  const absorb = (state: LastWrite<Value>, delta: LastWrite<Value>): void => {
    if (!isLater(delta.stamp, state.stamp)) return;
    state.stamp = delta.stamp;
    state.current = delta.current;
  };
  return {
    tag: 7,
    initial: () => ({ stamp: NEVER, current: undefined }),
    value: ({ current }) => current,
    join(left, right) {
      const joined = { ...left };
      absorb(joined, right);
      return joined;
    },
    absorb,
    mutators: {
      set: ({ stamp }, replica, current, nowMs) => ({
        stamp: stampAfter(stamp, replica, nowMs),
        current,
      }),
    },
    write(writer, { stamp, current }) {
      writeStamp(writer, stamp);
      if (current !== undefined) writePlain(writer, current);
    },
    read(reader) {
      const stamp = readStamp(reader);
      const current = reader.remaining > 0 ? (readPlain(reader) as Value) : undefined;
      return { stamp, current };
    },
  };
}

type Siblings<Value> = Causal<ValuedDots<Value>>;

interface SiblingMutators<Value extends Plain> {
  set(state: Siblings<Value>, replica: ReplicaId, value: Value): Siblings<Value>;
  clear(state: Siblings<Value>): Siblings<Value>;
}

/** Keeps every value that no later write has seen: one, or as many as were written at once. */
export function mvRegister<Value extends Plain>(): Crdt<
  Siblings<Value>,
  readonly Value[],
  SiblingMutators<Value>
> & { readonly storeType: StoreType<ValuedDots<Value>> } {
  const type = dotFunction<Value>(writePlain, (reader) => readPlain(reader) as Value);
  return causal(8, type, valuesInOrder, {
    set: ({ store, context }: Siblings<Value>, replica: ReplicaId, value: Value) =>
      deltaOf(type, { dots: [replica, context.next(replica)], values: [value] }, store),
    clear: ({ store }: Siblings<Value>) => deltaOf(type, type.empty(), store),
  });
}
