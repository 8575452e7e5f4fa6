/** Version vectors in bytes: for each replica, how many of its changes are known. */
import { ByteReader, ByteWriter } from '../bytes.ts';
import type { ReplicaId } from '../crdt.ts';
import { malformed } from '../errors.ts';

export type Known = ReadonlyMap<ReplicaId, number>;

export function encodeKnown(known: Known): Uint8Array {
  const writer = new ByteWriter();
  for (const [replica, count] of [...known].sort(([a], [b]) => a - b)) {
    writer.integer(replica);
    writer.integer(count);
  }
  return writer.take();
}

export function decodeKnown(bytes: Uint8Array): Known {
  const reader = new ByteReader(bytes);
  const known = new Map<ReplicaId, number>();
  while (reader.remaining > 0) {
    const replica = reader.atMost(2 ** 32 - 1, 'a replica');
    if (known.has(replica)) throw malformed('a replica twice');
    known.set(replica, reader.integer());
  }
  return known;
}

/** Whether `known` holds something that `other` lacks. */
export function exceeds(known: Known, other: Known): boolean {
  for (const [replica, count] of known) if (count > (other.get(replica) ?? 0)) return true;
  return false;
}
