/**
 * Stamps of interval tree clocks as bits, in the paper's own code: a process of few has a stamp of
 * three or four bytes. See docs/format.md.
 *
 * Decoding takes bytes from anybody: it reads trees in normal form only, at most 256 deep, with
 * sums up to 2^53 - 1, and nothing but zeros after them.
 *
 * Source: P. S. Almeida, C. Baquero, V. Fonte, "Interval Tree Clocks", 2008.
 */
import { ClockError } from './errors.ts';
import { type EventNode, type Events, type Id, type IdPair, MAX_DEPTH } from './interval-tree.ts';
import { IntervalTreeClock } from './interval-tree-clock.ts';

const FORMAT = 0x31;

/** One encoding for each stamp. */
export function encodeIntervalTreeClock({ id, events }: IntervalTreeClock): Uint8Array {
  const bits = new BitWriter();
  bits.write(FORMAT, 8);
  writeId(bits, id);
  writeEvents(bits, events);
  return bits.finish();
}

/** @throws {ClockError} `CLOCK_MALFORMED` for anything but what the encoder makes. */
export function decodeIntervalTreeClock(bytes: Uint8Array): IntervalTreeClock {
  const bits = new BitReader(bytes);
  if (bits.read(8) !== FORMAT) bits.refuse('another format or version');
  const id = readId(bits, 0);
  const events = readEvents(bits, 0, Number.MAX_SAFE_INTEGER);
  bits.end();
  return new IntervalTreeClock(id, events);
}

function writeId(bits: BitWriter, id: Id): void {
  if (typeof id === 'number') {
    bits.write(id, 3);
    return;
  }
  const [left, right] = id;
  bits.write(left === 0 ? 1 : right === 0 ? 2 : 3, 2);
  if (left !== 0) writeId(bits, left);
  if (right !== 0) writeId(bits, right);
}

function readId(bits: BitReader, depth: number): Id {
  const kind = bits.read(2);
  if (kind === 0) return bits.read(1) === 1 ? 1 : 0;
  if (depth === MAX_DEPTH) return bits.refuse('an id that is too deep');
  const left = kind === 1 ? 0 : readId(bits, depth + 1);
  const right = kind === 2 ? 0 : readId(bits, depth + 1);
  const isNormal = kind === 1 ? right !== 0 : left !== 0 && (kind === 2 || right !== 0);
  if (!isNormal || (left === 1 && right === 1)) bits.refuse('an id that is not in normal form');
  return [left, right] satisfies IdPair;
}

function writeEvents(bits: BitWriter, events: Events): void {
  if (typeof events === 'number') {
    bits.write(1, 1);
    writeCount(bits, events);
    return;
  }
  const [base, left, right] = events;
  bits.write(0, 1);
  if (base === 0) bits.write(left === 0 ? 0 : right === 0 ? 1 : 2, 2);
  else {
    bits.write(3, 2);
    if (left === 0) bits.write(0, 2);
    else if (right === 0) bits.write(1, 2);
    else bits.write(1, 1);
    bits.write(1, 1);
    writeCount(bits, base);
  }
  if (left !== 0) writeEvents(bits, left);
  if (right !== 0) writeEvents(bits, right);
}

/** @param most how much the whole tree may add up to, from here on down */
function readEvents(bits: BitReader, depth: number, most: number): Events {
  if (bits.read(1) === 1) return readCount(bits, most);
  if (depth === MAX_DEPTH) return bits.refuse('events that are too deep');
  let shape = bits.read(2);
  let base = 0;
  if (shape === 3) {
    shape = bits.read(1) === 1 ? 2 : bits.read(1);
    if (bits.read(1) !== 1) bits.refuse('a base that is no count');
    base = readCount(bits, most);
    if (base === 0) bits.refuse('a base that is written although it is 0');
  }
  const left = shape === 0 ? 0 : readEvents(bits, depth + 1, most - base);
  const right = shape === 1 ? 0 : readEvents(bits, depth + 1, most - base);
  if (!isNormal(shape, left, right)) bits.refuse('events that are not in normal form');
  return [base, left, right] satisfies EventNode;
}

/** Children that are absent are 0; of two that are there one has base 0, and they differ. */
function isNormal(shape: number, left: Events, right: Events): boolean {
  if (shape === 0) return right !== 0;
  if (shape === 1) return left !== 0;
  if (left === 0 || right === 0) return false;
  return (
    (typeof left !== 'number' && left[0] === 0) || (typeof right !== 'number' && right[0] === 0)
  );
}

/** Groups of 4, 8, 16 ... numbers, each told from the next by one bit. */
function writeCount(bits: BitWriter, count: number): void {
  let rest = count;
  let width = 2;
  while (rest >= 2 ** width) {
    bits.write(1, 1);
    rest -= 2 ** width;
    width += 1;
  }
  bits.write(0, 1);
  bits.write(rest, width);
}

function readCount(bits: BitReader, most: number): number {
  let sum = 0;
  let width = 2;
  while (bits.read(1) === 1) {
    sum += 2 ** width;
    width += 1;
    if (sum > most) bits.refuse('a count that is too large');
  }
  const count = sum + bits.read(width);
  return count > most ? bits.refuse('a count that is too large') : count;
}

class BitWriter {
  readonly #bytes: number[] = [];
  #filled = 8;

  /** The lowest `width` bits of `value`, the highest of them first. */
  write(value: number, width: number): void {
    for (let at = width - 1; at >= 0; at -= 1) {
      if (this.#filled === 8) {
        this.#bytes.push(0);
        this.#filled = 0;
      }
      const bit = Math.floor(value / 2 ** at) % 2;
      this.#bytes[this.#bytes.length - 1]! |= bit << (7 - this.#filled);
      this.#filled += 1;
    }
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i += 1) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) return this.refuse('they end too early');
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at += 1;
    }
    return value;
  }

  end(): void {
    const isLast = (this.#at + 7) >> 3 === this.#bytes.length;
    if (!isLast || this.read(-this.#at & 7) !== 0) this.refuse('something follows after the end');
  }

  refuse(what: string): never {
    throw new ClockError(
      'CLOCK_MALFORMED',
      `these bytes are no stamp: ${what}, at bit ${this.#at}`,
    );
  }
}
