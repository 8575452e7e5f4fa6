import { crc32 as zlibCrc32 } from 'node:zlib';
import {
  checkBatch,
  checkLimits,
  compareBytes,
  crc32,
  DEFAULT_LIMITS,
  prefixBounds,
  withinBounds,
} from '@ds/storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useHostCrc32 } from '../../src/checksum.ts';

describe('crc32', () => {
  it('gives the known answers', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
    expect(crc32(Buffer.from('The quick brown fox jumps over the lazy dog'))).toBe(0x414fa339);
    expect(crc32(new Uint8Array(32))).toBe(0x190a55ad);
    expect(crc32(new Uint8Array(32).fill(0xff))).toBe(0xff6cab0b);
  });

  // zlib has it from Node 20.15 and 22.2 on.
  it('agrees with zlib for any bytes, any part of them, in any pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), (bytes, a, b) => {
        const start = Math.min(a, b, bytes.length);
        const end = Math.min(Math.max(a, b), bytes.length);
        const middle = (start + end) >>> 1;
        const wanted = zlibCrc32(bytes.subarray(start, end));
        expect(crc32(bytes, start, end)).toBe(wanted);
        expect(crc32(bytes, middle, end, crc32(bytes, start, middle))).toBe(wanted);
      }),
    );
  });
});

describe('the CRC-32 of the host', () => {
  it('is refused when it computes something else', () => {
    expect(() => useHostCrc32(() => 0)).toThrow(RangeError);
  });

  it('does the long ones, in any part and any pieces, and is asked for no short one', () => {
    const lengths: number[] = [];
    useHostCrc32((bytes, seed) => {
      lengths.push(bytes.length);
      return zlibCrc32(bytes, seed);
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 300, maxLength: 500 }), fc.nat(500), (bytes, a) => {
        const start = a % bytes.length;
        const wanted = zlibCrc32(bytes.subarray(start), zlibCrc32(bytes.subarray(0, start)));
        expect(crc32(bytes, start, bytes.length, crc32(bytes, 0, start))).toBe(wanted);
      }),
    );
    expect(lengths.length).toBeGreaterThan(1);
    expect(Math.min(...lengths)).toBeGreaterThan(100);
  });
});

describe('byte strings', () => {
  const bytes = fc.uint8Array({ maxLength: 6 });
  const pair = fc.oneof(
    fc.tuple(bytes, bytes),
    // One a prefix of the other.
    fc.tuple(bytes, bytes).map(([a, b]) => [a, Uint8Array.of(...a, ...b)] as const),
  );

  it('compare as Buffer.compare does', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(Math.sign(compareBytes(b, a))).toBe(Buffer.compare(b, a));
      }),
    );
  });

  it('lie within bounds as their order says', () => {
    fc.assert(
      fc.property(bytes, pair, (key, [from, to]) => {
        const above = Buffer.compare(key, from);
        const below = Buffer.compare(key, to);
        expect(withinBounds(key, { gte: from, lt: to })).toBe(above >= 0 && below < 0);
        expect(withinBounds(key, { gt: from, lte: to })).toBe(above > 0 && below <= 0);
        expect(withinBounds(key, {})).toBe(true);
      }),
    );
  });
});

describe('the bounds of a prefix', () => {
  it('hold the keys that begin with it, and no others', () => {
    const few = fc.uint8Array({ maxLength: 4 }).map((key) => key.map((byte) => byte | 0xfc));
    fc.assert(
      fc.property(few, few, (prefix, key) => {
        const begins = prefix.every((byte, i) => key[i] === byte);
        expect(withinBounds(key, prefixBounds(prefix))).toBe(begins);
      }),
    );
  });
});

describe('the checks of input', () => {
  it('refuse limits that leave no room for a key, and values that are no numbers', () => {
    expect(() => checkLimits(DEFAULT_LIMITS)).not.toThrow();
    for (const maxKeyBytes of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => checkLimits({ maxKeyBytes, maxValueBytes: 1 })).toThrow(RangeError);
    }
    expect(() => checkLimits({ maxKeyBytes: 1, maxValueBytes: -1 })).toThrow(RangeError);
  });

  it('refuse an operation that is none', () => {
    const batch = [{ type: 'merge', key: Uint8Array.of(1) }] as never;
    expect(() => checkBatch(batch, DEFAULT_LIMITS)).toThrow("no operation is called 'merge'");
  });
});
