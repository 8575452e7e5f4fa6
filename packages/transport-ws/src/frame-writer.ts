/**
 * Gathers what one tick sends to one peer into one frame.
 *
 * A frame is a sequence of pairs, channel then message, in MessagePack. A channel travels as its
 * name the first time in a connection, which gives it the next number, and as that number from
 * then on; after `MAX_NUMBERED_CHANNELS` names it always travels as its name. An empty frame says
 * "still here".
 *
 * The port demands that a message is encoded when `send` returns, so msgpackr packs each one at
 * once, and it is copied into a slab of which frames are consecutive parts. Slabs are filled once
 * and never used again: a frame may stay with the socket for as long as it likes.
 *
 * Invariant: frames, in order, hold each message once. Cost: one pack and one copy per message;
 * one allocation per `SLAB_BYTES`.
 */
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';

export const MAX_NUMBERED_CHANNELS = 1_024;
/** What a channel adds to a message at most: its name of 64 bytes and that name's header. */
export const MAX_CHANNEL_BYTES = 66;
const SLAB_BYTES = 65_536;

// Plain data as the port defines it needs no records, no references and no extensions; sizes are
// then exactly what `measurePlain` counted.
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  structuredClone: false,
  moreTypes: false,
  useToJSON: false,
} as ConstructorParameters<typeof Packr>[0]);

/** msgpackr's own buffer, with the part that holds the message; good until the next pack. */
type Packed = Buffer & { readonly start: number; readonly end: number };

export class FrameWriter {
  readonly #emit: (frame: Buffer) => void;
  readonly #numbers = new Map<string, number>();
  #slab: Buffer = Buffer.alloc(0);
  #start = 0;
  #at = 0;

  /** `emit` takes each finished frame and may keep it. */
  constructor(emit: (frame: Buffer) => void) {
    this.#emit = emit;
  }

  /** How much waits for the next `flush`. */
  get pendingBytes(): number {
    return this.#at - this.#start;
  }

  /** Adds a message that `measurePlain` has found plain; emits the frame so far if it is full. */
  add(channel: string, message: unknown): void {
    const packed = packr.pack(message, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as Packed;
    const { start, end } = packed;
    this.#reserve(MAX_CHANNEL_BYTES + end - start);
    this.#writeChannel(channel);
    this.#at += packed.copy(this.#slab, this.#at, start, end);
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
    // Not from Node's shared pool: a slab is a pool of its own.
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
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
      const length = slab.write(channel, this.#at + 2);
      slab[this.#at] = 0xd9;
      slab[this.#at + 1] = length;
      this.#at += 2 + length;
    } else if (number < 0x80) {
      slab[this.#at] = number;
      this.#at += 1;
    } else {
      slab[this.#at] = 0xcd;
      slab.writeUInt16BE(number, this.#at + 1);
      this.#at += 3;
    }
  }
}
