/**
 * One page of the tree: a leaf with entries or a branch with children, both as cells in key order.
 *
 * ```
 *  0  u32  CRC-32 of bytes 4 to the page's end, seeded with the page's id
 *  4  u32  page id                       12  u16  length of the shared prefix
 *  8  u8   kind (1 tree, 2 space map)    14  u16  where the cells end
 *  9  u8   level: 0 for a leaf           16  u48  entries under this page
 * 10  u16  cells                         22  u16  flags: 1 = large values under this page
 * 24  the prefix that all keys of the page share, then the cells, one after the other
 *     ... zeros ...                      from the end backwards: u16 start of each cell
 * ```
 * A cell is a tag, the rest of the key, the value. The tag is the value's length, in one byte below
 * 128 and else in two (low 7 bits first, the upper bit of the first set); 16383 marks a value
 * outside the page. The rest of the key reaches from the tag to the value, which ends where the
 * next cell starts: so moving a cell to a page with another prefix changes its size by exactly the
 * difference, and neighbouring cells move together as one run of bytes.
 *
 * A branch's value is 14 bytes: u32 child page, u32 the child's CRC, u48 twice the entries before
 * this child in this page, plus 1 with large values under the child. The CRC makes a page that
 * another has overwritten, or a write that was lost, visible from above.
 *
 * Invariants: keys ascend; a page is never changed once it is built, and its memory serves another
 * one only when nobody reads it; the first key of a branch is
 * the lower bound that its own parent has for it.
 * Cost: search O(log cells) without allocation. Source: prefix B-trees, Bayer and Unterauer (1977);
 * counted B-trees, Knuth vol. 3, 6.2.3.
 */
import { getU32 } from '@ds/storage/engine';
import { getU16, getU48 } from './numbers.ts';
import type { TreeReference } from './tree-reference.ts';

export const PAGE_HEADER_BYTES = 24;
export const TREE_PAGE = 1;
export const SPACE_PAGE = 2;
export const CHILD_BYTES = 14;
/** The tag of a value that lies outside the page, and the bytes that say where. */
export const OUTSIDE = 16_383;
export const OUTSIDE_BYTES = 14;
export const SLOT_BYTES = 2;

/** How the size of a page limits what goes into it: two of the largest cells always fit. */
export function pageLimits(pageBytes: number): { maxKeyBytes: number; maxCellBytes: number } {
  const room = pageBytes - PAGE_HEADER_BYTES;
  return {
    maxKeyBytes: (room >> 2) - CHILD_BYTES - 4,
    maxCellBytes: Math.min((room >> 1) - SLOT_BYTES, OUTSIDE - 1),
  };
}

export const tagBytes = (tag: number): number => (tag < 0x80 ? 1 : 2);

