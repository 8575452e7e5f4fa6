/**
 * How two nodes find out that both hold the cluster's key, before either believes a byte of the
 * other. Pure: bytes in, bytes out.
 *
 *     dialer                                             listener
 *       | HELLO      instance, nonce, from, to              |
 *       |-------------------------------------------------->|
 *       |                      CHALLENGE  instance, nonce   |
 *       |<--------------------------------------------------|
 *       | PROOF      lost session, HMAC("dialer" ...)       |
 *       |-------------------------------------------------->|  authenticated here
 *       |                          ACCEPT  HMAC("listener") |
 *       |<--------------------------------------------------|
 *       | READY      (an empty frame)                       |  up here, on both sides
 *       |-------------------------------------------------->|
 *
 * Each proof is an HMAC-SHA-256 under the shared key over a role, the version, both nonces, both
 * instances and both names. Invariants: the key is never sent; nobody gets a proof who has not
 * proved the key first, except from the node that dialled him; a proof fits one role, one pair of
 * names and one pair of nonces, so it can be neither reflected nor replayed; proofs are compared in
 * constant time.
 *
 * An instance is drawn at each start of a process: it tells a node that reconnects from a second
 * node with the same name. A session (the listener's proof) names one connection: the dialer says
 * which one it lost last, see peering.ts.
 *
 * Source: ISO/IEC 9798-4, three-pass mutual authentication with a keyed check function; RFC 2104.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { NodeId } from '@ds/transport';
import { Refusal } from './refusal.ts';

export const PROTOCOL_VERSION = 1;
/** The largest frame of the handshake is a HELLO with two names of 128 bytes: 312. */
export const MAX_HANDSHAKE_FRAME_BYTES = 320;
/** All that either side may send before it is authenticated: two frames, and their headers. */
export const MAX_UNAUTHENTICATED_BYTES = 1_024;
export const NONCE_BYTES = 32;
export const INSTANCE_BYTES = 16;
const MAC_BYTES = 32;
const MAX_ID_BYTES = 128;
const MAGIC = Buffer.from('DSWS');

const HELLO = 1;
const CHALLENGE = 2;
const PROOF = 3;
const ACCEPT = 4;

/** Nothing was lost before: all zeros. */
export const NO_SESSION: string = '00'.repeat(MAC_BYTES);

interface Transcript {
  readonly dialer: NodeId;
  readonly listener: NodeId;
  readonly dialerInstance: Buffer;
  readonly listenerInstance: Buffer;
  readonly dialerNonce: Buffer;
  readonly listenerNonce: Buffer;
}

export interface HandshakeOptions {
  readonly self: NodeId;
  readonly key: Uint8Array;
  readonly instance: Buffer;
  /** Fresh, from a cryptographic source. */
  readonly nonce: Buffer;
}

/** The dialer's part. Every method may throw a {@link Refusal}. */
export class DialerHandshake {
  readonly #options: HandshakeOptions & { readonly peer: NodeId };
  #transcript: Transcript | undefined;
  #session = '';
  #peerInstance = '';

  constructor(options: HandshakeOptions & { readonly peer: NodeId }) {
    this.#options = options;
  }

  get session(): string {
    return this.#session;
  }

  get peerInstance(): string {
    return this.#peerInstance;
  }

  hello(): Buffer {
    const { self, peer, instance, nonce } = this.#options;
    return frame(HELLO, instance, nonce, prefixed(self), prefixed(peer));
  }

