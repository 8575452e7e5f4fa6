/**
 * Messages to bytes and back with what every browser has.
 *
 * Why not msgpackr here too: it would be two thirds of the bundle, and its reader makes functions
 * from text, which a page's Content-Security-Policy rightly forbids.
 */
import type { Codec, Packed } from './codec.ts';
import { PlainWriter } from './plain-writer.ts';

// `ignoreBOM`: a byte order mark is a character like any other, and is kept.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const writer = new PlainWriter();

export const browserCodec: Codec = {
  allocate: (length) => new Uint8Array(length),
  pack: (message) => writer.write(message),
  place(packed: Packed, target, at) {
    target.set(packed.subarray(packed.start, packed.end), at);
    return packed.end - packed.start;
  },
  text(bytes, start, end) {
    try {
      return strict.decode(bytes.subarray(start, end));
    } catch {
      return undefined;
    }
  },
  copy: (bytes, start, end) => bytes.slice(start, end),
  float64: (bytes, at) => view(bytes, at).getFloat64(0),
  int64: (bytes, at) => view(bytes, at).getBigInt64(0),
};

function view({ buffer, byteOffset }: Uint8Array, at: number): DataView {
  return new DataView(buffer, byteOffset + at, 8);
}
