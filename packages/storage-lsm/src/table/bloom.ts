/**
 * Bloom filters: whether a table may hold a key, at about 1% of false alarms for 10 bits a key.
 *
 * All bits of a key lie in one block of 64 bytes, so that asking costs one or two cache lines, not
 * one for each probe; that makes a tenth more false alarms at 10 bits a key.
 *
 * ```
 * blocks of 64 bytes, bit p of a block being bit p % 8 of its byte p >> 3 · u8 probes k
 * ```
 * The block is `floor(h * blocks / 2^32)` with `h` the key's hash. Probe i is the topmost 9 bits of
 * `h * 0x9e3779b9^(i + 1) mod 2^32`. Cost: at most k multiplications, no division, no allocation.
 * Source: Bloom (1970); Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
 * Filters" (2007); the choice of block is Lemire's, "Fast Random Integer Generation" (2019); the
 * hash is Appleby's MurmurHash3 (2011).
 */

const BLOCK_BYTES = 64;
const BLOCK_BITS = BLOCK_BYTES * 8;
const TWO_TO_32 = 0x1_0000_0000;
/** 2^32 divided by the golden ratio: multiples of it spread evenly. */
const SPREAD = 0x9e3779b9 | 0;

/** The hash that filters are made of, part of the file format: MurmurHash3_x86_32 with seed 0. */
export function hashKey(key: Uint8Array, start = 0, end: number = key.length): number {
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash ^= scrambled(key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let shift = 0; at < end; at += 1, shift += 8) rest |= key[at]! << shift;
  hash ^= scrambled(rest) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

/** How many keys are put in before others may run: about a millisecond's work. */
const KEYS_PER_SLICE = 32_768;

/** Builds the filter of `count` hashes, in slices; empty when filters are turned off. */
export function* buildFilter(
  hashes: Uint32Array,
  count: number,
  bitsPerKey: number,
): Generator<void, Uint8Array> {
  if (bitsPerKey === 0) return new Uint8Array(0);
  const blocks = Math.max(1, Math.ceil((count * bitsPerKey) / BLOCK_BITS));
  const probes = Math.max(1, Math.min(30, Math.round(bitsPerKey * Math.LN2)));
  const filter = new Uint8Array(blocks * BLOCK_BYTES + 1);
  filter[blocks * BLOCK_BYTES] = probes;
  for (let start = 0; start < count; start += KEYS_PER_SLICE) {
    if (start > 0) yield;
    putAll(filter, hashes.subarray(start, Math.min(count, start + KEYS_PER_SLICE)));
  }
  return filter;
}

function putAll(filter: Uint8Array, hashes: Uint32Array): void {
  const last = filter.length - 1;
  const probes = filter[last]!;
  for (const keyHash of hashes) {
    const block = Math.floor((keyHash * (last >>> 6)) / TWO_TO_32) * BLOCK_BYTES;
    let hash = keyHash;
    for (let probe = 0; probe < probes; probe += 1) {
      hash = Math.imul(hash, SPREAD);
      filter[block + (hash >>> 26)]! |= 1 << ((hash >>> 23) & 7);
    }
  }
}

/** `false` only when no key of this hash was put in. */
export function filterMayContain(filter: Uint8Array, keyHash: number): boolean {
  const last = filter.length - 1;
  if (last < BLOCK_BYTES) return true;
  const block = Math.floor((keyHash * (last >>> 6)) / TWO_TO_32) * BLOCK_BYTES;
  let hash = keyHash;
  let probes = filter[last]!;
  if (probes % 2 === 1) {
    hash = Math.imul(hash, SPREAD);
    if ((bitOf(filter, block, hash) & 1) === 0) return false;
    probes -= 1;
  }
  // By twos: whether a bit is set is as good as random, and so half as many branches are mistaken.
  for (; probes > 0; probes -= 2) {
    const first = Math.imul(hash, SPREAD);
    hash = Math.imul(first, SPREAD);
    if ((bitOf(filter, block, first) & bitOf(filter, block, hash) & 1) === 0) return false;
  }
  return true;
}

/** The lowest bit is the one of `block` that `hash` names. */
function bitOf(filter: Uint8Array, block: number, hash: number): number {
  return filter[block + (hash >>> 26)]! >>> ((hash >>> 23) & 7);
}
