/**
 * Bytes being taken apart, each step checked: what was not written by a {@link ByteWriter} ends in
 * a `STORAGE_CORRUPT` that names the file and the offset, never in a wrong number.
 */
import { StorageError } from '../errors.ts';
import { getU32, getU64 } from './byte-writer.ts';

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly #path: string;
  readonly #origin: number;
  at: number;

  /** `origin` is where byte 0 of `bytes` lies in the file at `path`. */
  constructor(bytes: Uint8Array, path: string, origin = 0, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.#path = path;
    this.#origin = origin;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u32(): number {
    return getU32(this.bytes, this.#take(4));
  }

  u64(): number {
    return getU64(this.bytes, this.#take(8));
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw this.corrupt('a number is too large');
      if (byte < 0x80) return value;
    }
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    const start = this.#take(count);
    return this.bytes.subarray(start, start + count);
  }

  /** A length, then that many bytes, not copied. */
  prefixed(): Uint8Array {
    return this.take(this.varint());
  }

  corrupt(reason: string): StorageError {
    return corrupt(this.#path, this.#origin + this.at, reason);
  }

  #take(count: number): number {
    const start = this.at;
    if (count > this.end - start) throw this.corrupt('the bytes end too early');
    this.at = start + count;
    return start;
  }
}

/** The error for damage at `offset` of the file at `path`. */
export function corrupt(
  path: string,
  offset: number,
  reason: string,
  cause?: unknown,
): StorageError {
  return new StorageError('STORAGE_CORRUPT', `${path} is damaged at byte ${offset}: ${reason}`, {
    path,
    offset,
    cause,
  });
}
