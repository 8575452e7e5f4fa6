/** When something was written, and by whom: a total order for "the last write wins". */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { type ReplicaId, readReplica } from './crdt.ts';

export interface Stamp {
  /** Milliseconds by the writer's clock, or one more than what it had seen. */
  readonly timeMs: number;
  readonly replica: ReplicaId;
}

export const NEVER: Stamp = { timeMs: 0, replica: 0 };

export function isLater(a: Stamp, b: Stamp): boolean {
  return a.timeMs === b.timeMs ? a.replica > b.replica : a.timeMs > b.timeMs;
}

/** A stamp after `seen`, as `replica` may give it at `nowMs`. */
export function stampAfter(seen: Stamp, replica: ReplicaId, nowMs: number): Stamp {
  const now = Math.floor(nowMs);
  if (!(now >= 0 && now < 2 ** 52)) throw new RangeError(`${nowMs} is no time`);
  return { timeMs: Math.max(now, seen.timeMs + 1), replica };
}

export function writeStamp(writer: ByteWriter, { timeMs, replica }: Stamp): void {
  writer.integer(timeMs);
  writer.integer(replica);
}

export function readStamp(reader: ByteReader): Stamp {
  const timeMs = reader.atMost(2 ** 52, 'a time');
  return { timeMs, replica: readReplica(reader) };
}
