/**
 * What binary clients and nodes say to each other on the channel `kv-client`, as plain data: short
 * arrays whose first element is their kind.
 *
 * ```
 * request  1 | key | stale?                                      read one key
 *          2 | command [| session | sequence | acknowledged]     write: the bytes of commands.ts
 *          3                                                     open a session
 *          4 | prefix or null | after or null | limit | stale?   read a page of a scan
 * answer   0 | result | leader or null
 *          1 | code | message | [retry after ms, version now, operation], each or null
 * ```
 * A result is `null` or `[version, value]` for a key, the outcome's bytes for a write, a number for
 * a session, `[[[key, version, value] ...], more?]` for a page. `leader` is set when another node
 * leads: asking that one saves a step.
 *
 * A command travels as the bytes it will have in the log, so a node checks it but does not write
 * it anew. Decoding checks every field, on both sides.
 */
import type { SessionTag } from '@ds/raft';
import { isKvErrorCode, KvError } from '../errors.ts';
import type { Versioned } from '../machine.ts';
import type { ScanPage } from '../scan.ts';

export const BINARY_CHANNEL = 'kv-client';

export type BinaryRequest =
  | { readonly kind: 'get'; readonly key: Uint8Array; readonly stale: boolean }
  | { readonly kind: 'write'; readonly command: Uint8Array; readonly tag: SessionTag | undefined }
  | { readonly kind: 'session' }
  | {
      readonly kind: 'scan';
      readonly prefix: Uint8Array | undefined;
      readonly after: Uint8Array | undefined;
      readonly limit: number;
      readonly stale: boolean;
    };

export type BinaryAnswer =
  | { readonly kind: 'result'; readonly result: unknown; readonly leader: string | undefined }
  | { readonly kind: 'error'; readonly error: KvError };

const GET = 1;
const WRITE = 2;
const SESSION = 3;
const SCAN = 4;
const RESULT = 0;
const ERROR = 1;

export function encodeRequest(request: BinaryRequest): readonly unknown[] {
  switch (request.kind) {
    case 'get':
      return [GET, request.key, request.stale];
    case 'write': {
      const { command, tag } = request;
      if (tag === undefined) return [WRITE, command];
      return [WRITE, command, tag.session, tag.sequence, tag.acknowledged];
    }
    case 'session':
      return [SESSION];
    case 'scan': {
      const { prefix, after, limit, stale } = request;
      return [SCAN, prefix ?? null, after ?? null, limit, stale];
    }
  }
}

/** @throws {TypeError} for what no client asks. */
export function decodeRequest(plain: unknown): BinaryRequest {
  const fields = array(plain);
  switch (fields[0]) {
    case GET:
      if (fields.length !== 3) break;
      return { kind: 'get', key: bytes(fields[1]), stale: flag(fields[2]) };
    case WRITE: {
      const [, command, session, sequence, acknowledged] = fields;
      if (fields.length === 2) return { kind: 'write', command: bytes(command), tag: undefined };
      if (fields.length !== 5) break;
      const tag = {
        session: whole(session),
        sequence: whole(sequence),
        acknowledged: whole(acknowledged),
      };
      return { kind: 'write', command: bytes(command), tag };
    }
    case SESSION:
      if (fields.length === 1) return { kind: 'session' };
      break;
    case SCAN: {
      const [, prefix, after, limit, stale] = fields;
      if (fields.length !== 5) break;
      return {
        kind: 'scan',
        prefix: optional(prefix, bytes),
        after: optional(after, bytes),
        limit: whole(limit),
        stale: flag(stale),
      };
    }
  }
  throw new TypeError('not a request');
}

export function encodeAnswer(answer: BinaryAnswer): readonly unknown[] {
  if (answer.kind === 'result') return [RESULT, answer.result, answer.leader ?? null];
  const { code, message, retryAfterMs, currentVersion, operation } = answer.error;
  const facts = [retryAfterMs ?? null, currentVersion ?? null, operation ?? null];
  return [ERROR, code, message, facts];
}

/** @throws {TypeError} for what no node answers; what a result holds is its reader's to check. */
export function decodeAnswer(plain: unknown): BinaryAnswer {
  const fields = array(plain);
  const [kind, second, third, fourth] = fields;
  if (kind === RESULT && fields.length === 3) {
    return { kind: 'result', result: second, leader: optional(third, text) };
  }
  if (kind !== ERROR || fields.length !== 4 || !isKvErrorCode(second)) {
    throw new TypeError('not an answer');
  }
  const facts = array(fourth);
  const error = new KvError(second, text(third), {
    retryAfterMs: optional(facts[0], positive),
    currentVersion: optional(facts[1], whole),
    operation: optional(facts[2], whole),
  });
  return { kind: 'error', error };
}

export function encodeFound(found: Versioned | undefined): readonly unknown[] | null {
  return found === undefined ? null : [found.version, found.value];
}

/** @throws {TypeError} */
export function decodeFound(plain: unknown): Versioned | undefined {
  if (plain === null) return undefined;
  const [version, value] = array(plain);
  return { version: whole(version), value: bytes(value) };
}

export function encodePage({ entries, more }: ScanPage): readonly unknown[] {
  return [entries.map(({ key, version, value }) => [key, version, value]), more];
}

/** @throws {TypeError} */
export function decodePage(plain: unknown): ScanPage {
  const [entries, more] = array(plain);
  const read = array(entries).map((entry) => {
    const [key, version, value] = array(entry);
    return { key: bytes(key), version: whole(version), value: bytes(value) };
  });
  return { entries: read, more: flag(more) };
}

/** @throws {TypeError} */
export function decodeSession(plain: unknown): number {
  return whole(plain);
}

/** @throws {TypeError} */
export function decodeBytes(plain: unknown): Uint8Array {
  return bytes(plain);
}

function array(plain: unknown): readonly unknown[] {
  if (!Array.isArray(plain)) throw new TypeError('not an array');
  return plain;
}

function bytes(plain: unknown): Uint8Array {
  if (!(plain instanceof Uint8Array)) throw new TypeError('not bytes');
  return plain;
}

function text(plain: unknown): string {
  if (typeof plain !== 'string') throw new TypeError('not a text');
  return plain;
}

function flag(plain: unknown): boolean {
  if (typeof plain !== 'boolean') throw new TypeError('neither true nor false');
  return plain;
}

function whole(plain: unknown): number {
  if (!Number.isSafeInteger(plain) || (plain as number) < 0) {
    throw new TypeError('not a whole number');
  }
  return plain as number;
}

function positive(plain: unknown): number {
  if (typeof plain !== 'number' || !(plain >= 0)) throw new TypeError('not a time');
  return plain;
}

function optional<T>(plain: unknown, read: (plain: unknown) => T): T | undefined {
  return plain === null ? undefined : read(plain);
}
