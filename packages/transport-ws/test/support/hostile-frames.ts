/** Frames nobody should send: an endless, seeded supply for the fuzzers. */
import { Packr } from 'msgpackr';
import { FrameWriter } from '../../src/frame-writer.ts';
import { nodeCodec } from '../../src/node-codec.ts';
import { seededRandom } from './seeded-random.ts';

export interface HostileFrame {
  readonly kind: string;
  readonly bytes: Buffer;
}

const recordPackr = new Packr({ useRecords: true, structuredClone: true, moreTypes: true });

export class HostileFrames {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(): HostileFrame {
    const makers = Object.entries(this.#makers);
    const [kind, make] = makers[this.#below(makers.length)]!;
    return { kind, bytes: make() };
  }

  /** A frame as an honest node would send it. */
  valid(): Buffer {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter(nodeCodec, (frame) => frames.push(frame));
    for (let i = this.#below(4); i >= 0; i -= 1) {
      writer.add(`channel ${this.#below(3)}`, this.#plain(0));
    }
    writer.flush();
    return Buffer.concat(frames);
  }

  readonly #makers: Record<string, () => Buffer> = {
    'random bytes': () => this.#bytes(1 + this.#below(200)),
    'random bytes after a channel': () => this.#after(this.#bytes(1 + this.#below(200))),
    truncated: () => {
      const frame = this.valid();
      return frame.subarray(0, 1 + this.#below(frame.length - 1));
    },
    'bits flipped': () => {
      const frame = Buffer.from(this.valid());
      for (let i = this.#below(4); i >= 0; i -= 1) {
        frame[this.#below(frame.length)]! ^= 1 << this.#below(8);
      }
      return frame;
    },
    'nested arrays': () => this.#after(Buffer.alloc(65 + this.#below(50_000), 0x91)),
    'nested maps': () => this.#after(Buffer.from('81a161'.repeat(65 + this.#below(5_000)), 'hex')),
    'record definition': () => this.#after(this.#recordDefinition()),
    'records and references': () =>
      this.#after(
        recordPackr.pack([
          { a: 1, b: new Set([1]) },
          { a: 2, b: new Date(0) },
        ]),
      ),
    extension: () => this.#after(this.#extension()),
    'wrong types': () =>
      this.#after(
        Buffer.of([0xc1, 0xca, 0xcf, 0xd4, 0xc7][this.#below(5)]!, 0, 0, 0, 0, 0, 0, 0, 0),
      ),
    'not finite': () => {
      const value = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][
        this.#below(3)
      ]!;
      const bytes = Buffer.alloc(9, 0xcb);
      bytes.writeDoubleBE(value, 1);
      return this.#after(bytes);
    },
    'huge length': () => {
      const head = [0xc6, 0xdb, 0xdd, 0xdf][this.#below(4)]!;
      const length = [0x7f, 0xff][this.#below(2)]!;
      return this.#after(Buffer.of(head, length, 0xff, 0xff, 0xff, ...this.#bytes(20)));
    },
    'key that is no string': () =>
      this.#after(Buffer.from(['81c0c0', '8101c0', '8190c0'][this.#below(3)]!, 'hex')),
    'key __proto__': () => this.#after(Buffer.from('81a95f5f70726f746f5f5f81a178c3', 'hex')),
    'invalid UTF-8': () => this.#after(Buffer.of(0xa4, 0x61, 0xc0 + this.#below(64), 0x61, 0xff)),
    'no channel': () => Buffer.of([5, 0xff, 0xc0, 0x90, 0xa0, 0xcb][this.#below(6)]!, 1),
    'no message': () => this.#after(Buffer.alloc(0)),
  };

  #after(message: Buffer): Buffer {
    return Buffer.concat([Buffer.from('a178', 'hex'), message]);
  }

  /** msgpackr reads this as "define record 0x40 with these fields", and makes a function of it. */
  #recordDefinition(): Buffer {
    return Buffer.from('d4724092a161a1620102', 'hex');
  }

  #extension(): Buffer {
    const type = this.#below(256);
    const heads = [
      [0xd4, type, 0],
      [0xd5, type, 0, 0],
      [0xd6, type, 0, 0, 0, 0],
      [0xd7, type, ...this.#bytes(8)],
      [0xd8, type, ...this.#bytes(16)],
      [0xc7, 3, type, ...this.#bytes(3)],
      [0xc8, 0, 3, type, ...this.#bytes(3)],
      [0xc9, 0, 0, 0, 3, type, ...this.#bytes(3)],
    ];
    return Buffer.from(heads[this.#below(heads.length)]!);
  }

  #plain(depth: number): unknown {
    const makers: (() => unknown)[] = [
      () => null,
      () => this.#random() < 0.5,
      () => this.#below(2 ** 32) - 2 ** 31,
      () => this.#random() * 1e9,
      () => BigInt(this.#below(2 ** 31)),
      () => 'text '.repeat(this.#below(20)),
      () => 'é'.repeat(this.#below(10)),
      () => new Uint8Array(this.#bytes(this.#below(300))),
      () => Array.from({ length: this.#below(6) }, () => this.#plain(depth + 1)),
      () => Object.fromEntries([...'abc'].map((key) => [key, this.#plain(depth + 1)])),
    ];
    return makers[this.#below(depth < 4 ? makers.length : 8)]!();
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
