/** The part of MessagePack that requests are made of: small numbers, texts, bytes, arrays, flags. */
export function encodePlain(plain: unknown): Buffer {
  if (typeof plain === 'boolean') return Buffer.from([plain ? 0xc3 : 0xc2]);
  if (typeof plain === 'number') {
    if (plain < 0x80) return Buffer.from([plain]);
    return Buffer.from([0xcd, plain >> 8, plain & 0xff]);
  }
  if (typeof plain === 'string') {
    return Buffer.concat([Buffer.from([0xa0 | plain.length]), Buffer.from(plain)]);
  }
  if (plain instanceof Uint8Array) {
    const head = plain.length < 0x100 ? [0xc4] : [0xc5, plain.length >> 8];
    return Buffer.concat([Buffer.from([...head, plain.length & 0xff]), plain]);
  }
  if (!Array.isArray(plain)) throw new TypeError('not a part of any request');
  return Buffer.concat([Buffer.from([0x90 | plain.length]), ...plain.map(encodePlain)]);
}
