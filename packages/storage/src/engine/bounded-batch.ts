/**
 * Batches whose deleted ranges have both ends, as the log and the memtables want them.
 *
 * A range without a lower end begins with the empty key, which is before all others. One without an
 * upper end stops behind the last key that there may be at that moment, which deletes the same.
 */
import { compareBytes } from '../bytes.ts';
import type { Batch, Bounds, DeleteRange, Operation } from '../key-value-store.ts';

export interface BoundedRange {
  readonly type: 'deleteRange';
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

export type BoundedOperation = Exclude<Operation, DeleteRange> | BoundedRange;
export type BoundedBatch = readonly BoundedOperation[];

export const FIRST_KEY: Uint8Array = new Uint8Array(0);

/** The batch with every range bounded; `endOfKeys` gives a key behind every key there is now. */
export function bounded(batch: Batch, endOfKeys: () => Uint8Array): BoundedBatch {
  for (const operation of batch) {
    if (isBounded(operation)) continue;
    return withBounds(batch, endOfKeys());
  }
  return batch as BoundedBatch;
}

function isBounded(operation: Operation): operation is BoundedOperation {
  if (operation.type !== 'deleteRange') return true;
  return operation.gte !== undefined && operation.lt !== undefined;
}

function withBounds(batch: Batch, endOfKeys: Uint8Array): BoundedBatch {
  let end = endOfKeys;
  return batch.map((operation): BoundedOperation => {
    if (operation.type === 'put') end = laterKey(end, successor(operation.key));
    if (isBounded(operation)) return operation;
    const { gte = FIRST_KEY, lt = end } = operation as DeleteRange;
    return { type: 'deleteRange', gte, lt };
  });
}

export function laterKey(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) < 0 ? b : a;
}

/** The first key behind `key`. */
export function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** Bounds with the first key inside and the first one behind. */
export interface HalfOpen {
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

/** The same bounds in their one form, copied: the caller may change its keys afterwards. */
export function halfOpen({ gt, gte, lt, lte }: Bounds): HalfOpen {
  // `slice` of a Node Buffer would be no copy.
  return {
    lower: gt ? successor(gt) : gte && new Uint8Array(gte),
    upper: lte ? successor(lte) : lt && new Uint8Array(lt),
  };
}
