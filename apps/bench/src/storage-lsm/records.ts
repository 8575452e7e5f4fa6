/**
 * What is written: keys of 16 bytes, values of 100 bytes of which half compress.
 *
 * The same from run to run. Values are windows of one pool, so that making them costs nothing.
 */
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
const POOL_VALUES = 10_007;

export interface Put {
  readonly key: Buffer;
  value: Buffer;
}

export class Records {
  readonly count: number;
  readonly #values: readonly Buffer[];
  /** A permutation of all records. */
  readonly #shuffled: Uint32Array;

  constructor(count: number) {
    const random = xorshift(0x9e3779b9);
    this.count = count;
    this.#values = Array.from({ length: POOL_VALUES }, () => halfCompressible(random));
    this.#shuffled = shuffle(count, random);
  }

  get bytes(): number {
    return this.count * (KEY_BYTES + VALUE_BYTES);
  }

  /** The record at `place` of the random order. */
  shuffled(place: number): number {
    return this.#shuffled[place % this.count]!;
  }

  value(index: number): Buffer {
    return this.#values[index % POOL_VALUES]!;
  }

  /** All records in batches; the batch and its buffers are used again for the next one. */
  *batches(order: 'sequential' | 'random', size = 1000): Generator<Put[]> {
    const puts = Array.from({ length: size }, () => ({
      key: Buffer.alloc(KEY_BYTES),
      value: this.value(0),
    }));
    for (let first = 0; first < this.count; first += size) {
      const batch = puts.slice(0, this.count - first);
      for (const [i, put] of batch.entries()) {
        const index = order === 'random' ? this.shuffled(first + i) : first + i;
        writeKey(index, put.key);
        put.value = this.value(index);
      }
      yield batch;
    }
  }
}

/** The key of a record: an even number in decimal digits, in the order of the numbers. */
export function writeKey(index: number, target: Buffer): void {
  writeDigits(index * 2, target);
}

/** A key that no record has, just behind that of record `index`. */
export function writeAbsentKey(index: number, target: Buffer): void {
  writeDigits(index * 2 + 1, target);
}

function writeDigits(value: number, target: Buffer): void {
  let rest = value;
  for (let at = KEY_BYTES - 1; at >= 0; at -= 1) {
    const next = Math.floor(rest / 10);
    target[at] = 48 + rest - next * 10;
    rest = next;
  }
}

function halfCompressible(random: () => number): Buffer {
  const value = Buffer.alloc(VALUE_BYTES);
  for (let i = 0; i < VALUE_BYTES / 2; i += 1) {
    value[i] = random();
    value[i + VALUE_BYTES / 2] = value[i]!;
  }
  return value;
}

function shuffle(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const other = random() % (i + 1);
    const moved = order[i]!;
    order[i] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/** Marsaglia's xorshift32: whole numbers from 1 to 2^32 - 1. */
function xorshift(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x;
  };
}
