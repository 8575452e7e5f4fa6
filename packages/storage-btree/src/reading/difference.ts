/**
 * What a view's memtables change in the counts of its tree, so that keys can be counted without
 * the memtables being applied: for readers that stay behind, and for stores that may not write.
 *
 * The marks are the keys at which anything changes, in order. Between two of them the view has the
 * entries of the tree, or none where a range was deleted. So each mark says how many entries of the
 * view are below it, and a count is that of the mark before plus a difference of two ranks.
 *
 * Cost: making it is a pass over the memtables and a lookup in the tree for each key; after that a
 * question is O(log n), as in a tree.
 */
import { compareBytes, type Entry } from '@ds/storage';
import { copyOf, VisibleCursor } from '@ds/storage/engine';
import { emptiedRanges } from '../changing/emptied-ranges.ts';
import { entryAt, hasKey, type PageSource, rankOf } from './tree-reader.ts';
import { probesOf, type View, valueIn } from './view.ts';

interface Mark {
  readonly key: Uint8Array;
  /** Entries of the view below the key, and below what comes after it. */
  readonly below: number;
  readonly belowNext: number;
  /** The tree's first entry that counts again after this mark. */
  readonly treeNext: number;
  /** Whether the tree's entries from here to the next mark are deleted. */
  readonly isHidden: boolean;
}

interface Change {
  readonly key: Uint8Array;
  kind: 'put' | 'delete' | 'none';
  hides: boolean | undefined;
}

export class Difference {
  readonly #view: View;
  readonly #pages: PageSource;
  readonly #marks: readonly Mark[];

  constructor(view: View, pages: PageSource) {
    this.#view = view;
    this.#pages = pages;
    this.#marks = makeMarks(view, pages);
  }

  /** How many keys there are. */
  get entries(): number {
    return this.#beyond(this.#marks.length - 1, this.#view.tree.entries);
  }

  /** How many keys are below `key`. */
  rank(key: Uint8Array): number {
    const before = this.#lastWhere((mark) => compareBytes(mark.key, key) < 0);
    return this.#beyond(before, rankOf(this.#view.tree, key, this.#pages));
  }

  /** The entry with `position` keys before it. */
  at(position: number): Entry | undefined {
    if (!(position >= 0 && position < this.entries)) return undefined;
    const mark = this.#marks[this.#lastWhere(({ below }) => below <= position)];
    const { tree } = this.#view;
    if (mark === undefined) return entryAt(tree, position, this.#pages);
    if (position < mark.belowNext) {
      const value = valueIn(this.#view, mark.key, this.#pages);
      return value && { key: mark.key.slice(), value };
    }
    return entryAt(tree, mark.treeNext + position - mark.belowNext, this.#pages);
  }

  /** Entries below the tree's entry `treeRank`, which lies between mark `index` and the next. */
  #beyond(index: number, treeRank: number): number {
    const mark = this.#marks[index];
    if (mark === undefined) return treeRank;
    return mark.belowNext + (mark.isHidden ? 0 : treeRank - mark.treeNext);
  }

  /** The last mark that `isBefore` is true of, as of all before it; -1 for none. */
  #lastWhere(isBefore: (mark: Mark) => boolean): number {
    let low = -1;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (isBefore(this.#marks[middle]!)) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function makeMarks(view: View, pages: PageSource): Mark[] {
  const marks: Mark[] = [];
  let last = { belowNext: 0, treeNext: 0, isHidden: false };
  for (const { key, kind, hides } of changesIn(view)) {
    const rank = rankOf(view.tree, key, pages);
    const below = last.belowNext + (last.isHidden ? 0 : rank - last.treeNext);
    const isHidden = hides ?? last.isHidden;
    const isReplaced = kind !== 'none' && hasKey(view.tree, key, pages);
    last = {
      belowNext: below + (kind === 'put' ? 1 : 0),
      treeNext: rank + (isReplaced ? 1 : 0),
      isHidden,
    };
    marks.push({ key, below, ...last });
  }
  return marks;
}

/** What happens at which key, in order: single changes, and where deleted ranges begin and end. */
function changesIn(view: View): Change[] {
  const { memtables, sequence } = view;
  const cursors = memtables.map((each) => each.cursor());
  for (const cursor of cursors) cursor.first();
  const changes: Change[] = [];
  const entries = new VisibleCursor(cursors, probesOf(view), sequence, false);
  for (; entries.valid; entries.next()) {
    const key = copyOf(entries.keyBytes, 0, entries.keyEnd);
    changes.push({ key, kind: entries.isTombstone ? 'delete' : 'put', hides: undefined });
  }
  for (const { gte, lt } of emptiedRanges(memtables, sequence)) {
    changes.push({ key: gte, kind: 'none', hides: true });
    changes.push({ key: lt, kind: 'none', hides: false });
  }
  return mergedByKey(changes.sort((a, b) => compareBytes(a.key, b.key)));
}

function mergedByKey(sorted: readonly Change[]): Change[] {
  const result: Change[] = [];
  for (const change of sorted) {
    const last = result.at(-1);
    if (last === undefined || compareBytes(last.key, change.key) !== 0) result.push(change);
    else {
      if (change.kind !== 'none') last.kind = change.kind;
      last.hides ??= change.hides;
    }
  }
  return result;
}