  /** Takes the CHALLENGE; `lostSession` is the last connection with this peer that ended here. */
  challenged(bytes: Uint8Array, lostSession: string): Buffer {
    if (this.#transcript !== undefined) throw outOfTurn();
    const fields = new Fields(bytes, CHALLENGE);
    const listenerInstance = fields.take(INSTANCE_BYTES);
    const listenerNonce = fields.take(NONCE_BYTES);
    fields.end();
    const { self, peer, instance, nonce, key } = this.#options;
    this.#transcript = {
      dialer: self,
      listener: peer,
      dialerInstance: instance,
      listenerInstance,
      dialerNonce: nonce,
      listenerNonce,
    };
    this.#peerInstance = listenerInstance.toString('hex');
    const lost = Buffer.from(lostSession, 'hex');
    return frame(PROOF, lost, prove(key, 'dialer', this.#transcript, lost));
  }

  /** Takes the ACCEPT. When it returns, the listener is who it should be. */
  accepted(bytes: Uint8Array): void {
    if (this.#transcript === undefined) throw outOfTurn();
    const fields = new Fields(bytes, ACCEPT);
    const mac = fields.take(MAC_BYTES);
    fields.end();
    check(mac, prove(this.#options.key, 'listener', this.#transcript));
    this.#session = mac.toString('hex');
  }
}

/** What the listener knows once the dialer has proved itself. */
export interface Authenticated {
  readonly peer: NodeId;
  readonly peerInstance: string;
  readonly session: string;
  /** The last connection with us that the dialer lost, by its session. */
  readonly lostSession: string;
  /** The frame that admits it. */
  readonly accept: Buffer;
}

/** The listener's part. Every method may throw a {@link Refusal}. */
export class ListenerHandshake {
  readonly #options: HandshakeOptions;
  #transcript: Transcript | undefined;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** Takes the HELLO, whose claims are believed only after the proof. */
  greeted(bytes: Uint8Array): Buffer {
    if (this.#transcript !== undefined) throw outOfTurn();
    const { self, instance, nonce } = this.#options;
    const fields = new Fields(bytes, HELLO);
    const dialerInstance = fields.take(INSTANCE_BYTES);
    const dialerNonce = fields.take(NONCE_BYTES);
    const dialer = fields.id();
    const listener = fields.id();
    fields.end();
    if (dialer === self) throw new Refusal('self', 'the hello bears our own name');
    if (listener !== self) throw new Refusal('wrong-node', 'the hello is for another node');
    this.#transcript = {
      dialer,
      listener,
      dialerInstance,
      listenerInstance: instance,
      dialerNonce,
      listenerNonce: nonce,
    };
    return frame(CHALLENGE, instance, nonce);
  }

  /** Takes the PROOF. */
  proved(bytes: Uint8Array): Authenticated {
    const transcript = this.#transcript;
    if (transcript === undefined) throw outOfTurn();
    const fields = new Fields(bytes, PROOF);
    const lost = fields.take(MAC_BYTES);
    const mac = fields.take(MAC_BYTES);
    fields.end();
    const { key } = this.#options;
    check(mac, prove(key, 'dialer', transcript, lost));
    const own = prove(key, 'listener', transcript);
    return {
      peer: transcript.dialer,
      peerInstance: transcript.dialerInstance.toString('hex'),
      session: own.toString('hex'),
      lostSession: lost.toString('hex'),
      accept: frame(ACCEPT, own),
    };
  }
}

function prove(
  key: Uint8Array,
  role: 'dialer' | 'listener',
  { dialer, listener, ...t }: Transcript,
  lost: Buffer = Buffer.alloc(MAC_BYTES),
): Buffer {
  const hmac = createHmac('sha256', key);
  hmac.update(prefixed(`ds transport-ws ${PROTOCOL_VERSION} ${role}`));
  hmac.update(t.dialerNonce).update(t.listenerNonce);
  hmac.update(t.dialerInstance).update(t.listenerInstance);
  hmac.update(prefixed(dialer)).update(prefixed(listener)).update(lost);
  return hmac.digest();
}

function check(claimed: Buffer, expected: Buffer): void {
  if (!timingSafeEqual(claimed, expected)) {
    throw new Refusal('wrong-key', 'the proof does not fit the key');
  }
}

function frame(kind: number, ...fields: readonly Buffer[]): Buffer {
  return Buffer.concat([MAGIC, Buffer.of(PROTOCOL_VERSION, kind), ...fields]);
}

/** With its length in front, so that no two sequences of names have the same bytes. */
function prefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function outOfTurn(): Refusal {
  return new Refusal('bad-hello', 'a frame of the handshake came out of turn');
}

/** Reads the fields of one handshake frame. */
class Fields {
  readonly #bytes: Buffer;
  #at: number = MAGIC.length + 2;

  constructor(bytes: Uint8Array, kind: number) {
    const sized = bytes.length >= this.#at && bytes.length <= MAX_HANDSHAKE_FRAME_BYTES;
    if (!sized || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
      throw new Refusal('bad-hello', 'not a frame of this handshake');
    }
    if (bytes[MAGIC.length] !== PROTOCOL_VERSION) {
      throw new Refusal('wrong-version', `speaks version ${bytes[MAGIC.length]}`);
    }
    if (bytes[MAGIC.length + 1] !== kind) throw outOfTurn();
    // Copied, because the fields outlive the frame.
    this.#bytes = Buffer.from(bytes);
  }

  take(length: number): Buffer {
    const field = this.#bytes.subarray(this.#at, this.#at + length);
    if (field.length !== length) throw new Refusal('bad-hello', 'a frame is cut short');
    this.#at += length;
    return field;
  }

  id(): NodeId {
    const bytes = this.take(this.take(1)[0]!);
    const id = bytes.toString('utf8');
    const faithful = Buffer.from(id).equals(bytes);
    if (!faithful || bytes.length < 1 || bytes.length > MAX_ID_BYTES) {
      throw new Refusal('bad-hello', 'a name is malformed');
    }
    return id;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Refusal('bad-hello', 'a frame is too long');
  }
}
