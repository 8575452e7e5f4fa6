/**
 * A position in one data block (see block-builder.ts for its bytes).
 *
 * The key is put together in a buffer of the cursor's own; the value stays where it is. A block's
 * checksum has been verified before it comes here, yet every length is checked against the block's
 * end: a file made to deceive ends in `STORAGE_CORRUPT`, not in other memory.
 * Cost: a step is O(key bytes not shared); a step back, up to 16 steps; a search, O(log n).
 */
import { corrupt } from './byte-reader.ts';
import { getU32 } from './byte-writer.ts';
import { compareRanges, NO_BYTES } from './cursor.ts';

export class BlockCursor {
  valid = false;
  keyBytes: Uint8Array = new Uint8Array(64);
  readonly keyStart = 0;
  keyEnd = 0;
  sequence = 0;
  isTombstone = false;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  #restartsAt = 0;
  #restartCount = 0;
  #entryAt = 0;
  /** Where the varint being read ends. */
  #at = 0;
  #path = '';
  #origin = 0;

  /** Moves before the first entry of a block that lies at `origin` of the file at `path`. */
  protected enter(block: Uint8Array, path: string, origin: number): void {
    this.valueBytes = block;
    this.#path = path;
    this.#origin = origin;
    this.valid = false;
    const count = block.length < 4 ? 0 : getU32(block, block.length - 4);
    const restartsAt = block.length - 4 - count * 4;
    if (count === 0 || restartsAt < 0) throw this.#damage(0, 'no restart points');
    this.#restartsAt = restartsAt;
    this.#restartCount = count;
    this.valueEnd = 0;
    this.keyEnd = 0;
  }

  protected blockFirst(): boolean {
    this.#restart(0);
    return this.blockNext();
  }

  protected blockLast(): boolean {
    this.#restart(this.#restartCount - 1);
    while (this.valueEnd < this.#restartsAt) this.#step();
    return this.valid;
  }

  protected blockNext(): boolean {
    if (this.valueEnd >= this.#restartsAt) this.valid = false;
    else this.#step();
    return this.valid;
  }

  protected blockPrevious(): boolean {
    const target = this.#entryAt;
    let restart = this.#restartCount - 1;
    while (restart > 0 && this.#restartOffset(restart) >= target) restart -= 1;
    if (this.#restartOffset(restart) >= target) {
      this.valid = false;
      return false;
    }
    this.#restart(restart);
    do this.#step();
    while (this.valueEnd < target);
    return true;
  }

  /** To the first entry at or after `key`, newest sequence first; false at the block's end. */
  protected blockSeek(key: Uint8Array): boolean {
    let low = 0;
    let high = this.#restartCount - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      this.#restart(middle);
      this.#step();
      if (compareRanges(this.keyBytes, 0, this.keyEnd, key, 0, key.length) < 0) low = middle;
      else high = middle - 1;
    }
    this.#restart(low);
    while (this.blockNext()) {
      if (compareRanges(this.keyBytes, 0, this.keyEnd, key, 0, key.length) >= 0) return true;
    }
    return false;
  }

  #restart(index: number): void {
    this.valueEnd = this.#restartOffset(index);
    this.keyEnd = 0;
  }

  #restartOffset(index: number): number {
    const offset = getU32(this.valueBytes, this.#restartsAt + index * 4);
    if (offset >= this.#restartsAt) throw this.#damage(0, 'a restart point lies outside');
    return offset;
  }

  /** Reads the entry that begins where the last one ended. */
  #step(): void {
    const block = this.valueBytes;
    const entryAt = this.valueEnd;
    this.#entryAt = entryAt;
    // The two lengths of the key and the sequence, when each is small: all but always.
    let shared = block[entryAt]!;
    let further = block[entryAt + 1]!;
    this.#at = entryAt + 2;
    if ((shared | further) >= 0x80) {
      this.#at = entryAt;
      shared = this.#varint();
      further = this.#varint();
    }
    this.sequence = this.#varint();
    const lengthAndKind = this.#varint();
    const kind = lengthAndKind % 4;
    const keyAt = this.#at;
    const valueStart = keyAt + further;
    const valueEnd = valueStart + (lengthAndKind - kind) / 4;
    if (shared > this.keyEnd || valueEnd > this.#restartsAt || kind > 1) {
      throw this.#damage(entryAt, 'an entry does not fit its block');
    }
    const keyEnd = shared + further;
    if (keyEnd > this.keyBytes.length) this.#growKey(keyEnd);
    const { keyBytes } = this;
    for (let from = keyAt, to = shared; from < valueStart; from += 1, to += 1) {
      keyBytes[to] = block[from]!;
    }
    this.keyEnd = keyEnd;
    this.isTombstone = kind === 1;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
    this.valid = true;
  }

  /** Whole numbers of up to four bytes stay integers; only longer ones need the other loop. */
  #varint(): number {
    const block = this.valueBytes;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = block[this.#at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    for (let scale = 2 ** 28; ; scale *= 128) {
      if (this.#at >= this.#restartsAt) throw this.#damage(this.#at, 'an entry is cut off');
      const byte = block[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  #growKey(length: number): void {
    const grown = new Uint8Array(length * 2);
    grown.set(this.keyBytes.subarray(0, this.keyEnd));
    this.keyBytes = grown;
  }

  #damage(at: number, reason: string): Error {
    return corrupt(this.#path, this.#origin + at, reason);
  }
}
