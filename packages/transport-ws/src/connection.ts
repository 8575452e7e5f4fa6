/**
 * One socket from its first byte to its last: handshake, then traffic, then the end.
 *
 * What it may become is for its {@link ConnectionHost} to decide (peering.ts): whether a peer is
 * admitted when it has proved itself, and what a connection that is up replaces.
 *
 * Invariants: nothing is read as messages before the peer has authenticated; `ended` is told once;
 * a refusal is counted once.
 */
import type { Timer } from '@ds/clock';
import type { NodeId, SendResult } from '@ds/transport';
import {
  type Authenticated,
  DialerHandshake,
  type HandshakeOptions,
  ListenerHandshake,
} from './handshake.ts';
import { Link } from './link.ts';
import type { ResolvedOptions } from './options.ts';
import { CLOSE_CODES, Refusal, type RefusalReason } from './refusal.ts';
import type { FrameSocket } from './socket.ts';

const GOING_AWAY = 1001;

export interface ConnectionHost {
  readonly options: ResolvedOptions;
  /** The session of the last connection with `peer` that was lost here. */
  lostSession(peer: NodeId): string;
  /** A dialer has proved itself: why not to have it, or undefined. */
  admit(connection: Connection, proof: Authenticated): RefusalReason | undefined;
  established(connection: Connection): void;
  ended(connection: Connection, problem: string): void;
  /** Its socket is closed. */
  gone(connection: Connection): void;
  refused(reason: RefusalReason): void;
  deliver(from: NodeId, channel: string, plain: unknown): void;
  drained(peer: NodeId): void;
}

/** `admitted`: the dialer is authenticated and told so, and has not said READY yet. */
export type ConnectionState = 'handshake' | 'admitted' | 'up' | 'ended';

export class Connection {
  /** Whether it was dialled here rather than there. */
  readonly dialled: boolean;
  /** Given by the host when it comes up. */
  incarnation = 0;
  upSinceMs = 0;
  readonly #host: ConnectionHost;
  readonly #socket: FrameSocket;
  readonly #timer: Timer;
  #onFrame: (frame: Buffer) => void;
  #state: ConnectionState = 'handshake';
  #peer: NodeId;
  #peerInstance = '';
  #session = '';
  #link: Link | undefined;

  /** `peer`: whom we dialled; undefined for a connection that came in. */
  constructor(
    host: ConnectionHost,
    socket: FrameSocket,
    handshake: HandshakeOptions,
    peer: NodeId | undefined,
  ) {
    this.#host = host;
    this.#socket = socket;
    this.dialled = peer !== undefined;
    this.#peer = peer ?? '';
    const { clock, handshakeTimeoutMs } = host.options;
    this.#timer = clock.setTimer(handshakeTimeoutMs, () =>
      this.refuse('handshake-timeout', `no handshake within ${handshakeTimeoutMs} ms`),
    );
    const dialer = peer === undefined ? undefined : new DialerHandshake({ ...handshake, peer });
    this.#onFrame = dialer ? this.#dial(dialer) : this.#answer(new ListenerHandshake(handshake));
    socket.listen({
      opened: () => {
        if (dialer && this.#state === 'handshake') socket.send(dialer.hello());
      },
      frame: (frame) => this.#receive(frame),
      closed: ({ problem, refusal }) => {
        if (refusal !== undefined && this.#state !== 'ended') this.#host.refused(refusal);
        this.#end(problem);
        this.#host.gone(this);
      },
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The other node; empty until an incoming one has authenticated. */
  get peer(): NodeId {
    return this.#peer;
  }

  get peerInstance(): string {
    return this.#peerInstance;
  }

  get session(): string {
    return this.#session;
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    return this.#link?.submit(channel, message, bytes) ?? 'unreachable';
  }

  /** Counts `reason`, tells it to the other side, and ends. */
  refuse(reason: RefusalReason, problem: string): void {
    if (this.#state === 'ended') return;
    this.#host.refused(reason);
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

  #ended(): boolean {
    return this.#state === 'ended';
  }

  #receive(frame: Buffer): void {
    if (this.#state === 'ended') return;
    try {
      this.#onFrame(frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error.reason, error.message);
    }
  }

  #dial(handshake: DialerHandshake): (frame: Buffer) => void {
    return (challenge) => {
      const lostSession = this.#host.lostSession(this.#peer);
      this.#socket.send(handshake.challenged(challenge, lostSession));
      this.#onFrame = (accept) => {
        handshake.accepted(accept);
        this.#peerInstance = handshake.peerInstance;
        this.#session = handshake.session;
        this.#socket.authenticated();
        this.#socket.send(Buffer.alloc(0));
        this.#up();
      };
    };
  }

  #answer(handshake: ListenerHandshake): (frame: Buffer) => void {
    return (hello) => {
      this.#socket.send(handshake.greeted(hello));
      this.#onFrame = (proof) => {
        const authenticated = handshake.proved(proof);
        this.#peer = authenticated.peer;
        this.#peerInstance = authenticated.peerInstance;
        this.#session = authenticated.session;
        const refusal = this.#host.admit(this, authenticated);
        if (refusal !== undefined) throw new Refusal(refusal, refusal);
        if (this.#ended()) return;
        this.#state = 'admitted';
        this.#socket.authenticated();
        this.#socket.send(authenticated.accept);
        this.#onFrame = (ready) => {
          if (ready.length > 0) throw new Refusal('bad-hello', 'traffic before READY');
          this.#up();
        };
      };
    };
  }

  #up(): void {
    this.#timer.cancel();
    this.#state = 'up';
    const host = this.#host;
    const peer = this.#peer;
    const { deadAfterMs } = host.options;
    const link = new Link({
      ...host.options,
      socket: this.#socket,
      deliver: (channel, plain) => host.deliver(peer, channel, plain),
      drained: () => host.drained(peer),
      silent: () => this.destroy(`silent for ${deadAfterMs} ms`),
    });
    this.#link = link;
    this.#onFrame = (frame) => link.receive(frame);
    host.established(this);
  }

  #end(problem: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer.cancel();
    this.#link?.stop();
    this.#host.ended(this, problem);
  }
}
