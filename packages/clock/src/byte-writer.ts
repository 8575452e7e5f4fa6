/**
 * Writes the compact encodings: unsigned integers in groups of seven bits, low group first
 * (LEB128), and strings as their length and their UTF-8. See docs/format.md.
 */
export class ByteWriter {
  readonly #bytes: number[];

  /** @param format the first byte: kind and version */
  constructor(format: number) {
    this.#bytes = [format];
  }

  /** An integer from 0 to 2^53 - 1, in 1 to 8 bytes. */
  integer(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes.push((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes.push(rest);
  }

  string(value: string): void {
    this.blob(new TextEncoder().encode(value));
  }

  blob(value: Uint8Array): void {
    this.integer(value.length);
    for (const byte of value) this.#bytes.push(byte);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
