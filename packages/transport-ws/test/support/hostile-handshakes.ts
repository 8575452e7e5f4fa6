/** Frames of the clients' handshake that nobody should send: an endless, seeded supply. */
import {
  writeChallenge,
  writeHello,
  writeToken,
  writeWelcome,
} from '../../src/client-handshake.ts';
import { seededRandom } from './seeded-random.ts';

export class HostileHandshakes {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(): Uint8Array {
    const honest = this.#honest();
    const makers: (() => Uint8Array)[] = [
      () => this.#bytes(this.#below(300)),
      () => Uint8Array.from([...honest.subarray(0, 6), ...this.#bytes(this.#below(300))]),
      () => honest.subarray(0, this.#below(honest.length + 1)),
      () => Uint8Array.from([...honest, ...this.#bytes(1 + this.#below(300))]),
      () => {
        const flipped = Uint8Array.from(honest);
        for (let i = this.#below(4); i >= 0; i -= 1) {
          flipped[this.#below(flipped.length)]! ^= 1 << this.#below(8);
        }
        return flipped;
      },
      () => honest,
    ];
    return makers[this.#below(makers.length)]!();
  }

  #honest(): Uint8Array {
    const makers = [
      () => writeHello('x'.repeat(1 + this.#below(128)), this.#bytes(16)),
      () => writeHello('é\u{1f600}', this.#bytes(16)),
      () => writeChallenge('door'),
      () => writeToken('t'.repeat(1 + this.#below(4_096))),
      () => writeWelcome(),
    ];
    return makers[this.#below(makers.length)]!();
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#below(256));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
