/**
 * A client at a node's door: the node's side of client-handshake.ts over a session.
 *
 * Invariants: a token is judged once; what `authenticate` answers after the connection has ended
 * changes nothing; a client says nothing between its token and its welcome.
 */
import type { NodeId, SendResult } from '@ds/transport';
import type { ClientIdentity, ResolvedClientDoorOptions } from './client-door-options.ts';
import { mayBear, readHello, readToken, writeChallenge, writeWelcome } from './client-handshake.ts';
import type { FrameSocket } from './frame-socket.ts';
import { nodeCodec } from './node-codec.ts';
import { Refusal, type RefusalReason } from './refusal.ts';
import { Session } from './session.ts';

const MAX_IDENTITY_BYTES = 100;

export interface ClientHost {
  readonly options: ResolvedClientDoorOptions;
  /** A client has shown whose it is: why not to have it, or undefined. */
  admit(connection: ClientConnection): RefusalReason | undefined;
  established(connection: ClientConnection): void;
  ended(connection: ClientConnection): void;
  /** Its socket is closed. */
  gone(connection: ClientConnection): void;
  refused(reason: RefusalReason): void;
  /** `authenticate` has thrown. */
  failed(error: unknown): void;
  deliver(from: NodeId, channel: string, plain: unknown): void;
  drained(client: NodeId): void;
}

export class ClientConnection {
  /** Given by the host when it comes up. */
  incarnation = 0;
  readonly #host: ClientHost;
  readonly #session: Session;
  readonly #leaving: AbortController = new AbortController();
  #onFrame: (frame: Uint8Array) => void;
  #name: NodeId = '';
  #instance = '';
  #identity = '';

  constructor(host: ClientHost, socket: FrameSocket) {
    this.#host = host;
    this.#onFrame = (hello) => this.#greet(hello);
    this.#session = new Session(
      socket,
      { ...host.options, codec: nodeCodec },
      {
        handshake: (frame) => this.#onFrame(frame),
        deliver: (channel, plain) => host.deliver(this.#name, channel, plain),
        drained: () => host.drained(this.#name),
        ended: () => {
          this.#leaving.abort(new Error('the client has left'));
          host.ended(this);
        },
        gone: () => host.gone(this),
        refused: (reason) => host.refused(reason),
      },
    );
  }

  get name(): NodeId {
    return this.#name;
  }

  get instance(): string {
    return this.#instance;
  }

  get identity(): string {
    return this.#identity;
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

  #greet(bytes: Uint8Array): void {
    const { self } = this.#host.options;
    const { name, instance } = readHello(bytes);
    if (name === self) throw new Refusal('self', 'the hello bears our own name');
    this.#name = name;
    this.#instance = instance;
    this.#session.send(writeChallenge(self));
    this.#onFrame = (frame) => {
      const token = readToken(frame);
      this.#onFrame = () => {
        throw new Refusal('bad-hello', 'traffic before WELCOME');
      };
      void this.#identify(token);
    };
  }

  async #identify(token: string): Promise<void> {
    let refusal: RefusalReason | undefined;
    try {
      const { signal } = this.#leaving;
      const identity = await this.#host.options.authenticate(token, signal);
      if (this.#ended()) return;
      refusal = identity === undefined ? 'wrong-token' : this.#claim(identity);
    } catch (error) {
      // Whatever the reason, nobody is let in; an abort of our own is no defect of the program.
      if (this.#ended()) return;
      this.#host.failed(error);
      refusal = 'wrong-token';
    }
    if (refusal !== undefined) this.#session.refuse(refusal, refusal);
    // Refused; or whoever heard that an older connection ended has closed the door.
    if (this.#ended()) return;
    this.#session.authenticated();
    this.#session.send(writeWelcome());
    this.#session.up();
    this.#host.established(this);
  }

  #ended(): boolean {
    return this.#session.state === 'ended';
  }

  /** @throws {RangeError} for an identity that is none: a defect of `authenticate`. */
  #claim({ id }: ClientIdentity): RefusalReason | undefined {
    const fits = typeof id === 'string' && id.isWellFormed() && !id.includes('/');
    const bytes = fits ? Buffer.byteLength(id) : 0;
    if (bytes < 1 || bytes > MAX_IDENTITY_BYTES) {
      throw new RangeError(
        `an identity is a string of 1 to ${MAX_IDENTITY_BYTES} bytes without '/', got ${String(id)}`,
      );
    }
    if (!mayBear(this.#name, id)) return 'wrong-name';
    this.#identity = id;
    return this.#host.admit(this);
  }
}
