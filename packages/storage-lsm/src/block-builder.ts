/**
 * A data block being filled: entries in order, each key without what it shares with the one before.
 *
 * Every 16th entry is a restart point and holds its whole key, so that a search can jump.
 *
 * ```
 * entries, then u32 offset of each restart point, then u32 their count
 * entry: varint shared key bytes · varint further key bytes · varint sequence
 *        · varint value length * 4 + kind (0 put, 1 delete) · further key bytes · value
 * ```
 */
import { ByteWriter } from './byte-writer.ts';
import type { Cursor } from './cursor.ts';

export const RESTART_INTERVAL = 16;

export class BlockBuilder {
  readonly out: ByteWriter = new ByteWriter(8192);
  readonly #restarts: number[] = [];
  #lastKey = new Uint8Array(64);
  #lastLength = 0;
  #sinceRestart = 0;

  get empty(): boolean {
    return this.#restarts.length === 0;
  }

  /** The size that `finish` would give, in bytes. */
  get bytes(): number {
    return this.out.length + this.#restarts.length * 4 + 4;
  }

  /** Appends the cursor's entry, which comes after all that are here. */
  add(entry: Cursor): void {
    const { out } = this;
    const { keyBytes, keyStart, keyEnd } = entry;
    const length = keyEnd - keyStart;
    let shared = 0;
    if (this.#restarts.length === 0 || this.#sinceRestart === RESTART_INTERVAL) {
      this.#restarts.push(out.length);
      this.#sinceRestart = 0;
    } else {
      const last = this.#lastKey;
      const limit = Math.min(length, this.#lastLength);
      while (shared < limit && last[shared] === keyBytes[keyStart + shared]) shared += 1;
    }
    this.#sinceRestart += 1;
    out.varint(shared);
    out.varint(length - shared);
    out.varint(entry.sequence);
    out.varint((entry.valueEnd - entry.valueStart) * 4 + (entry.isTombstone ? 1 : 0));
    out.append(keyBytes, keyStart + shared, keyEnd);
    out.append(entry.valueBytes, entry.valueStart, entry.valueEnd);
    this.#remember(keyBytes, keyStart + shared, keyEnd, shared);
  }

  /** Completes the block; the bytes are valid until `reset`. */
  finish(): Uint8Array {
    for (const restart of this.#restarts) this.out.u32(restart);
    this.out.u32(this.#restarts.length);
    return this.out.view();
  }

  reset(): void {
    this.out.clear();
    this.#restarts.length = 0;
    this.#sinceRestart = 0;
    this.#lastLength = 0;
  }

  #remember(bytes: Uint8Array, start: number, end: number, shared: number): void {
    const length = shared + end - start;
    if (length > this.#lastKey.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#lastKey.subarray(0, shared));
      this.#lastKey = grown;
    }
    const last = this.#lastKey;
    for (let i = start, to = shared; i < end; i += 1, to += 1) last[to] = bytes[i]!;
    this.#lastLength = length;
  }
}
