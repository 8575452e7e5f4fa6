/**
 * How a client, such as a page in a browser, gets in at a node's door. Pure, and the same code on
 * both sides: bytes in, bytes out.
 *
 *     client                                             node
 *       | HELLO      version, instance, client's name      |
 *       |------------------------------------------------->|
 *       |              CHALLENGE  version, node's name     |
 *       |<-------------------------------------------------|
 *       | TOKEN                                            |
 *       |------------------------------------------------->|  authenticated here
 *       |                                  WELCOME         |
 *       |<-------------------------------------------------|  up on both sides
 *
 * A client holds a token of its own, never the cluster's key, so there is nothing the node could
 * prove to it: that the node is who it should be, and that nobody listens, is for TLS to see to
 * (`wss://`). The token travels here rather than
 *  - in the URL, which proxies, histories and error reports keep;
 *  - in `Sec-WebSocket-Protocol`, a header, which proxies log too, and which forces an alphabet on
 *    it, and the node to answer with a subprotocol;
 *  - in the first frame, which a wrong address would receive: it is sent only to what has answered
 *    in this protocol, in this version, under the name that was dialled.
 *
 * The instance is drawn when a page opens its transport: it tells a page that reconnects before
 * its old connection was found dead from a second page with the same name.
 *
 * Invariants: no token is sent before the CHALLENGE fits; no frame is longer than its kind allows.
 */
import type { NodeId } from '@ds/transport';
import { Refusal } from './refusal.ts';

export const CLIENT_PROTOCOL_VERSION = 1;
export const CLIENT_INSTANCE_BYTES = 16;
export const MAX_TOKEN_BYTES = 4_096;
const MAX_NAME_BYTES = 128;
const HEAD_BYTES = 6;
/** All that a client may send before it is authenticated: its two frames, and their headers. */
export const MAX_UNAUTHENTICATED_CLIENT_BYTES: number =
  2 * HEAD_BYTES + CLIENT_INSTANCE_BYTES + MAX_NAME_BYTES + MAX_TOKEN_BYTES + 2 * 14;

/** 'DSWC' */
const MAGIC = [0x44, 0x53, 0x57, 0x43] as const;
const HELLO = 1;
const CHALLENGE = 2;
const TOKEN = 3;
const WELCOME = 4;

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface ClientHello {
  readonly name: NodeId;
  /** Sixteen bytes, in hexadecimal. */
  readonly instance: string;
}

export function writeHello(name: NodeId, instance: Uint8Array): Uint8Array {
  return frame(HELLO, instance, encoder.encode(name));
}

/** @throws {Refusal} */
export function readHello(bytes: Uint8Array): ClientHello {
  const body = bodyOf(bytes, HELLO, CLIENT_INSTANCE_BYTES + MAX_NAME_BYTES);
  const instance = body.subarray(0, CLIENT_INSTANCE_BYTES);
  return {
    instance: Array.from(instance, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    name: readText(body.subarray(CLIENT_INSTANCE_BYTES)),
  };
}

export function writeChallenge(node: NodeId): Uint8Array {
  return frame(CHALLENGE, encoder.encode(node));
}

/**
 * Checks that it is `node` that answers.
 * @throws {Refusal}
 */
export function readChallenge(bytes: Uint8Array, node: NodeId): void {
  const answered = readText(bodyOf(bytes, CHALLENGE, MAX_NAME_BYTES));
  if (answered !== node) throw new Refusal('wrong-node', `dialled ${node}, got ${answered}`);
}

/** @throws {RangeError} for a token that is empty or too long. */
export function writeToken(token: string): Uint8Array {
  const bytes = encoder.encode(token);
  if (bytes.length < 1 || bytes.length > MAX_TOKEN_BYTES) {
    throw new RangeError(`a token is a string of 1 to ${MAX_TOKEN_BYTES} bytes`);
  }
  return frame(TOKEN, bytes);
}

/** @throws {Refusal} */
export function readToken(bytes: Uint8Array): string {
  return readText(bodyOf(bytes, TOKEN, MAX_TOKEN_BYTES));
}

export function writeWelcome(): Uint8Array {
  return frame(WELCOME);
}

/** @throws {Refusal} */
export function readWelcome(bytes: Uint8Array): void {
  bodyOf(bytes, WELCOME, 0);
}

/**
 * Whether a client of this identity may bear this name: the identity itself, or it, `/` and what
 * tells its pages apart. An identity has no `/`, so no name is open to two of them.
 */
export function mayBear(name: NodeId, identity: string): boolean {
  return name === identity || name.startsWith(`${identity}/`);
}

function frame(kind: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const head = [...MAGIC, CLIENT_PROTOCOL_VERSION, kind];
  return Uint8Array.from([...head, ...fields.flatMap((field) => [...field])]);
}

function bodyOf(bytes: Uint8Array, kind: number, maxBytes: number): Uint8Array {
  if (bytes.length < HEAD_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) {
    throw new Refusal('bad-hello', 'not a frame of this handshake');
  }
  if (bytes[4] !== CLIENT_PROTOCOL_VERSION) {
    throw new Refusal('wrong-version', `speaks version ${bytes[4]}`);
  }
  if (bytes[5] !== kind) throw new Refusal('bad-hello', 'a frame came out of turn');
  if (bytes.length - HEAD_BYTES > maxBytes) throw new Refusal('bad-hello', 'a frame is too long');
  return bytes.subarray(HEAD_BYTES);
}

/** @throws {Refusal} unless it is text, and not empty. */
function readText(bytes: Uint8Array): string {
  try {
    const text = strict.decode(bytes);
    if (text !== '') return text;
  } catch {
    // Not UTF-8: as bad as nothing.
  }
  throw new Refusal('bad-hello', 'a name or a token is malformed');
}
