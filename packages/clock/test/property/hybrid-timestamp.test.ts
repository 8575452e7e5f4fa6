import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareTimestamps,
  formatDecimalTimestamp,
  formatTimestamp,
  nextTimestamp,
  parseDecimalTimestamp,
  parseTimestamp,
  previousTimestamp,
  readTimestamp,
  timestampFromBigInt,
  timestampToBigInt,
  writeTimestamp,
} from '../../src/index.ts';

const wallMs = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 48 - 1 }));
const small = fc.record({ wallMs, logical: fc.oneof(fc.nat(3), fc.nat(0xffff)) });
const any = fc.record({ wallMs, logical: fc.nat(2 ** 31 - 1) });

describe('hybrid timestamps', () => {
  it('keep their order in 64 bits, as a number and as bytes, and come back unchanged', () => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        const order = Math.sign(compareTimestamps(a, b));
        const [x, y] = [timestampToBigInt(a), timestampToBigInt(b)];
        expect(x < y ? -1 : x > y ? 1 : 0).toBe(order);
        const [left, right] = [new Uint8Array(10), new Uint8Array(10)];
        writeTimestamp(a, left, 1);
        writeTimestamp(b, right, 1);
        expect(Math.sign(Buffer.compare(left, right))).toBe(order);
        expect([timestampFromBigInt(x), readTimestamp(left, 1)]).toEqual([a, a]);
        expect([left[0], left[9]]).toEqual([0, 0]);
      }),
    );
  });

  it('come back from both kinds of text', () => {
    fc.assert(
      fc.property(any, fc.constantFrom('ms', 'us', 'ns'), (a, unit) => {
        expect(parseTimestamp(formatTimestamp(a, unit), unit)).toEqual(a);
        expect(parseDecimalTimestamp(formatDecimalTimestamp(a))).toEqual(a);
      }),
    );
  });

  it('have a next that is greater, and is the previous one turned round', () => {
    fc.assert(
      fc.property(any, (a) => {
        const next = nextTimestamp(a);
        expect(compareTimestamps(next, a)).toBeGreaterThan(0);
        expect(previousTimestamp(next)).toEqual(a);
      }),
    );
  });

  it('that do not fit 64 bits are refused, and so is what is no timestamp', () => {
    for (const unfit of [
      { wallMs: 2 ** 48, logical: 0 },
      { wallMs: -1, logical: 0 },
      { wallMs: 0.5, logical: 0 },
      { wallMs: 0, logical: 2 ** 16 },
    ]) {
      expect(() => timestampToBigInt(unfit)).toThrow(RangeError);
      expect(() => writeTimestamp(unfit, new Uint8Array(8))).toThrow(RangeError);
    }
    const malformed = expect.objectContaining({ code: 'CLOCK_MALFORMED' });
    for (const bits of [-1n, 1n << 64n]) expect(() => timestampFromBigInt(bits)).toThrow(malformed);
    expect(() => readTimestamp(new Uint8Array(8), 1)).toThrow(malformed);
    expect(() => readTimestamp(new Uint8Array(8), -1)).toThrow(malformed);
    expect(() => writeTimestamp({ wallMs: 0, logical: 0 }, new Uint8Array(7))).toThrow(RangeError);
  });
});
