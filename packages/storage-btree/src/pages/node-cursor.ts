/**
 * A position among the pages of one level of a tree, in key order: the path of branches above it.
 *
 * The page itself is not loaded: what its parent says of it, and where its keys begin and end, is
 * often all that is asked. The branches of its path are held.
 * Cost: a step is O(1) amortised, a seek one search per level above.
 */
import type { Page } from './page.ts';
import type { Pager } from './pager.ts';
import type { TreeReference } from './tree-reference.ts';

const NOTHING = new Uint8Array(0);

export class NodeCursor {
  readonly #pager: Pager;
  readonly #tree: TreeReference;
  readonly #level: number;
  /** From the root down to the parent. */
  readonly #path: Page[] = [];
  readonly #indexes: number[] = [];

  constructor(pager: Pager, tree: TreeReference, level: number) {
    this.#pager = pager;
    this.#tree = tree;
    this.#level = level;
  }

  /** The id of the page under the cursor. */
  get page(): number {
    const depth = this.#path.length - 1;
    return depth < 0 ? this.#tree.page : this.#path[depth]!.childPage(this.#indexes[depth]!);
  }

  get checksum(): number {
    const depth = this.#path.length - 1;
    return depth < 0
      ? this.#tree.checksum
      : this.#path[depth]!.childChecksum(this.#indexes[depth]!);
  }

  get hasOutside(): boolean {
    const depth = this.#path.length - 1;
    return depth < 0
      ? this.#tree.hasOutside
      : this.#path[depth]!.childHasOutside(this.#indexes[depth]!);
  }

  /** To the page that `key[start, end)` belongs to. */
  seek(key: Uint8Array, start = 0, end: number = key.length): void {
    this.#descend(0, (page) => page.childFor(key, start, end));
  }

  first(): void {
    this.#descend(0, () => 0);
  }

  last(): void {
    this.#descend(0, (page) => page.count - 1);
  }

  /** To the page after; `false`, and no move, at the end. */
  next(): boolean {
    for (let depth = this.#path.length - 1; depth >= 0; depth -= 1) {
      if (this.#indexes[depth]! + 1 >= this.#path[depth]!.count) continue;
      this.#indexes[depth]! += 1;
      this.#descend(depth + 1, () => 0);
      return true;
    }
    return false;
  }

  /** To the page before; `false`, and no move, at the beginning. */
  previous(): boolean {
    for (let depth = this.#path.length - 1; depth >= 0; depth -= 1) {
      if (this.#indexes[depth]! === 0) continue;
      this.#indexes[depth]! -= 1;
      this.#descend(depth + 1, (page) => page.count - 1);
      return true;
    }
    return false;
  }

  /** No key of the page is below this one; empty for the first page. */
  lower(): Uint8Array {
    const depth = this.#path.length - 1;
    return depth < 0 ? NOTHING : this.#path[depth]!.key(this.#indexes[depth]!);
  }

  /** All keys of the page are below this one; `undefined` for the last page. */
  upper(): Uint8Array | undefined {
    for (let depth = this.#path.length - 1; depth >= 0; depth -= 1) {
      const page = this.#path[depth]!;
      const index = this.#indexes[depth]! + 1;
      if (index < page.count) return page.key(index);
    }
    return undefined;
  }

  /** Lets go of the path: for when it has reached what it was made for. */
  release(): void {
    for (const page of this.#path.splice(0)) release(page);
    this.#indexes.length = 0;
  }

  /** Loads the path from `depth` on, choosing a child on each level. */
  #descend(depth: number, choose: (page: Page) => number): void {
    for (const page of this.#path.splice(depth)) release(page);
    this.#indexes.length = depth;
    const parents = this.#tree.level - this.#level;
    for (let at = depth; at < parents; at += 1) {
      const page =
        at === 0
          ? loadNode(this.#pager, this.#tree.page, this.#tree.checksum, this.#tree.level)
          : loadChild(this.#pager, this.#path[at - 1]!, this.#indexes[at - 1]!);
      this.#path.push(page);
      this.#indexes.push(choose(page));
    }
  }
}

/**
 * Loads a page that has to be of `level`, and not empty, and holds it: until {@link release}, or as
 * long as one likes, and then the garbage collector has to find it.
 */
export function loadNode(pager: Pager, id: number, checksum: number, level: number): Page {
  return held(ofLevel(level, pager.load(id, checksum), pager));
}

/** The same for the page under child `index` of a branch. */
export function loadChild(pager: Pager, branch: Page, index: number): Page {
  return held(ofLevel(branch.level - 1, pager.loadChild(branch, index), pager));
}

function held(page: Page): Page {
  page.holders += 1;
  return page;
}

/** Once for each time that the page was loaded by one of the two. */
export function release(page: Page): void {
  page.holders -= 1;
}

/** The page, which has to be of `level`, and not empty. */
export function ofLevel(level: number, page: Page, pager: Pager): Page {
  if (page.level === level && page.count > 0) return page;
  const what = `page ${page.id} is of level ${page.level} where ${level} belongs`;
  throw pager.damage(page.id, what);
}
