/** A node under a test's control: speaks the handshake by hand, then sends whatever it is told. */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { DialerHandshake, NO_SESSION } from '../../src/handshake.ts';
import { KEY } from './cluster.ts';

export interface AttackerOptions {
  readonly self?: string;
  readonly peer: string;
  readonly key?: Uint8Array;
  readonly instance?: Buffer;
}

export class Attacker {
  readonly ws: WebSocket;
  readonly closed: Promise<number>;
  readonly #frames: Buffer[] = [];
  #wake = (): void => {};
  #isClosed = false;

  /** Connects as a WebSocket; says nothing yet. */
  constructor(port: number) {
    this.ws = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    this.ws.on('error', () => {});
    this.ws.on('message', (data: Buffer) => {
      this.#frames.push(data);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code) => {
        this.#isClosed = true;
        this.#wake();
        resolve(code);
      });
    });
  }

  opened(): Promise<void> {
    return new Promise((resolve) => this.ws.once('open', () => resolve()));
  }

  /** The next frame, or undefined when the connection is closed. */
  async receive(): Promise<Buffer | undefined> {
    while (this.#frames.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#frames.shift();
  }

  send(frame: Uint8Array | string): void {
    this.ws.send(frame);
  }

  /** Goes through the handshake up to READY; false when it was refused. */
  async authenticate({
    self = 'attacker',
    peer,
    key = KEY,
    instance,
  }: AttackerOptions): Promise<boolean> {
    const nonce = randomBytes(32);
    const handshake = new DialerHandshake({
      self,
      peer,
      key,
      nonce,
      instance: instance ?? randomBytes(16),
    });
    this.send(handshake.hello());
    const challenge = await this.receive();
    if (challenge === undefined) return false;
    this.send(handshake.challenged(challenge, NO_SESSION));
    const accept = await this.receive();
    if (accept === undefined) return false;
    handshake.accepted(accept);
    this.send(Buffer.alloc(0));
    return true;
  }
}

export async function attacker(port: number): Promise<Attacker> {
  const connected = new Attacker(port);
  await connected.opened();
  return connected;
}
