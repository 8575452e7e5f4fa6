/** The document against the naive one: random edits on random branches, merged in random orders. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchorAt, positionOf, Text } from '../../src/index.ts';
import { NaiveText } from '../naive/naive-text.ts';

const step = fc.record({
  who: fc.nat(3),
  action: fc.constantFrom(
    'insert',
    'insert',
    'type',
    'delete',
    'backspace',
    'merge',
    'merge',
    'reload',
  ),
  at: fc.nat(1_000_000),
  size: fc.integer({ min: 1, max: 6 }),
  from: fc.nat(3),
});

interface Author {
  text: Text;
  readonly naive: NaiveText;
  readonly known: Set<string>;
  cursor: number;
}

type Logged = Parameters<NaiveText['apply']>[0];

class Group {
  readonly log: Logged[] = [];
  readonly authors: Author[];

  constructor(replicas: readonly number[]) {
    this.authors = replicas.map((replica) => ({
      text: new Text({ replica }),
      naive: new NaiveText(),
      known: new Set<string>(),
      cursor: 0,
    }));
  }

  record(author: Author, position: number, character: string | undefined): void {
    const { replica } = author.text;
    const sequence = [...author.known].filter((id) => id.startsWith(`${replica}:`)).length;
    const id = `${replica}:${sequence}`;
    const event = { id, replica, sequence, known: new Set(author.known), position, character };
    this.log.push(event);
    author.naive.apply(event);
    author.known.add(id);
  }

  merge(author: Author, other: Author, split: number): void {
    const update = other.text.updateSince(author.text.known());
    author.text.apply(update);
    // Once more, in two halves of single edits: nothing may change.
    if (split % 3 === 0) author.text.apply(update);
    for (const event of this.log) {
      if (!other.known.has(event.id)) continue;
      author.naive.apply(event);
      author.known.add(event.id);
    }
    author.cursor = Math.min(author.cursor, author.text.length);
  }
}

function perform(group: Group, { who, action, at, size, from }: StepOf): void {
  const author = group.authors[who] as Author;
  const { text } = author;
  const position = at % (text.length + 1);
  if (action === 'merge') group.merge(author, group.authors[from] as Author, at);
  else if (action === 'reload') author.text = Text.load(text.save(), { replica: text.replica });
  else if (action === 'insert' || action === 'type') {
    const place = action === 'type' ? author.cursor : position;
    const word = 'abcdef'.slice(0, size);
    text.insert(place, word);
    for (const [offset, letter] of [...word].entries())
      group.record(author, place + offset, letter);
    author.cursor = place + size;
  } else if (text.length > 0) {
    const place = action === 'backspace' ? Math.max(0, author.cursor - 1) : position % text.length;
    const count = action === 'backspace' ? 1 : Math.min(size, text.length - place);
    if (place >= text.length) return;
    text.delete(place, count);
    for (let index = 0; index < count; index += 1) group.record(author, place, undefined);
    author.cursor = place;
  }
}

type StepOf = typeof step extends fc.Arbitrary<infer Step> ? Step : never;

describe('text and its naive double', () => {
  it('agree after every edit and every merge, whoever is called what', () => {
    const replicas = fc.shuffledSubarray([0, 1, 77, 2 ** 32 - 1], { minLength: 4 });
    fc.assert(
      fc.property(replicas, fc.array(step, { maxLength: 60 }), (names, steps) => {
        const group = new Group(names);
        for (const one of steps) {
          perform(group, one);
          const author = group.authors[one.who] as Author;
          expect(author.text.toString()).toBe(author.naive.toString());
        }
        const everybody = group.authors;
        for (const author of everybody)
          for (const other of everybody) group.merge(author, other, 0);
        expect(new Set(everybody.map(({ text }) => text.toString())).size).toBe(1);
        expect(everybody[0]?.naive.toString()).toBe(everybody[0]?.text.toString());
      }),
      { numRuns: 300 },
    );
  });

  it('changes told to a listener turn the old text into the new one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const group = new Group([3, 1, 2, 4]);
        const mirrors = group.authors.map(() => '');
        group.authors.forEach(({ text }, index) => {
          text.onChange(({ position, deleted, inserted }) => {
            const old = mirrors[index] as string;
            mirrors[index] = old.slice(0, position) + inserted + old.slice(position + deleted);
          });
        });
        for (const one of steps) if (one.action !== 'reload') perform(group, one);
        expect(mirrors).toEqual(group.authors.map(({ text }) => text.toString()));
      }),
      { numRuns: 200 },
    );
  });

  it('an anchor stays with its character at every replica', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(1000), (steps, at) => {
        const group = new Group([3, 1, 2, 4]);
        const [first, second] = group.authors as [Author, Author];
        first.text.insert(0, '<');
        const marked = first.text.insert(1, '#');
        first.text.insert(2, '>');
        second.text.apply(first.text.updateSince());
        const anchors = [
          anchorAt(first.text, 1, 'right'),
          anchorAt(first.text, 2, 'left'),
        ] as const;
        for (const { who, action, at: place, from } of steps) {
          const text = (group.authors[who] as Author).text;
          const other = (group.authors[from] as Author).text;
          if (action === 'merge') text.apply(other.updateSince(text.known()));
          else text.insert(place % (text.length + 1), `${at % 10}`);
        }
        expect(marked.length).toBeGreaterThan(0);
        for (const { text } of group.authors) {
          const place = text.toString().indexOf('#');
          const found = anchors.map((anchor) => positionOf(text, anchor));
          expect(found).toEqual(place < 0 ? [undefined, undefined] : [place, place + 1]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
