import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameMessage } from '../../src/conformance.ts';
import { copyPlain, measurePlain } from '../../src/index.ts';
import { plainMessages, unplainMessages } from '../../src/plain-cases.ts';

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
    ),
  ),
})).value;

describe('plain data', () => {
  it('is measured as MessagePack would write it', () => {
    for (const { message } of plainMessages)
      expect(measurePlain(message)).toBe(encode(message).length);
    fc.assert(fc.property(plain, (message) => measurePlain(message) === encode(message).length));
  });

  it('is copied deeply, with -0 as 0', () => {
    for (const { message, arrives } of plainMessages) {
      expect(sameMessage(copyPlain(message), arrives)).toBe(true);
    }
    fc.assert(
      fc.property(plain, (message) => {
        const copy = copyPlain(message);
        expect(sharesNothing(copy, message)).toBe(true);
        return measurePlain(copy) === measurePlain(message);
      }),
    );
  });

  it('shares no byte with any other copy, whatever their lengths', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 40 });
    fc.assert(
      fc.property(lengths, (lengths) => {
        const copies = lengths.map((length, at) => copyPlain(new Uint8Array(length).fill(at + 1)));
        return copies.every(
          (copy, at) => copy.length === lengths[at] && copy.every((byte) => byte === at + 1),
        );
      }),
    );
  });

  it('is nothing else, and the error names the path', () => {
    for (const { message } of unplainMessages) {
      expect(() => measurePlain(message)).toThrow(/plain data/);
      expect(() => copyPlain(message)).toThrow(/plain data/);
    }
    expect(() => measurePlain({ a: [1, { b: undefined }] })).toThrow(
      'a message is plain data, but message.a[1].b is undefined',
    );
  });
});

function sharesNothing(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null) return true;
  if (a === b) return false;
  return Object.keys(a).every((key) =>
    sharesNothing((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

/** A plain reading of the MessagePack specification, to hold the measure against. */
function encode(value: unknown): number[] {
  const text = new TextEncoder();
  const size = (n: number, bytes: number): number[] =>
    Array.from({ length: bytes }, (_, i) => Math.floor(n / 256 ** (bytes - 1 - i)) & 0xff);
  const header = (
    n: number,
    fix: [number, number] | undefined,
    codes: [number, number, number],
  ) => {
    if (fix && n <= fix[1]) return [fix[0] | n];
    if (codes[0] && n <= 0xff) return [codes[0], n];
    return n <= 0xffff ? [codes[1], ...size(n, 2)] : [codes[2], ...size(n, 4)];
  };
  if (value === null || typeof value === 'boolean') return [0xc0];
  if (typeof value === 'bigint') return new Array<number>(9).fill(0);
  if (typeof value === 'string') {
    const bytes = text.encode(value);
    return [...header(bytes.length, [0xa0, 31], [0xd9, 0xda, 0xdb]), ...bytes];
  }
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value >= 2 ** 32 || value < -(2 ** 31))
      return new Array<number>(9).fill(0);
    if (value >= -32 && value < 128) return [value & 0xff];
    const widths: [number, number, number][] = [
      [1, -0x80, 0xff],
      [2, -0x8000, 0xffff],
    ];
    const fits = widths.find(([, low, high]) => value >= low && value <= high);
    return [0xcc, ...size(value, fits ? fits[0] : 4)];
  }
  if (value instanceof Uint8Array)
    return [...header(value.length, undefined, [0xc4, 0xc5, 0xc6]), ...value];
  if (Array.isArray(value)) {
    return [...header(value.length, [0x90, 15], [0, 0xdc, 0xdd]), ...value.flatMap(encode)];
  }
  const fields = Object.entries(value as object);
  return [...header(fields.length, [0x80, 15], [0, 0xde, 0xdf]), ...fields.flat().flatMap(encode)];
}
