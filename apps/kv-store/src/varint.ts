/**
 * Whole numbers from 0 to 2^53 - 1 as LEB128: seven bits a byte, the least significant first.
 *
 * Both ends are strict: a number has one encoding, so equal commands are equal bytes. Cost:
 * O(bytes).
 */

/** A place in a byte string that reading moves on. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** How many bytes `value` takes. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

/** Writes `value` at `at` and returns the place after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let place = at;
  while (rest >= 0x80) {
    target[place++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[place] = rest;
  return place + 1;
}

/** @throws {RangeError} when the bytes end early, are longer than needed, or exceed 2^53 - 1. */
export function readVarint(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw new RangeError('a number is cut off');
    cursor.at += 1;
    value += (byte & 0x7f) * scale;
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number exceeds 2^53 - 1');
    if (byte < 0x80) {
      if (byte === 0 && scale > 1) throw new RangeError('a number is longer than it needs to be');
      return value;
    }
    scale *= 0x80;
    if (scale > 2 ** 49) throw new RangeError('a number is too long');
  }
}
