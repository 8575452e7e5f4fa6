/**
 * The configurations a search has been in: which operations have taken effect, and the state they
 * led to. Bounded, and able to hold more than a JavaScript `Set` (which throws at 2^24 entries).
 *
 * An open-addressing hash table over one flat array: an entry is a row of 32-bit words, the set of
 * operations as bits and then the number of the state. Cost: O(words) per question; memory is
 * 4 bytes per word and entry, and twice that while the table grows.
 */
export class ConfigurationSet {
  readonly #rowWords: number;
  readonly #maxEntries: number;
  #slots: Int32Array;
  #rows: Int32Array;
  #size = 0;

  /** For sets of `operations` operations, within `maxBytes` of memory. */
  constructor(operations: number, maxBytes: number) {
    this.#rowWords = Math.ceil(operations / 32) + 1;
    // Two slots of 4 bytes per entry at least, and both arrays exist twice while they are copied.
    this.#maxEntries = Math.max(64, Math.floor(maxBytes / (8 * this.#rowWords + 32)));
    this.#slots = new Int32Array(256);
    this.#rows = new Int32Array(64 * this.#rowWords);
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size >= this.#maxEntries;
  }

  /** Adds the configuration; false when it was there already. Not to be asked when full. */
  add(bits: Int32Array, state: number): boolean {
    const words = this.#rowWords;
    const mask = this.#slots.length - 1;
    let slot = hash(bits, state) & mask;
    for (let row = this.#slots[slot]!; row !== 0; row = this.#slots[slot]!) {
      if (this.#equals((row - 1) * words, bits, state)) return false;
      slot = (slot + 1) & mask;
    }
    const at = this.#size * words;
    if (at + words > this.#rows.length) this.#growRows();
    this.#rows.set(bits, at);
    this.#rows[at + words - 1] = state;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return true;
  }

  #equals(at: number, bits: Int32Array, state: number): boolean {
    const rows = this.#rows;
    if (rows[at + bits.length] !== state) return false;
    for (let i = 0; i < bits.length; i += 1) if (rows[at + i] !== bits[i]) return false;
    return true;
  }

  #growRows(): void {
    const entries = Math.min(this.#maxEntries, (this.#rows.length / this.#rowWords) * 2);
    const grown = new Int32Array(entries * this.#rowWords);
    grown.set(this.#rows);
    this.#rows = grown;
  }

  #growSlots(): void {
    const words = this.#rowWords;
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let row = 1; row <= this.#size; row += 1) {
      const at = (row - 1) * words;
      const bits = this.#rows.subarray(at, at + words - 1);
      let slot = hash(bits, this.#rows[at + words - 1]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row;
    }
    this.#slots = slots;
  }
}

function hash(bits: Int32Array, state: number): number {
  let h = Math.imul(state + 0x9e3779b9, 0x85ebca6b);
  for (let i = 0; i < bits.length; i += 1) {
    h = Math.imul(h ^ bits[i]!, 0xc2b2ae35);
    h ^= h >>> 15;
  }
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}
