/**
 * Reads the compact encodings, from anybody.
 *
 * Invariants: nothing outside the given bytes is read; nothing is allocated for more than the
 * bytes that are there; each value has one encoding, so that equal values have equal bytes.
 * Every violation is a `ClockError` `CLOCK_MALFORMED` that tells where.
 */
import { ClockError } from './errors.ts';

/** Without `ignoreBOM` two texts would read as one. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param format the first byte that there has to be: kind and version */
  constructor(bytes: Uint8Array, format: number) {
    this.#bytes = bytes;
    if (this.byte() !== format) this.refuse('another format or version', 0);
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return this.refuse('it ends too early');
    this.#at += 1;
    return byte;
  }

  /** An integer from 0 to 2^53 - 1. */
  integer(): number {
    const start = this.#at;
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) this.refuse('an integer over 2^53 - 1', start);
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) this.refuse('an integer with bytes to spare', start);
        return value;
      }
    }
  }

  /** How many things follow, each of at least `bytesEach` bytes. */
  count(most: number, bytesEach: number): number {
    const start = this.#at;
    const count = this.integer();
    if (count > most || count * bytesEach > this.#bytes.length - this.#at) {
      this.refuse(`${count} elements are too many`, start);
    }
    return count;
  }

  /** Well-formed text of 1 to `mostBytes` bytes. */
  string(mostBytes: number): string {
    const start = this.#at;
    const bytes = this.blob(mostBytes);
    try {
      const text = UTF_8.decode(bytes);
      return text === '' ? this.refuse('an empty string', start) : text;
    } catch {
      return this.refuse('a string that is not UTF-8', start);
    }
  }

  /** As {@link string}; strings in a list ascend strictly by their UTF-16 code units. */
  stringAfter(last: string, mostBytes: number): string {
    const start = this.#at;
    const text = this.string(mostBytes);
    return text > last ? text : this.refuse(`${JSON.stringify(text)} out of order`, start);
  }

  /** A view of the next bytes, at most `mostBytes`. */
  blob(mostBytes: number): Uint8Array {
    const length = this.count(mostBytes, 1);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#at < this.#bytes.length) this.refuse('bytes after its end');
  }

  refuse(what: string, at: number = this.#at): never {
    throw new ClockError('CLOCK_MALFORMED', `these bytes are no clock: ${what}, at byte ${at}`);
  }
}
