/**
 * Gathers what one tick sends to one peer into one frame.
 *
 * A frame is a sequence of pairs, channel then message, in MessagePack. A channel travels as its
 * name the first time in a connection, which gives it the next number, and as that number from
 * then on; after `MAX_NUMBERED_CHANNELS` names it always travels as its name. An empty frame says
 * "still here".
 *
 * The port demands that a message is encoded when `send` returns, so each one is packed at
 * once and copied into a slab of which frames are consecutive parts. Slabs are filled once
 * and never used again: a frame may stay with the socket for as long as it likes.
 *
 * Invariant: frames, in order, hold each message once. Cost: one pack and one copy per message;
 * one allocation per `SLAB_BYTES`.
 */
import type { Codec } from './codec.ts';

export const MAX_NUMBERED_CHANNELS = 1_024;
/** What a channel adds to a message at most: its name of 64 bytes and that name's header. */
export const MAX_CHANNEL_BYTES = 66;
const SLAB_BYTES = 65_536;

const names = new TextEncoder();

export class FrameWriter {
  readonly #codec: Codec;
  readonly #emit: (frame: Uint8Array) => void;
  readonly #numbers = new Map<string, number>();
  #slab: Uint8Array = new Uint8Array(0);
  #start = 0;
  #at = 0;

  /** `emit` takes each finished frame and may keep it. */
  constructor(codec: Codec, emit: (frame: Uint8Array) => void) {
    this.#codec = codec;
    this.#emit = emit;
  }

  /** How much waits for the next `flush`. */
  get pendingBytes(): number {
    return this.#at - this.#start;
  }

  /** Adds a message that `measurePlain` has found plain; emits the frame so far if it is full. */
  add(channel: string, message: unknown): void {
    const packed = this.#codec.pack(message);
    this.#reserve(MAX_CHANNEL_BYTES + packed.end - packed.start);
    this.#writeChannel(channel);
    this.#at += this.#codec.place(packed, this.#slab, this.#at);
  }

  /** Emits what has been added since the last frame, if anything. */
  flush(): void {
    if (this.#at === this.#start) return;
    const frame = this.#slab.subarray(this.#start, this.#at);
    this.#start = this.#at;
    this.#emit(frame);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#slab.length - this.#at) return;
    this.flush();
    this.#slab = this.#codec.allocate(Math.max(SLAB_BYTES, bytes));
    this.#start = 0;
    this.#at = 0;
  }

  #writeChannel(channel: string): void {
    const slab = this.#slab;
    const number = this.#numbers.get(channel);
    if (number === undefined) {
      if (this.#numbers.size < MAX_NUMBERED_CHANNELS) {
        this.#numbers.set(channel, this.#numbers.size);
      }
      const { written: length } = names.encodeInto(channel, slab.subarray(this.#at + 2));
      slab[this.#at] = 0xd9;
      slab[this.#at + 1] = length;
      this.#at += 2 + length;
    } else if (number < 0x80) {
      slab[this.#at] = number;
      this.#at += 1;
    } else {
      slab[this.#at] = 0xcd;
      slab[this.#at + 1] = number >> 8;
      slab[this.#at + 2] = number & 0xff;
      this.#at += 3;
    }
  }
}
