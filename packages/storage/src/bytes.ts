/** Byte strings: comparing them, and checking what callers hand to an engine. */
import { StorageError } from './errors.ts';
import type { Batch, Bounds } from './key-value-store.ts';

/**
 * Orders byte strings as unsigned bytes, a prefix before what it prefixes: negative, 0 or positive.
 * Cost: O(common prefix). A loop, since for keys of usual length it beats the native call.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The longest key and the longest value a store takes, in bytes. */
export interface Limits {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
}

/** What engines take unless told otherwise: keys of 16 KiB, values of 64 MiB. */
export const DEFAULT_LIMITS: Limits = { maxKeyBytes: 16 * 1024, maxValueBytes: 64 * 1024 * 1024 };

/** @throws {RangeError} unless both are whole numbers and a key has room for one byte. */
export function checkLimits({ maxKeyBytes, maxValueBytes }: Limits): void {
  checkWholeNumber('maxKeyBytes', maxKeyBytes, 1);
  checkWholeNumber('maxValueBytes', maxValueBytes, 0);
}

/** @throws {RangeError} unless `value` is a whole number of at least `least`. */
export function checkWholeNumber(name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new RangeError(`${name} is a whole number of at least ${least}, got ${value}`);
  }
}

/** @throws {StorageError} `STORAGE_INVALID_KEY` unless `key` is 1 to `maxKeyBytes` bytes. */
export function checkKey(key: Uint8Array, { maxKeyBytes }: Limits): void {
  if (!(key instanceof Uint8Array)) {
    throw new StorageError('STORAGE_INVALID_KEY', `a key is a Uint8Array, got ${typeof key}`);
  }
  if (key.length === 0)
    throw new StorageError('STORAGE_INVALID_KEY', 'a key has at least one byte');
  if (key.length > maxKeyBytes) {
    throw new StorageError(
      'STORAGE_INVALID_KEY',
      `a key of ${key.length} bytes exceeds the limit of ${maxKeyBytes}`,
    );
  }
}

/** @throws {StorageError} `STORAGE_INVALID_VALUE` if `value` is longer than `maxValueBytes`. */
export function checkValue(value: Uint8Array, { maxValueBytes }: Limits): void {
  if (!(value instanceof Uint8Array)) {
    throw new StorageError('STORAGE_INVALID_VALUE', `a value is a Uint8Array, got ${typeof value}`);
  }
  if (value.length > maxValueBytes) {
    throw new StorageError(
      'STORAGE_INVALID_VALUE',
      `a value of ${value.length} bytes exceeds the limit of ${maxValueBytes}`,
    );
  }
}

/** Checks every operation of a batch, so that an invalid one changes nothing. */
export function checkBatch(batch: Batch, limits: Limits): void {
  for (const operation of batch) {
    switch (operation.type) {
      case 'put':
        checkKey(operation.key, limits);
        checkValue(operation.value, limits);
        break;
      case 'delete':
        checkKey(operation.key, limits);
        break;
      case 'deleteRange':
        checkBound(operation.gte);
        checkBound(operation.lt);
        break;
      default: {
        const type = String((operation as { type: unknown }).type);
        throw new StorageError('STORAGE_INVALID_VALUE', `no operation is called '${type}'`);
      }
    }
  }
}

/**
 * Checks bounds: each is bytes of any length (an empty one, or one longer than any key, is a place
 * between keys), each side is given once, the limit is a whole number.
 * @throws {StorageError} `STORAGE_INVALID_RANGE`
 */
export function checkBounds(bounds: Bounds): void {
  const { gt, gte, lt, lte, limit } = bounds;
  checkBound(gt);
  checkBound(gte);
  checkBound(lt);
  checkBound(lte);
  if ((gt && gte) || (lt && lte)) {
    throw new StorageError('STORAGE_INVALID_RANGE', 'a side of a range is bounded once, not twice');
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw new StorageError('STORAGE_INVALID_RANGE', `a limit is a whole number, got ${limit}`);
  }
}

function checkBound(bound: Uint8Array | undefined): void {
  if (bound !== undefined && !(bound instanceof Uint8Array)) {
    throw new StorageError('STORAGE_INVALID_RANGE', `a bound is a Uint8Array, got ${typeof bound}`);
  }
}

/** The bounds of all keys that begin with `prefix`: from it to the first key after them. */
export function prefixBounds(prefix: Uint8Array): Bounds {
  for (let i = prefix.length - 1; i >= 0; i -= 1) {
    if (prefix[i] === 0xff) continue;
    const after = prefix.slice(0, i + 1);
    after[i]! += 1;
    return { gte: prefix, lt: after };
  }
  return { gte: prefix };
}

/** Whether `key` lies within `bounds`, whatever their order and limit. */
export function withinBounds(key: Uint8Array, { gt, gte, lt, lte }: Bounds): boolean {
  return (
    (gt === undefined || compareBytes(key, gt) > 0) &&
    (gte === undefined || compareBytes(key, gte) >= 0) &&
    (lt === undefined || compareBytes(key, lt) < 0) &&
    (lte === undefined || compareBytes(key, lte) <= 0)
  );
}
