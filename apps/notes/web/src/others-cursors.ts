/** The others' cursors and selections in the editor, each with a name and a colour. */
import { type Range, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';
import type { Present } from '@ds/crdt';
import type { Visitor } from '../../src/note-messages.ts';

export const showOthers = StateEffect.define<readonly Present<Visitor>[]>();

export const othersCursors = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(drawn, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(showOthers)) return draw(effect.value, transaction.state.doc.length);
    }
    // Until the next news they move along with the text.
    return drawn.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function draw(others: readonly Present<Visitor>[], length: number): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { user, selection } of others) {
    if (selection === undefined) continue;
    const anchor = Math.min(selection.anchor, length);
    const head = Math.min(selection.head, length);
    if (anchor !== head) {
      const mark = Decoration.mark({ class: `other-selection colour-${user.colour}` });
      ranges.push(mark.range(Math.min(anchor, head), Math.max(anchor, head)));
    }
    ranges.push(Decoration.widget({ widget: new Cursor(user), side: 1 }).range(head));
  }
  return Decoration.set(ranges, true);
}

class Cursor extends WidgetType {
  readonly #user: Visitor;

  constructor(user: Visitor) {
    super();
    this.#user = user;
  }

  override eq(other: WidgetType): boolean {
    if (!(other instanceof Cursor)) return false;
    return other.#user.name === this.#user.name && other.#user.colour === this.#user.colour;
  }

  override toDOM(): HTMLElement {
    const cursor = document.createElement('span');
    cursor.className = `other-cursor colour-${this.#user.colour}`;
    cursor.setAttribute('aria-hidden', 'true');
    const name = document.createElement('span');
    name.className = 'cursor-name';
    name.textContent = this.#user.name;
    // Joined to no character, so that the line does not break before it.
    cursor.append('\u2060', name);
    return cursor;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
