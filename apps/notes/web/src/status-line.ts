/** What the page says around the editor: the connection, who is here, what is saved. */
import type { Present } from '@ds/crdt';
import type { Visitor } from '../../src/note-messages.ts';

export type LinkState = 'up' | 'connecting' | 'cut';

export interface Saving {
  readonly link: LinkState;
  /** This page's edits that the server has not told to be on its disk. */
  readonly unsaved: number;
  readonly full: boolean;
  /** Whether the browser keeps them, so that they outlive the page. */
  readonly kept: boolean;
}

const LINK_TEXTS: Record<LinkState, string> = {
  up: 'Connected',
  connecting: 'Connecting',
  cut: 'The network is cut',
};

export class StatusLine {
  readonly #link = find('.link-text');
  readonly #people = find('.people');
  readonly #saving = find('.saving');
  readonly #size = find('.size');
  readonly #cut = find('.cut');

  showLink(link: LinkState): void {
    document.body.dataset.link = link;
    this.#link.textContent = LINK_TEXTS[link];
    this.#cut.textContent = link === 'cut' ? 'Connect again' : 'Cut the network';
  }

  showPeople(visitor: Visitor, others: readonly Present<Visitor>[]): void {
    const everybody = [{ ...visitor, self: true }, ...others.map(({ user }) => ({ ...user }))];
    this.#people.replaceChildren(
      ...everybody.map((person) => {
        const item = document.createElement('li');
        item.className = `colour-${person.colour}`;
        item.textContent = 'self' in person ? `${person.name} (you)` : person.name;
        return item;
      }),
    );
  }

  showSaving({ link, unsaved, full, kept }: Saving): void {
    const edits = unsaved === 1 ? '1 edit' : `${unsaved.toLocaleString('en')} edits`;
    const where = kept ? '' : ', do not close this page';
    const waiting = link === 'up' ? `Saving ${edits}` : `${edits} wait for the network${where}`;
    const text = unsaved === 0 ? 'Everything is saved' : waiting;
    this.#saving.textContent = full ? 'The note is full: what you write is not kept' : text;
  }

  showSize(text: string): void {
    const words = text.match(/\S+/gu)?.length ?? 0;
    const count = (number: number, what: string): string =>
      `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;
    this.#size.textContent = `${count(words, 'word')}, ${count(text.length, 'character')}`;
  }
}

export function find(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
}
