/** Bytes from anybody: they are refused with an error of ours, or are the one encoding there is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CausalContext,
  ClockError,
  DottedVersionVector,
  decodeCausalContext,
  decodeDottedVersionVector,
  decodeIntervalTreeClock,
  decodeLamport,
  decodeSiblingSet,
  decodeVersionVector,
  encodeCausalContext,
  encodeDottedVersionVector,
  encodeIntervalTreeClock,
  encodeLamport,
  encodeSiblingSet,
  encodeVersionVector,
  IntervalTreeClock,
  SiblingSet,
  VersionVector,
} from '../../src/index.ts';

interface Format {
  /** Decodes and encodes again. */
  readonly again: (bytes: Uint8Array) => Uint8Array;
  readonly sample: fc.Arbitrary<Uint8Array>;
}

const id = fc.constantFrom('a', 'b', 'c', 'lång', '__proto__');
const count = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.maxSafeNat());
const vector = fc
  .array(fc.tuple(id, count), { maxLength: 5 })
  .map((entries) => VersionVector.from(entries));
const copy = (value: Uint8Array) => value.slice();
const siblings = fc
  .array(fc.tuple(id, fc.uint8Array({ maxLength: 3 }), fc.boolean()), { maxLength: 8 })
  .map((writes) =>
    writes.reduce(
      (set, [server, value, read]) =>
        set.write(server, value, read ? set.join() : new VersionVector()),
      SiblingSet.empty<Uint8Array>(),
    ),
  );
const context = fc
  .tuple(fc.array(fc.tuple(id, fc.integer({ min: 1, max: 12 }))), vector)
  .map(([dots, known]) => {
    const result = new CausalContext(known);
    for (const [name, counter] of dots) result.add(name, counter);
    return result;
  });
const stamp = fc.array(fc.tuple(fc.nat(), fc.nat(2)), { maxLength: 25 }).map((steps) => {
  const stamps = [IntervalTreeClock.seed()];
  for (const [at, kind] of steps) {
    const place = at % stamps.length;
    if (kind === 0) stamps.push(...stamps[place]!.fork().splice(1), stamps[place]!.peek());
    else if (!stamps[place]!.isAnonymous) stamps[place] = stamps[place]!.event();
  }
  return stamps.at(-1)!;
});

const formats: Record<string, Format> = {
  'version vectors': {
    again: (bytes) => encodeVersionVector(decodeVersionVector(bytes)),
    sample: vector.map(encodeVersionVector),
  },
  'Lamport timestamps': {
    again: (bytes) => encodeLamport(decodeLamport(bytes)),
    sample: fc.record({ id, time: count }).map(encodeLamport),
  },
  'interval tree clocks': {
    again: (bytes) => encodeIntervalTreeClock(decodeIntervalTreeClock(bytes)),
    sample: stamp.map(encodeIntervalTreeClock),
  },
  'dotted version vectors': {
    again: (bytes) => encodeDottedVersionVector(decodeDottedVersionVector(bytes)),
    sample: fc
      .tuple(id, vector)
      .filter(([name, read]) => read.get(name) < Number.MAX_SAFE_INTEGER)
      .map(([name, read]) => encodeDottedVersionVector(DottedVersionVector.write(name, read))),
  },
  'sets of siblings': {
    again: (bytes) => encodeSiblingSet(decodeSiblingSet(bytes, copy), copy),
    sample: siblings.map((set) => encodeSiblingSet(set, copy)),
  },
  'causal contexts': {
    again: (bytes) => encodeCausalContext(decodeCausalContext(bytes)),
    sample: context.map(encodeCausalContext),
  },
};

describe.each(Object.entries(formats))('the encoding of %s', (_name, { again, sample }) => {
  const refusedOrSame = (bytes: Uint8Array): void => {
    try {
      expect(again(bytes)).toEqual(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ClockError);
      expect(error).toMatchObject({ code: 'CLOCK_MALFORMED' });
    }
  };

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(sample, (bytes) => {
        expect(again(bytes)).toEqual(bytes);
      }),
    );
  });

  it('is refused with a byte changed, or is another one', () => {
    fc.assert(
      fc.property(sample, fc.nat(), fc.nat(255), (bytes, at, value) => {
        bytes[at % bytes.length] = value;
        refusedOrSame(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused when cut short, and with anything behind it', () => {
    fc.assert(
      fc.property(sample, (bytes) => {
        for (let end = 0; end < bytes.length; end += 1)
          expect(() => again(bytes.subarray(0, end))).toThrow(ClockError);
        expect(() => again(Uint8Array.of(...bytes, 0))).toThrow(ClockError);
      }),
    );
  });

  it('is refused, or one that is, when it is noise behind the right first byte', () => {
    fc.assert(
      fc.property(sample, fc.uint8Array({ maxLength: 40 }), (bytes, noise) => {
        refusedOrSame(Uint8Array.of(bytes[0]!, ...noise));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('bytes that promise much', () => {
  it('make nothing large: counts are held against the bytes that are there', () => {
    for (const format of [0x11, 0x51]) {
      const promise = Uint8Array.of(format, 0xff, 0xff, 0x03);
      const decode = format === 0x11 ? decodeVersionVector : decodeSiblingSet;
      expect(() => decode(promise, copy)).toThrow(/too many/);
    }
  });

  it('nest no deeper than 256 halvings', () => {
    for (const deep of [0b01010101, 0b10101010]) {
      const bytes = Uint8Array.of(0x31, ...new Array(10_000).fill(deep));
      expect(() => decodeIntervalTreeClock(bytes)).toThrow(/too deep/);
    }
    const events = Uint8Array.of(0x31, 0b00000000, ...new Array(10_000).fill(0));
    expect(() => decodeIntervalTreeClock(events)).toThrow(/too deep/);
  });
});
