/**
 * Reading one tree: single keys, and where keys stand among all.
 *
 * No page is kept beyond a call, so lookups in more pages than the cache holds take no new memory.
 */
import { copyOf } from '@ds/storage/engine';
import type { SafetyDecisions } from '../decisions.ts';
import { ofLevel } from '../pages/node-cursor.ts';
import { readOutside } from '../pages/outside-value.ts';
import { OUTSIDE, type Page } from '../pages/page.ts';
import type { Pager } from '../pages/pager.ts';
import type { TreeReference } from '../pages/tree-reference.ts';

/** What reads pages, and how it judges them. */
export interface PageSource {
  readonly pager: Pager;
  readonly decisions: SafetyDecisions;
}

/** The value of `key`, copied. Cost: one page per level. */
export function getValue(
  tree: TreeReference,
  key: Uint8Array,
  { pager, decisions }: PageSource,
): Uint8Array | undefined {
  const leaf = leafFor(tree, key, pager);
  if (leaf === undefined || leaf.search(key, 0, key.length) < 0) return undefined;
  return valueHere(leaf, pager, decisions);
}

/** Whether there is a value of `key`. Cost: one page per level. */
export function hasKey(tree: TreeReference, key: Uint8Array, { pager }: PageSource): boolean {
  const leaf = leafFor(tree, key, pager);
  return leaf !== undefined && leaf.search(key, 0, key.length) >= 0;
}

/** The value of the cell that `page` has read last, copied. */
export function valueHere(page: Page, pager: Pager, decisions: SafetyDecisions): Uint8Array {
  if (page.tag === OUTSIDE) return readOutside(page.bytes, page.valueStart, pager, decisions);
  return copyOf(page.bytes, page.valueStart, page.valueEnd);
}

function leafFor(tree: TreeReference, key: Uint8Array, pager: Pager): Page | undefined {
  if (tree.page === 0) return undefined;
  let page = rootOf(tree, pager);
  while (page.level > 0) {
    const child = page.childFor(key, 0, key.length);
    page = childOf(page, child, pager);
  }
  return page;
}

function rootOf(tree: TreeReference, pager: Pager): Page {
  return ofLevel(tree.level, pager.load(tree.page, tree.checksum), pager);
}

function childOf(branch: Page, index: number, pager: Pager): Page {
  return ofLevel(branch.level - 1, pager.loadChild(branch, index), pager);
}

/** The last key. Cost: one page per level. */
export function lastKey(tree: TreeReference, { pager }: PageSource): Uint8Array | undefined {
  if (tree.page === 0) return undefined;
  let page = rootOf(tree, pager);
  while (page.level > 0) {
    const child = page.count - 1;
    page = childOf(page, child, pager);
  }
  return page.key(page.count - 1);
}

/** How many keys are below `key`. Cost: one page per level. */
export function rankOf(tree: TreeReference, key: Uint8Array, { pager }: PageSource): number {
  if (tree.page === 0) return 0;
  let before = 0;
  let page = rootOf(tree, pager);
  while (page.level > 0) {
    const child = page.childFor(key, 0, key.length);
    before += page.entriesBefore(child);
    page = childOf(page, child, pager);
  }
  const found = page.search(key, 0, key.length);
  return before + (found < 0 ? ~found : found);
}

/** The entry with `position` keys before it, copied. Cost: one page per level. */
export function entryAt(
  tree: TreeReference,
  position: number,
  { pager, decisions }: PageSource,
): { key: Uint8Array; value: Uint8Array } | undefined {
  if (!(position >= 0 && position < tree.entries)) return undefined;
  let left = position;
  let page = rootOf(tree, pager);
  while (page.level > 0) {
    const child = childAt(page, left);
    left -= page.entriesBefore(child);
    page = childOf(page, child, pager);
  }
  if (left >= page.count) throw pager.damage(page.id, 'it has fewer entries than counted');
  const key = page.key(left);
  return { key, value: valueHere(page, pager, decisions) };
}

/** The last child with at most `position` entries before it. */
function childAt(page: Page, position: number): number {
  let low = 0;
  let high = page.count - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (page.entriesBefore(middle) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
