/**
 * One level of a tree taking changes in key order, from left to right, each page of it at most
 * once: the pages touched are replaced, and what replaced them is told to the level above.
 *
 * Cost: the pages touched, and the few neighbours that are drawn in to fill new pages well.
 */

import { NodeCursor } from '../pages/node-cursor.ts';
import type { Page } from '../pages/page.ts';
import type { PageWriter } from '../pages/page-writer.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import { Assembly, type NewChild } from './assembly.ts';

/** Some neighbouring pages of a level were replaced by others. */
export interface Replacement {
  /** The lower bound of the first of them. */
  readonly lower: Uint8Array;
  readonly replaced: number;
  readonly children: readonly NewChild[];
}

/** A page this full stays alone; an emptier one is joined with the next. */
const LEAST_FILL = 0.5;
/** How full pages have to be on average before no further neighbour is drawn in: less each time. */
const WANTED_FILL = 0.92;
const FILL_GIVEN_UP_PER_PAGE = 0.06;

export abstract class LevelPass {
  protected readonly cursor: NodeCursor;
  protected readonly assembly: Assembly;
  protected readonly writer: PageWriter;
  /** Set when the rest of the current page's changes is left for another pass. */
  protected isInterrupted = false;
  readonly #isAnnounced: boolean;
  /** Pages whose cells are on their way. */
  readonly #taken: Page[] = [];

  constructor(writer: PageWriter, tree: TreeReference, level: number, isAnnounced: boolean) {
    this.writer = writer;
    this.cursor = new NodeCursor(writer.pager, tree, level);
    this.assembly = new Assembly(writer, level);
    this.#isAnnounced = isAnnounced;
  }

  /** Goes on until nothing is left to do, `maxPages` have been touched, or it is interrupted. */
  run(maxPages: number): Replacement[] {
    const result: Replacement[] = [];
    let touched = 0;
    while (!this.isInterrupted && this.hasWork() && touched < maxPages) {
      this.seekWork();
      const replacement = this.#replaceSome(maxPages - touched);
      for (const page of this.#taken.splice(0)) this.writer.pager.giveBack(page);
      touched += replacement.replaced + replacement.children.length;
      result.push(this.#isAnnounced ? replacement : withoutSplit(replacement));
    }
    this.cursor.release();
    return result;
  }

  protected abstract hasWork(): boolean;
  /** Whether the next change belongs to a page whose keys are all below `upper`. */
  protected abstract hasWorkBefore(upper: Uint8Array | undefined): boolean;
  /** Moves the cursor to the page where the next change belongs. */
  protected abstract seekWork(): void;
  /** Brings the cursor's page and its changes into the assembly; `true`: the next is needed too. */
  protected abstract takePage(upper: Uint8Array | undefined): boolean;

  /** Loads the cursor's page to be replaced. */
  protected takeOld(): Page {
    const { page: id, checksum } = this.cursor;
    const { page, wasCached } = this.writer.pager.take(id, checksum);
    if (wasCached) this.assembly.keep = true;
    this.writer.space.giveUp(id);
    this.#taken.push(page);
    return page;
  }

  /** Replaces the cursor's page, and its neighbours as long as they change or help to fill pages. */
  #replaceSome(maxPages: number): Replacement {
    const { cursor, assembly } = this;
    const lower = cursor.lower();
    assembly.begin(lower);
    let replaced = 0;
    for (;;) {
      const upper = cursor.upper();
      const needsNext = this.takePage(upper);
      replaced += 1;
      const isAtEnd = upper === undefined;
      if (!isAtEnd) cursor.next();
      const goesOn =
        needsNext ||
        (!this.isInterrupted &&
          (!this.#isSettled(replaced) ||
            (replaced + assembly.written < maxPages &&
              !isAtEnd &&
              this.hasWorkBefore(cursor.upper()))));
      if (isAtEnd || !goesOn) {
        return { lower, replaced, children: assembly.finish(isAtEnd) };
      }
      assembly.spill(false);
    }
  }

  #isSettled(replaced: number): boolean {
    const { pages } = this.assembly;
    if (pages === 0) return true;
    const fill = pages / Math.ceil(pages);
    if (pages <= 1 && fill >= LEAST_FILL) return true;
    return fill >= WANTED_FILL - FILL_GIVEN_UP_PER_PAGE * replaced;
  }
}

/** What a tree would do that forgets to tell of a split: for a planted mistake. */
function withoutSplit({ lower, replaced, children }: Replacement): Replacement {
  return { lower, replaced, children: children.slice(0, 1) };
}
