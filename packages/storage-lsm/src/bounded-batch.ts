/**
 * Batches whose deleted ranges have both ends, as the log and the memtables want them.
 *
 * A range without a lower end begins with the empty key, which is before all others. One without an
 * upper end stops behind the last key that there may be at that moment, which deletes the same.
 */
import { type Batch, compareBytes, type DeleteRange, type Operation } from '@ds/storage';
import type { Layers } from './read-view.ts';

export interface BoundedRange {
  readonly type: 'deleteRange';
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

export type BoundedOperation = Exclude<Operation, DeleteRange> | BoundedRange;
export type BoundedBatch = readonly BoundedOperation[];

const FIRST_KEY: Uint8Array = new Uint8Array(0);

/** The batch with every range bounded, to be applied to the layers as they are now. */
export function bounded(batch: Batch, layers: () => Layers): BoundedBatch {
  for (const operation of batch) {
    if (isBounded(operation)) continue;
    return withBounds(batch, layers());
  }
  return batch as BoundedBatch;
}

function isBounded(operation: Operation): operation is BoundedOperation {
  if (operation.type !== 'deleteRange') return true;
  return operation.gte !== undefined && operation.lt !== undefined;
}

function withBounds(batch: Batch, layers: Layers): BoundedBatch {
  let end = endOfKeys(layers);
  return batch.map((operation): BoundedOperation => {
    if (operation.type === 'put') end = later(end, successor(operation.key));
    if (isBounded(operation)) return operation;
    const { gte = FIRST_KEY, lt = end } = operation as DeleteRange;
    return { type: 'deleteRange', gte, lt };
  });
}

/** A key behind every key of every layer. Cost: no reads; O(tables of level 0 + levels). */
function endOfKeys({ memtable, immutables, version }: Layers): Uint8Array {
  let end = FIRST_KEY;
  for (const each of [memtable, ...immutables.map((immutable) => immutable.memtable)]) {
    const last = each.lastKey();
    if (last !== undefined) end = later(end, successor(last));
  }
  for (const [level, tables] of version.levels.entries()) {
    for (const { facts } of level === 0 ? tables : tables.slice(-1)) {
      end = later(end, facts.openEnd ? facts.largest : successor(facts.largest));
    }
  }
  return end;
}

function later(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) < 0 ? b : a;
}

/** The first key behind `key`. */
export function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
