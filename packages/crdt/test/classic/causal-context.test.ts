/** A causal context is a set of dots, however they came in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/bytes.ts';
import { CausalContext } from '../../src/causal-context.ts';

const dots = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 14 })), { maxLength: 40 });

function contextOf(list: readonly (readonly [number, number])[]): CausalContext {
  return CausalContext.of(list.flat());
}

/** Every dot that it says it has, and the next of each replica. */
function seen(context: CausalContext): { dots: string[]; next: number[] } {
  const all: string[] = [];
  for (let replica = 0; replica < 5; replica += 1) {
    for (let counter = 1; counter < 17; counter += 1) {
      if (context.has(replica, counter)) all.push(`${replica}.${counter}`);
    }
  }
  return { dots: all, next: [0, 1, 2, 3, 4].map((replica) => context.next(replica)) };
}

function expected(list: readonly (readonly [number, number])[]): ReturnType<typeof seen> {
  const order = list.toSorted(([a, i], [b, j]) => a - b || i - j);
  return {
    dots: [...new Set(order.map(([replica, counter]) => `${replica}.${counter}`))],
    next: [0, 1, 2, 3, 4].map(
      (replica) => 1 + Math.max(0, ...list.map(([id, nth]) => (id === replica ? nth : 0))),
    ),
  };
}

describe('a causal context', () => {
  it('has the dots that were added, one by one, together, or by another context', () => {
    fc.assert(
      fc.property(dots, dots, (left, right) => {
        const both = [...left, ...right];
        const one = new CausalContext();
        for (const [replica, counter] of both) one.add(replica, counter);
        expect(seen(one)).toEqual(expected(both));
        const joined = contextOf(left);
        joined.absorb(contextOf(right));
        expect(seen(joined)).toEqual(expected(both));
        expect(seen(contextOf(both))).toEqual(expected(both));
      }),
    );
  });

  it('comes back from its bytes, which leave out single dots that are shown', () => {
    fc.assert(
      fc.property(dots, dots, fc.boolean(), (list, shown, mark) => {
        const context = contextOf([...list, ...shown]);
        const writer = new ByteWriter();
        context.write(writer, mark, contextOf(shown));
        const reader = new ByteReader(writer.take());
        const read = CausalContext.read(reader);
        reader.finish();
        read.context.absorb(contextOf(shown));
        expect(seen(read.context)).toEqual(seen(context));
        expect(read.mark).toBe(mark);
      }),
    );
  });
});
