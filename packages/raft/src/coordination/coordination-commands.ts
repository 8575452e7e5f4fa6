/**
 * What can be asked of a coordination machine, as the bytes of a command, and what it answers.
 *
 *     command: operation u8, then its fields; bytes are { length u32, bytes }, numbers u64
 *     answer:  status u8, number u64
 *
 * A command that cannot be read is answered as malformed: a machine must not stop for what a client
 * has sent, since every member would.
 */
import { readU64, writeU64 } from '../big-endian.ts';

export type CoordinationCommand =
  | {
      readonly kind: 'put';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      /** Only if the key has this version now; 0: only if it is not there. */
      readonly ifVersion?: number | undefined;
      /** The key goes when this lease does. */
      readonly lease?: number | undefined;
    }
  | {
      readonly kind: 'delete';
      readonly key: Uint8Array;
      readonly ifVersion?: number | undefined;
    }
  /** A new lease; its id is the answer's number. */
  | { readonly kind: 'grant'; readonly ttlMs: number }
  | { readonly kind: 'keep-alive'; readonly lease: number }
  | { readonly kind: 'revoke'; readonly lease: number }
  /** Time has passed, by the clock of whoever leads. */
  | { readonly kind: 'advance'; readonly elapsedMs: number };

/** `conflict`: another version; the number is that one, 0 for no such key. */
export type CoordinationStatus = 'ok' | 'conflict' | 'no-lease' | 'too-many-leases' | 'malformed';

export interface CoordinationAnswer {
  readonly status: CoordinationStatus;
  /** `ok`: the version written or the lease's id. */
  readonly number: number;
}

const KINDS = ['put', 'delete', 'grant', 'keep-alive', 'revoke', 'advance'] as const;
const STATUSES = ['ok', 'conflict', 'no-lease', 'too-many-leases', 'malformed'] as const;

/** No version: a condition that always holds. */
const ANY = 2 ** 53 - 1;

export function encodeCommand(command: CoordinationCommand): Uint8Array {
  const code = KINDS.indexOf(command.kind);
  switch (command.kind) {
    case 'put': {
      const { key, value, ifVersion = ANY, lease = 0 } = command;
      return joined(code, [key, value], [ifVersion, lease]);
    }
    case 'delete':
      return joined(code, [command.key], [command.ifVersion ?? ANY]);
    case 'grant':
      return joined(code, [], [command.ttlMs]);
    case 'keep-alive':
    case 'revoke':
      return joined(code, [], [command.lease]);
    case 'advance':
      return joined(code, [], [command.elapsedMs]);
  }
}

/** The command that `bytes` spell; nothing for anything else. */
export function decodeCommand(bytes: Uint8Array): CoordinationCommand | undefined {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  if (kind === undefined) return undefined;
  const [texts, numbers] = { put: [2, 2], delete: [1, 1] }[kind as string] ?? [0, 1];
  const fields = split(bytes, texts!, numbers!);
  if (fields === undefined) return undefined;
  const [key = bytes, value = bytes] = fields.texts;
  const [first = 0, lease = 0] = fields.numbers;
  const ifVersion = first === ANY ? undefined : first;
  switch (kind) {
    case 'put':
      return { kind, key, value, ifVersion, lease: lease === 0 ? undefined : lease };
    case 'delete':
      return { kind, key, ifVersion };
    case 'grant':
      return { kind, ttlMs: first };
    case 'keep-alive':
    case 'revoke':
      return { kind, lease: first };
    case 'advance':
      return { kind, elapsedMs: first };
  }
}

export function encodeAnswer({ status, number }: CoordinationAnswer): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = STATUSES.indexOf(status);
  writeU64(bytes, 1, number);
  return bytes;
}

/** @throws {TypeError} for what no coordination machine answers. */
export function decodeAnswer(bytes: Uint8Array): CoordinationAnswer {
  const status = STATUSES[bytes[0] ?? STATUSES.length];
  if (status === undefined || bytes.length !== 9) throw new TypeError('not an answer');
  return { status, number: readU64(bytes, 1) };
}

function joined(
  code: number,
  texts: readonly Uint8Array[],
  numbers: readonly number[],
): Uint8Array {
  const length = texts.reduce((sum, text) => sum + 4 + text.length, 1 + 8 * numbers.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = code;
  let at = 1;
  for (const number of numbers) {
    if (!(Number.isSafeInteger(number) && number >= 0)) {
      throw new RangeError(`a command takes whole numbers from 0 on, got ${number}`);
    }
    writeU64(bytes, at, number);
    at += 8;
  }
  for (const text of texts) {
    view.setUint32(at, text.length);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}

function split(
  bytes: Uint8Array,
  textCount: number,
  numberCount: number,
): { readonly texts: readonly Uint8Array[]; readonly numbers: readonly number[] } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 1 + 8 * numberCount;
  if (bytes.length < at) return undefined;
  const numbers = Array.from({ length: numberCount }, (_, i) => readU64(bytes, 1 + 8 * i));
  if (!numbers.every((number) => Number.isSafeInteger(number))) return undefined;
  const texts: Uint8Array[] = [];
  for (let i = 0; i < textCount; i += 1) {
    if (bytes.length < at + 4) return undefined;
    const end = at + 4 + view.getUint32(at);
    if (bytes.length < end) return undefined;
    texts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return at === bytes.length ? { texts, numbers } : undefined;
}
