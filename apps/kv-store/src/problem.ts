/** Errors as `application/problem+json` (RFC 9457), with a stable `code` to match on. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { httpStatusOf, isKvErrorCode, KvError, type KvErrorCode } from './errors.ts';

export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: KvErrorCode;
  readonly detail: string;
  readonly currentVersion?: number;
  readonly operation?: number;
  readonly retryAfterMs?: number;
}

/** Answers with `error`, closing the connection when the request's body was not read to its end. */
export function sendProblem(response: ServerResponse, error: KvError, readToEnd: boolean): void {
  const { code, message, currentVersion, operation, retryAfterMs } = error;
  const status = httpStatusOf(code);
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: message,
    ...(currentVersion === undefined ? {} : { currentVersion }),
    ...(operation === undefined ? {} : { operation }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const body = JSON.stringify(problem);
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
  };
  if (status === 503)
    headers['Retry-After'] = Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000));
  if (!readToEnd) headers.Connection = 'close';
  response.writeHead(status, headers);
  response.end(body);
}

/** The error that a problem document tells of, or `undefined` when it is not one of ours. */
export function problemToError(json: unknown): KvError | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { code, detail, currentVersion, operation, retryAfterMs } = json as Partial<Problem>;
  if (!isKvErrorCode(code)) return undefined;
  return new KvError(code, typeof detail === 'string' ? detail : code, {
    currentVersion: typeof currentVersion === 'number' ? currentVersion : undefined,
    operation: typeof operation === 'number' ? operation : undefined,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
  });
}
