/**
 * The cells of some old pages that stand side by side, with their changes, on their way into new
 * pages.
 *
 * One page that still fits and is not too empty is written as it is. Otherwise its neighbours are
 * drawn in until the cells fill new pages well, evenly: a split of one into two leaves both half
 * empty, of three into four three quarters full, and pages that all take part in a large change
 * fill each other. What is at the right edge of the tree is packed full, since what comes after a
 * last key tends to be followed by more.
 *
 * Invariants: cells arrive in key order; every page written fits and has at least one cell.
 * Cost: linear in the cells that move, and runs with the same prefix move as one piece.
 * Source: B*-trees, Knuth vol. 3, 6.2.4.
 */

import { setU32 } from '@ds/storage/engine';
import { setU48 } from '../pages/numbers.ts';
import { CHILD_BYTES, PAGE_HEADER_BYTES, type Page, SLOT_BYTES } from '../pages/page.ts';
import { encodePage } from '../pages/page-encoder.ts';
import type { PageWriter } from '../pages/page-writer.ts';
import { copyKey, run, type Segment, sharedWith, single, wholeBytes } from '../pages/segment.ts';
import type { TreeReference } from '../pages/tree-reference.ts';

/** A new page and the lower bound of its keys. */
export interface NewChild {
  readonly key: Uint8Array;
  readonly tree: TreeReference;
}

/** How full pages are left that more is to come between. */
const LOOSE_FILL = 0.9;
/** Pages' worth of cells from which some are written before more are taken in. */
const MAX_PAGES_HELD = 8;

export class Assembly {
  readonly #writer: PageWriter;
  readonly #level: number;
  readonly #capacity: number;
  #segments: Segment[] = [];
  #count = 0;
  #wholeBytes = 0;
  #firstKey = new Uint8Array(64);
  #firstLength = 0;
  #lower: Uint8Array = new Uint8Array(0);
  #children: NewChild[] = [];
  /** The last key of the page written last, for the separator after it. */
  #lastKey = new Uint8Array(64);
  #lastLength = 0;
  /** Whether one of the pages replaced was in the cache: then the new ones belong there too. */
  keep = false;

  constructor(writer: PageWriter, level: number) {
    this.#writer = writer;
    this.#level = level;
    this.#capacity = writer.pageBytes - PAGE_HEADER_BYTES;
  }

