/**
 * Moving a tree's pages to lower places of the file, so that the end of the file can be cut off.
 *
 * Nothing is repacked: a page is copied as it is, and in the pages above it only the place and the
 * checksum of the child change, which take the same room.
 * Cost: reads all branches, and those leaves that lie too high or have large values; writes what
 * moves and the branches above it.
 */

import { setU32 } from '@ds/storage/engine';
import { loadNode } from '../pages/node-cursor.ts';
import { outsidePages, readOutside, writeOutside } from '../pages/outside-value.ts';
import { CHILD_BYTES, OUTSIDE, type Page } from '../pages/page.ts';
import type { PageWriter } from '../pages/page-writer.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import type { PageSource } from '../reading/tree-reader.ts';

/** The tree with up to about `maxPages` of its pages above `limit` moved to free ones below. */
export function relocate(
  tree: TreeReference,
  limit: number,
  maxPages: number,
  source: PageSource,
  writer: PageWriter,
): TreeReference {
  const moved = new Relocation(limit, maxPages, source, writer).move(tree);
  writer.flush();
  return moved;
}

class Relocation {
  readonly #limit: number;
  readonly #source: PageSource;
  readonly #writer: PageWriter;
  #left: number;

  constructor(limit: number, maxPages: number, source: PageSource, writer: PageWriter) {
    this.#limit = limit;
    this.#left = maxPages;
    this.#source = source;
    this.#writer = writer;
  }

  move(tree: TreeReference): TreeReference {
    const isHigh = tree.page > this.#limit;
    if (tree.page === 0 || !this.#mayMove()) return tree;
    if (tree.level === 0 && !tree.hasOutside && !isHigh) return tree;
    const page = loadNode(this.#source.pager, tree.page, tree.checksum, tree.level);
    const changed = tree.level > 0 ? this.#moveChildren(page) : this.#moveValues(page);
    if (changed === undefined && !isHigh) return tree;
    const { space } = this.#writer;
    space.giveUp(tree.page);
    const { id, bytes } = this.#writer.begin();
    bytes.set(changed ?? page.bytes);
    setU32(bytes, 4, id);
    this.#left -= 1;
    return { ...tree, page: id, checksum: this.#writer.finish(id, bytes, tree.level > 0) };
  }

  /** The branch's bytes with its children where they are now; nothing when none has moved. */
  #moveChildren(page: Page): Uint8Array | undefined {
    let bytes: Uint8Array | undefined;
    for (let index = 0; index < page.count && this.#mayMove(); index += 1) {
      const child = page.child(index);
      const moved = this.move(child);
      if (moved === child) continue;
      bytes ??= page.bytes.slice();
      const at = page.cellStart(index + 1) - CHILD_BYTES;
      setU32(bytes, at, moved.page);
      setU32(bytes, at + 4, moved.checksum);
    }
    return bytes;
  }

  /** The leaf's bytes with its large values where they are now; nothing when none has moved. */
  #moveValues(page: Page): Uint8Array | undefined {
    let bytes: Uint8Array | undefined;
    const { pager, decisions } = this.#source;
    const { space, pageBytes } = this.#writer;
    for (let index = 0; page.hasOutside && index < page.count && this.#mayMove(); index += 1) {
      page.readCell(index);
      if (page.tag !== OUTSIDE) continue;
      const { valueStart } = page;
      const { first, count } = outsidePages(page.bytes, valueStart, pageBytes);
      if (first + count - 1 <= this.#limit || !space.hasRunBelow(first, count)) continue;
      const value = readOutside(page.bytes, valueStart, pager, decisions);
      bytes ??= page.bytes.slice();
      bytes.set(writeOutside(value, this.#writer), valueStart);
      space.giveUp(first, count);
      this.#left -= count;
    }
    return bytes;
  }

  #mayMove(): boolean {
    return this.#left > 0 && this.#writer.space.hasRunBelow(this.#limit + 1, 1);
  }
}
