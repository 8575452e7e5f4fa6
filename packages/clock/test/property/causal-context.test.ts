/** A causal context is any set of updates. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CausalContext, encodeCausalContext, VersionVector } from '../../src/index.ts';

const dots = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 9 })));

function contextOf(list: readonly (readonly [string, number])[]): CausalContext {
  const context = new CausalContext();
  for (const [id, counter] of list) context.add(id, counter);
  return context;
}

const setOf = (list: readonly (readonly [string, number])[]) => new Set(list.map(String));

describe('a causal context', () => {
  it('covers what was added, and says what is new', () => {
    fc.assert(
      fc.property(dots, (list) => {
        const context = new CausalContext();
        const all = new Set<string>();
        for (const [id, counter] of list) {
          expect(context.add(id, counter)).toBe(!all.has(`${id},${counter}`));
          all.add(`${id},${counter}`);
        }
        for (const id of ['a', 'b', 'c'])
          for (let counter = 1; counter < 12; counter += 1)
            expect(context.covers(id, counter)).toBe(all.has(`${id},${counter}`));
        const covered = [...context.vector].reduce((sum, [, counter]) => sum + counter, 0);
        expect([...context.loose()].length + covered).toBe(all.size);
      }),
    );
  });

  it('merges to the union and compares as sets do', () => {
    fc.assert(
      fc.property(dots, dots, (one, other) => {
        const [a, b] = [contextOf(one), contextOf(other)];
        const [x, y] = [setOf(one), setOf(other)];
        const inOther = [...x].every((dot) => y.has(dot));
        const inOne = [...y].every((dot) => x.has(dot));
        const both = inOther && inOne ? 'equal' : 'before';
        expect(a.compare(b)).toBe(inOther ? both : inOne ? 'after' : 'concurrent');
        const merged = a.clone();
        expect(merged.merge(b)).toBe(!inOne);
        expect(encodeCausalContext(merged)).toEqual(
          encodeCausalContext(contextOf([...one, ...other])),
        );
        expect(encodeCausalContext(a)).toEqual(encodeCausalContext(contextOf(one)));
      }),
    );
  });

  it('names our own updates without gaps, and refuses to when it has lost some', () => {
    const context = new CausalContext(VersionVector.from([['a', 2]]));
    expect([context.next('a'), context.next('a')].map(({ counter }) => counter)).toEqual([3, 4]);
    context.add('a', 9);
    expect(() => context.next('a')).toThrow(expect.objectContaining({ code: 'CLOCK_AMNESIA' }));
  });
});
