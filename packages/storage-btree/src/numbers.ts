/** Little-endian whole numbers of fixed width in byte arrays; 48 bits are exact in a number. */

export function getU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

export function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

export function getU32(bytes: Uint8Array, at: number): number {
  const high = bytes[at + 3]! * 0x100_0000;
  return high + (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16));
}

export function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

const TWO_TO_32 = 2 ** 32;

export function getU48(bytes: Uint8Array, at: number): number {
  return getU32(bytes, at) + getU16(bytes, at + 4) * TWO_TO_32;
}

/** `value` is below 2^48. */
export function setU48(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, value);
  setU16(bytes, at + 4, Math.floor(value / TWO_TO_32));
}
