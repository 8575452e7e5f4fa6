/**
 * A batch as the payload of a log record: a count, then its operations in order.
 *
 * ```
 * varint count, then per operation:
 *   u8 kind (0 put, 1 delete) · varint key length · key · put only: varint value length · value
 * ```
 * Operation `i` has the sequence of the record's first plus `i`.
 */
import type { Batch } from '@ds/storage';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { Memtable } from './memtable.ts';

export const KIND_PUT = 0;
export const KIND_DELETE = 1;

export function encodeBatch(out: ByteWriter, batch: Batch): void {
  out.varint(batch.length);
  for (const operation of batch) {
    if (operation.type === 'put') {
      out.u8(KIND_PUT);
      out.prefixed(operation.key);
      out.prefixed(operation.value);
    } else {
      out.u8(KIND_DELETE);
      out.prefixed(operation.key);
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
    if (kind > KIND_DELETE) throw reader.corrupt(`no operation has the kind ${kind}`);
    const key = reader.prefixed();
    memtable.insert(firstSequence + i, key, kind === KIND_PUT ? reader.prefixed() : undefined);
  }
  if (!reader.done) throw reader.corrupt('a batch is longer than its operations');
  return count;
}
