/** A version vector is a set of updates, and its operations are those of sets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Causality,
  ClockError,
  decodeVersionVector,
  encodeVersionVector,
  VersionVector,
} from '../../src/index.ts';

const id = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'ü', '\u{1F600}', '\uFEFF', '\uFFFD'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);
const entries = fc.array(fc.tuple(id, fc.nat(4)), { maxLength: 8 });
const vector = entries.map((list) => VersionVector.from(list));
const copied = (original: VersionVector) => VersionVector.from([...original]);

/** The set of dots that a vector stands for. */
function dots(of: VersionVector): Set<string> {
  const all = new Set<string>();
  for (const [name, counter] of of)
    for (let i = 1; i <= counter; i += 1) all.add(JSON.stringify([name, i]));
  return all;
}

function compareSets(a: Set<string>, b: Set<string>): Causality {
  const [inB, inA] = [[...a].every((x) => b.has(x)), [...b].every((x) => a.has(x))];
  if (inA && inB) return 'equal';
  if (inB) return 'before';
  return inA ? 'after' : 'concurrent';
}

describe('a version vector', () => {
  it('compares as the set of its updates does, before and after lists of ids are shared', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const expected = compareSets(dots(a), dots(b));
        expect(a.compare(b)).toBe(expected);
        expect(a.compare(b)).toBe(expected);
        const clone = a.clone();
        expect([clone.compare(a), clone.compare(b)]).toEqual(['equal', expected]);
      }),
    );
  });

  it('merges to the union, meets in the intersection, and says what is new', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const [before, theirs] = [dots(a), dots(b)];
        const merged = copied(a);
        expect(merged.merge(b)).toBe(['before', 'concurrent'].includes(a.compare(b)));
        expect(dots(merged)).toEqual(new Set([...before, ...theirs]));
        expect(merged.merge(b)).toBe(false);
        const common = [...before].filter((dot) => theirs.has(dot));
        expect(dots(a.meet(b))).toEqual(new Set(common));
        expect([dots(a), dots(b)]).toEqual([before, theirs]);
      }),
    );
  });

  it('names with `since` exactly the updates that another lacks', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const missing = a
          .since(b)
          .flatMap(({ id: name, from, to }) =>
            Array.from({ length: to - from + 1 }, (_, i) => JSON.stringify([name, from + i])),
          );
        const theirs = dots(b);
        expect(new Set(missing)).toEqual(new Set([...dots(a)].filter((dot) => !theirs.has(dot))));
      }),
    );
  });

  it('merges in any order and any grouping to the same, and a copy stays as it was', () => {
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        const join = (x: VersionVector, y: VersionVector): VersionVector => {
          const result = x.clone();
          result.merge(y);
          return result;
        };
        const before = a.toJSON();
        expect(join(a, b).compare(join(b, a))).toBe('equal');
        expect(join(join(a, b), c).compare(join(a, join(b, c)))).toBe('equal');
        expect(join(a, a).compare(a)).toBe('equal');
        expect(a.toJSON()).toEqual(before);
      }),
    );
  });

  it('counts each replica by itself', () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 30 }), (ids) => {
        const counted = new VersionVector();
        const expected = new Map<string, number>();
        for (const name of ids) {
          const counter = counted.increment(name);
          expected.set(name, (expected.get(name) ?? 0) + 1);
          expect(counter).toBe(expected.get(name));
        }
        expect(new Map(counted)).toEqual(expected);
        for (const [name, counter] of expected) {
          expect(counted.covers(name, counter)).toBe(true);
          expect(counted.covers(name, counter + 1)).toBe(false);
        }
      }),
    );
  });

  it('reads back what it wrote, and equal vectors have equal bytes', () => {
    fc.assert(
      fc.property(vector, (a) => {
        const bytes = encodeVersionVector(a);
        expect(decodeVersionVector(bytes).compare(a)).toBe('equal');
        expect(encodeVersionVector(copied(a))).toEqual(bytes);
      }),
    );
  });

  it('refuses all other bytes with an error of its own, and takes no two for one vector', () => {
    fc.assert(
      fc.property(vector, fc.array(fc.tuple(fc.nat(), fc.nat(255))), (a, changes) => {
        const bytes = encodeVersionVector(a);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          expect(encodeVersionVector(decodeVersionVector(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ClockError);
          expect(error).toMatchObject({ code: 'CLOCK_MALFORMED' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses ids and counters that are none, and stops at the largest counter', () => {
    const full = VersionVector.from([['a', Number.MAX_SAFE_INTEGER]]);
    expect(() => full.increment('a')).toThrow(expect.objectContaining({ code: 'CLOCK_EXHAUSTED' }));
    for (const name of ['', '\uD800', 'x'.repeat(129), 'ü'.repeat(65)])
      expect(() => full.increment(name)).toThrow(RangeError);
    for (const counter of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => full.advance('a', counter)).toThrow(RangeError);
    expect(full.toJSON()).toEqual({ a: Number.MAX_SAFE_INTEGER });
  });

  it('names at most 65,536 replicas', () => {
    const bytes = [0x11, 0x80, 0x80, 0x04];
    const ids = Array.from({ length: 2 ** 16 }, (_, i) => String(i).padStart(5, '0'));
    for (const name of ids) bytes.push(5, ...new TextEncoder().encode(name), 1);
    const large = decodeVersionVector(Uint8Array.from(bytes));
    expect(large.size).toBe(2 ** 16);
    expect(() => large.increment('one more')).toThrow(
      expect.objectContaining({ code: 'CLOCK_LIMIT' }),
    );
    expect(() => large.merge(VersionVector.from([['one more', 1]]))).toThrow(ClockError);
    expect(large.size).toBe(2 ** 16);
  });
});
