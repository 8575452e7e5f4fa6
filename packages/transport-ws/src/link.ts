/**
 * The traffic of one authenticated connection: frames out once per tick, frames in, heartbeats,
 * and the verdict that the other side is dead.
 *
 * What one tick sends leaves together: the first message sets a timer of 0 ms, which fires when
 * the work at hand and the input at hand are done. A microtask would come sooner: between two nodes
 * it costs the same CPU per message, but where one node talks with several it splits into more
 * frames what their input sets off in one tick. And a timer belongs to the Clock, so that tests
 * decide when.
 *
 * Invariants: no more than `maxQueuedBytes` of messages wait to be sent; whoever was told
 * 'saturated' is told of room once half of it is free.
 */
import type { Clock, Timer } from '@ds/clock';
import type { SendResult } from '@ds/transport';
import type { Codec } from './codec.ts';
import { FrameReader } from './frame-reader.ts';
import type { FrameSocket } from './frame-socket.ts';
import { FrameWriter } from './frame-writer.ts';

const HEARTBEAT: Uint8Array = new Uint8Array(0);

export interface LinkOptions {
  readonly codec: Codec;
  readonly socket: FrameSocket;
  readonly clock: Clock;
  /** Runs `flush` when the work at hand is done. @default a timer of 0 ms */
  readonly defer?: ((flush: () => void) => void) | undefined;
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly maxMessageBytes: number;
  readonly maxQueuedBytes: number;
  readonly deliver: (channel: string, plain: unknown) => void;
  /** There is room again. */
  readonly drained: () => void;
  /** Nothing was heard for `deadAfterMs`. */
  readonly silent: () => void;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader;
  readonly #sent = (): void => this.#checkRoom();
  readonly #flush = (): void => {
    this.#flushing = false;
    this.#writer.flush();
  };
  #flushing = false;
  #flushTimer: Timer | undefined;
  #heartbeatTimer: Timer;
  #heartbeatAt: number;
  #deadTimer: Timer;
  #heardAt: number;
  #sentSinceHeartbeat = false;
  #saturated = false;
  #stopped = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { codec, clock, heartbeatMs, deadAfterMs, socket, maxMessageBytes, deliver } = options;
    this.#writer = new FrameWriter(codec, (frame) => {
      this.#sentSinceHeartbeat = true;
      socket.send(frame, this.#sent);
    });
    this.#reader = new FrameReader({
      codec,
      maxMessageBytes,
      deliver: (channel, plain) => {
        deliver(channel, plain);
        return !this.#stopped;
      },
    });
    this.#heardAt = clock.monotonic();
    this.#heartbeatAt = this.#heardAt + heartbeatMs;
    this.#heartbeatTimer = clock.setTimer(heartbeatMs, () => this.#heartbeat());
    this.#deadTimer = clock.setTimer(deadAfterMs, () => this.#judge());
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    if (this.#stopped) return 'unreachable';
    const { socket, maxQueuedBytes } = this.#options;
    const queuedBytes = this.#writer.pendingBytes + socket.bufferedBytes;
    if (queuedBytes + bytes > maxQueuedBytes) {
      this.#saturated = true;
      return 'saturated';
    }
    this.#writer.add(channel, message);
    if (!this.#flushing) this.#flushSoon();
    return 'queued';
  }

  /** @throws {Refusal} what the sender of this frame deserves. */
  receive(frame: Uint8Array): void {
    this.#heardAt = this.#options.clock.monotonic();
    // A page in the background gets its timers late or not at all, but its input at once.
    if (this.#heardAt >= this.#heartbeatAt) this.#heartbeat();
    if (frame.length > 0) this.#reader.read(frame);
  }

  /** Sends what waits, then nothing more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#writer.flush();
    this.#flushTimer?.cancel();
    this.#heartbeatTimer.cancel();
    this.#deadTimer.cancel();
  }

  #flushSoon(): void {
    this.#flushing = true;
    const { clock, defer } = this.#options;
    if (defer) defer(this.#flush);
    else this.#flushTimer = clock.setTimer(0, this.#flush);
  }

  #checkRoom(): void {
    if (!this.#saturated || this.#stopped) return;
    const { socket, maxQueuedBytes, drained } = this.#options;
    if ((this.#writer.pendingBytes + socket.bufferedBytes) * 2 > maxQueuedBytes) return;
    this.#saturated = false;
    drained();
  }

  #heartbeat(): void {
    const { clock, heartbeatMs, socket } = this.#options;
    this.#heartbeatTimer.cancel();
    this.#heartbeatAt = clock.monotonic() + heartbeatMs;
    this.#heartbeatTimer = clock.setTimer(heartbeatMs, () => this.#heartbeat());
    // What is still on its way out says the same.
    if (!this.#sentSinceHeartbeat && socket.bufferedBytes === 0) socket.send(HEARTBEAT);
    this.#sentSinceHeartbeat = false;
  }

  #judge(): void {
    const { clock, deadAfterMs, silent } = this.#options;
    const leftMs = this.#heardAt + deadAfterMs - clock.monotonic();
    if (leftMs > 0) {
      this.#deadTimer = clock.setTimer(leftMs, () => this.#judge());
      return;
    }
    // It may be us who were busy: hear what lies in the socket before the verdict.
    const heardAt = this.#heardAt;
    this.#deadTimer = clock.setTimer(0, () => {
      if (this.#heardAt === heardAt) silent();
      else this.#judge();
    });
  }
}
