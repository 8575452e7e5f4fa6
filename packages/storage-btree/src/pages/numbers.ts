/** Little-endian whole numbers of 16 and 48 bits in byte arrays, beside those of the engine. */
import { getU32, setU32 } from '@ds/storage/engine';

export function getU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

export function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

const TWO_TO_32 = 2 ** 32;

export function getU48(bytes: Uint8Array, at: number): number {
  return getU32(bytes, at) + getU16(bytes, at + 4) * TWO_TO_32;
}

/** `value` is below 2^48. */
export function setU48(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, value % TWO_TO_32);
  setU16(bytes, at + 4, Math.floor(value / TWO_TO_32));
}
