/** The key that was dealt with last, copied into a buffer of its own that is used again. */
import type { Cursor } from './cursor.ts';

type Key = Pick<Cursor, 'keyBytes' | 'keyStart' | 'keyEnd'>;

export class LastKey {
  bytes: Uint8Array = new Uint8Array(64);
  /** -1 before the first. */
  length = -1;
  #view: Uint8Array = this.bytes;

  /** The key; the same array as long as the keys have the same length, hence free to ask for. */
  view(): Uint8Array {
    if (this.#view.length !== this.length || this.#view.buffer !== this.bytes.buffer) {
      this.#view = this.bytes.subarray(0, this.length);
    }
    return this.#view;
  }

  is({ keyBytes, keyStart, keyEnd }: Key): boolean {
    const { bytes, length } = this;
    if (keyEnd - keyStart !== length) return false;
    // From the end, where neighbouring keys differ.
    for (let i = length - 1; i >= 0; i -= 1) if (bytes[i] !== keyBytes[keyStart + i]) return false;
    return true;
  }

  set({ keyBytes, keyStart, keyEnd }: Key): void {
    const length = keyEnd - keyStart;
    if (length > this.bytes.length) this.bytes = new Uint8Array(length * 2);
    const { bytes } = this;
    for (let i = 0; i < length; i += 1) bytes[i] = keyBytes[keyStart + i]!;
    this.length = length;
  }
}
