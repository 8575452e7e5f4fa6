/**
 * The configurations a search has been in: which operations have taken effect, and the state they
 * led to. Bounded, and able to hold more than a JavaScript `Set` (which throws at 2^24 entries).
 *
 * Operations without an outcome are optional: whatever can follow a configuration can follow one
 * that is equal but for having taken fewer of them. So a configuration that took more is not worth
 * a visit, and where the set remembers a leaner one, it answers that it has been there. Without
 * this, n writes of which nobody heard would make 2^n configurations.
 *
 * An open-addressing hash table over one flat array: an entry is a row of 32-bit words, the taken
 * operations that returned as bits, then the optional ones, then the number of the state. The
 * leanest rows are found through a small table of fixed size that forgets. Cost: O(words) per
 * question; memory is 4 bytes per word and entry, and twice that while the table grows.
 */
const LEAN_SETS = 2 ** 14;
const LEAN_WAYS = 4;

export class ConfigurationSet {
  readonly #requiredWords: number;
  readonly #rowWords: number;
  readonly #maxEntries: number;
  readonly #leanest: Int32Array;
  #slots: Int32Array;
  #rows: Int32Array;
  #size = 0;

  /**
   * For configurations of so many words of operations that returned, and so many of others, within
   * `maxBytes` of memory.
   */
  constructor(requiredWords: number, optionalWords: number, maxBytes: number) {
    this.#requiredWords = requiredWords;
    this.#rowWords = requiredWords + optionalWords + 1;
    // Two slots of 4 bytes per entry at least, and both arrays exist twice while they are copied.
    this.#maxEntries = Math.max(64, Math.floor(maxBytes / (8 * this.#rowWords + 32)));
    this.#leanest = new Int32Array(optionalWords > 0 ? LEAN_SETS * LEAN_WAYS : 0);
    this.#slots = new Int32Array(256);
    this.#rows = new Int32Array(64 * this.#rowWords);
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size >= this.#maxEntries;
  }

  /** Adds the configuration; false when it adds nothing. Not to be asked when full. */
  add(bits: Int32Array, state: number): boolean {
    const required = hash(bits, 0, this.#requiredWords, Math.imul(state + 0x9e3779b9, 0x85ebca6b));
    const lean = (required & (LEAN_SETS - 1)) * LEAN_WAYS;
    if (this.#leanest.length > 0 && this.#isDominated(lean, bits, state)) return false;
    const mask = this.#slots.length - 1;
    let slot = hash(bits, this.#requiredWords, bits.length, required) & mask;
    for (let row = this.#slots[slot]!; row !== 0; row = this.#slots[slot]!) {
      if (this.#equals(row, bits, state, bits.length)) return false;
      slot = (slot + 1) & mask;
    }
    this.#append(bits, state);
    this.#slots[slot] = this.#size;
    if (this.#leanest.length > 0) this.#remember(lean);
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return true;
  }

  /** Whether a remembered row took the same operations that returned, and no other optional one. */
  #isDominated(lean: number, bits: Int32Array, state: number): boolean {
    for (let way = lean; way < lean + LEAN_WAYS; way += 1) {
      const row = this.#leanest[way]!;
      if (row === 0) return false;
      if (!this.#equals(row, bits, state, this.#requiredWords)) continue;
      const at = (row - 1) * this.#rowWords;
      let extra = 0;
      for (let i = this.#requiredWords; i < bits.length; i += 1) {
        extra |= this.#rows[at + i]! & ~bits[i]!;
      }
      if (extra === 0) return true;
    }
    return false;
  }

  /** The latest first: a search comes back to what it has just been near to. */
  #remember(lean: number): void {
    this.#leanest.copyWithin(lean + 1, lean, lean + LEAN_WAYS - 1);
    this.#leanest[lean] = this.#size;
  }

  #equals(row: number, bits: Int32Array, state: number, words: number): boolean {
    const at = (row - 1) * this.#rowWords;
    const rows = this.#rows;
    if (rows[at + this.#rowWords - 1] !== state) return false;
    for (let i = 0; i < words; i += 1) if (rows[at + i] !== bits[i]) return false;
    return true;
  }

  #append(bits: Int32Array, state: number): void {
    const at = this.#size * this.#rowWords;
    if (at + this.#rowWords > this.#rows.length) this.#growRows();
    this.#rows.set(bits, at);
    this.#rows[at + this.#rowWords - 1] = state;
    this.#size += 1;
  }

  #growRows(): void {
    const entries = Math.min(this.#maxEntries, (this.#rows.length / this.#rowWords) * 2);
    const grown = new Int32Array(entries * this.#rowWords);
    grown.set(this.#rows);
    this.#rows = grown;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const [rows, words, required] = [this.#rows, this.#rowWords, this.#requiredWords];
    for (let row = 1; row <= this.#size; row += 1) {
      const at = (row - 1) * words;
      const end = at + words - 1;
      const start = Math.imul(rows[end]! + 0x9e3779b9, 0x85ebca6b);
      let slot = hash(rows, at + required, end, hash(rows, at, at + required, start)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row;
    }
    this.#slots = slots;
  }
}

function hash(words: Int32Array, from: number, to: number, start: number): number {
  let h = start;
  for (let i = from; i < to; i += 1) {
    h = Math.imul(h ^ words[i]!, 0xc2b2ae35);
    h ^= h >>> 15;
  }
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}
