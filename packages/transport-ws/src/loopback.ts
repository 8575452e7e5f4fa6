/**
 * A node's messages to itself: copied, delivered in order when the work at hand is done, and
 * bounded like those to anybody else.
 */
import type { Clock, Timer } from '@ds/clock';
import { copyPlain, type SendResult } from '@ds/transport';

export interface LoopbackOptions {
  readonly clock: Clock;
  readonly maxQueuedBytes: number;
  readonly deliver: (channel: string, plain: unknown) => void;
  readonly drained: () => void;
}

interface Parcel {
  readonly channel: string;
  readonly message: unknown;
  readonly bytes: number;
}

export class Loopback {
  readonly #options: LoopbackOptions;
  #queue: Parcel[] = [];
  #queuedBytes = 0;
  #timer: Timer | undefined;
  #saturated = false;
  #closed = false;

  constructor(options: LoopbackOptions) {
    this.#options = options;
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    if (this.#queuedBytes + bytes > this.#options.maxQueuedBytes) {
      this.#saturated = true;
      return 'saturated';
    }
    this.#queue.push({ channel, message: copyPlain(message), bytes });
    this.#queuedBytes += bytes;
    this.#timer ??= this.#options.clock.setTimer(0, () => this.#deliver());
    return 'queued';
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#queue = [];
  }

  #deliver(): void {
    this.#timer = undefined;
    const burst = this.#queue;
    this.#queue = [];
    for (const { channel, message, bytes } of burst) {
      if (this.#closed) return;
      this.#queuedBytes -= bytes;
      this.#options.deliver(channel, message);
    }
    if (this.#saturated && this.#queuedBytes * 2 <= this.#options.maxQueuedBytes) {
      this.#saturated = false;
      this.#options.drained();
    }
  }
}
