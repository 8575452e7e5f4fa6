/**
 * What a server and a browser do in different ways with the bytes of messages. Everything else
 * about frames is the same on both, and written once against this.
 *
 * Node has msgpackr and `Buffer` (node-codec.ts); a page has `TextDecoder` and `DataView`, and no
 * room for more (browser-codec.ts). Both write the same bytes, which a test compares.
 */

/** A packed message: the bytes from `start` up to `end`, good until the next `pack`. */
export interface Packed extends Uint8Array {
  readonly start: number;
  readonly end: number;
}

export interface Codec {
  /** Room for frames; what is in it does not matter. */
  allocate(length: number): Uint8Array;
  /** MessagePack for a message that `measurePlain` has found plain. */
  pack(message: unknown): Packed;
  /** Copies `packed` into `target` at `at`, where there is room for it; returns its length. */
  place(packed: Packed, target: Uint8Array, at: number): number;
  /** The text of these bytes, or undefined when they are not valid UTF-8. */
  text(bytes: Uint8Array, start: number, end: number): string | undefined;
  /** These bytes as a plain `Uint8Array` that does not keep `bytes` alive. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array;
  /** Eight bytes, most significant first. */
  float64(bytes: Uint8Array, at: number): number;
  int64(bytes: Uint8Array, at: number): bigint;
}
