/** The leaves of a tree taking changes to entries. */
import { compareBytes } from '@ds/storage';
import { giveUpOutside, writeOutside } from '../pages/outside-value.ts';
import { OUTSIDE, OUTSIDE_BYTES, type Page, pageLimits, tagBytes } from '../pages/page.ts';
import type { PageWriter } from '../pages/page-writer.ts';
import { single } from '../pages/segment.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import type { Changes } from './changes.ts';
import { LevelPass } from './level-pass.ts';

/** How many entries may go into one leaf before a slice ends there. */
const MAX_INSERTS_PER_PAGE = 8192;

export class LeafPass extends LevelPass {
  readonly #changes: Changes;
  readonly #maxCellBytes: number;

  constructor(writer: PageWriter, tree: TreeReference, changes: Changes, isAnnounced: boolean) {
    super(writer, tree, 0, isAnnounced);
    this.#changes = changes;
    this.#maxCellBytes = pageLimits(writer.pageBytes).maxCellBytes;
  }

  protected override hasWork(): boolean {
    return !this.#changes.isDone;
  }

  protected override hasWorkBefore(upper: Uint8Array | undefined): boolean {
    return this.#changes.hasRangeBefore(upper) || this.#changes.hasPointBefore(upper);
  }

  protected override seekWork(): void {
    this.cursor.seek(this.#changes.nextKey());
  }

  protected override takePage(upper: Uint8Array | undefined): boolean {
    if (this.cursor.page === 0) this.#appendOnly();
    else if (this.#dropsWhole(upper)) {
      this.writer.space.giveUp(this.cursor.page);
      this.#changes.rangeDoneUpTo(upper);
    } else this.#merge(this.takeOld(), upper);
    return false;
  }

  /** An empty tree has nothing to be merged with, and nothing to be emptied. */
  #appendOnly(): void {
    const { cursor } = this.#changes;
    for (let added = 0; cursor.valid && added < MAX_INSERTS_PER_PAGE; cursor.next()) {
      added += this.#put(true);
    }
    this.isInterrupted = cursor.valid;
    while (!cursor.valid && !this.#changes.isDone) this.#changes.rangeDoneUpTo(undefined);
  }

  /** A leaf that a range covers and no change falls into need not be read. */
  #dropsWhole(upper: Uint8Array | undefined): boolean {
    const changes = this.#changes;
    if (!changes.hasRangeBefore(upper) || this.cursor.hasOutside) return false;
    const { gte, lt } = changes.range!;
    if (compareBytes(gte, this.cursor.lower()) > 0) return false;
    if (upper === undefined || compareBytes(lt, upper) < 0) return false;
    return !changes.hasPointBefore(upper);
  }

  #merge(page: Page, upper: Uint8Array | undefined): void {
    const changes = this.#changes;
    const { cursor } = changes;
    const isLast = upper === undefined;
    let at = 0;
    let added = 0;
    while (added < MAX_INSERTS_PER_PAGE) {
      if (changes.hasRangeBefore(upper)) {
        at = this.#emptyRange(page, at, upper);
        continue;
      }
      if (!changes.hasPointBefore(upper)) break;
      // Behind the last cell, as in a load in key order, there is nothing to be looked for.
      const found =
        at === page.count ? ~at : page.search(cursor.keyBytes, cursor.keyStart, cursor.keyEnd, at);
      const index = found < 0 ? ~found : found;
      this.assembly.addRun(page, at, index);
      at = index;
      if (found >= 0) {
        this.#drop(page, index, index + 1);
        at += 1;
      }
      added += this.#put(isLast && at === page.count);
      cursor.next();
    }
    this.isInterrupted = added >= MAX_INSERTS_PER_PAGE;
    this.assembly.addRun(page, at, page.count);
  }

  /** Leaves out what the range covers of the page, and puts in what is newer; returns the place. */
  #emptyRange(page: Page, start: number, upper: Uint8Array | undefined): number {
    const changes = this.#changes;
    const { gte, lt } = changes.range!;
    const first = place(page, gte, start);
    this.assembly.addRun(page, start, first);
    const isOver = upper === undefined || compareBytes(lt, upper) <= 0;
    const end = isOver ? place(page, lt, first) : page.count;
    this.#drop(page, first, end);
    const bound = isOver ? lt : upper;
    for (; changes.hasPointBefore(bound); changes.cursor.next()) this.#put(false);
    changes.rangeDoneUpTo(bound);
    return end;
  }

  /** Gives up the large values of cells that go. */
  #drop(page: Page, from: number, to: number): void {
    if (!page.hasOutside) return;
    for (let index = from; index < to; index += 1) {
      page.readCell(index);
      if (page.tag !== OUTSIDE) continue;
      giveUpOutside(page.bytes, page.valueStart, this.writer.pageBytes, this.writer.space);
    }
  }

  /** Adds the cursor's entry, unless it is a deletion; returns how many were added. */
  #put(isAtEnd: boolean): number {
    const { cursor } = this.#changes;
    if (cursor.isTombstone) return 0;
    const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = cursor;
    const length = valueEnd - valueStart;
    if (keyEnd - keyStart + length + tagBytes(length) <= this.#maxCellBytes) {
      const cell = single(keyBytes, keyStart, keyEnd, length, valueBytes, valueStart, valueEnd);
      this.assembly.addCell(cell);
    } else {
      const outside = writeOutside(valueBytes.subarray(valueStart, valueEnd), this.writer);
      this.assembly.addCell(single(keyBytes, keyStart, keyEnd, OUTSIDE, outside, 0, OUTSIDE_BYTES));
    }
    this.assembly.spill(isAtEnd);
    return 1;
  }
}

function place(page: Page, key: Uint8Array, from: number): number {
  const found = page.search(key, 0, key.length, from);
  return found < 0 ? ~found : found;
}
