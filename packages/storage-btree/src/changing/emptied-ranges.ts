/** The ranges that memtables delete, as one list in order. */
import { compareBytes } from '@ds/storage';
import type { Memtable } from '@ds/storage/engine';
import type { EmptiedRange } from './changes.ts';

/** What was deleted up to `sequence`: the same keys in ranges that are in order, none touching. */
export function emptiedRanges(memtables: readonly Memtable[], sequence: number): EmptiedRange[] {
  const fragments = memtables
    .flatMap(({ tombstones }) => tombstones.view())
    .filter(({ sequences }) => sequences.some((each) => each <= sequence))
    .sort((a, b) => compareBytes(a.start, b.start));
  const result: { gte: Uint8Array; lt: Uint8Array }[] = [];
  for (const { start, end } of fragments) {
    const last = result.at(-1);
    if (last === undefined || compareBytes(start, last.lt) > 0) {
      result.push({ gte: start, lt: end });
    } else if (compareBytes(last.lt, end) < 0) last.lt = end;
  }
  return result;
}
