/**
 * A position among the entries of one tree, in both directions.
 *
 * The key is put together in a buffer of the cursor's own, and valid until it moves; the value
 * stays in its page, which never changes as long as it is held. That is one step longer than the
 * cursor is there: where cursors are merged, this one is at the next entry while the last is read.
 * A value outside the pages is read when it is asked for.
 * Cost: a step copies the part of the key that its page does not share.
 */
import { type Cursor, copyOf, viewOf } from '@ds/storage/engine';
import type { SafetyDecisions } from '../decisions.ts';
import { loadNode, NodeCursor, release } from '../pages/node-cursor.ts';
import { readOutside } from '../pages/outside-value.ts';
import { OUTSIDE, PAGE_HEADER_BYTES, type Page } from '../pages/page.ts';
import type { Pager } from '../pages/pager.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import type { EntryCursor } from './entry-cursor.ts';
import type { PageSource } from './tree-reader.ts';

export class TreeCursor implements Cursor, EntryCursor {
  /** What a tree holds is older than everything that is not in it yet. */
  readonly sequence = 0;
  readonly isTombstone = false;
  readonly keyStart = 0;
  valid = false;
  keyBytes: Uint8Array = new Uint8Array(64);
  keyEnd = 0;
  readonly #tree: TreeReference;
  readonly #pager: Pager;
  readonly #decisions: SafetyDecisions;
  readonly #nodes: NodeCursor;
  #leaf: Page | undefined;
  #leafBefore: Page | undefined;
  #index = 0;
  #tag = 0;
  #valueStart = 0;
  #valueEnd = 0;
  /** The large value of this position, once it has been asked for. */
  #outsideValue: Uint8Array | undefined;

  constructor(tree: TreeReference, { pager, decisions }: PageSource) {
    this.#tree = tree;
    this.#pager = pager;
    this.#decisions = decisions;
    this.#nodes = new NodeCursor(pager, tree, 0);
  }

  /** To the first entry. */
  first(): void {
    if (this.#isEmpty()) return;
    this.#nodes.first();
    this.#enter(0);
  }

  /** To the last entry. */
  last(): void {
    if (this.#isEmpty()) return;
    this.#nodes.last();
    this.#enterLast();
  }

  /** To the first entry whose key is at or after `key`. */
  seek(key: Uint8Array): void {
    if (this.#isEmpty()) return;
    this.#nodes.seek(key);
    const leaf = this.#load();
    const found = leaf.search(key, 0, key.length);
    const index = found < 0 ? ~found : found;
    if (index < leaf.count) this.#enter(index);
    else if (this.#nodes.next()) this.#enter(0);
    else this.valid = false;
  }

  /** To the last entry whose key is before `key`. */
  seekBefore(key: Uint8Array): void {
    if (this.#isEmpty()) return;
    this.#nodes.seek(key);
    const leaf = this.#load();
    const found = leaf.search(key, 0, key.length);
    const index = found < 0 ? ~found : found;
    if (index > 0) this.#enter(index - 1);
    else if (this.#nodes.previous()) this.#enterLast();
    else this.valid = false;
  }

  next(): void {
    if (this.#index + 1 < this.#leaf!.count) this.#show(this.#index + 1);
    else if (this.#nodes.next()) this.#enter(0);
    else this.valid = false;
  }

  previous(): void {
    if (this.#index > 0) this.#show(this.#index - 1);
    else if (this.#nodes.previous()) this.#enterLast();
    else this.valid = false;
  }

  /** The key, copied. */
  key(): Uint8Array {
    return copyOf(this.keyBytes, 0, this.keyEnd);
  }

  /** The key, valid until the cursor moves. */
  keyView(): Uint8Array {
    return viewOf(this.keyBytes, 0, this.keyEnd);
  }

  /** The value, copied. */
  value(): Uint8Array {
    if (this.#tag === OUTSIDE) return this.#outside();
    return copyOf(this.#leaf!.bytes, this.#valueStart, this.#valueEnd);
  }

  /** The value as it lies in its page: not to be written to. */
  valueView(): Uint8Array {
    if (this.#tag === OUTSIDE) return this.#outside();
    return viewOf(this.#leaf!.bytes, this.#valueStart, this.#valueEnd);
  }

  get valueBytes(): Uint8Array {
    return this.#tag === OUTSIDE ? this.#outside() : this.#leaf!.bytes;
  }

  get valueStart(): number {
    return this.#tag === OUTSIDE ? 0 : this.#valueStart;
  }

  get valueEnd(): number {
    return this.#tag === OUTSIDE ? this.#outside().length : this.#valueEnd;
  }

  #outside(): Uint8Array {
    this.#outsideValue ??= readOutside(
      this.#leaf!.bytes,
      this.#valueStart,
      this.#pager,
      this.#decisions,
    );
    return this.#outsideValue;
  }

  #isEmpty(): boolean {
    this.valid = false;
    return this.#tree.page === 0;
  }

  #load(): Page {
    const leaf = loadNode(this.#pager, this.#nodes.page, this.#nodes.checksum, 0);
    if (leaf === this.#leaf) release(leaf);
    else {
      if (this.#leafBefore !== undefined) release(this.#leafBefore);
      this.#leafBefore = this.#leaf;
      this.#leaf = leaf;
    }
    return leaf;
  }

  #enterLast(): void {
    this.#enter(this.#load().count - 1);
  }

  #enter(index: number): void {
    const { bytes, prefixLength } = this.#load();
    // A key is shorter than the page it lies in.
    if (this.keyBytes.length < bytes.length) this.keyBytes = new Uint8Array(bytes.length);
    const { keyBytes } = this;
    for (let i = 0; i < prefixLength; i += 1) keyBytes[i] = bytes[PAGE_HEADER_BYTES + i]!;
    this.#show(index);
  }

  #show(index: number): void {
    const leaf = this.#leaf!;
    leaf.readCell(index);
    const { keyBytes } = this;
    const { bytes, keyStart, valueStart, prefixLength } = leaf;
    const moved = prefixLength - keyStart;
    for (let i = keyStart; i < valueStart; i += 1) keyBytes[i + moved] = bytes[i]!;
    this.keyEnd = valueStart + moved;
    this.#tag = leaf.tag;
    this.#outsideValue = undefined;
    this.#valueStart = valueStart;
    this.#valueEnd = leaf.valueEnd;
    this.#index = index;
    this.valid = true;
  }
}
