/**
 * The store's routes, over node:http requests and responses; see the README for the interface.
 *
 * A put is the hot path: one look at the URL, the body in the piece it came in, one promise from
 * the node, one header on the way back.
 *
 * Invariant: every request gets one answer, at most `maxInFlight` are worked on at a time; what a
 * client sent can make its own request fail and no other.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@ds/clock';
import { httpStatusOf, KvError } from './errors.ts';
import { batchFromJson, entryToJson, foundToJson } from './json-form.ts';
import type { KvNode } from './kv-node.ts';
import { Metrics, type RequestKind } from './metrics.ts';
import { parseQuery, percentDecode } from './percent-encoding.ts';
import { sendProblem } from './problem.ts';
import { RequestBodies } from './request-body.ts';
import { readSessionTag, readWriteOptions } from './request-headers.ts';
import { nextPage, readConsistency, readMemberChange, readScan } from './request-query.ts';

export interface HttpHandlerOptions {
  readonly node: KvNode;
  readonly clock: Clock;
  /** Facts that `/status` adds to what the node says of itself. */
  readonly facts?: (() => Readonly<Record<string, unknown>>) | undefined;
  /** The largest request body. @default 1 MiB, less what the transport needs around it */
  readonly maxBodyBytes?: number;
  /** Bodies being received at one time, in bytes. @default 64 MiB */
  readonly maxBufferedBytes?: number;
  /** Requests being answered at one time. @default 4_096 */
  readonly maxInFlight?: number;
}

const KEY_PATH = '/kv/';
const MEMBER_PATH = '/members/';

export class HttpHandler {
  readonly #node: KvNode;
  readonly #clock: Clock;
  readonly #facts: () => Readonly<Record<string, unknown>>;
  readonly #maxInFlight: number;
  readonly #bodies: RequestBodies;
  readonly #metrics: Metrics;
  #inFlight = 0;

