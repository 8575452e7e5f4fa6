/**
 * CRC-32 (IEEE 802.3, polynomial 0xEDB88320 reflected), the checksum of every file format here.
 * The same polynomial as zlib and PNG, so that files can be checked with common tools and a host
 * that has it natively can be used.
 *
 * Cost: slicing by 8 (Kounavis and Berry, 2008), one step per 8 bytes, no allocation.
 */
const TABLES = makeTables();

/** The CRC-32 of `bytes[start, end)`, as an unsigned number; `seed` continues an earlier one. */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
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
