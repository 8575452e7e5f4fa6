/**
 * The store from a program, over HTTP: knows all nodes, finds one that answers, tries again when
 * that is safe (client-retries.ts).
 *
 * Cost: one HTTP request per call when nothing goes wrong.
 */
import { type Clock, systemClock } from '@ds/clock';
import type { SessionTag } from '@ds/raft';
import type { BackoffOptions } from '@ds/resilience';
import {
  type ClientRequest,
  type ClientResponse,
  ConnectionError,
  Connections,
} from './client-connection.ts';
import { ClientRetries } from './client-retries.ts';
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

const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
/** A new node is first sent the data; the server answers within half a minute all the same. */
const MEMBER_CHANGE_SILENT_MS = 40_000;

export class KvClient implements AsyncDisposable {
  #endpoints: readonly URL[];
  readonly #connections: Connections;
  readonly #calls: ClientRetries;

  constructor(options: KvClientOptions) {
    const { endpoints, attemptTimeoutMs = 7_000, timeoutMs = 30_000, maxSockets = 64 } = options;
    const { sessions = true, clock = systemClock, backoff = {} } = options;
    for (const [name, value] of Object.entries({ attemptTimeoutMs, timeoutMs, maxSockets })) {
      if (!(value > 0 && value < 2 ** 31))
        throw new RangeError(`${name} is positive, got ${value}`);
    }
    this.#endpoints = parseEndpoints(endpoints);
    this.#connections = new Connections({
      timeoutMs: attemptTimeoutMs,
      maxSockets,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
    this.#calls = new ClientRetries({
      clock,
      nodes: () => this.#endpoints.length,
      timeoutMs,
      backoff: { initialMs: 20, maxMs: 1_000, ...backoff },
      sessions,
      openSession: (node) => this.#openSession(node),
    });
  }

  get counters(): ClientCounters {
    return { retries: this.#calls.retries };
  }

  /** Asks these nodes from now on, as when members have come or gone. */
  useEndpoints(endpoints: readonly string[]): void {
    this.#endpoints = parseEndpoints(endpoints);
  }

  /** The value and version under `key`, or `undefined`. */
  async get(
    key: string | Uint8Array,
    { consistency, signal }: ReadCallOptions = {},
  ): Promise<{ value: Buffer; version: number } | undefined> {
    const query = consistency === undefined ? '' : `?consistency=${consistency}`;
    const path = keyPath(key) + query;
    const response = await this.#read({ method: 'GET', path, signal });
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
      const response: ClientResponse = await this.#read({ method: 'GET', path, signal });
      const { entries, next } = parseJson(response) as { entries?: unknown; next?: unknown };
      if (!Array.isArray(entries) || !(next === null || typeof next === 'string')) {
        throw new KvError('KV_PROTOCOL', 'a scan was answered with something else');
      }
      for (const entry of entries) yield entryFromJson(entry);
      path = next;
    }
  }

  /**
   * Adds the node as a voter or a learner, or removes it; resolves when that is complete. What is
   * so already is not changed.
   * @throws {KvError} `KV_UNSAFE_CHANGE`, or `KV_UNCERTAIN`: then ask again.
   */
  async changeMember(
    id: string,
    as: 'voter' | 'learner' | 'removed',
    { signal }: CallOptions = {},
  ): Promise<{ members: string[]; voters: string[] }> {
    const path = `/members/${percentEncode(toBytes(id))}`;
    const common = { signal, silentMs: MEMBER_CHANGE_SILENT_MS };
    const request =
      as === 'removed'
        ? { ...common, method: 'DELETE', path }
        : { ...common, method: 'PUT', path: `${path}?as=${as}`, headers: { 'Content-Length': 0 } };
    // Every node is asked in turn, until it is the one that leads.
    const attempt = (node: number): Promise<ClientResponse | KvError> =>
      this.#attempt(node, request);
    const response = await this.#calls.call(attempt, { repeatable: true, signal });
    const { members, voters } = parseJson(response) as { members?: unknown; voters?: unknown };
    if (!isTexts(members) || !isTexts(voters)) {
      throw new KvError('KV_PROTOCOL', 'a change of members was answered with something else');
    }
    return { members, voters };
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

  #read(request: ClientRequest): Promise<ClientResponse> {
    const plan = { repeatable: true, reads: true, signal: request.signal };
    return this.#calls.call((node) => this.#attempt(node, request), plan);
  }

  #write(request: ClientRequest): Promise<ClientResponse> {
    return this.#calls.write((node, tag) => {
      const headers = { ...request.headers, ...(tag && tagHeaders(tag)) };
      return this.#attempt(node, { ...request, headers });
    }, request.signal);
  }

  async #openSession(node: number): Promise<number | KvError> {
    const asked = { method: 'POST', path: '/sessions', headers: { 'Content-Length': 0 } };
    const response = await this.#attempt(node, asked);
    if (response instanceof KvError) return response;
    const { session } = parseJson(response) as { session?: unknown };
    if (Number.isSafeInteger(session)) return session as number;
    throw new KvError('KV_PROTOCOL', 'a session was answered with something else');
  }

  async #attempt(at: number, request: ClientRequest): Promise<ClientResponse | KvError> {
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

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
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

function parseEndpoints(texts: readonly string[]): URL[] {
  if (texts.length === 0) throw new RangeError('endpoints names at least one node');
  return texts.map(parseEndpoint);
}

function parseEndpoint(text: string): URL {
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') {
    throw new RangeError(`an endpoint is an http:// URL, got '${text}'`);
  }
  return new URL(text);
}
