/** CRC-32 as in zip and PNG (ISO 3309), eight bytes at a time. */
const STEP = 8;
const TABLES: Int32Array = makeTables();

export function checksum(bytes: Uint8Array): number {
  const tables = TABLES;
  let crc = -1;
  let at = 0;
  for (; at + STEP <= bytes.length; at += STEP) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (tables[0x700 + (crc & 0xff)] as number) ^
      (tables[0x600 + ((crc >>> 8) & 0xff)] as number) ^
      (tables[0x500 + ((crc >>> 16) & 0xff)] as number) ^
      (tables[0x400 + (crc >>> 24)] as number) ^
      (tables[0x300 + (bytes[at + 4] as number)] as number) ^
      (tables[0x200 + (bytes[at + 5] as number)] as number) ^
      (tables[0x100 + (bytes[at + 6] as number)] as number) ^
      (tables[bytes[at + 7] as number] as number);
  }
  for (; at < bytes.length; at += 1) {
    crc = (tables[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** For each byte what it does to the sum, followed by up to seven zeros. */
function makeTables(): Int32Array {
  const tables = new Int32Array(STEP * 256);
  for (let index = 0; index < 256; index += 1) {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    tables[index] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = tables[index - 256] as number;
    tables[index] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}
