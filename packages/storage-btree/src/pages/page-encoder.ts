/** Putting segments together as one page (see page.ts for its bytes). */
import { getU48, setU16, setU48 } from './numbers.ts';
import {
  CHILD_BYTES,
  PAGE_HEADER_BYTES,
  type Page,
  SLOT_BYTES,
  TREE_PAGE,
  tagBytes,
} from './page.ts';
import { cellsIn, copyKey, holdsOutside, type Segment } from './segment.ts';

export interface EncodedPage {
  readonly entries: number;
  readonly hasOutside: boolean;
}

/**
 * Writes the page into `bytes`, which is zero but for the page's id. The keys of all cells begin
 * with `prefix[0, prefixLength)`, and it fits.
 */
export function encodePage(
  bytes: Uint8Array,
  level: number,
  segments: readonly Segment[],
  prefix: Uint8Array,
  prefixLength: number,
): EncodedPage {
  bytes[8] = TREE_PAGE;
  bytes[9] = level;
  setU16(bytes, 12, prefixLength);
  for (let i = 0; i < prefixLength; i += 1) bytes[PAGE_HEADER_BYTES + i] = prefix[i]!;
  let at = PAGE_HEADER_BYTES + prefixLength;
  let count = 0;
  let entries = 0;
  let hasOutside = false;
  for (const segment of segments) {
    const { page } = segment;
    if (page === undefined) at = putSingle(bytes, at, count, segment, prefixLength);
    else if (page.prefixLength === prefixLength) at = putRun(bytes, at, count, page, segment);
    else at = putCells(bytes, at, count, page, segment, prefixLength);
    const cells = cellsIn(segment);
    if (level === 0) {
      entries += cells;
      hasOutside ||= holdsOutside(segment);
    } else {
      for (let i = 0; i < cells; i += 1) {
        const both = ownCount(segment, i);
        const end = i + 1 < cells ? slotOf(bytes, count + i + 1) : at;
        const flag = both % 2;
        setU48(bytes, end - CHILD_BYTES + 8, entries * 2 + flag);
        entries += (both - flag) / 2;
        hasOutside ||= flag === 1;
      }
    }
    count += cells;
  }
  setU16(bytes, 10, count);
  setU16(bytes, 14, at);
  setU48(bytes, 16, entries);
  bytes[22] = hasOutside ? 1 : 0;
  return { entries, hasOutside };
}

/** Twice the entries under child `i` of a segment, plus 1 with large values under it. */
function ownCount({ page, from, valueBytes, valueStart }: Segment, i: number): number {
  if (page === undefined) return getU48(valueBytes, valueStart + 8);
  const index = from + i;
  const entries = page.entriesBefore(index + 1) - page.entriesBefore(index);
  return entries * 2 + (page.childHasOutside(index) ? 1 : 0);
}

function slotOf(bytes: Uint8Array, index: number): number {
  const at = bytes.length - SLOT_BYTES * (index + 1);
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function setSlot(bytes: Uint8Array, index: number, start: number): void {
  setU16(bytes, bytes.length - SLOT_BYTES * (index + 1), start);
}

/** Cells with the same prefix are copied as one piece. */
function putRun(
  bytes: Uint8Array,
  at: number,
  firstIndex: number,
  page: Page,
  { from, to }: Segment,
): number {
  const start = page.cellStart(from);
  const end = page.cellStart(to);
  bytes.set(page.bytes.subarray(start, end), at);
  const moved = at - start;
  for (let index = from; index < to; index += 1) {
    setSlot(bytes, firstIndex + index - from, page.cellStart(index) + moved);
  }
  return end + moved;
}

/** Cells whose keys become shorter or longer by the difference between the two prefixes. */
function putCells(
  bytes: Uint8Array,
  start: number,
  firstIndex: number,
  page: Page,
  { from, to }: Segment,
  prefixLength: number,
): number {
  const { bytes: source, prefixLength: oldLength } = page;
  let at = start;
  for (let index = from; index < to; index += 1) {
    setSlot(bytes, firstIndex + index - from, at);
    page.readCell(index);
    at = putTag(bytes, at, page.tag);
    for (let i = prefixLength; i < oldLength; i += 1) bytes[at++] = source[PAGE_HEADER_BYTES + i]!;
    const restStart = page.keyStart + Math.max(0, prefixLength - oldLength);
    at = put(bytes, at, source, restStart, page.valueEnd);
  }
  return at;
}

function putSingle(
  bytes: Uint8Array,
  start: number,
  index: number,
  segment: Segment,
  prefixLength: number,
): number {
  const { keyBytes, keyStart, keyEnd, tag, valueBytes, valueStart, valueEnd } = segment;
  setSlot(bytes, index, start);
  let at = putTag(bytes, start, tag);
  for (let i = keyStart + prefixLength; i < keyEnd; i += 1) bytes[at++] = keyBytes[i]!;
  return put(bytes, at, valueBytes, valueStart, valueEnd);
}

function putTag(bytes: Uint8Array, at: number, tag: number): number {
  if (tagBytes(tag) === 1) {
    bytes[at] = tag;
    return at + 1;
  }
  bytes[at] = (tag & 0x7f) | 0x80;
  bytes[at + 1] = tag >>> 7;
  return at + 2;
}

/** Copies `source[start, end)`; a loop beats the native call, and the view it needs, when short. */
function put(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  if (length > 64) bytes.set(source.subarray(start, end), at);
  else for (let i = 0; i < length; i += 1) bytes[at + i] = source[start + i]!;
  return at + length;
}

/** The key of a segment's last cell, into `target`; returns its length. */
export function lastKey(segment: Segment, target: Uint8Array): number {
  return copyKey(segment, segment.to - 1, target);
}
