/**
 * Takes a frame apart into channels and messages; the other half of frame-writer.ts.
 *
 * Messages are handed on one by one as they are read, so that a large frame is never decoded as a
 * whole. A frame that turns bad half way has delivered its first half, as it would have in two
 * frames: frames carry no meaning of their own.
 *
 * Invariant: what is handed on is plain data of at most `maxMessageBytes`.
 */
import type { Codec } from './codec.ts';
import { MAX_NUMBERED_CHANNELS } from './frame-writer.ts';
import { PlainReader } from './plain-reader.ts';
import { Refusal } from './refusal.ts';

const MAX_NAME_BYTES = 64;

export interface FrameReaderOptions {
  readonly codec: Codec;
  readonly maxMessageBytes: number;
  /** Returns false when nothing more of this frame is wanted. */
  readonly deliver: (channel: string, plain: unknown) => boolean;
}

export class FrameReader {
  readonly #plain: PlainReader;
  readonly #names: string[] = [];
  readonly #maxMessageBytes: number;
  readonly #deliver: (channel: string, plain: unknown) => boolean;

  constructor({ codec, maxMessageBytes, deliver }: FrameReaderOptions) {
    this.#plain = new PlainReader(codec);
    this.#maxMessageBytes = maxMessageBytes;
    this.#deliver = deliver;
  }

  /** @throws {Refusal} what the sender of this frame deserves. */
  read(frame: Uint8Array): void {
    const plain = this.#plain;
    plain.load(frame);
    try {
      while (!plain.done) {
        const channel = this.#channel();
        const start = plain.position;
        const message = plain.read();
        if (plain.position - start > this.#maxMessageBytes) {
          throw new Refusal('too-large', `a message exceeds ${this.#maxMessageBytes} bytes`);
        }
        if (!this.#deliver(channel, message)) return;
      }
    } finally {
      plain.unload();
    }
  }

  #channel(): string {
    const start = this.#plain.position;
    const channel = this.#plain.read();
    if (typeof channel === 'number') {
      const name = this.#names[channel];
      if (name !== undefined) return name;
    } else if (typeof channel === 'string' && channel !== '') {
      if (this.#plain.position - start <= MAX_NAME_BYTES + 2) {
        if (this.#names.length < MAX_NUMBERED_CHANNELS) this.#names.push(channel);
        return channel;
      }
    }
    throw new Refusal('bad-frame', 'a frame names no channel');
  }
}