  begin(lower: Uint8Array): void {
    this.#lower = lower;
    this.#children = [];
    this.keep = this.#level > 0;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Pages written since `begin`. */
  get written(): number {
    return this.#children.length;
  }

  /** How many pages the cells held would fill, all with the prefix that they all share. */
  get pages(): number {
    if (this.#count === 0) return 0;
    const prefix = this.#sharedPrefix();
    return this.#bytesWith(prefix) / (this.#capacity - prefix);
  }

  addRun(page: Page, from: number, to: number): void {
    if (from >= to) return;
    let first = from;
    if (this.#count === 0) {
      const segment = run(page, from, from + 1);
      this.#setFirst(segment);
      if (this.#level > 0 && this.#children.length === 0) {
        // The first child takes over what its removed neighbours to the left could have held.
        const child = page.child(from);
        this.#add(childSegment(this.#lower, child));
        this.#setFirst(this.#segments[0]!);
        first += 1;
        if (first === to) return;
      }
    }
    this.#add(run(page, first, to));
  }

  addCell(cell: Segment): void {
    this.#add(cell);
    if (this.#count === 1) this.#setFirst(cell);
  }

  addChild({ key, tree }: NewChild): void {
    const isFirst = this.#count === 0 && this.#children.length === 0;
    this.addCell(childSegment(isFirst ? this.#lower : key, tree));
  }

  /** Writes some pages if much is held. */
  spill(isAtEnd: boolean): void {
    if (this.#wholeBytes < MAX_PAGES_HELD * this.#capacity) return;
    const fill = isAtEnd ? 1 : LOOSE_FILL;
    while (this.pages > MAX_PAGES_HELD / 2) this.#writePage(this.#capacity * fill);
  }

  /** Writes all that is held; returns the new pages since `begin`. */
  finish(isAtEnd: boolean): NewChild[] {
    while (this.#count > 0) {
      const { pages } = this;
      const share = isAtEnd || pages <= 1 ? 1 : pages / Math.ceil(pages);
      this.#writePage(this.#capacity * share);
    }
    return this.#children;
  }

  #add(segment: Segment): void {
    this.#segments.push(segment);
    this.#count += segment.to - segment.from;
    this.#wholeBytes += wholeBytes(segment, segment.from, segment.to);
  }

  #setFirst(segment: Segment): void {
    this.#firstKey = roomFor(this.#firstKey, segment);
    this.#firstLength = copyKey(segment, segment.from, this.#firstKey);
  }

  #sharedPrefix(): number {
    const last = this.#segments[this.#segments.length - 1]!;
    return sharedWith(this.#firstKey, this.#firstLength, last, last.to - 1);
  }

  #bytesWith(prefix: number): number {
    return this.#wholeBytes + this.#count * (SLOT_BYTES - prefix);
  }

  /** Writes one page of the first cells: until `target` bytes are reached, as far as they fit. */
  #writePage(target: number): void {
    const { taken, prefix } = this.#takeFirst(target);
    const last = taken[taken.length - 1]!;
    const key = this.#separator();
    const { id, bytes } = this.#writer.begin();
    const { entries, hasOutside } = encodePage(bytes, this.#level, taken, this.#firstKey, prefix);
    const checksum = this.#writer.finish(id, bytes, this.keep);
    const level = this.#level;
    this.#children.push({ key, tree: { page: id, checksum, level, entries, hasOutside } });
    this.#lastKey = roomFor(this.#lastKey, last);
    this.#lastLength = copyKey(last, last.to - 1, this.#lastKey);
    if (this.#count > 0) this.#setFirst(this.#segments[0]!);
  }

  /** The lower bound of the page about to be written: in leaves as short as tells it apart. */
  #separator(): Uint8Array {
    if (this.#children.length === 0) return this.#lower;
    const length = this.#level === 0 ? this.#sharedWithLast() + 1 : this.#firstLength;
    return this.#firstKey.slice(0, length);
  }

  #sharedWithLast(): number {
    const limit = Math.min(this.#firstLength, this.#lastLength);
    let shared = 0;
    while (shared < limit && this.#firstKey[shared] === this.#lastKey[shared]) shared += 1;
    return shared;
  }

  #takeFirst(target: number): { taken: Segment[]; prefix: number } {
    const all = this.#sharedPrefix();
    if (this.#bytesWith(all) <= Math.min(target, this.#capacity - all)) {
      const taken = this.#segments;
      this.#segments = [];
      this.#count = 0;
      this.#wholeBytes = 0;
      return { taken, prefix: all };
    }
    return this.#takePart(target);
  }

  #takePart(target: number): { taken: Segment[]; prefix: number } {
    const taken: Segment[] = [];
    let prefix = this.#firstLength;
    let count = 0;
    let whole = 0;
    let used = 0;
    /** Takes cells of a segment if the page then has room for them; with one limit or the other. */
    const fits = (segment: Segment, from: number, to: number, limit: number): boolean => {
      const shared = Math.min(
        prefix,
        sharedWith(this.#firstKey, this.#firstLength, segment, to - 1),
      );
      const wholeThen = whole + wholeBytes(segment, from, to);
      const countThen = count + to - from;
      if (wholeThen + countThen * (SLOT_BYTES - shared) + shared > limit) return false;
      prefix = shared;
      whole = wholeThen;
      count = countThen;
      return true;
    };
    const full = (): boolean => whole + count * (SLOT_BYTES - prefix) + prefix >= target;
    for (const segment of this.#segments) {
      const { page, from, to } = segment;
      if (count > 0 && full()) break;
      if (fits(segment, from, to, page === undefined ? this.#capacity : target)) {
        taken.push(segment);
        used += 1;
        continue;
      }
      if (page === undefined) break;
      let end = from;
      while (end < to && (count === 0 || !full()) && fits(segment, end, end + 1, this.#capacity)) {
        end += 1;
      }
      if (end > from) taken.push(run(page, from, end));
      if (end === to) used += 1;
      else this.#segments[used] = run(page, end, to);
      if (end < to) break;
    }
    this.#segments.splice(0, used);
    this.#count -= count;
    this.#wholeBytes -= whole;
    return { taken, prefix };
  }
}

function roomFor(buffer: Uint8Array, { page, keyStart, keyEnd }: Segment): Uint8Array<ArrayBuffer> {
  // A key is shorter than the page it lies in.
  const needed = page === undefined ? keyEnd - keyStart : page.bytes.length;
  const current = buffer as Uint8Array<ArrayBuffer>;
  return needed <= current.length ? current : new Uint8Array(needed);
}

function childSegment(key: Uint8Array, tree: TreeReference): Segment {
  const value = new Uint8Array(CHILD_BYTES);
  setU32(value, 0, tree.page);
  setU32(value, 4, tree.checksum);
  setU48(value, 8, tree.entries * 2 + (tree.hasOutside ? 1 : 0));
  return single(key, 0, key.length, CHILD_BYTES, value, 0, CHILD_BYTES);
}
