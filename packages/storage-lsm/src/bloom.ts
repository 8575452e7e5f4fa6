/**
 * Bloom filters: whether a table may hold a key, at about 1% of false alarms for 10 bits a key.
 *
 * ```
 * u8 probes k · bits, the bit of position p being bit p % 8 of byte p >> 3
 * ```
 * Position i is `(h + i * d) mod 2^32 mod bits` with `h` the key's hash and `d` the hash rotated.
 * Cost: k probes, no allocation. Source: Kirsch and Mitzenmacher, "Less Hashing, Same Performance:
 * Building a Better Bloom Filter" (2006); Bloom (1970).
 */

/** The hash that filters are made of: FNV-1a with a finalizer, part of the file format. */
export function hashKey(key: Uint8Array, start = 0, end: number = key.length): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ key[i]!, 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Builds the filter of `count` hashes; empty when filters are turned off. */
export function buildFilter(hashes: Uint32Array, count: number, bitsPerKey: number): Uint8Array {
  if (bitsPerKey === 0) return new Uint8Array(0);
  const bytes = Math.max(8, Math.ceil((count * bitsPerKey) / 8));
  const probes = Math.max(1, Math.min(30, Math.round(bitsPerKey * Math.LN2)));
  const filter = new Uint8Array(1 + bytes);
  filter[0] = probes;
  const bits = bytes * 8;
  for (let i = 0; i < count; i += 1) {
    let hash = hashes[i]!;
    const step = (hash >>> 17) | (hash << 15);
    for (let probe = 0; probe < probes; probe += 1) {
      const position = (hash >>> 0) % bits;
      filter[1 + (position >>> 3)]! |= 1 << (position & 7);
      hash = (hash + step) | 0;
    }
  }
  return filter;
}

/** `false` only when no key of this hash was put in. */
export function filterMayContain(filter: Uint8Array, keyHash: number): boolean {
  if (filter.length < 2) return true;
  const bits = (filter.length - 1) * 8;
  let hash = keyHash;
  const step = (hash >>> 17) | (hash << 15);
  for (let probe = filter[0]!; probe > 0; probe -= 1) {
    const position = (hash >>> 0) % bits;
    if ((filter[1 + (position >>> 3)]! & (1 << (position & 7))) === 0) return false;
    hash = (hash + step) | 0;
  }
  return true;
}
