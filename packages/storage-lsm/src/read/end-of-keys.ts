/** Where the keys of a store end, so that a range without an end can be given one. */
import { FIRST_KEY, laterKey, successor } from '@ds/storage/engine';
import type { Layers } from './read-view.ts';

/** A key behind every key of every layer. Cost: no reads; O(tables of level 0 + levels). */
export function endOfKeys({ memtable, immutables, version }: Layers): Uint8Array {
  let end = FIRST_KEY;
  for (const each of [memtable, ...immutables.map((immutable) => immutable.memtable)]) {
    const last = each.lastKey();
    if (last !== undefined) end = laterKey(end, successor(last));
  }
  for (const [level, tables] of version.levels.entries()) {
    for (const { facts } of level === 0 ? tables : tables.slice(-1)) {
      end = laterKey(end, facts.openEnd ? facts.largest : successor(facts.largest));
    }
  }
  return end;
}
