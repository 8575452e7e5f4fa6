/**
 * CRC-32 (IEEE 802.3, polynomial 0xEDB88320 reflected), the checksum of every file format here.
 * The same polynomial as zlib and PNG, so that files can be checked with common tools and a host
 * that has it natively can be used: {@link useHostCrc32}.
 *
 * Cost: slicing by 8 (Kounavis and Berry, 2008), one step per 8 bytes, no allocation; with a host's
 * own, a call and a view for what is long enough to be worth both.
 */
const TABLES = makeTables();

/** From this length on the call of a host's function costs less than the loop, in bytes. */
const HOST_WORTH_BYTES = 128;

/** A CRC-32 of this polynomial; `seed` continues an earlier one. */
export type Crc32 = (bytes: Uint8Array, seed: number) => number;

let host: Crc32 | undefined;

/**
 * Has the host's own CRC-32 do the long ones, from now on and for all who call {@link crc32}. What
 * they get is the same, only sooner.
 * @throws {RangeError} when it computes something else
 */
export function useHostCrc32(own: Crc32): void {
  const probe = Uint8Array.from({ length: 300 }, (_, i) => i * 7);
  if (own(probe, 5) !== loop(probe, 0, probe.length, 5)) {
    throw new RangeError('the host computes another checksum');
  }
  host = own;
}

/** The CRC-32 of `bytes[start, end)`, as an unsigned number; `seed` continues an earlier one. */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  return host !== undefined && end - start >= HOST_WORTH_BYTES
    ? host(bytes.subarray(start, end), seed)
    : loop(bytes, start, end, seed);
}

function loop(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let crc = ~seed;
  let i = start;
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as Tables;
  for (const stop = end - 7; i < stop; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < end; i += 1) crc = t0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Table = Int32Array;
type Tables = [Table, Table, Table, Table, Table, Table, Table, Table];

function makeTables(): Table[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  const first = tables[0]!;
  for (let n = 0; n < 256; n += 1) {
    let crc = n;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    first[n] = crc;
  }
  for (let k = 1; k < 8; k += 1) {
    const previous = tables[k - 1]!;
    for (let n = 0; n < 256; n += 1) {
      tables[k]![n] = first[previous[n]! & 0xff]! ^ (previous[n]! >>> 8);
    }
  }
  return tables;
}
