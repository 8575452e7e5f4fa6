/** No run typed by one person is split by what another types at the same place. */
import { describe, expect, it } from 'vitest';
import { Text } from '../../src/index.ts';

const ids = [1, 2, 3] as const;
const assignments = ids.flatMap((a) =>
  ids.flatMap((b) =>
    ids.flatMap((c) => (new Set([a, b, c]).size === 3 ? [[a, b, c] as const] : [])),
  ),
);

function typed(text: Text, position: number, word: string): void {
  for (const [index, character] of [...word].entries()) text.insert(position + index, character);
}

function typedBackward(text: Text, position: number, word: string): void {
  for (const character of [...word].toReversed()) text.insert(position, character);
}

/** Everybody learns everything; returns the text they agree on. */
function exchange(...texts: Text[]): string {
  for (const text of texts) for (const other of texts) text.apply(other.updateSince(text.known()));
  const ends = new Set(texts.map(String));
  expect(ends.size).toBe(1);
  return [...ends][0] as string;
}

describe.each(assignments)('for replicas %i, %i and %i', (first, second, third) => {
  it('words typed forward at one place stay whole', () => {
    const a = new Text({ replica: first });
    const b = new Text({ replica: second });
    typed(a, 0, 'Hello');
    typed(b, 0, 'reader');
    expect(['Helloreader', 'readerHello']).toContain(exchange(a, b));
  });

  it('words typed backward at one place stay whole', () => {
    const a = new Text({ replica: first });
    const b = new Text({ replica: second });
    typedBackward(a, 0, 'Hello');
    typedBackward(b, 0, 'reader');
    expect(['Helloreader', 'readerHello']).toContain(exchange(a, b));
  });

  it('what one puts before what it sees is not parted from it by a third', () => {
    const a = new Text({ replica: first });
    const b = new Text({ replica: second });
    const c = new Text({ replica: third });
    c.insert(0, 'b');
    a.apply(c.updateSince());
    a.insert(0, 'a');
    b.insert(0, 'x');
    expect(['abx', 'xab']).toContain(exchange(a, b, c));
  });

  it('a phrase written with the cursor going back stays whole', () => {
    const a = new Text({ replica: first });
    const b = new Text({ replica: second });
    a.insert(0, 'Hello!');
    b.apply(a.updateSince());
    typed(a, 5, ' reader');
    typed(a, 5, ' dear');
    typed(b, 5, ' Alice');
    expect(['Hello dear reader Alice!', 'Hello Alice dear reader!']).toContain(exchange(a, b));
  });
});
