/**
 * Reading a whole file and checking what should hold: every page is what its parent says, keys
 * ascend within the bounds that led to them, counts add up, no page is used twice, and the space
 * map knows exactly the pages in use.
 *
 * Cost: reads every page once, past the cache; remembers every page's id.
 */
import { compareBytes } from '@ds/storage';
import type { Checkpoints } from '../durable/checkpoint.ts';
import type { SpaceMap } from '../durable/space-map.ts';
import { outsidePages, readOutside } from '../pages/outside-value.ts';
import { OUTSIDE, Page } from '../pages/page.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import type { PageSource } from './tree-reader.ts';

/** What a tree consists of. */
export interface TreeReport {
  readonly entries: number;
  readonly leaves: number;
  readonly branches: number;
  /** Pages of values that do not fit into a leaf. */
  readonly outsidePages: number;
  /** How full the leaves are on average, from 0 to 1. */
  readonly leafFill: number;
}

export function verifyTree(
  tree: TreeReference,
  source: PageSource,
  space: SpaceMap,
  checkpoints: Checkpoints,
): TreeReport {
  const walk = new Walk(source);
  if (tree.page !== 0) walk.visit(tree, undefined, undefined);
  for (const page of checkpoints.spacePages()) {
    walk.use(page.page);
    source.pager.read(page.page, page.checksum);
  }
  for (let id = 1; id < space.end; id += 1) {
    if (space.isUsed(id) === walk.isSeen(id)) continue;
    const what = walk.isSeen(id) ? 'in use but taken for free' : 'taken for used but lost';
    throw source.pager.damage(id, `page ${id} is ${what}`);
  }
  return walk.report();
}

class Walk {
  readonly #source: PageSource;
  readonly #seen = new Set<number>();
  #entries = 0;
  #leaves = 0;
  #branches = 0;
  #outsidePages = 0;
  #leafBytes = 0;

  constructor(source: PageSource) {
    this.#source = source;
  }

  isSeen(id: number): boolean {
    return this.#seen.has(id);
  }

  report(): TreeReport {
    const room = this.#leaves * this.#source.pager.file.pageBytes;
    return {
      entries: this.#entries,
      leaves: this.#leaves,
      branches: this.#branches,
      outsidePages: this.#outsidePages,
      leafFill: room === 0 ? 0 : this.#leafBytes / room,
    };
  }

  use(id: number): void {
    if (this.#seen.has(id)) throw this.#source.pager.damage(id, `page ${id} is used twice`);
    this.#seen.add(id);
  }

  /** Checks the page and all under it; its keys are at or above `lower` and below `upper`. */
  visit(tree: TreeReference, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const { pager } = this.#source;
    this.use(tree.page);
    const page = new Page(pager.read(tree.page, tree.checksum));
    this.#check(page, page.fault() === undefined, page.fault() ?? '');
    this.#check(page, page.level === tree.level, `it is of level ${page.level}`);
    this.#check(page, page.entries === tree.entries, 'its entries are not as counted above');
    this.#check(page, page.hasOutside === tree.hasOutside, 'large values are not as said above');
    this.#check(page, page.count > 0, 'it is empty');
    for (let index = 0; index < page.count; index += 1) {
      const key = page.key(index);
      const isAbove = lower === undefined || compareBytes(key, lower) >= 0;
      const isAfter = index === 0 || compareBytes(page.key(index - 1), key) < 0;
      const isBelow = upper === undefined || compareBytes(key, upper) < 0;
      this.#check(page, isAbove && isAfter && isBelow, `key ${index} is out of order`);
    }
    if (page.level === 0) this.#leaf(page);
    else this.#branch(page, lower, upper);
  }

  #branch(page: Page, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    this.#branches += 1;
    const first = page.key(0);
    const isBound = lower === undefined ? first.length === 0 : compareBytes(first, lower) === 0;
    this.#check(page, isBound, 'its first key is not the bound that its parent has for it');
    for (let index = 0; index < page.count; index += 1) {
      const from = index === 0 ? lower : page.key(index);
      const to = index + 1 < page.count ? page.key(index + 1) : upper;
      this.visit(page.child(index), from, to);
    }
  }

  #leaf(page: Page): void {
    const { pager, decisions } = this.#source;
    this.#leaves += 1;
    this.#entries += page.count;
    this.#check(page, page.entries === page.count, 'it miscounts its entries');
    this.#leafBytes += page.contentEnd + page.count * 2;
    let hasOutside = false;
    for (let index = 0; index < page.count; index += 1) {
      page.readCell(index);
      if (page.tag !== OUTSIDE) continue;
      hasOutside = true;
      const { valueStart } = page;
      const { first, count } = outsidePages(page.bytes, valueStart, page.bytes.length);
      for (let id = first; id < first + count; id += 1) this.use(id);
      this.#outsidePages += count;
      readOutside(page.bytes, valueStart, pager, decisions);
    }
    this.#check(page, page.hasOutside === hasOutside, 'it is wrong about large values');
  }

  #check(page: Page, isRight: boolean, reason: string): void {
    if (!isRight) throw this.#source.pager.damage(page.id, `page ${page.id}: ${reason}`);
  }
}
