/** A batch on its way into the memtable, behind its record in the log. */
import type { BoundedBatch, Memtable } from '@ds/storage/engine';

/**
 * Operation `i` gets the sequence `firstSequence + i`; `newestSnapshot` is the highest sequence
 * that a snapshot holds, 0 for none.
 */
export function insertBatch(
  memtable: Memtable,
  batch: BoundedBatch,
  firstSequence: number,
  newestSnapshot: number,
): void {
  for (let i = 0; i < batch.length; i += 1) {
    const operation = batch[i]!;
    const sequence = firstSequence + i;
    if (operation.type === 'put') memtable.insert(sequence, operation.key, operation.value);
    else if (operation.type === 'delete') memtable.insert(sequence, operation.key, undefined);
    else memtable.deleteRange(sequence, operation.gte, operation.lt, newestSnapshot);
  }
}
