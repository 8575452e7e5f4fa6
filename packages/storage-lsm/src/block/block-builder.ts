/**
 * A data block being filled: entries in order, each key without what it shares with the one before.
 *
 * Every 8th entry is a restart point and holds its whole key, so that a search can jump: a reader
 * takes them as it finds them, and so any interval would do.
 *
 * ```
 * entries · zeros · u32 offset of each restart point · u32 where the entries end · u32 how many
 * restart points
 * entry: varint shared key bytes · varint further key bytes · varint sequence
 *        · varint value length * 4 + kind (0 put, 1 delete) · further key bytes · value
 * ```
 */
import { ByteWriter, type Cursor } from '@ds/storage/engine';

export const RESTART_INTERVAL = 8;

export class BlockBuilder {
  readonly out: ByteWriter = new ByteWriter(8192);
  readonly #restarts: number[] = [];
  #lastKey = new Uint8Array(64);
  #lastLength = 0;
  #sinceRestart = 0;

  get empty(): boolean {
    return this.#restarts.length === 0;
  }

  /** The size that `finish` would give without zeros. */
  get bytes(): number {
    return this.out.length + this.#restarts.length * 4 + 8;
  }

  /**
   * Appends the cursor's entry, which comes after all that are here, unless the block would become
   * larger than `limit` bytes by it; an empty one takes any.
   */
  add(entry: Cursor, limit: number): boolean {
    const { out } = this;
    const { keyBytes, keyStart, keyEnd, sequence, valueStart, valueEnd } = entry;
    const length = keyEnd - keyStart;
    const isRestart = this.empty || this.#sinceRestart === RESTART_INTERVAL;
    let shared = 0;
    if (!isRestart) {
      const last = this.#lastKey;
      const most = Math.min(length, this.#lastLength);
      while (shared < most && last[shared] === keyBytes[keyStart + shared]) shared += 1;
    }
    const start = out.length;
    out.varint(shared);
    out.varint(length - shared);
    out.varint(sequence);
    out.varint((valueEnd - valueStart) * 4 + (entry.isTombstone ? 1 : 0));
    const added = length - shared + valueEnd - valueStart + (isRestart ? 4 : 0);
    if (!this.empty && this.bytes + added > limit) {
      out.length = start;
      return false;
    }
    if (isRestart) {
      this.#restarts.push(start);
      this.#sinceRestart = 0;
    }
    this.#sinceRestart += 1;
    out.append(keyBytes, keyStart + shared, keyEnd);
    out.append(entry.valueBytes, valueStart, valueEnd);
    this.#remember(keyBytes, keyStart + shared, keyEnd, shared);
    return true;
  }

  /** Completes the block with so many zeros in it; the bytes are valid until `reset`. */
  finish(zeros: number): Uint8Array {
    const entriesEnd = this.out.length;
    this.out.reserve(zeros);
    this.out.bytes.fill(0, entriesEnd, entriesEnd + zeros);
    this.out.length += zeros;
    for (const restart of this.#restarts) this.out.u32(restart);
    this.out.u32(entriesEnd);
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
