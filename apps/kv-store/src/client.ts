/**
 * The store from a program: knows all nodes, finds one that answers, tries again when that is safe.
 *
 * Every write carries a session and a sequence number, so that the cluster applies it once however
 * often it is sent; therefore writes are retried as freely as reads. Only when the session itself
 * is gone in the middle of a retry, or the time is used up, a write ends as `KV_UNCERTAIN`.
 *
 * Cost: one HTTP request per call when nothing goes wrong; one session per client, opened with the
 * first write.
 */
import { type Clock, sleep, systemClock } from '@ds/clock';
import type { SessionTag } from '@ds/raft';
import { Backoff, type BackoffOptions } from '@ds/resilience';
import {
  type ClientRequest,
  type ClientResponse,
  ConnectionError,
  Connections,
} from './client-connection.ts';
import { ClientSession } from './client-session.ts';
import type { Condition, Found, KvOperation } from './commands.ts';
import { KvError } from './errors.ts';
import { entryFromJson, foundFromJson, operationToJson } from './json-form.ts';
import type { KvStatus } from './node-status.ts';
import { percentEncode } from './percent-encoding.ts';
import { problemToError } from './problem.ts';
import { readEtag } from './request-headers.ts';
import type { KvEntry } from './scan.ts';

export { KvError, type KvErrorCode } from './errors.ts';
export type { Condition, KvEntry, KvOperation, KvStatus };

export interface KvClientOptions {
  /** The nodes' HTTP addresses, as `http://127.0.0.1:7101`; any of them serves. */
  readonly endpoints: readonly string[];
  /** How long one node may take to answer, above what it allows itself. @default 7_000 */
  readonly attemptTimeoutMs?: number;
  /** How long a call may take, retries included. @default 30_000 */
  readonly timeoutMs?: number;
  /** Connections to one node. @default 64 */
  readonly maxSockets?: number;
  /** Without sessions a write is retried only when it certainly did nothing. @default true */
  readonly sessions?: boolean;
  /** Waits between attempts. @default 20 ms growing to 1_000 ms, full jitter */
  readonly backoff?: BackoffOptions;
  /** @default systemClock */
  readonly clock?: Clock;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadCallOptions extends CallOptions {
  /** `stale` takes what the node that answers has, without asking the others. */
  readonly consistency?: 'linearizable' | 'stale';
}

export interface WriteCallOptions extends CallOptions {
  /** Only if the key has this version. */
  readonly ifVersion?: number | undefined;
  /** Only if the key exists (`true`) or does not (`false`). */
  readonly ifExists?: boolean | undefined;
}

export interface ScanCallOptions extends ReadCallOptions {
  readonly prefix?: string | Uint8Array | undefined;
  readonly after?: string | Uint8Array | undefined;
  /** Entries per request, 1 to 1,000. @default 500 */
  readonly pageSize?: number;
}

/** `GET /status`. */
export interface NodeStatus extends KvStatus {
  readonly isolated: boolean;
  readonly pid: number;
}

/** Counts of what went wrong on the way to an answer, for people and tests. */
export interface ClientCounters {
  readonly retries: number;
}

interface Attempt extends ClientRequest {
  /** Whether sending it twice does what sending it once does. */
  readonly repeatable: boolean;
}

const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

export class KvClient implements AsyncDisposable {
  readonly #endpoints: readonly URL[];
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #backoff: BackoffOptions;
  readonly #sessions: boolean;
  #session: Promise<ClientSession> | undefined;
  #current = 0;
  #retries = 0;

  constructor(options: KvClientOptions) {
    const { endpoints, attemptTimeoutMs = 7_000, timeoutMs = 30_000, maxSockets = 64 } = options;
    const { sessions = true, clock = systemClock, backoff = {} } = options;
    if (endpoints.length === 0) throw new RangeError('endpoints names at least one node');
    for (const [name, value] of Object.entries({ attemptTimeoutMs, timeoutMs, maxSockets })) {
      if (!(value > 0 && value < 2 ** 31))
        throw new RangeError(`${name} is positive, got ${value}`);
    }
    this.#endpoints = endpoints.map(parseEndpoint);
    this.#connections = new Connections({
      timeoutMs: attemptTimeoutMs,
      maxSockets,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#sessions = sessions;
    this.#backoff = { initialMs: 20, maxMs: 1_000, ...backoff };
  }

