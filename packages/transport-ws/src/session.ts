/**
 * One socket from its first byte to its last, on either side and between whomever: a handshake,
 * then traffic, then the end. What the handshake says is its owner's to decide: connection.ts
 * between nodes, client-connection.ts and node-connection.ts between a client and a node.
 *
 * Invariants: nothing is read as messages before {@link Session.up}; `ended` is told once, and
 * before `gone`; a refusal is counted once.
 */
import type { Timer } from '@ds/clock';
import type { SendResult } from '@ds/transport';
import type { FrameSocket } from './frame-socket.ts';
import { Link, type LinkOptions } from './link.ts';
import { CLOSE_CODES, Refusal, type RefusalReason } from './refusal.ts';

const GOING_AWAY = 1001;

type LinkSettings = Omit<LinkOptions, 'socket' | 'deliver' | 'drained' | 'silent'>;

export interface SessionOptions extends LinkSettings {
  /** From the first byte until {@link Session.up}. */
  readonly handshakeTimeoutMs: number;
}

export interface SessionEvents {
  /** A dialled socket is open: the handshake may begin. */
  opened?(): void;
  /** A frame of the handshake; may throw a {@link Refusal}. */
  handshake(frame: Uint8Array): void;
  deliver(channel: string, plain: unknown): void;
  drained(): void;
  ended(problem: string): void;
  /** The socket is closed. */
  gone(): void;
  refused(reason: RefusalReason): void;
}

export class Session {
  readonly #socket: FrameSocket;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #timer: Timer;
  #state: 'handshake' | 'up' | 'ended' = 'handshake';
  #link: Link | undefined;

  constructor(socket: FrameSocket, options: SessionOptions, events: SessionEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    const { clock, handshakeTimeoutMs } = options;
    this.#timer = clock.setTimer(handshakeTimeoutMs, () =>
      this.refuse('handshake-timeout', `no handshake within ${handshakeTimeoutMs} ms`),
    );
    socket.listen({
      opened: () => {
        if (this.#state === 'handshake') events.opened?.();
      },
      frame: (frame) => this.#receive(frame),
      closed: ({ problem, refusal }) => {
        if (refusal !== undefined && this.#state !== 'ended') events.refused(refusal);
        this.#end(problem);
        events.gone();
      },
    });
  }

  get state(): 'handshake' | 'up' | 'ended' {
    return this.#state;
  }

  /** Sends a frame of the handshake. */
  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  /** The other side has proved itself: the limits for strangers end. */
  authenticated(): void {
    this.#socket.authenticated();
  }

  /** The handshake is done: from here on frames are messages. */
  up(): void {
    this.#timer.cancel();
    this.#state = 'up';
    const { deliver, drained } = this.#events;
    const { deadAfterMs } = this.#options;
    this.#link = new Link({
      ...this.#options,
      socket: this.#socket,
      deliver,
      drained,
      silent: () => this.destroy(`silent for ${deadAfterMs} ms`),
    });
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    return this.#link?.submit(channel, message, bytes) ?? 'unreachable';
  }

  /** Counts `reason`, tells it to the other side, and ends. */
  refuse(reason: RefusalReason, problem: string): void {
    if (this.#state === 'ended') return;
    this.#events.refused(reason);
    this.#socket.close(CLOSE_CODES[reason], reason);
    this.#end(problem);
  }

  /** Ends in peace, after what waits to be sent. */
  close(problem: string): void {
    if (this.#state === 'ended') return;
    this.#link?.stop();
    this.#socket.close(GOING_AWAY, problem);
    this.#end(problem);
  }

  /** Ends at once. */
  destroy(problem: string): void {
    this.#end(problem);
    this.#socket.destroy();
  }

  #receive(frame: Uint8Array): void {
    if (this.#state === 'ended') return;
    try {
      if (this.#link) this.#link.receive(frame);
      else this.#events.handshake(frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error.reason, error.message);
    }
  }

  #end(problem: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer.cancel();
    this.#link?.stop();
    this.#events.ended(problem);
  }
}