  constructor(options: HttpHandlerOptions) {
    const { node, clock, facts = () => ({}), maxInFlight = 4_096 } = options;
    const { maxBodyBytes = node.maxCommandBytes, maxBufferedBytes = 64 * 1024 * 1024 } = options;
    if (!(maxInFlight >= 1)) throw new RangeError('maxInFlight is at least 1');
    if (!(maxBodyBytes >= 1 && maxBufferedBytes >= maxBodyBytes)) {
      throw new RangeError('maxBufferedBytes holds at least one body of maxBodyBytes');
    }
    this.#node = node;
    this.#clock = clock;
    this.#facts = facts;
    this.#maxInFlight = maxInFlight;
    this.#bodies = new RequestBodies({ maxBodyBytes, maxBufferedBytes });
    this.#metrics = new Metrics(node);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#inFlight >= this.#maxInFlight) {
      const text = `${this.#maxInFlight} requests are being answered already`;
      const overloaded = new KvError('KV_OVERLOADED', text, { retryAfterMs: 1_000 });
      this.#sendProblem(request, response, overloaded);
      return;
    }
    this.#inFlight += 1;
    const startedMs = this.#clock.monotonic();
    this.#route(request, response).then(
      (kind) => {
        this.#inFlight -= 1;
        this.#metrics.observe(kind, this.#clock.monotonic() - startedMs);
      },
      (error) => {
        this.#inFlight -= 1;
        this.#sendProblem(request, response, error);
      },
    );
  }

  #route(request: IncomingMessage, response: ServerResponse): Promise<RequestKind> {
    const target = request.url ?? '/';
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? '' : target.slice(mark + 1);
    const method = request.method ?? 'GET';
    if (path.startsWith(KEY_PATH) && path.length > KEY_PATH.length) {
      return this.#routeKey(method, path.slice(KEY_PATH.length), query, request, response);
    }
    if (path.startsWith(MEMBER_PATH) && path.length > MEMBER_PATH.length) {
      return this.#changeMember(method, path.slice(MEMBER_PATH.length), query, response);
    }
    const routes = this.#routes.get(path);
    if (routes === undefined) return notFound(path);
    const route = routes[method === 'HEAD' ? 'GET' : method];
    if (route === undefined) return notAllowed(method, Object.keys(routes), response);
    return route(query, request, response);
  }

  #routeKey(
    method: string,
    segment: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<RequestKind> {
    switch (method) {
      case 'PUT':
        return this.#put(segment, query, request, response);
      case 'GET':
      case 'HEAD':
        return this.#get(segment, query, request, response);
      case 'DELETE':
        return this.#delete(segment, query, request, response);
      default:
        return notAllowed(method, ['GET', 'PUT', 'DELETE'], response);
    }
  }

  async #put(
    segment: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<RequestKind> {
    // Checked before the body is read, so that a bad request is not first received in full.
    const options = readWriteOptions(request.headers);
    const key = percentDecode(segment);
    parseQuery(query, []);
    const { version, found } = await this.#node.put(key, await this.#bodies.read(request), options);
    response.writeHead(found[0] === 'absent' ? 201 : 204, ['ETag', `"${version}"`]);
    response.end();
    return 'write';
  }

  async #delete(
    segment: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<RequestKind> {
    parseQuery(query, []);
    const result = await this.#node.delete(
      percentDecode(segment),
      readWriteOptions(request.headers),
    );
    response.writeHead(204, ['DS-Deleted', String(result.found[0] === 'present')]);
    response.end();
    return 'write';
  }

  async #get(
    segment: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<RequestKind> {
    const options = readConsistency(parseQuery(query, ['consistency']));
    const found = await this.#node.get(percentDecode(segment), options);
    if (found === undefined) throw new KvError('KV_NOT_FOUND', 'there is no such key');
    const etag = `"${found.version}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, ['ETag', etag]);
      response.end();
      return 'read';
    }
    response.writeHead(200, [
      'ETag',
      etag,
      'Content-Type',
      'application/octet-stream',
      'X-Content-Type-Options',
      'nosniff',
      'Content-Length',
      String(found.value.length),
    ]);
    response.end(request.method === 'HEAD' ? undefined : found.value);
    return 'read';
  }

  readonly #routes: ReadonlyMap<string, Readonly<Record<string, Route>>> = new Map([
    [
      '/kv',
      {
        GET: (query, _request, response) => this.#scan(query, response),
        POST: (query, request, response) => this.#batch(query, request, response),
      },
    ],
    ['/members', { GET: (query, _request, response) => this.#members(query, response) }],
    ['/sessions', { POST: (query, _request, response) => this.#registerSession(query, response) }],
    ['/status', { GET: (query, _request, response) => this.#status(query, response) }],
    ['/health/live', { GET: async (_query, _request, response) => sendLive(response) }],
    ['/health/ready', { GET: async (_query, _request, response) => this.#sendReady(response) }],
    ['/metrics', { GET: (_query, _request, response) => this.#sendMetrics(response) }],
  ] as const satisfies readonly [string, Readonly<Record<string, Route>>][]);

  async #scan(query: string, response: ServerResponse): Promise<RequestKind> {
    const parameters = parseQuery(query, ['prefix', 'limit', 'after', 'consistency']);
    const scan = readScan(parameters);
    const page = await this.#node.scan(scan, readConsistency(parameters));
    sendJson(response, 200, {
      entries: page.entries.map(entryToJson),
      next: page.more ? nextPage(parameters, page) : null,
    });
    return 'scan';
  }

  async #batch(
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<RequestKind> {
    parseQuery(query, []);
    const tag = readSessionTag(request.headers);
    // No form of a web page can send this type, so no page can write here behind a user's back.
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      throw new KvError('KV_BAD_REQUEST', 'a batch has the Content-Type application/json');
    }
    const operations = batchFromJson(parseJson(await this.#bodies.read(request)));
    const { version, found } = await this.#node.batch(operations, { tag });
    sendJson(response, 200, { version, found: found.map(foundToJson) });
    return 'write';
  }

  async #registerSession(query: string, response: ServerResponse): Promise<RequestKind> {
    parseQuery(query, []);
    return sendJson(response, 201, { session: await this.#node.registerSession() });
  }

  async #members(query: string, response: ServerResponse): Promise<RequestKind> {
    parseQuery(query, []);
    const { members, voters } = this.#node.status();
    return sendJson(response, 200, { members, voters });
  }

  async #changeMember(
    method: string,
    segment: string,
    query: string,
    response: ServerResponse,
  ): Promise<RequestKind> {
    const id = Buffer.from(percentDecode(segment)).toString();
    const change = readMemberChange(method, id, query);
    if (change === undefined) return notAllowed(method, ['PUT', 'DELETE'], response);
    const { voters, learners } = await this.#node.changeMembers([change]);
    return sendJson(response, 200, { members: [...voters, ...learners].sort(), voters });
  }

  async #status(query: string, response: ServerResponse): Promise<RequestKind> {
    parseQuery(query, []);
    return sendJson(response, 200, { ...this.#node.status(), ...this.#facts() });
  }

  #sendReady(response: ServerResponse): RequestKind {
    const { ready } = this.#node;
    return sendJson(response, ready ? 200 : 503, { ready });
  }

  async #sendMetrics(response: ServerResponse): Promise<RequestKind> {
    const text = await this.#metrics.text();
    response.writeHead(200, { 'Content-Type': this.#metrics.contentType });
    response.end(text);
    return 'other';
  }

  #sendProblem(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // What is not a KvError is a defect; a client learns that there was one, the log learns which.
    const known = error instanceof KvError;
    if (!known) console.error('a request failed in a way it should not:', error);
    const problem = known ? error : new KvError('KV_FAILED', 'the server failed; see its log');
    this.#metrics.countProblem(httpStatusOf(problem.code));
    sendProblem(response, problem, request.complete);
  }
}

type Route = (
  query: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<RequestKind>;

function sendJson(response: ServerResponse, status: number, json: unknown): RequestKind {
  const body = JSON.stringify(json);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
  return 'other';
}

function sendLive(response: ServerResponse): RequestKind {
  return sendJson(response, 200, { live: true });
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  } catch (cause) {
    throw new KvError('KV_BAD_REQUEST', `the body is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function notAllowed(
  method: string,
  allowed: readonly string[],
  response: ServerResponse,
): Promise<RequestKind> {
  response.setHeader('Allow', allowed.join(', '));
  throw new KvError('KV_METHOD_NOT_ALLOWED', `${method} is not for here: ${allowed.join(', ')}`);
}

async function notFound(path: string): Promise<RequestKind> {
  throw new KvError('KV_NOT_FOUND', `there is nothing at ${path}`);
}
