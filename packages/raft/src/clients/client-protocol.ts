/** What clients and members say to each other, as plain data, checked field by field. */
import type { NodeId } from '@ds/transport';
import type { SessionTag } from '../log/entry.ts';

export type ClientRequest =
  | { readonly kind: 'register' }
  | { readonly kind: 'propose'; readonly command: Uint8Array; readonly tag: SessionTag }
  | { readonly kind: 'query'; readonly query: Uint8Array; readonly maxStalenessMs: number };

export type ClientResponse =
  | { readonly kind: 'session'; readonly session: number }
  | { readonly kind: 'result'; readonly result: Uint8Array }
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  /** Whether the command is applied is not known. */
  | { readonly kind: 'uncertain' }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'expired' };

type Plain = readonly (number | string | null | Uint8Array)[];

const REGISTER = 0;
const PROPOSE = 1;
const QUERY = 2;

export function encodeRequest(request: ClientRequest): Plain {
  switch (request.kind) {
    case 'register':
      return [REGISTER];
    case 'propose': {
      const { session, sequence, acknowledged } = request.tag;
      return [PROPOSE, request.command, session, sequence, acknowledged];
    }
    case 'query':
      return [QUERY, request.query, request.maxStalenessMs];
  }
}

/** @throws {TypeError} for what no client asks. */
export function decodeRequest(plain: unknown): ClientRequest {
  const [kind, bytes, ...numbers] = Array.isArray(plain) ? (plain as unknown[]) : [];
  if (kind === REGISTER && bytes === undefined) return { kind: 'register' };
  if (!(bytes instanceof Uint8Array) || !numbers.every(isCount)) throw malformed();
  if (kind === PROPOSE && numbers.length === 3) {
    const [session, sequence, acknowledged] = numbers as [number, number, number];
    return { kind: 'propose', command: bytes, tag: { session, sequence, acknowledged } };
  }
  if (kind === QUERY && numbers.length === 1) {
    return { kind: 'query', query: bytes, maxStalenessMs: numbers[0] as number };
  }
  throw malformed();
}

export function encodeResponse(response: ClientResponse): Plain {
  switch (response.kind) {
    case 'session':
      return [response.kind, response.session];
    case 'result':
      return [response.kind, response.result];
    case 'not-leader':
      return [response.kind, response.leader ?? null];
    default:
      return [response.kind];
  }
}

/** @throws {TypeError} for what no member answers. */
export function decodeResponse(plain: unknown): ClientResponse {
  const [kind, value, more] = Array.isArray(plain) ? (plain as unknown[]) : [];
  if (more !== undefined) throw malformed();
  if (kind === 'session' && isCount(value)) return { kind, session: value };
  if (kind === 'result' && value instanceof Uint8Array) return { kind, result: value };
  if (kind === 'not-leader' && value === null) return { kind, leader: undefined };
  if (kind === 'not-leader' && typeof value === 'string') return { kind, leader: value };
  if (kind === 'uncertain' || kind === 'overloaded' || kind === 'expired') return { kind };
  throw malformed();
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function malformed(): TypeError {
  return new TypeError('not a message between client and member');
}
