/**
 * A position among the entries of a view that has memtables: they and the tree merged, without
 * what was deleted. The first call sets the direction, and it goes on in that one.
 *
 * Cost: a step is one of the tree or a memtable, and a comparison for each memtable.
 */
import { type Cursor, copyOf, VisibleCursor, viewOf } from '@ds/storage/engine';
import type { EntryCursor } from './entry-cursor.ts';
import { TreeCursor } from './tree-cursor.ts';
import type { PageSource } from './tree-reader.ts';
import { probesOf, type View } from './view.ts';

export class BufferedCursor implements EntryCursor {
  readonly #view: View;
  readonly #pages: PageSource;
  #entries: VisibleCursor | undefined;

  constructor(view: View, pages: PageSource) {
    this.#view = view;
    this.#pages = pages;
  }

  get valid(): boolean {
    return this.#entries?.valid === true;
  }

  get keyBytes(): Uint8Array {
    return this.#entries!.keyBytes;
  }

  get keyEnd(): number {
    return this.#entries!.keyEnd;
  }

  first(): void {
    this.#begin((cursor) => cursor.first(), false);
  }

  last(): void {
    this.#begin((cursor) => cursor.last(), true);
  }

  seek(key: Uint8Array): void {
    this.#begin((cursor) => cursor.seek(key), false);
  }

  seekBefore(key: Uint8Array): void {
    this.#begin((cursor) => cursor.seekBefore(key), true);
  }

  next(): void {
    this.#advance();
  }

  previous(): void {
    this.#advance();
  }

  key(): Uint8Array {
    const { keyBytes, keyEnd } = this.#entries!;
    return copyOf(keyBytes, 0, keyEnd);
  }

  keyView(): Uint8Array {
    return this.#entries!.keyView();
  }

  value(): Uint8Array {
    const { valueBytes, valueStart, valueEnd } = this.#entries!;
    return copyOf(valueBytes, valueStart, valueEnd);
  }

  valueView(): Uint8Array {
    const { valueBytes, valueStart, valueEnd } = this.#entries!;
    return viewOf(valueBytes, valueStart, valueEnd);
  }

  #begin(place: (cursor: Cursor) => void, isReverse: boolean): void {
    const { tree, memtables, sequence } = this.#view;
    const cursors = [...memtables.map((each) => each.cursor()), new TreeCursor(tree, this.#pages)];
    for (const cursor of cursors) place(cursor);
    this.#entries = new VisibleCursor(cursors, probesOf(this.#view), sequence, isReverse);
    this.#skipDeleted();
  }

  #advance(): void {
    this.#entries!.next();
    this.#skipDeleted();
  }

  #skipDeleted(): void {
    const entries = this.#entries!;
    while (entries.valid && entries.isTombstone) entries.next();
  }
}
