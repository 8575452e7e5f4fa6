/**
 * Reads plain data from MessagePack bytes that a peer may have made up.
 *
 * Why not msgpackr's reader: even with `useRecords: false` it accepts record definitions and
 * extension types from the wire (its record reader is made with `new Function`), so each frame
 * would first need a walk that checks its structure, and then msgpackr's walk over the same bytes.
 * Building the values in the checking walk does it once, and leaves nothing to disagree about
 * between the checker and the reader. msgpackr writes; this reads what msgpackr writes of plain
 * data, and nothing else.
 *
 * Accepted: nil, booleans, integers up to 32 bits, int 64 (as bigint), finite float 64, valid
 * UTF-8 strings, binary, arrays, and maps with string keys other than `__proto__`. Everything else
 * is a {@link Refusal}: extensions (record definitions among them), 0xc1, float 32 and uint 64,
 * which the writer never emits for plain data.
 *
 * Invariants: no read beyond the frame; no allocation larger than what the frame's own bytes pay
 * for (a declared length is compared with the bytes left before anything is made of it); at most
 * `MAX_PLAIN_DEPTH` levels; bytes are copied out, so that a small value kept for long keeps no
 * large frame alive.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { MAX_PLAIN_DEPTH } from '@ds/transport';
import type { Codec } from './codec.ts';
import { KeyCache } from './key-cache.ts';
import { Refusal } from './refusal.ts';

const EMPTY = new Uint8Array(0);
// Up to this many bytes, joining characters beats a call into the host's decoder.
const SHORT_STRING_BYTES = 10;

export class PlainReader {
  readonly #codec: Codec;
  readonly #keys = new KeyCache();
  #bytes: Uint8Array = EMPTY;
  #end = 0;
  #at = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Where the next value begins. */
  get position(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  /** Starts over with `frame`, which the caller must not change until it has been read. */
  load(frame: Uint8Array): void {
    this.#bytes = frame;
    this.#end = frame.length;
    this.#at = 0;
  }

  /** Lets go of the frame. */
  unload(): void {
    this.load(EMPTY);
  }

  /**
   * The next value.
   * @throws {Refusal} `bad-frame` or `too-deep`; the rest of the frame is then worthless.
   */
  read(): unknown {
    return this.#value(0);
  }

  #value(depth: number): unknown {
    const bytes = this.#bytes;
    if (this.#at >= this.#end) throw truncated();
    const head = bytes[this.#at++]!;
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head >= 0xa0 && head < 0xc0) return this.#string(head & 0x1f);
    if (head < 0x90) return this.#map(head & 0x0f, depth);
    if (head < 0xa0) return this.#array(head & 0x0f, depth);
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#uint(1));
      case 0xc5:
        return this.#binary(this.#uint(2));
      case 0xc6:
        return this.#binary(this.#uint(4));
      case 0xcb:
        return this.#float64();
      case 0xcc:
        return this.#uint(1);
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xd0:
        return (this.#uint(1) << 24) >> 24;
      case 0xd1:
        return (this.#uint(2) << 16) >> 16;
      case 0xd2:
        return this.#uint(4) | 0;
      case 0xd3:
        return this.#codec.int64(bytes, this.#take(8));
      case 0xd9:
        return this.#string(this.#uint(1));
      case 0xda:
        return this.#string(this.#uint(2));
      case 0xdb:
        return this.#string(this.#uint(4));
      case 0xdc:
        return this.#array(this.#uint(2), depth);
      case 0xdd:
        return this.#array(this.#uint(4), depth);
      case 0xde:
        return this.#map(this.#uint(2), depth);
      case 0xdf:
        return this.#map(this.#uint(4), depth);
      default:
        throw new Refusal('bad-frame', `a frame holds 0x${head.toString(16)}, not plain data`);
    }
  }

  /** Steps over `length` bytes that the frame must have, and returns where they begin. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw truncated();
    this.#at = start + length;
    return start;
  }

  #uint(length: 1 | 2 | 4): number {
    const at = this.#take(length);
    const bytes = this.#bytes;
    if (length === 1) return bytes[at]!;
    if (length === 2) return (bytes[at]! << 8) | bytes[at + 1]!;
    return (
      bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
    );
  }

  #float64(): number {
    const value = this.#codec.float64(this.#bytes, this.#take(8));
    if (!Number.isFinite(value)) throw new Refusal('bad-frame', `a frame holds ${value}`);
    return value === 0 ? 0 : value;
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#codec.copy(this.#bytes, start, start + length);
  }

  #string(length: number): string {
    const start = this.#take(length);
    const end = start + length;
    const short = length <= SHORT_STRING_BYTES ? this.#ascii(start, end) : undefined;
    if (short !== undefined) return short;
    const text = this.#codec.text(this.#bytes, start, end);
    if (text === undefined) {
      throw new Refusal('bad-frame', 'a frame holds a string that is not valid UTF-8');
    }
    return text;
  }

  /** The text between two positions, unless it has anything but ASCII. Quick for a few bytes. */
  #ascii(start: number, end: number): string | undefined {
    const bytes = this.#bytes;
    let text = '';
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
      if ((a | b | c | d) >= 0x80) return undefined;
      text += String.fromCharCode(a, b, c, d);
    }
    for (; at < end; at += 1) {
      const byte = bytes[at]!;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #key(): string {
    const head = this.#bytes[this.#at] ?? 0;
    const short = head >= 0xa0 && head < 0xc0;
    if (!short && (head < 0xd9 || head > 0xdb)) {
      throw new Refusal('bad-frame', 'a frame holds a map with a key that is not a string');
    }
    const start = this.#at + 1;
    const length = head & 0x1f;
    if (short && length <= this.#end - start) {
      const known = this.#keys.find(this.#bytes, start, length);
      if (known !== undefined) {
        this.#at = start + length;
        return known;
      }
    }
    const key = this.#value(0) as string;
    if (key === '__proto__') {
      throw new Refusal('bad-frame', 'a frame holds a map with the key __proto__');
    }
    if (short) this.#keys.keep(this.#bytes, start, length, key);
    return key;
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, depth);
    const array: unknown[] = [];
    for (let i = 0; i < length; i += 1) array.push(this.#value(depth + 1));
    return array;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#enter(length * 2, depth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i += 1) {
      const key = this.#key();
      map[key] = this.#value(depth + 1);
    }
    return map;
  }

  /** Every element takes a byte at least, so a frame cannot hold more elements than bytes. */
  #enter(elements: number, depth: number): void {
    if (depth >= MAX_PLAIN_DEPTH) throw new Refusal('too-deep', 'a frame nests too deep');
    if (elements > this.#end - this.#at) throw truncated();
  }
}

function truncated(): Refusal {
  return new Refusal('bad-frame', 'a frame ends within a value');
}
