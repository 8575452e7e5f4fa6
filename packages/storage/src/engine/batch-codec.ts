/**
 * A batch as the payload of a log record: a count, then its operations in order.
 *
 * ```
 * varint count, then per operation:
 *   u8 kind (0 put, 1 delete, 2 delete a range) · varint key length · key
 *   · put only: varint value length · value
 *   · range only: varint length of the key that ends it · that key
 * ```
 * The range of kind 2 begins with its first key and ends before the other.
 * Operation `i` has the sequence of the record's first plus `i`.
 */

import type { BoundedBatch } from './bounded-batch.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { Memtable } from './memtable.ts';

export const KIND_PUT = 0;
export const KIND_DELETE = 1;
export const KIND_DELETE_RANGE = 2;

export function encodeBatch(out: ByteWriter, batch: BoundedBatch): void {
  out.varint(batch.length);
  for (const operation of batch) {
    if (operation.type === 'put') {
      out.u8(KIND_PUT);
      out.prefixed(operation.key);
      out.prefixed(operation.value);
    } else if (operation.type === 'delete') {
      out.u8(KIND_DELETE);
      out.prefixed(operation.key);
    } else {
      out.u8(KIND_DELETE_RANGE);
      out.prefixed(operation.gte);
      out.prefixed(operation.lt);
    }
  }
}

/** Puts a recorded batch into `memtable`; returns how many operations it held. */
export function replayBatch(
  bytes: Uint8Array,
  { start, end, path }: { start: number; end: number; path: string },
  firstSequence: number,
  memtable: Memtable,
): number {
  const reader = new ByteReader(bytes, path, 0, start, end);
  const count = reader.varint();
  for (let i = 0; i < count; i += 1) {
    const kind = reader.u8();
    const key = reader.prefixed();
    if (kind === KIND_PUT) memtable.insert(firstSequence + i, key, reader.prefixed());
    else if (kind === KIND_DELETE) memtable.insert(firstSequence + i, key, undefined);
    else if (kind === KIND_DELETE_RANGE) {
      // No snapshot outlives the process that took it.
      memtable.deleteRange(firstSequence + i, key, reader.prefixed(), 0);
    } else throw reader.corrupt(`no operation has the kind ${kind}`);
  }
  if (!reader.done) throw reader.corrupt('a batch is longer than its operations');
  return count;
}
