/**
 * Reading and writing bytes: unsigned integers of seven bits per byte, least first (LEB128), in
 * their shortest form only, so that a value has one encoding.
 *
 * What is read may come from anybody. Every read is checked against the end, and no length is
 * believed before that many bytes are there.
 */
import { malformed } from './errors.ts';

const HIGH = 0x80;

export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written, and keeps the room. */
  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** A whole number from 0 to 2^53 - 1. */
  integer(value: number): void {
    let rest = value;
    if (rest > Number.MAX_SAFE_INTEGER) throw new RangeError(`${value} is too large to be exact`);
    while (rest >= HIGH) {
      this.byte((rest % HIGH) | HIGH);
      rest = Math.floor(rest / HIGH);
    }
    this.byte(rest);
  }

  /** A whole number of either sign: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4. */
  signed(value: number): void {
    this.integer(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** What was written, until more is. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#position = start;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  byte(): number {
    if (this.#position >= this.#bytes.length) throw malformed('they end too early');
    const value = this.#bytes[this.#position] as number;
    this.#position += 1;
    return value;
  }

  integer(): number {
    let value = this.byte();
    if (value < HIGH) return value;
    value -= HIGH;
    for (let factor = HIGH; ; factor *= HIGH) {
      const next = this.byte();
      value += (next & (HIGH - 1)) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw malformed('a number is too large');
      if (next === 0) throw malformed('a number is too long');
      if (next < HIGH) return value;
    }
  }

  /** A whole number that is at most `maximum`. */
  atMost(maximum: number, what: string): number {
    const value = this.integer();
    if (value > maximum) throw malformed(`${what} is ${value}, more than ${maximum}`);
    return value;
  }

  signed(): number {
    const value = this.integer();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    if (count > this.remaining) throw malformed('they end too early');
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (this.remaining > 0) throw malformed(`${this.remaining} bytes too many`);
  }
}
