/**
 * Cells on their way from old pages and from changes into a new page: neighbouring cells of an old
 * page as one run, which is mostly copied as it is, and single cells.
 */
import { OUTSIDE, PAGE_HEADER_BYTES, type Page, tagBytes } from './page.ts';

/** Cells `from` to `to` of `page`; or, without a page, the one cell that the rest describes. */
export interface Segment {
  readonly page: Page | undefined;
  readonly from: number;
  readonly to: number;
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly tag: number;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const NOTHING = new Uint8Array(0);

export function run(page: Page, from: number, to: number): Segment {
  return {
    page,
    from,
    to,
    keyBytes: NOTHING,
    keyStart: 0,
    keyEnd: 0,
    tag: 0,
    valueBytes: NOTHING,
    valueStart: 0,
    valueEnd: 0,
  };
}

export function single(
  keyBytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  tag: number,
  valueBytes: Uint8Array,
  valueStart: number,
  valueEnd: number,
): Segment {
  const page = undefined;
  return {
    page,
    from: 0,
    to: 1,
    keyBytes,
    keyStart,
    keyEnd,
    tag,
    valueBytes,
    valueStart,
    valueEnd,
  };
}

export const cellsIn = ({ from, to }: Segment): number => to - from;

/** What cells `from` to `to` take with whole keys, without their slots. */
export function wholeBytes(segment: Segment, from: number, to: number): number {
  const { page } = segment;
  if (page === undefined) {
    const { keyStart, keyEnd, tag, valueStart, valueEnd } = segment;
    return tagBytes(tag) + keyEnd - keyStart + valueEnd - valueStart;
  }
  return page.cellStart(to) - page.cellStart(from) + (to - from) * page.prefixLength;
}

/** How many bytes cell `index`'s key shares with `key[0, length)`, at its beginning. */
export function sharedWith(
  key: Uint8Array,
  length: number,
  segment: Segment,
  index: number,
): number {
  const { page } = segment;
  if (page === undefined) {
    const { keyBytes, keyStart, keyEnd } = segment;
    return shared(key, 0, length, keyBytes, keyStart, keyEnd);
  }
  const { bytes, prefixLength } = page;
  const prefixEnd = PAGE_HEADER_BYTES + prefixLength;
  const inPrefix = shared(key, 0, length, bytes, PAGE_HEADER_BYTES, prefixEnd);
  if (inPrefix < prefixLength || inPrefix === length) return inPrefix;
  page.readCell(index);
  return inPrefix + shared(key, inPrefix, length, bytes, page.keyStart, page.valueStart);
}

/** Copies cell `index`'s whole key to the start of `target`, if it fits; returns its length. */
export function copyKey(segment: Segment, index: number, target: Uint8Array): number {
  const { page } = segment;
  if (page === undefined) {
    const { keyBytes, keyStart, keyEnd } = segment;
    for (let i = keyStart; i < keyEnd; i += 1) target[i - keyStart] = keyBytes[i]!;
    return keyEnd - keyStart;
  }
  const { bytes, prefixLength } = page;
  page.readCell(index);
  const { keyStart, valueStart } = page;
  for (let i = 0; i < prefixLength; i += 1) target[i] = bytes[PAGE_HEADER_BYTES + i]!;
  for (let i = keyStart; i < valueStart; i += 1) target[prefixLength + i - keyStart] = bytes[i]!;
  return prefixLength + valueStart - keyStart;
}

/** Whether a leaf's segment has a value outside its page. */
export function holdsOutside({ page, from, to, tag }: Segment): boolean {
  if (page === undefined) return tag === OUTSIDE;
  if (!page.hasOutside) return false;
  for (let index = from; index < to; index += 1) {
    page.readCell(index);
    if (page.tag === OUTSIDE) return true;
  }
  return false;
}

function shared(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const limit = Math.min(aEnd - aStart, bEnd - bStart);
  let count = 0;
  while (count < limit && a[aStart + count] === b[bStart + count]) count += 1;
  return count;
}
