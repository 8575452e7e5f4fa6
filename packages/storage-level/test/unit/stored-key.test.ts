import { compareBytes } from '@ds/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromStoredKey, successor, toStoredKey } from '../../src/stored-key.ts';

/** Many zeros, so that the keys which are stored otherwise occur. */
const key: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(255)), { maxLength: 6 })
  .map((bytes) => Uint8Array.from(bytes));

it('a stored key is never empty, and is the same key again when it is read', () => {
  fc.assert(
    fc.property(key, (original) => {
      const stored = toStoredKey(original);
      expect(stored.length).toBeGreaterThan(0);
      expect(fromStoredKey(stored)).toEqual(original);
    }),
  );
});

it('keys are stored in their order', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const stored = compareBytes(toStoredKey(a), toStoredKey(b));
      expect(Math.sign(stored)).toBe(Math.sign(compareBytes(a, b)));
    }),
  );
});

it('every key but those of zeros is stored as it is', () => {
  const text = new TextEncoder().encode('!users!ada');
  expect(toStoredKey(text)).toBe(text);
  expect(toStoredKey(Uint8Array.of(0, 1))).toEqual(Uint8Array.of(0, 1));
  expect(toStoredKey(Uint8Array.of())).toEqual(Uint8Array.of(0));
});

it('nothing lies between a key and its successor', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const isAfter = compareBytes(b, a) > 0;
      expect(compareBytes(b, successor(a)) >= 0).toBe(isAfter);
    }),
  );
});
