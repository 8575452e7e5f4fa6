/**
 * Canonical prefix codes of at most 12 bits (D. Huffman, 1952), and the bits they are written in.
 *
 * Code lengths come from a tree over the frequencies; where it is too deep, frequencies are halved
 * until it is not, which costs next to nothing at 12 bits.
 */
import { malformed } from '../errors.ts';

const MAX_BITS = 12;
const TABLE = 1 << MAX_BITS;

/** For each symbol the length of its code, 0 for symbols that do not occur. */
export function codeLengths(frequencies: Uint32Array): Uint8Array {
  for (let weights = frequencies; ; weights = halved(weights)) {
    const lengths = treeDepths(weights);
    if (lengths.every((length) => length <= MAX_BITS)) return lengths;
  }
}

function halved(frequencies: Uint32Array): Uint32Array {
  return frequencies.map((frequency) => (frequency + 1) >> 1);
}

function treeDepths(frequencies: Uint32Array): Uint8Array {
  const lengths = new Uint8Array(frequencies.length);
  const nodes: { weight: number; symbols: number[] }[] = [];
  frequencies.forEach((weight, symbol) => {
    if (weight > 0) nodes.push({ weight, symbols: [symbol] });
  });
  if (nodes.length === 1) lengths[nodes[0]?.symbols[0] as number] = 1;
  nodes.sort((a, b) => b.weight - a.weight);
  while (nodes.length > 1) {
    const a = nodes.pop() as { weight: number; symbols: number[] };
    const b = nodes.pop() as { weight: number; symbols: number[] };
    const joined = { weight: a.weight + b.weight, symbols: [...a.symbols, ...b.symbols] };
    for (const symbol of joined.symbols) lengths[symbol] = (lengths[symbol] as number) + 1;
    let at = nodes.length;
    while (at > 0 && (nodes[at - 1] as { weight: number }).weight < joined.weight) at -= 1;
    nodes.splice(at, 0, joined);
  }
  return lengths;
}

/** The codes for `lengths`, with their first bit lowest. */
export function codesOf(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let code = 0;
  for (let bits = 1; bits <= MAX_BITS; bits += 1) {
    lengths.forEach((length, symbol) => {
      if (length !== bits) return;
      codes[symbol] = reversed(code, bits);
      code += 1;
    });
    code <<= 1;
  }
  return codes;
}

function reversed(code: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit += 1) result |= ((code >> bit) & 1) << (bits - 1 - bit);
  return result;
}

/** For each 12 bits to come: the symbol that they start with, times 16, plus its length. */
export function decodingTable(lengths: Uint8Array): Uint16Array {
  const codes = codesOf(lengths);
  const table = new Uint16Array(TABLE);
  let filled = 0;
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    if (length > MAX_BITS) throw malformed('a code is too long');
    filled += TABLE >> length;
    if (filled > TABLE) throw malformed('codes overlap');
    const step = 1 << length;
    for (let at = codes[symbol] as number; at < TABLE; at += step) table[at] = symbol * 16 + length;
  });
  return table;
}

export class BitWriter {
  readonly #bytes: number[] = [];
  #buffer = 0;
  #bits = 0;

  /** Writes the lowest `count` bits of `value`, at most 16. */
  write(value: number, count: number): void {
    this.#buffer |= value << this.#bits;
    this.#bits += count;
    while (this.#bits >= 8) {
      this.#bytes.push(this.#buffer & 0xff);
      this.#buffer >>>= 8;
      this.#bits -= 8;
    }
  }

  finish(): Uint8Array {
    if (this.#bits > 0) this.#bytes.push(this.#buffer & 0xff);
    return Uint8Array.from(this.#bytes);
  }
}

export class BitReader {
  readonly #bytes: Uint8Array;
  #position: number;
  #buffer = 0;
  #bits = 0;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.#position = position;
  }

  /** Reads a symbol by its {@link decodingTable}. */
  symbol(table: Uint16Array): number {
    if (this.#bits < MAX_BITS) this.#fill();
    const entry = table[this.#buffer & (TABLE - 1)] as number;
    const length = entry & 15;
    if (length === 0) throw malformed('no such code');
    this.#buffer >>>= length;
    this.#bits -= length;
    return entry >> 4;
  }

  /** Reads a number of `count` bits, at most 31. */
  bits(count: number): number {
    let value = 0;
    for (let done = 0; done < count; ) {
      const taken = Math.min(MAX_BITS, count - done);
      if (this.#bits < taken) this.#fill();
      value += (this.#buffer & ((1 << taken) - 1)) << done;
      this.#buffer >>>= taken;
      this.#bits -= taken;
      done += taken;
    }
    return value;
  }

  /** Throws when more was read than there is. */
  finish(): void {
    if (this.#position - (this.#bits >> 3) > this.#bytes.length) {
      throw malformed('they end too early');
    }
  }

  /** Takes two more bytes; behind the end there are zeros. */
  #fill(): void {
    const at = this.#position;
    let next = 0;
    if (at + 1 < this.#bytes.length) {
      next = (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8);
    } else if (at < this.#bytes.length) next = this.#bytes[at] as number;
    this.#buffer |= next << this.#bits;
    this.#position = at + 2;
    this.#bits += 16;
  }
}
