/**
 * A connection with another node of the cluster: the handshake of handshake.ts over a session.
 *
 * What it may become is for its {@link ConnectionHost} to decide (peering.ts): whether a peer is
 * admitted when it has proved itself, and what a connection that is up replaces.
 *
 * Invariant: `peer` is whom the other side has proved to be, or whom we dialled.
 */
import type { NodeId, SendResult } from '@ds/transport';
import type { FrameSocket } from './frame-socket.ts';
import {
  type Authenticated,
  DialerHandshake,
  type HandshakeOptions,
  ListenerHandshake,
} from './handshake.ts';
import { nodeCodec } from './node-codec.ts';
import type { ResolvedOptions } from './options.ts';
import { Refusal, type RefusalReason } from './refusal.ts';
import { Session } from './session.ts';

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

export class Connection {
  /** Whether it was dialled here rather than there. */
  readonly dialled: boolean;
  /** Given by the host when it comes up. */
  incarnation = 0;
  upSinceMs = 0;
  readonly #host: ConnectionHost;
  readonly #session: Session;
  #onFrame: (frame: Uint8Array) => void;
  #peer: NodeId;
  #peerInstance = '';
  #proof = '';

  /** `peer`: whom we dialled; undefined for a connection that came in. */
  constructor(
    host: ConnectionHost,
    socket: FrameSocket,
    handshake: HandshakeOptions,
    peer: NodeId | undefined,
  ) {
    this.#host = host;
    this.dialled = peer !== undefined;
    this.#peer = peer ?? '';
    const dialer = peer === undefined ? undefined : new DialerHandshake({ ...handshake, peer });
    this.#onFrame = dialer ? this.#dial(dialer) : this.#answer(new ListenerHandshake(handshake));
    this.#session = new Session(
      socket,
      { ...host.options, codec: nodeCodec },
      {
        opened: () => {
          if (dialer) this.#session.send(dialer.hello());
        },
        handshake: (frame) => this.#onFrame(frame),
        deliver: (channel, plain) => host.deliver(this.#peer, channel, plain),
        drained: () => host.drained(this.#peer),
        ended: (problem) => host.ended(this, problem),
        gone: () => host.gone(this),
        refused: (reason) => host.refused(reason),
      },
    );
  }

  get state(): Session['state'] {
    return this.#session.state;
  }

  /** The other node; empty until an incoming one has authenticated. */
  get peer(): NodeId {
    return this.#peer;
  }

  get peerInstance(): string {
    return this.#peerInstance;
  }

  /** Names this connection on both sides: the listener's proof. */
  get session(): string {
    return this.#proof;
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    return this.#session.submit(channel, message, bytes);
  }

  close(problem: string): void {
    this.#session.close(problem);
  }

  destroy(problem: string): void {
    this.#session.destroy(problem);
  }

  #dial(handshake: DialerHandshake): (frame: Uint8Array) => void {
    return (challenge) => {
      const lostSession = this.#host.lostSession(this.#peer);
      this.#session.send(handshake.challenged(challenge, lostSession));
      this.#onFrame = (accept) => {
        handshake.accepted(accept);
        this.#peerInstance = handshake.peerInstance;
        this.#proof = handshake.session;
        this.#session.authenticated();
        this.#session.send(new Uint8Array(0));
        this.#up();
      };
    };
  }

  #answer(handshake: ListenerHandshake): (frame: Uint8Array) => void {
    return (hello) => {
      this.#session.send(handshake.greeted(hello));
      this.#onFrame = (proof) => {
        const authenticated = handshake.proved(proof);
        this.#peer = authenticated.peer;
        this.#peerInstance = authenticated.peerInstance;
        this.#proof = authenticated.session;
        const refusal = this.#host.admit(this, authenticated);
        if (refusal !== undefined) throw new Refusal(refusal, refusal);
        if (this.state === 'ended') return;
        this.#session.authenticated();
        this.#session.send(authenticated.accept);
        this.#onFrame = (ready) => {
          if (ready.length > 0) throw new Refusal('bad-hello', 'traffic before READY');
          this.#up();
        };
      };
    };
  }

  #up(): void {
    this.#session.up();
    this.#host.established(this);
  }
}
