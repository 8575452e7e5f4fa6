/**
 * Bytes made smaller, and made whole again at some 100 MB/s: repeated strings become references
 * back (J. Ziv and A. Lempel, 1977), and what is left is written in prefix codes.
 *
 * It is deflate in spirit, with a window without end and one block. A `dictionary` is text that
 * both sides have, and that references may reach back into: the deleted text of a document is
 * mostly made of what is still there.
 *
 * Layout: code lengths of 304 symbols (bytes, then lengths of references) and of 64 distances, four
 * bits each; then the symbols. Numbers in references are a slot and extra bits: slots 0, 1, 2, 3
 * are themselves, and from 4 on two slots share each power of two.
 */
import { malformed } from '../errors.ts';
import { BitReader, BitWriter, codeLengths, codesOf, decodingTable } from './prefix-code.ts';

const LENGTHS = 256;
const SYMBOLS: number = LENGTHS + 48;
const DISTANCES = 64;
const HEADER: number = (SYMBOLS + DISTANCES) / 2;
const MIN_MATCH = 4;
const HASH_BITS = 15;
const CHAIN = 48;
const NONE: Uint8Array = new Uint8Array(0);

interface Token {
  readonly literal: number;
  readonly length: number;
  readonly distance: number;
}

export function compress(bytes: Uint8Array, dictionary: Uint8Array = NONE): Uint8Array {
  const tokens = tokensOf(bytes, dictionary);
  const symbols = new Uint32Array(SYMBOLS);
  const distances = new Uint32Array(DISTANCES);
  for (const { literal, length, distance } of tokens) {
    const symbol = length === 0 ? literal : LENGTHS + slotOf(length - MIN_MATCH);
    symbols[symbol] = (symbols[symbol] as number) + 1;
    if (length === 0) continue;
    const slot = slotOf(distance - 1);
    distances[slot] = (distances[slot] as number) + 1;
  }
  const symbolLengths = codeLengths(symbols);
  const distanceLengths = codeLengths(distances);
  const writer = new BitWriter();
  for (const length of symbolLengths) writer.write(length, 4);
  for (const length of distanceLengths) writer.write(length, 4);
  const symbolCodes = codesOf(symbolLengths);
  const distanceCodes = codesOf(distanceLengths);
  const put = (codes: Uint16Array, lengths: Uint8Array, symbol: number): void =>
    writer.write(codes[symbol] as number, lengths[symbol] as number);
  const putExtra = (value: number): void => {
    const bits = extraBits(slotOf(value));
    const extra = value & ((1 << bits) - 1);
    writer.write(extra & 0xfff, Math.min(bits, 12));
    if (bits > 12) writer.write(extra >> 12, bits - 12);
  };
  for (const { literal, length, distance } of tokens) {
    if (length === 0) put(symbolCodes, symbolLengths, literal);
    else {
      put(symbolCodes, symbolLengths, LENGTHS + slotOf(length - MIN_MATCH));
      putExtra(length - MIN_MATCH);
      put(distanceCodes, distanceLengths, slotOf(distance - 1));
      putExtra(distance - 1);
    }
  }
  return writer.finish();
}

/** Restores `size` bytes. */
export function decompress(
  compressed: Uint8Array,
  size: number,
  dictionary: Uint8Array = NONE,
): Uint8Array {
  if (compressed.length < HEADER) throw malformed('they end too early');
  const lengths = new Uint8Array(HEADER * 2);
  for (let index = 0; index < lengths.length; index += 1) {
    lengths[index] = ((compressed[index >> 1] as number) >> ((index & 1) * 4)) & 15;
  }
  const symbols = decodingTable(lengths.subarray(0, SYMBOLS));
  const distances = decodingTable(lengths.subarray(SYMBOLS));
  const start = dictionary.length;
  const output = new Uint8Array(start + size);
  output.set(dictionary);
  const reader = new BitReader(compressed, HEADER);
  const end = start + size;
  for (let at = start; at < end; ) {
    const symbol = reader.symbol(symbols);
    if (symbol < LENGTHS) {
      output[at] = symbol;
      at += 1;
      continue;
    }
    const length = readNumber(reader, symbol - LENGTHS) + MIN_MATCH;
    const from = at - readNumber(reader, reader.symbol(distances)) - 1;
    if (from < 0 || length > end - at) throw malformed('a reference to nowhere');
    for (let index = 0; index < length; index += 1) {
      output[at + index] = output[from + index] as number;
    }
    at += length;
  }
  reader.finish();
  return output.subarray(start);
}

/** The number whose slot is `slot`. */
function readNumber(reader: BitReader, slot: number): number {
  const extra = extraBits(slot);
  return extra === 0 ? slot : ((2 + (slot & 1)) << extra) + reader.bits(extra);
}

function slotOf(value: number): number {
  if (value < 2) return value;
  const exponent = 31 - Math.clz32(value);
  return 2 * exponent + ((value >> (exponent - 1)) & 1);
}

function extraBits(slot: number): number {
  return slot < 4 ? 0 : (slot >> 1) - 1;
}

/** Finds what to refer to: the longest of the last occurrences, or the one that starts next. */
function tokensOf(bytes: Uint8Array, dictionary: Uint8Array): Token[] {
  const all = new Uint8Array(dictionary.length + bytes.length);
  all.set(dictionary);
  all.set(bytes, dictionary.length);
  const matches = new Matches(all);
  const tokens: Token[] = [];
  for (let at = 0; at < dictionary.length; at += 1) matches.note(at);
  let at = dictionary.length;
  while (at < all.length) {
    const { length, distance } = matches.longest(at);
    matches.note(at);
    const skip = length > 0 && length < 32 && matches.longest(at + 1).length > length + 1;
    if (length === 0 || skip) {
      tokens.push({ literal: all[at] as number, length: 0, distance: 0 });
      at += 1;
      continue;
    }
    tokens.push({ literal: 0, length, distance });
    for (let index = 1; index < length; index += 1) matches.note(at + index);
    at += length;
  }
  return tokens;
}

/** Chains of places that start with the same four bytes, newest first. */
class Matches {
  readonly #bytes: Uint8Array;
  readonly #heads: Int32Array = new Int32Array(1 << HASH_BITS).fill(-1);
  readonly #previous: Int32Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#previous = new Int32Array(bytes.length).fill(-1);
  }

  note(at: number): void {
    if (at + MIN_MATCH > this.#bytes.length) return;
    const hash = this.#hash(at);
    this.#previous[at] = this.#heads[hash] as number;
    this.#heads[hash] = at;
  }

  longest(at: number): { length: number; distance: number } {
    const bytes = this.#bytes;
    const best = { length: 0, distance: 0 };
    if (at + MIN_MATCH > bytes.length) return best;
    let from = this.#heads[this.#hash(at)] as number;
    for (let tries = 0; from >= 0 && tries < CHAIN; tries += 1) {
      if (bytes[from + best.length] === bytes[at + best.length]) {
        let length = 0;
        while (at + length < bytes.length && bytes[from + length] === bytes[at + length]) {
          length += 1;
        }
        // A far reference costs more bits than a short one saves.
        const worth = length > best.length && (length > 4 || at - from < 4096);
        if (length >= MIN_MATCH && worth) {
          best.length = length;
          best.distance = at - from;
        }
      }
      from = this.#previous[from] as number;
    }
    return best;
  }

  #hash(at: number): number {
    const bytes = this.#bytes;
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
  }
}
