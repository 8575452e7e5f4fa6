/**
 * Writes plain data as MessagePack, byte for byte what `measurePlain` counts and plain-reader.ts
 * reads. For hosts where msgpackr does not belong (browser-codec.ts).
 *
 * The message has been found plain, so nothing is checked again here.
 *
 * Cost: one walk, O(size); the buffer is kept and doubles when a message does not fit, and one
 * larger than `KEPT_BYTES` is let go after use.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import type { Packed } from './codec.ts';

const FIRST_BYTES = 1_024;
const KEPT_BYTES = 65_536;

export class PlainWriter {
  readonly #encoder: TextEncoder = new TextEncoder();
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #at = 0;

  /** The message's bytes; good until the next call. */
  write(message: unknown): Packed {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(FIRST_BYTES);
    this.#at = 0;
    this.#value(message);
    return Object.assign(this.#bytes, { start: 0, end: this.#at });
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#string(value);
        break;
      case 'number':
        this.#number(value);
        break;
      case 'boolean':
        this.#head(value ? 0xc3 : 0xc2);
        break;
      case 'bigint':
        this.#view(0xd3, 8).setBigInt64(1, value);
        break;
      default:
        if (value === null) this.#head(0xc0);
        else this.#container(value as object);
    }
  }

  #container(value: object): void {
    if (value instanceof Uint8Array) {
      this.#length(value.length, { short: 0, inShort: -1, one: 0xc4, two: 0xc5 });
      this.#reserve(value.length);
      this.#bytes.set(value, this.#at);
      this.#at += value.length;
    } else if (Array.isArray(value)) {
      this.#length(value.length, { short: 0x90, inShort: 0x0f, one: 0, two: 0xdc });
      for (const element of value) this.#value(element);
    } else {
      const fields: [string, unknown][] = [];
      // As `measurePlain` walks it.
      for (const key in value) fields.push([key, (value as Record<string, unknown>)[key]]);
      this.#length(fields.length, { short: 0x80, inShort: 0x0f, one: 0, two: 0xde });
      for (const [key, field] of fields) {
        this.#string(key);
        this.#value(field);
      }
    }
  }

  #string(value: string): void {
    // Three bytes per UTF-16 unit at most, and five for the header.
    this.#reserve(value.length * 3 + 5);
    // Where the text would begin with the longest header it could need; moved up if that was less.
    const guess = this.#at + 5;
    const { written } = this.#encoder.encodeInto(value, this.#bytes.subarray(guess));
    this.#length(written, { short: 0xa0, inShort: 0x1f, one: 0xd9, two: 0xda });
    this.#bytes.copyWithin(this.#at, guess, guess + written);
    this.#at += written;
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) {
      if (value >= -0x20 && value < 0x80) this.#head(value & 0xff);
      else if (value >= 0) this.#unsigned(value, 0xcc, 0xcd, 0xce);
      else if (value >= -0x80) this.#view(0xd0, 1).setInt8(1, value);
      else if (value >= -0x8000) this.#view(0xd1, 2).setInt16(1, value);
      else this.#view(0xd2, 4).setInt32(1, value);
    } else {
      this.#view(0xcb, 8).setFloat64(1, value);
    }
  }

  /** A header: in one byte up to `inShort`, else after `one` (0: there is none) or `two`. */
  #length(
    length: number,
    { short, inShort, one, two }: { short: number; inShort: number; one: number; two: number },
  ): void {
    if (length <= inShort) this.#head(short | length);
    else this.#unsigned(length, one, two, two + 1);
  }

  #unsigned(value: number, one: number, two: number, four: number): void {
    if (one > 0 && value < 0x100) this.#view(one, 1).setUint8(1, value);
    else if (value < 0x10000) this.#view(two, 2).setUint16(1, value);
    else this.#view(four, 4).setUint32(1, value);
  }

  #head(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at] = byte;
    this.#at += 1;
  }

  /** Writes `head` and steps over `length` bytes after it, which the caller fills from 1 on. */
  #view(head: number, length: number): DataView {
    const at = this.#at;
    this.#head(head);
    this.#reserve(length);
    this.#at += length;
    return new DataView(this.#bytes.buffer, at, length + 1);
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
