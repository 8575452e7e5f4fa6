/**
 * Binds CodeMirror to the shared text: what is typed becomes edits of the text, and what changes in
 * the text from elsewhere, or by undoing, becomes a change of the editor.
 *
 * Invariant: outside of a transaction the editor's document and the text are the same characters.
 * Both count UTF-16 units; the line separator is fixed, so that no character is taken for another.
 */
import { defaultKeymap } from '@codemirror/commands';
import { Annotation, EditorState, type Transaction } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  placeholder,
} from '@codemirror/view';
import { type Present, type Selection, type Text, Undo } from '@ds/crdt';
import type { Visitor } from '../../src/note-messages.ts';
import { othersCursors, showOthers } from './others-cursors.ts';

/** A pause this long ends what one undo takes back. */
const UNDO_GROUP_MS = 700;

/** Marks what came from the text, so that it does not go back to it. */
const fromText = Annotation.define<true>();

export interface NoteEditorOptions {
  readonly parent: HTMLElement;
  readonly text: Text;
  /** This user has changed the text. */
  readonly edited: () => void;
  readonly selected: () => void;
}

export class NoteEditor {
  readonly #view: EditorView;
  readonly #text: Text;
  readonly #undo: Undo;
  readonly #options: NoteEditorOptions;
  /** Whether the text is being changed by what the editor shows already. */
  #writing = false;
  #lastEditMs = 0;

  constructor(options: NoteEditorOptions) {
    this.#options = options;
    this.#text = options.text;
    this.#undo = new Undo(options.text);
    this.#text.onChange(({ position, deleted, inserted }) => {
      if (this.#writing) return;
      this.#view.dispatch({
        changes: { from: position, to: position + deleted, insert: inserted },
        annotations: fromText.of(true),
      });
    });
    this.#view = new EditorView({
      parent: options.parent,
      state: EditorState.create({
        doc: this.#text.toString(),
        extensions: [
          EditorState.lineSeparator.of('\n'),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'The note', spellcheck: 'true' }),
          EditorView.updateListener.of(({ transactions, selectionSet }) => {
            this.#write(transactions);
            if (selectionSet) options.selected();
          }),
          ...[drawSelection(), highlightActiveLine(), othersCursors],
          placeholder('Write something. Everybody who has this page open sees it.'),
          keymap.of([
            { key: 'Mod-z', run: () => this.#revert(() => this.#undo.undo()) },
            { key: 'Mod-y', run: () => this.#revert(() => this.#undo.redo()) },
            { key: 'Mod-Shift-z', run: () => this.#revert(() => this.#undo.redo()) },
            ...defaultKeymap,
          ]),
        ],
      }),
    });
  }

  get selection(): Selection {
    const { anchor, head } = this.#view.state.selection.main;
    return { anchor, head };
  }

  focus(): void {
    this.#view.focus();
  }

  /** Draws the others' cursors where they are now. */
  show(others: readonly Present<Visitor>[]): void {
    this.#view.dispatch({ effects: showOthers.of(others) });
  }

  #write(transactions: readonly Transaction[]): void {
    for (const transaction of transactions) {
      if (!transaction.docChanged || transaction.annotation(fromText)) continue;
      if (performance.now() - this.#lastEditMs > UNDO_GROUP_MS) this.#undo.closeGroup();
      this.#lastEditMs = performance.now();
      this.#writing = true;
      try {
        // In the positions of the document as this transaction leaves it, from its start on.
        transaction.changes.iterChanges((fromBefore, toBefore, from, _to, inserted) => {
          if (toBefore > fromBefore) this.#undo.delete(from, toBefore - fromBefore);
          const added = inserted.sliceString(0, inserted.length, '\n');
          if (added !== '') this.#undo.insert(from, added);
        });
      } finally {
        this.#writing = false;
      }
      this.#options.edited();
    }
  }

  #revert(revert: () => Uint8Array[]): boolean {
    if (revert().length > 0) this.#options.edited();
    return true;
  }
}
