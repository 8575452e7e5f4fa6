/**
 * The part of a table that holds its range tombstones, in order.
 *
 * ```
 * varint count, then per fragment: varint start length · start · varint end length · end
 *   · varint count of sequences, at least 1 · varint the newest, then each as what it is less
 * ```
 */
import { compareBytes } from '@ds/storage';
import { ByteReader, type ByteWriter, type TombstoneFragment } from '@ds/storage/engine';

export function encodeFragments(out: ByteWriter, fragments: readonly TombstoneFragment[]): void {
  out.varint(fragments.length);
  for (const { start, end, sequences } of fragments) {
    out.prefixed(start);
    out.prefixed(end);
    out.varint(sequences.length);
    sequences.forEach((sequence, i) => {
      out.varint(i === 0 ? sequence : sequences[i - 1]! - sequence);
    });
  }
}

/** `origin` is where the part lies in its file. @throws {StorageError} `STORAGE_CORRUPT` */
export function decodeFragments(
  bytes: Uint8Array,
  path: string,
  origin: number,
): readonly TombstoneFragment[] {
  const reader = new ByteReader(bytes, path, origin);
  const fragments: TombstoneFragment[] = [];
  const count = reader.varint();
  for (let i = 0; i < count; i += 1) {
    const start = reader.prefixed();
    const end = reader.prefixed();
    const before = fragments.at(-1);
    const isInOrder = before === undefined || compareBytes(before.end, start) <= 0;
    if (!isInOrder || compareBytes(start, end) >= 0) throw reader.corrupt('ranges out of order');
    fragments.push({ start, end, sequences: decodeSequences(reader) });
  }
  if (!reader.done) throw reader.corrupt('the ranges do not fill their part');
  return fragments;
}

function decodeSequences(reader: ByteReader): number[] {
  const count = reader.varint();
  const sequences: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const read = reader.varint();
    const sequence = i === 0 ? read : sequences[i - 1]! - read;
    if (sequence < 1 || (i > 0 && read === 0)) throw reader.corrupt('sequences out of order');
    sequences.push(sequence);
  }
  if (count === 0) throw reader.corrupt('a range without a sequence');
  return sequences;
}
