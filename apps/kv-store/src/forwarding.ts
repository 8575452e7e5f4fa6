/**
 * What a follower passes on to the leader, and what it hears back, on the channel `kv`.
 *
 * A command travels as the bytes it will have in the log, so the leader does not look inside. An
 * answer says whether trying again is safe: only `NOT_LEADER` means that nothing was appended.
 * Both are short arrays whose first element is their kind, to keep small messages small.
 *
 * Decoding checks every field: a peer can be of another version, or hostile.
 */
import type { SessionTag } from '@ds/raft';
import { isKvErrorCode, KvError, type KvErrorCode } from './errors.ts';

export const WRITE = 1;
export const REGISTER = 2;

/** A command, with the three numbers of its {@link SessionTag} when it has one; or a new session. */
export type ForwardRequest =
  | readonly [kind: typeof WRITE, command: Uint8Array]
  | readonly [
      kind: typeof WRITE,
      command: Uint8Array,
      session: number,
      sequence: number,
      acknowledged: number,
    ]
  | readonly [kind: typeof REGISTER];

export const DONE = 0;
export const NOT_LEADER = 1;
export const FAILED = 2;

/** The outcome's bytes or the session's number; or why not. */
export type ForwardAnswer =
  | readonly [kind: typeof DONE, result: Uint8Array | number]
  | readonly [kind: typeof NOT_LEADER]
  | ForwardFailure;

export type ForwardFailure = readonly [
  kind: typeof FAILED,
  code: KvErrorCode,
  retryAfterMs: number | null,
];

export function writeRequest(command: Uint8Array, tag: SessionTag | undefined): ForwardRequest {
  if (tag === undefined) return [WRITE, command];
  return [WRITE, command, tag.session, tag.sequence, tag.acknowledged];
}

/** The tag that {@link writeRequest} was given. */
export function tagOf(request: ForwardRequest): SessionTag | undefined {
  if (request.length !== 5) return undefined;
  const [, , session, sequence, acknowledged] = request;
  return { session, sequence, acknowledged };
}

export function failure({ code, retryAfterMs }: KvError): ForwardFailure {
  return [FAILED, code, retryAfterMs ?? null];
}

/** The error that {@link failure} was given. */
export function failureOf([, code, retryAfterMs]: ForwardFailure): KvError {
  return new KvError(code, `the leader answered ${code}`, {
    retryAfterMs: retryAfterMs ?? undefined,
  });
}

/** @throws {TypeError} for what is not a request. */
export function decodeRequest(plain: unknown): ForwardRequest {
  if (!Array.isArray(plain)) throw new TypeError('not a request');
  const [kind, command, session, sequence, acknowledged] = plain;
  if (kind === REGISTER && plain.length === 1) return [REGISTER];
  if (kind !== WRITE || !(command instanceof Uint8Array)) throw new TypeError('not a request');
  if (plain.length === 2) return [WRITE, command];
  if (plain.length !== 5) throw new TypeError('not a request');
  return [WRITE, command, whole(session), whole(sequence), whole(acknowledged)];
}

/** @throws {TypeError} for what is not an answer. */
export function decodeAnswer(plain: unknown): ForwardAnswer {
  if (!Array.isArray(plain)) throw new TypeError('not an answer');
  const [kind, second, third] = plain;
  if (kind === DONE && plain.length === 2) {
    return [DONE, second instanceof Uint8Array ? second : whole(second)];
  }
  if (kind === NOT_LEADER && plain.length === 1) return [NOT_LEADER];
  if (kind === FAILED && plain.length === 3 && isKvErrorCode(second)) {
    return [FAILED, second, third === null ? null : whole(third)];
  }
  throw new TypeError('not an answer');
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new TypeError('not a whole number');
  return value as number;
}
