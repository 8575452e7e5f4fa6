/** Every version that anybody had can be read again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KnownEvents, Text } from '../../src/index.ts';

const step = fc.record({
  who: fc.nat(2),
  action: fc.constantFrom('insert', 'insert', 'delete', 'merge'),
  at: fc.nat(1_000_000),
  from: fc.nat(2),
});

describe('an earlier version', () => {
  it('reads as it did for whoever had it, at every replica that knows it, also after a reload', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const texts = [1, 2, 3].map((replica) => new Text({ replica })) as [Text, Text, Text];
        const versions: { known: KnownEvents; text: string }[] = [];
        for (const { who, action, at, from } of steps) {
          const text = texts[who] as Text;
          const other = texts[from] as Text;
          const position = at % (text.length + 1);
          if (action === 'merge') text.apply(other.updateSince(text.known()));
          else if (action === 'insert') text.insert(position, 'abc'.slice(at % 3));
          else if (position < text.length) text.delete(position);
          versions.push({ known: text.known(), text: text.toString() });
        }
        const [reader] = texts;
        for (const text of texts) reader.apply(text.updateSince(reader.known()));
        const reloaded = Text.load(reader.save(), { replica: 9 });
        for (const { known, text } of versions) {
          expect(reader.at(known)).toBe(text);
          expect(reloaded.at(known)).toBe(text);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('that nobody had, or that is not known here, is refused', () => {
    const [alice, bob] = [new Text({ replica: 1 }), new Text({ replica: 2 })];
    alice.insert(0, 'one');
    bob.apply(alice.updateSince());
    bob.insert(3, ' two');
    expect(() => alice.at(bob.known())).toThrow(RangeError);
    alice.apply(bob.updateSince(alice.known()));
    expect(() => alice.at(new Map([[2, 4]]))).toThrow(RangeError);
    expect(alice.at(new Map([[1, 3]]))).toBe('one');
    expect(alice.at(new Map())).toBe('');
  });
});