export class Page {
  id = 0;
  readonly bytes: Uint8Array;
  level = 0;
  count = 0;
  prefixLength = 0;
  contentEnd = 0;
  entries = 0;
  hasOutside = false;
  checksum = 0;
  /** Set at each use, for the cache's clock. */
  referenced = true;
  /** How many read it beyond one call: with any, its memory is not used for another page. */
  holders = 0;
  /** Per cell the word of its key behind the prefix: most comparisons of a search are of these. */
  readonly #words: number[] = [];
  #hasWords = false;
  /** Per child where the cache had it last; -1 for unknown. */
  #childPlaces: number[] | undefined;
  /** Set by the last `readCell`, or a `search` that found. */
  tag = 0;
  keyStart = 0;
  valueStart = 0;
  valueEnd = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.reset();
  }

  /** Becomes the page that `bytes` hold now: so one that has given way serves the next one. */
  reset(): void {
    const { bytes } = this;
    this.referenced = true;
    this.#hasWords = false;
    this.#childPlaces = undefined;
    this.checksum = getU32(bytes, 0);
    this.id = getU32(bytes, 4);
    this.level = bytes[9]!;
    this.count = getU16(bytes, 10);
    this.prefixLength = getU16(bytes, 12);
    this.contentEnd = getU16(bytes, 14);
    this.entries = getU48(bytes, 16);
    this.hasOutside = (bytes[22]! & 1) === 1;
  }

  /** What is wrong with the page's shape, though its checksum is right; `undefined` if nothing. */
  fault(): string | undefined {
    const { bytes, count, prefixLength, contentEnd } = this;
    const slotsStart = bytes.length - count * SLOT_BYTES;
    if (bytes[8] !== TREE_PAGE) return 'it is not a page of a tree';
    if (contentEnd > slotsStart || PAGE_HEADER_BYTES + prefixLength > contentEnd) {
      return 'its parts overlap';
    }
    const words = this.#words;
    let end = PAGE_HEADER_BYTES + prefixLength;
    for (let index = 0; index < count; index += 1) {
      if (this.cellStart(index) < end) return `cell ${index} overlaps the one before`;
      end = this.cellStart(index) + 1;
      this.readCell(index);
      if (this.valueStart < this.keyStart) return `cell ${index} is longer than its place`;
      if (this.level > 0 && this.tag !== CHILD_BYTES) return `cell ${index} is no child`;
      words[index] = wordOf(bytes, this.keyStart, this.valueStart);
    }
    this.#hasWords = true;
    return undefined;
  }

  /** Where cell `index` starts; for `count`, where the last one ends. */
  cellStart(index: number): number {
    if (index === this.count) return this.contentEnd;
    const at = this.bytes.length - SLOT_BYTES * (index + 1);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  /** Sets `tag`, `keyStart` (the rest of the key ends at `valueStart`) and the value's range. */
  readCell(index: number): void {
    const { bytes } = this;
    const start = this.cellStart(index);
    const first = bytes[start]!;
    let tag = first;
    let keyStart = start + 1;
    if (first >= 0x80) {
      tag = (first & 0x7f) | (bytes[keyStart]! << 7);
      keyStart += 1;
    }
    const end = this.cellStart(index + 1);
    this.tag = tag;
    this.keyStart = keyStart;
    this.valueEnd = end;
    this.valueStart = end - (tag === OUTSIDE ? OUTSIDE_BYTES : tag);
  }

  /** The whole key of cell `index`, copied. */
  key(index: number): Uint8Array {
    this.readCell(index);
    const { bytes, prefixLength, keyStart, valueStart } = this;
    const key = new Uint8Array(prefixLength + valueStart - keyStart);
    for (let i = 0; i < prefixLength; i += 1) key[i] = bytes[PAGE_HEADER_BYTES + i]!;
    for (let i = keyStart; i < valueStart; i += 1) key[prefixLength + i - keyStart] = bytes[i]!;
    return key;
  }

  /**
   * The index of the cell whose key is `key[start, end)`, and the cell read; or, when there is
   * none, the bitwise complement of the index of the first greater one. Looks from `low` on.
   */
  search(key: Uint8Array, start: number, end: number, low = 0): number {
    const { bytes, prefixLength, count } = this;
    const shared = Math.min(prefixLength, end - start);
    for (let i = 0; i < shared; i += 1) {
      const difference = key[start + i]! - bytes[PAGE_HEADER_BYTES + i]!;
      if (difference !== 0) return difference < 0 ? ~low : ~count;
    }
    if (shared < prefixLength) return ~low;
    const from = start + prefixLength;
    const word = wordOf(key, from, end);
    if (!this.#hasWords) this.#readWords();
    const words = this.#words;
    let left = low;
    let right = count;
    while (left < right) {
      const middle = (left + right) >>> 1;
      const other = words[middle]!;
      if (other > word) right = middle;
      else if (other < word) left = middle + 1;
      else {
        const order = this.#compareRest(middle, key, from, end);
        if (order === 0) return middle;
        if (order < 0) left = middle + 1;
        else right = middle;
      }
    }
    return ~left;
  }

  /** Orders the key of cell `index` and `key[start, end)`, both behind the shared prefix. */
  #compareRest(index: number, key: Uint8Array, start: number, end: number): number {
    this.readCell(index);
    const { bytes, keyStart, valueStart } = this;
    const length = end - start;
    const common = Math.min(length, valueStart - keyStart);
    for (let i = 0; i < common; i += 1) {
      const difference = bytes[keyStart + i]! - key[start + i]!;
      if (difference !== 0) return difference;
    }
    return valueStart - keyStart - length;
  }

  #readWords(): void {
    const words = this.#words;
    for (let index = 0; index < this.count; index += 1) {
      this.readCell(index);
      words[index] = wordOf(this.bytes, this.keyStart, this.valueStart);
    }
    this.#hasWords = true;
  }

  /** In a branch, the child under which `key[start, end)` belongs. */
  childFor(key: Uint8Array, start: number, end: number): number {
    const found = this.search(key, start, end);
    if (found >= 0) return found;
    return found === -1 ? 0 : ~found - 1;
  }

  childPage(index: number): number {
    return getU32(this.bytes, this.cellStart(index + 1) - CHILD_BYTES);
  }

  childChecksum(index: number): number {
    return getU32(this.bytes, this.cellStart(index + 1) - CHILD_BYTES + 4);
  }

  /** Entries under the children before child `index`; for `count`, under all. */
  entriesBefore(index: number): number {
    if (index === this.count) return this.entries;
    const both = getU48(this.bytes, this.cellStart(index + 1) - CHILD_BYTES + 8);
    return Math.floor(both / 2);
  }

  get childPlaces(): number[] {
    this.#childPlaces ??= new Array<number>(this.count).fill(-1);
    return this.#childPlaces;
  }

  child(index: number): TreeReference {
    const entries = this.entriesBefore(index + 1) - this.entriesBefore(index);
    return {
      page: this.childPage(index),
      checksum: this.childChecksum(index),
      level: this.level - 1,
      entries,
      hasOutside: this.childHasOutside(index),
    };
  }

  childHasOutside(index: number): boolean {
    return (this.bytes[this.cellStart(index + 1) - CHILD_BYTES + 8]! & 1) === 1;
  }
}

/** Four bytes of a key, zeros where it ends, ordered as signed integers. */
function wordOf(bytes: Uint8Array, start: number, end: number): number {
  const left = end - start;
  const first = left > 0 ? bytes[start]! << 24 : 0;
  const second = left > 1 ? bytes[start + 1]! << 16 : 0;
  const third = left > 2 ? bytes[start + 2]! << 8 : 0;
  const fourth = left > 3 ? bytes[start + 3]! : 0;
  return (first | second | third | fourth) ^ 0x8000_0000;
}
