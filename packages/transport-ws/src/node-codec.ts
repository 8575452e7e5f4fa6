/**
 * Messages to bytes and back in Node.
 *
 * Every frame is a `Buffer` here: those that arrive come from `ws`, those that leave from
 * `allocate`.
 */
import { isUtf8 } from 'node:buffer';
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';
import type { Codec, Packed } from './codec.ts';

// Plain data as the port defines it needs no records, no references and no extensions; sizes are
// then exactly what `measurePlain` counted.
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  structuredClone: false,
  moreTypes: false,
  useToJSON: false,
} as ConstructorParameters<typeof Packr>[0]);

export const nodeCodec: Codec = {
  // Not from Node's shared pool: a slab of frames is a pool of its own.
  allocate: (length) => Buffer.allocUnsafeSlow(length),
  // In msgpackr's own buffer.
  pack: (message) =>
    packr.pack(message, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as unknown as Packed,
  place: (packed, target, at) =>
    (packed as unknown as Buffer).copy(target, at, packed.start, packed.end),
  text(bytes, start, end) {
    const text = (bytes as Buffer).toString('utf8', start, end);
    // The host's decoder replaces what is invalid; only then is a second look needed.
    return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : text;
  },
  /**
   * Small values share Node's own pool of 8 KiB buffers: a buffer of its own would cost a value of
   * 100 bytes more than all the rest of its decoding.
   */
  copy(bytes, start, end) {
    const { buffer, byteOffset } = Buffer.allocUnsafe(end - start);
    const copy = new Uint8Array(buffer, byteOffset, end - start);
    copy.set(bytes.subarray(start, end));
    return copy;
  },
  float64: (bytes, at) => (bytes as Buffer).readDoubleBE(at),
  int64: (bytes, at) => (bytes as Buffer).readBigInt64BE(at),
};
