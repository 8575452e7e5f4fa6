/** What can go wrong, by code; the README has a heading for each. */
export type KvErrorCode =
  | 'KV_BAD_REQUEST'
  | 'KV_TOO_LARGE'
  | 'KV_NOT_FOUND'
  | 'KV_METHOD_NOT_ALLOWED'
  | 'KV_CONFLICT'
  | 'KV_SESSION_EXPIRED'
  | 'KV_SESSION_STALE'
  | 'KV_NO_LEADER'
  | 'KV_NOT_LEADER'
  | 'KV_UNSAFE_CHANGE'
  | 'KV_OVERLOADED'
  | 'KV_UNCERTAIN'
  | 'KV_TIMED_OUT'
  | 'KV_CLOSED'
  | 'KV_FAILED'
  | 'KV_UNREACHABLE'
  | 'KV_PROTOCOL';

/** Every code, so that one from the wire can be checked against the union. */
const HTTP_STATUS: Record<KvErrorCode, number> = {
  KV_BAD_REQUEST: 400,
  KV_TOO_LARGE: 413,
  KV_NOT_FOUND: 404,
  KV_METHOD_NOT_ALLOWED: 405,
  KV_CONFLICT: 412,
  KV_SESSION_EXPIRED: 410,
  KV_SESSION_STALE: 409,
  KV_NO_LEADER: 503,
  KV_NOT_LEADER: 421,
  KV_UNSAFE_CHANGE: 409,
  KV_OVERLOADED: 503,
  KV_UNCERTAIN: 504,
  KV_TIMED_OUT: 504,
  KV_CLOSED: 503,
  KV_FAILED: 500,
  // The two that only a client sees; no server answers with them.
  KV_UNREACHABLE: 502,
  KV_PROTOCOL: 502,
};

export interface KvErrorOptions extends ErrorOptions {
  /** When it may be worth trying again, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** For `KV_CONFLICT`: the key's version now, 0 when the key does not exist. */
  readonly currentVersion?: number | undefined;
  /** For `KV_CONFLICT`: which operation of the batch did not hold, from 0. */
  readonly operation?: number | undefined;
}

/** The one error of this app, on the server and in the client; match on `code`. */
export class KvError extends Error {
  override readonly name = 'KvError';
  readonly code: KvErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly currentVersion: number | undefined;
  readonly operation: number | undefined;

  constructor(code: KvErrorCode, message: string, options: KvErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.currentVersion = options.currentVersion;
    this.operation = options.operation;
  }
}

/** The HTTP status a code travels with. */
export function httpStatusOf(code: KvErrorCode): number {
  return HTTP_STATUS[code];
}

/** Whether a string from the wire is one of our codes. */
export function isKvErrorCode(code: unknown): code is KvErrorCode {
  return typeof code === 'string' && Object.hasOwn(HTTP_STATUS, code);
}
