/** What a change costs on the wire, encoded alone. */
import { describe, expect, it } from 'vitest';
import { encode, gCounter, orSet, pnCounter, Text } from '../../src/index.ts';

describe('a delta on the wire', () => {
  it('of a counter takes at most 8 bytes, up to replica 127 and four billion', () => {
    const state = gCounter.mutators.increment(gCounter.initial(), 127, 2 ** 32 - 2);
    const delta = gCounter.mutators.increment(state, 127);
    expect(encode(gCounter, delta).length).toBeLessThanOrEqual(8);
    const taken = pnCounter.mutators.decrement(pnCounter.initial(), 127, 2 ** 28 - 1);
    expect(encode(pnCounter, taken).length).toBeLessThanOrEqual(8);
  });

  it('of a counter takes at most 8 bytes for a replica of 28 random bits, up to 16,383', () => {
    const delta = gCounter.mutators.increment(gCounter.initial(), 2 ** 28 - 1, 2 ** 14 - 1);
    expect(encode(gCounter, delta).length).toBeLessThanOrEqual(8);
  });

  it('that adds to a set takes at most 6 bytes besides the element, up to the 8,191st', () => {
    const set = orSet<string>();
    const state = set.initial();
    for (let count = 1; count < 8191; count += 1) {
      set.absorb(state, set.mutators.add(state, 127, `${count}`));
    }
    for (const element of ['milk', 'an element of thirty-nine bytes in all.']) {
      const bytes = encode(set, set.mutators.add(state, 127, element));
      // An element is its length, one byte, and its characters.
      expect(bytes.length - (1 + element.length)).toBeLessThanOrEqual(6);
    }
  });

  it('of a keystroke takes at most 8 bytes', () => {
    const text = new Text({ replica: 2 ** 28 - 1 });
    text.insert(0, 'x'.repeat(10_000));
    expect(text.insert(10_000, 'y').length).toBeLessThanOrEqual(8);
    expect(text.delete(10_000).length).toBeLessThanOrEqual(8);
  });
});
