/**
 * A position in one data block (see block-builder.ts for its bytes).
 *
 * The key is put together in a buffer of the cursor's own; the value stays where it is. A block's
 * checksum has been verified before it comes here, yet every length is checked against the block's
 * end: a file made to deceive ends in `STORAGE_CORRUPT`, not in other memory.
 * Cost: a step is O(key bytes not shared); a step back, up to 8 steps; a search, O(log n).
 */
import { compareRanges, corrupt, getU32, NO_BYTES } from '@ds/storage/engine';
import type { BlockBytes } from './block-cache.ts';

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
  /** Where the block begins and its entries end in {@link valueBytes}. */
  #start = 0;
  #entriesEnd = 0;
  #restartsAt = 0;
  #restartCount = 0;
  #entryAt = 0;
  /** Where the varint being read ends. */
  #at = 0;
  /** How many bytes of the entry's key are those of the one before. */
  #shared = 0;
  /** How many bytes of its key follow those. */
  #further = 0;
  #path = '';
  /** Where in the file byte 0 of {@link valueBytes} would lie. */
  #origin = 0;

  /** Moves before the first entry of a block that lies at `origin` of the file at `path`. */
  protected enter({ bytes, start, length }: BlockBytes, path: string, origin: number): void {
    this.valueBytes = bytes;
    this.#path = path;
    this.#start = start;
    this.#origin = origin - start;
    this.valid = false;
    const end = start + length;
    const count = length < 8 ? 0 : getU32(bytes, end - 4);
    this.#restartsAt = end - 8 - count * 4;
    if (count === 0 || this.#restartsAt < start) throw this.#damage(start, 'no restart points');
    this.#entriesEnd = start + getU32(bytes, end - 8);
    if (this.#entriesEnd > this.#restartsAt) {
      throw this.#damage(start, 'the entries end outside');
    }
    this.#restartCount = count;
    this.valueEnd = start;
    this.keyEnd = 0;
  }

  protected blockFirst(): boolean {
    this.#restart(0);
    return this.blockNext();
  }

  protected blockLast(): boolean {
    this.#restart(this.#restartCount - 1);
    while (this.valueEnd < this.#entriesEnd) this.#step();
    return this.valid;
  }

  protected blockNext(): boolean {
    if (this.valueEnd >= this.#entriesEnd) this.valid = false;
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
      if (this.#restartIsBefore(middle, key)) low = middle;
      else high = middle - 1;
    }
    this.#restart(low);
    return this.#skipTo(key);
  }

  /** Whether the key at a restart point, which lies there as a whole, is before `key`. */
  #restartIsBefore(index: number, key: Uint8Array): boolean {
    this.#restart(index);
    this.#readHeader();
    const { valueStart } = this;
    const keyAt = valueStart - this.#further;
    return compareRanges(this.valueBytes, keyAt, valueStart, key, 0, key.length) < 0;
  }

  /**
   * From a restart point on to the first entry at or after `key`, comparing keys where they lie.
   * What an entry shares with the one before tells how it stands to `key`: as long as that is more
   * than the one before shared with `key`, both lie on the same side of it.
   */
  #skipTo(key: Uint8Array): boolean {
    const block = this.valueBytes;
    let matched = 0;
    for (; this.valueEnd < this.#entriesEnd; this.keyEnd = this.#shared + this.#further) {
      this.#readHeader();
      const shared = this.#shared;
      if (shared > matched) continue;
      if (shared === matched) {
        const keyEnd = shared + this.#further;
        // Byte i of the entry's key, if it is not shared, is byte `origin + i` of the block.
        const origin = this.valueStart - keyEnd;
        const limit = Math.min(keyEnd, key.length);
        while (matched < limit && block[origin + matched] === key[matched]) matched += 1;
        const isBefore =
          matched < key.length && (matched === keyEnd || block[origin + matched]! < key[matched]!);
        if (isBefore) continue;
      }
      // Up to what it shares, its key begins as `key` does.
      if (shared > this.keyBytes.length) this.#growKey(shared);
      for (let i = 0; i < shared; i += 1) this.keyBytes[i] = key[i]!;
      this.#takeKey();
      return true;
    }
    this.valid = false;
    return false;
  }

  #restart(index: number): void {
    this.valueEnd = this.#restartOffset(index);
    this.keyEnd = 0;
  }

  #restartOffset(index: number): number {
    const offset = this.#start + getU32(this.valueBytes, this.#restartsAt + index * 4);
    if (offset >= this.#entriesEnd) throw this.#damage(this.#start, 'a restart point lies outside');
    return offset;
  }

  /** Moves to the entry that begins where the last one ended. */
  #step(): void {
    this.#readHeader();
    this.#takeKey();
  }

  /** Reads all of the entry that begins where the last one ended, but for its key. */
  #readHeader(): void {
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
    const valueStart = this.#at + further;
    const valueEnd = valueStart + (lengthAndKind - kind) / 4;
    if (shared > this.keyEnd || valueEnd > this.#entriesEnd || kind > 1) {
      throw this.#damage(entryAt, 'an entry does not fit its block');
    }
    this.#shared = shared;
    this.#further = further;
    this.isTombstone = kind === 1;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
  }

  /** Adds what the entry's key does not share to what it does: then the cursor is at it. */
  #takeKey(): void {
    const block = this.valueBytes;
    const { valueStart } = this;
    const keyEnd = this.#shared + this.#further;
    if (keyEnd > this.keyBytes.length) this.#growKey(keyEnd);
    const { keyBytes } = this;
    for (let from = valueStart - this.#further, to = this.#shared; from < valueStart; from += 1) {
      keyBytes[to] = block[from]!;
      to += 1;
    }
    this.keyEnd = keyEnd;
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
      if (this.#at >= this.#entriesEnd) throw this.#damage(this.#at, 'an entry is cut off');
      const byte = block[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  #growKey(length: number): void {
    const grown = new Uint8Array(length * 2);
    grown.set(this.keyBytes);
    this.keyBytes = grown;
  }

  #damage(at: number, reason: string): Error {
    return corrupt(this.#path, this.#origin + at, reason);
  }
}
