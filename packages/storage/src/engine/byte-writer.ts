/**
 * Bytes being put together: a buffer that doubles when full, little-endian fixed numbers, and
 * varints (base 128, low group first) for whole numbers up to 2^53.
 *
 * Cost: amortised O(1) per byte; the buffer is reused after `clear`.
 */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes, so that they can be set in place. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    setU32(this.bytes, this.length, value);
    this.length += 4;
  }

  u64(value: number): void {
    this.reserve(8);
    setU64(this.bytes, this.length, value);
    this.length += 8;
  }

  varint(value: number): void {
    this.reserve(8);
    this.length = setVarint(this.bytes, this.length, value);
  }

  /** Appends `source[start, end)`. */
  append(source: Uint8Array, start = 0, end: number = source.length): void {
    const count = end - start;
    this.reserve(count);
    const { bytes, length } = this;
    // A loop beats the native copy, and the view it needs, for the short strings that keys are.
    if (count <= 48) for (let i = 0; i < count; i += 1) bytes[length + i] = source[start + i]!;
    else
      bytes.set(
        start === 0 && end === source.length ? source : source.subarray(start, end),
        length,
      );
    this.length = length + count;
  }

  /** A length, then that many bytes. */
  prefixed(source: Uint8Array): void {
    this.varint(source.length);
    this.append(source);
  }

  /** The bytes so far, not copied: valid until the next change. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** The bytes so far, copied. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

export function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export function getU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

const TWO_TO_32 = 0x1_0000_0000;

/** `value` is a whole number below 2^53. */
export function setU64(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, value % TWO_TO_32);
  setU32(bytes, at + 4, Math.floor(value / TWO_TO_32));
}

/** Exact below 2^53, as everything written here is. */
export function getU64(bytes: Uint8Array, at: number): number {
  return getU32(bytes, at) + getU32(bytes, at + 4) * TWO_TO_32;
}

/** Writes `value` at `at`, with at most 8 bytes of room; returns the position after it. */
export function setVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
  bytes[end++] = rest;
  return end;
}
