/** A page's memory serves another page only when nobody reads it any more. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS } from '../../src/decisions.ts';
import { openDataFileToRead } from '../../src/durable/data-file.ts';
import { openBtreeStore } from '../../src/index.ts';
import { resolveOptions } from '../../src/options.ts';
import type { Page } from '../../src/pages/page.ts';
import { Pager } from '../../src/pages/pager.ts';
import type { TreeReference } from '../../src/pages/tree-reference.ts';
import { BufferedCursor } from '../../src/reading/buffered-cursor.ts';
import type { EntryCursor } from '../../src/reading/entry-cursor.ts';
import { TreeCursor } from '../../src/reading/tree-cursor.ts';
import { getValue, type PageSource } from '../../src/reading/tree-reader.ts';
import { text } from '../text.ts';

const ENTRIES = 1200;
const PAGE_BYTES = 512;
/** Fewer pages than a path of the tree and its neighbours have: whatever is read gives way soon. */
const CACHED_PAGES = 3;
/** More than a leaf has entries. */
const STEPS_BETWEEN_READS = 61;

const keyOf = (n: number): Uint8Array => text(`key-${String(n).padStart(4, '0')}`);
const valueText = (n: number): string => `value of ${n}`;

/** As it would be if a page that gives way were always free to be used again. */
class ForgetfulPager extends Pager {
  override giveBack(page: Page): void {
    page.holders = 0;
    super.giveBack(page);
  }
}

interface Opened {
  readonly tree: TreeReference;
  readonly pages: PageSource;
}

async function open(Kind: typeof Pager): Promise<Opened> {
  const options = {
    ...{ directory: 'd', fileSystem: new MemoryFileSystem() },
    ...{ pageBytes: PAGE_BYTES, extentBytes: 0, logPreallocateBytes: 0 },
  };
  const store = await openBtreeStore(options);
  const numbers = Array.from({ length: ENTRIES }, (_, n) => n);
  await store.write(
    numbers.map((n) => ({ type: 'put', key: keyOf(n), value: text(valueText(n)) })),
  );
  await store.close();
  const { meta, pager } = openDataFileToRead(resolveOptions(options));
  const decisions = SAFE_DECISIONS;
  const own = new Kind(pager.file, CACHED_PAGES * PAGE_BYTES, decisions);
  return { tree: meta.root, pages: { pager: own, decisions } };
}

/**
 * Goes over all entries again and again, reading other pages at some of them, each time at others:
 * a page may give way while the cursor is in it, or only when it has left. Returns how many views
 * were wrong.
 */
function wrongViews(
  cursorIn: (tree: TreeReference, pages: PageSource) => EntryCursor,
  opened: Opened,
  isReverse: boolean,
): number {
  let wrong = 0;
  for (let first = 0; first < STEPS_BETWEEN_READS; first += 1) {
    wrong += wrongViewsReadingFrom(first, cursorIn(opened.tree, opened.pages), opened, isReverse);
  }
  return wrong;
}

function wrongViewsReadingFrom(
  first: number,
  cursor: EntryCursor,
  { tree, pages }: Opened,
  isReverse: boolean,
): number {
  const decoder = new TextDecoder();
  let seen = 0;
  let wrong = 0;
  if (isReverse) cursor.last();
  else cursor.first();
  while (cursor.valid) {
    const number = isReverse ? ENTRIES - 1 - seen : seen;
    const view = cursor.valueView();
    for (let i = 1; i <= 5 && seen % STEPS_BETWEEN_READS === first; i += 1) {
      getValue(tree, keyOf((number + i * 97) % ENTRIES), pages);
    }
    if (decoder.decode(view) !== valueText(number)) wrong += 1;
    seen += 1;
    if (isReverse) cursor.previous();
    else cursor.next();
  }
  expect(seen).toBe(ENTRIES);
  return wrong;
}

/** As a range does it while there is something in the write buffer. */
function merged(tree: TreeReference, pages: PageSource): BufferedCursor {
  return new BufferedCursor({ tree, memtables: [], sequence: Number.MAX_SAFE_INTEGER }, pages);
}

describe('the page under a cursor', () => {
  for (const isReverse of [false, true]) {
    const way = isReverse ? 'backwards' : 'forwards';

    it(`stays as it is while others are read in its place, ${way}`, async () => {
      const opened = await open(Pager);
      const inTree = (tree: TreeReference, pages: PageSource) => new TreeCursor(tree, pages);
      expect(wrongViews(inTree, opened, isReverse)).toBe(0);
      expect(wrongViews(merged, opened, isReverse)).toBe(0);
    });

    it(`shows another's entries where nobody is asked who holds it, ${way} (planted)`, async () => {
      const opened = await open(ForgetfulPager);
      let isCaught = false;
      try {
        isCaught = wrongViews(merged, opened, isReverse) > 0;
      } catch {
        // A path of other pages ends soon, or leads to what is found damaged.
        isCaught = true;
      }
      expect(isCaught).toBe(true);
    });
  }
});

describe('pages that have given way', () => {
  it('serve those that are read next, so that a long range takes no new memory', async () => {
    const { tree, pages } = await open(Pager);
    const memories = new Set<ArrayBufferLike>();
    const cursor = new TreeCursor(tree, pages);
    for (cursor.first(); cursor.valid; cursor.next()) memories.add(cursor.valueView().buffer);
    expect(pages.pager.reads).toBeGreaterThan(30);
    expect(memories.size).toBeLessThan(CACHED_PAGES + 5);
  });
});
