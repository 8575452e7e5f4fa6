/**
 * The keys of objects repeat from message to message: a small cache spares making each string anew,
 * which matters more than it seems, because a fresh string must be interned to become a key.
 *
 * Invariants: a hit has exactly the bytes asked for; the cache never holds more than `SLOTS` keys
 * of up to 31 bytes, whatever a peer sends. Cost: one comparison of the key's bytes.
 */

const SLOTS = 256;

interface Entry {
  readonly bytes: Uint8Array;
  readonly key: string;
}

export class KeyCache {
  readonly #slots: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);

  /** The string of these bytes, if it is at hand. */
  find(source: Uint8Array, start: number, length: number): string | undefined {
    const entry = this.#slots[slotOf(source, start, length)];
    if (entry === undefined || entry.bytes.length !== length) return undefined;
    const { bytes } = entry;
    for (let i = 0; i < length; i += 1) if (bytes[i] !== source[start + i]) return undefined;
    return entry.key;
  }

  /** Remembers that these bytes, already validated, are `key`. */
  keep(source: Uint8Array, start: number, length: number, key: string): void {
    const bytes = Uint8Array.prototype.slice.call(source, start, start + length);
    this.#slots[slotOf(source, start, length)] = { bytes, key };
  }
}

function slotOf(source: Uint8Array, start: number, length: number): number {
  if (length === 0) return 0;
  const first = source[start]! * 31;
  const middle = source[start + (length >> 1)]! * 7;
  return (first + middle + source[start + length - 1]! * 3 + length) & (SLOTS - 1);
}