  get counters(): ClientCounters {
    return { retries: this.#retries };
  }

  /** The value and version under `key`, or `undefined`. */
  async get(
    key: string | Uint8Array,
    { consistency, signal }: ReadCallOptions = {},
  ): Promise<{ value: Buffer; version: number } | undefined> {
    const query = consistency === undefined ? '' : `?consistency=${consistency}`;
    const path = keyPath(key) + query;
    const response = await this.#call({ method: 'GET', path, signal, repeatable: true });
    if (response.status === 404) return undefined;
    return { value: response.body, version: versionOf(response) };
  }

  /**
   * Writes and resolves with the new version.
   * @throws {KvError} `KV_CONFLICT` when `ifVersion` or `ifExists` does not hold.
   */
  async put(
    key: string | Uint8Array,
    value: string | Uint8Array,
    options: WriteCallOptions = {},
  ): Promise<{ version: number }> {
    const body = toBytes(value);
    const headers = { ...conditionHeaders(options), 'Content-Length': body.length };
    const path = keyPath(key);
    const { signal } = options;
    const response = await this.#write({ method: 'PUT', path, headers, body, signal });
    return { version: versionOf(response) };
  }

  /** Deletes; resolves with whether there was something to delete. Conditions as for `put`. */
  async delete(
    key: string | Uint8Array,
    options: WriteCallOptions = {},
  ): Promise<{ deleted: boolean }> {
    const headers = conditionHeaders(options);
    const { signal } = options;
    const response = await this.#write({ method: 'DELETE', path: keyPath(key), headers, signal });
    return { deleted: response.headers['ds-deleted'] === 'true' };
  }

  /** Applies all operations or none. */
  async batch(
    operations: readonly KvOperation[],
    { signal }: CallOptions = {},
  ): Promise<{ version: number; found: Found[] }> {
    const body = toBytes(JSON.stringify({ operations: operations.map(operationToJson) }));
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    const response = await this.#write({ method: 'POST', path: '/kv', headers, body, signal });
    const { version, found } = parseJson(response) as { version?: unknown; found?: unknown };
    if (!Number.isSafeInteger(version) || !Array.isArray(found)) {
      throw new KvError('KV_PROTOCOL', 'a batch was answered with something else');
    }
    return { version: version as number, found: found.map(foundFromJson) };
  }

  /** Every entry under `prefix` in the order of the keys. Each page shows one moment. */
  async *scan({
    prefix,
    after,
    pageSize = 500,
    consistency,
    signal,
  }: ScanCallOptions = {}): AsyncGenerator<KvEntry, void, undefined> {
    const query = [`limit=${pageSize}`];
    if (prefix !== undefined) query.push(`prefix=${percentEncode(toBytes(prefix))}`);
    if (after !== undefined) query.push(`after=${percentEncode(toBytes(after))}`);
    if (consistency !== undefined) query.push(`consistency=${consistency}`);
    for (let path: string | null = `/kv?${query.join('&')}`; path !== null; ) {
      const response: ClientResponse = await this.#call({
        method: 'GET',
        path,
        signal,
        repeatable: true,
      });
      const { entries, next } = parseJson(response) as { entries?: unknown; next?: unknown };
      if (!Array.isArray(entries) || !(next === null || typeof next === 'string')) {
        throw new KvError('KV_PROTOCOL', 'a scan was answered with something else');
      }
      for (const entry of entries) yield entryFromJson(entry);
      path = next;
    }
  }

