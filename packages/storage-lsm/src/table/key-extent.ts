/**
 * The keys that a table, a merge or a request spans: from `smallest` to `largest`, both included
 * unless the end is open. An open end comes from range tombstones, which end before a key.
 */
import { compareBytes } from '@ds/storage';

export interface KeyExtent {
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  /** Whether `largest` itself lies outside. */
  readonly openEnd: boolean;
}

/** Whether all of `extent` lies before `key`. */
export function endsBefore({ largest, openEnd }: KeyExtent, key: Uint8Array): boolean {
  const order = compareBytes(largest, key);
  return order < 0 || (order === 0 && openEnd);
}

/** Whether the two share a key. */
export function overlap(a: KeyExtent, b: KeyExtent): boolean {
  return !endsBefore(a, b.smallest) && !endsBefore(b, a.smallest);
}

/** Orders by where extents end; an open end comes before a closed one at the same key. */
export function compareEnds(a: KeyExtent, b: KeyExtent): number {
  return compareBytes(a.largest, b.largest) || Number(b.openEnd) - Number(a.openEnd);
}

/** Whether `inner` lies within `outer`. */
export function contains(outer: KeyExtent, inner: KeyExtent): boolean {
  return compareBytes(outer.smallest, inner.smallest) <= 0 && compareEnds(inner, outer) <= 0;
}

/** From the first to the last key of any of `extents`, of which there is at least one. */
export function extentOf(extents: readonly KeyExtent[]): KeyExtent {
  let [first, last] = [extents[0]!, extents[0]!];
  for (const extent of extents) {
    if (compareBytes(extent.smallest, first.smallest) < 0) first = extent;
    if (compareEnds(extent, last) > 0) last = extent;
  }
  return { smallest: first.smallest, largest: last.largest, openEnd: last.openEnd };
}

/** The same keys as extents in order that do not overlap. */
export function unionOf(extents: readonly KeyExtent[]): KeyExtent[] {
  const union: KeyExtent[] = [];
  for (const extent of [...extents].sort((a, b) => compareBytes(a.smallest, b.smallest))) {
    const last = union.at(-1);
    if (last !== undefined && overlap(last, extent)) {
      union[union.length - 1] = extentOf([last, extent]);
    } else union.push(extent);
  }
  return union;
}

/** Whether any of `union`, extents in order that do not overlap, shares a key with `extent`. */
export function unionOverlaps(union: readonly KeyExtent[], extent: KeyExtent): boolean {
  let low = 0;
  let high = union.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (endsBefore(union[middle]!, extent.smallest)) low = middle + 1;
    else high = middle;
  }
  const first = union[low];
  return first !== undefined && overlap(first, extent);
}