  /** What each node says of itself, in the order of the endpoints; an error for one that is down. */
  status({ signal }: CallOptions = {}): Promise<(NodeStatus | Error)[]> {
    return Promise.all(
      this.#endpoints.map(async (endpoint) => {
        try {
          const asked = { method: 'GET', path: '/status', signal };
          return parseJson(await this.#connections.send(endpoint, asked)) as NodeStatus;
        } catch (error) {
          signal?.throwIfAborted();
          return error as Error;
        }
      }),
    );
  }

  async close(): Promise<void> {
    this.#connections.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(request: ClientRequest): Promise<ClientResponse> {
    if (!this.#sessions) return this.#call({ ...request, repeatable: false });
    const endsMs = this.#clock.monotonic() + this.#timeoutMs;
    for (;;) {
      const opened = (this.#session ??= this.#openSession());
      const session = await opened;
      const sequence = session.take();
      const headers = { ...request.headers, ...tagHeaders(session.tag(sequence)) };
      try {
        return await this.#call({ ...request, headers, repeatable: true }, endsMs);
      } catch (error) {
        // `#call` vouches that an expired session is reported as such only before any effect.
        if (!(error instanceof KvError && error.code === 'KV_SESSION_EXPIRED')) throw error;
        if (this.#session === opened) this.#session = undefined;
      } finally {
        session.settle(sequence);
      }
    }
  }

  async #openSession(): Promise<ClientSession> {
    const asked = { method: 'POST', path: '/sessions', headers: { 'Content-Length': 0 } };
    try {
      const response = await this.#call({ ...asked, repeatable: true });
      const { session } = parseJson(response) as { session?: unknown };
      if (Number.isSafeInteger(session)) return new ClientSession(session as number);
      throw new KvError('KV_PROTOCOL', 'a session was answered with something else');
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  /** Asks one node after the other until there is an answer that trying again would not change. */
  async #call(
    request: Attempt,
    endsMs = this.#clock.monotonic() + this.#timeoutMs,
  ): Promise<ClientResponse> {
    let backoff: Backoff | undefined;
    let maybeDone = false;
    for (;;) {
      const at = this.#current;
      const failure = await this.#attempt(at, request);
      if (!(failure instanceof KvError)) return failure;
      if (failure.code === 'KV_SESSION_EXPIRED' && maybeDone) throw uncertain(failure);
      if (!isRetryable(failure, request.repeatable)) throw failure;
      maybeDone ||= !NOTHING_DONE.has(failure.code);
      this.#retries += 1;
      if (this.#current === at) this.#current = (at + 1) % this.#endpoints.length;
      backoff ??= new Backoff(this.#backoff);
      const hint =
        failure.code === 'KV_OVERLOADED' ? Math.min(failure.retryAfterMs ?? 0, 1_000) : 0;
      const delayMs = Math.max(backoff.nextMs(), hint);
      if (this.#clock.monotonic() + delayMs >= endsMs) {
        throw maybeDone && request.method !== 'GET' ? uncertain(failure) : failure;
      }
      await sleep(this.#clock, delayMs, request.signal);
    }
  }

  async #attempt(at: number, request: Attempt): Promise<ClientResponse | KvError> {
    try {
      const response = await this.#connections.send(this.#endpoints[at]!, request);
      if (response.status < 400 || isAbsence(request, response)) return response;
      return problemOf(response);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const code = error.notSent ? 'KV_UNREACHABLE' : 'KV_UNCERTAIN';
      return new KvError(code, error.message, { cause: error });
    }
  }
}

/** What certainly had no effect, so that even a write without a session may be sent again. */
const NOTHING_DONE: ReadonlySet<string> = new Set([
  'KV_UNREACHABLE',
  'KV_NO_LEADER',
  'KV_OVERLOADED',
  'KV_CLOSED',
  'KV_TIMED_OUT',
]);

const WORTH_REPEATING: ReadonlySet<string> = new Set([
  ...NOTHING_DONE,
  'KV_UNCERTAIN',
  'KV_FAILED',
]);

function isRetryable({ code }: KvError, repeatable: boolean): boolean {
  return repeatable ? WORTH_REPEATING.has(code) : NOTHING_DONE.has(code);
}

function uncertain(cause: KvError): KvError {
  const text = `the write may or may not have taken effect: ${cause.message}`;
  return new KvError('KV_UNCERTAIN', text, { cause });
}

/** A key that is not there is an answer, not a failure. */
function isAbsence({ method, path }: ClientRequest, response: ClientResponse): boolean {
  return method === 'GET' && path.startsWith('/kv/') && response.status === 404;
}

function problemOf(response: ClientResponse): KvError {
  let problem: KvError | undefined;
  try {
    problem = problemToError(JSON.parse(response.body.toString('utf8')));
  } catch {
    // Not a problem document: something other than our server answered.
  }
  return (
    problem ?? new KvError('KV_PROTOCOL', `an answer with status ${response.status} and no code`)
  );
}

function parseJson(response: ClientResponse): object {
  if (response.status >= 400) throw problemOf(response);
  try {
    const json: unknown = JSON.parse(response.body.toString('utf8'));
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // Falls through to the one error that both cases deserve.
  }
  throw new KvError('KV_PROTOCOL', 'an answer that is not a JSON object');
}

function versionOf({ headers }: ClientResponse): number {
  if (headers.etag === undefined) throw new KvError('KV_PROTOCOL', 'an answer without an ETag');
  return readEtag(headers.etag);
}

function conditionHeaders({ ifVersion, ifExists }: WriteCallOptions): Record<string, string> {
  if (ifVersion !== undefined && ifExists !== undefined) {
    throw new TypeError('ifVersion and ifExists exclude each other');
  }
  if (ifVersion !== undefined) return { 'If-Match': `"${ifVersion}"` };
  if (ifExists === undefined) return {};
  return ifExists ? { 'If-Match': '*' } : { 'If-None-Match': '*' };
}

function tagHeaders({ session, sequence, acknowledged }: SessionTag): Record<string, string> {
  return {
    'DS-Session': String(session),
    'DS-Sequence': String(sequence),
    'DS-Acknowledged': String(acknowledged),
  };
}

function keyPath(key: string | Uint8Array): string {
  return `/kv/${percentEncode(toBytes(key))}`;
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}

function parseEndpoint(text: string): URL {
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') {
    throw new RangeError(`an endpoint is an http:// URL, got '${text}'`);
  }
  return new URL(text);
}
