/**
 * The supervisor's door for browsers: the built dashboard, its state as JSON and as a stream of
 * server-sent events, and the commands behind its buttons.
 *
 * Security: it kills processes on request, so only pages it served itself may ask. It listens on
 * 127.0.0.1 alone; a Host header that is not a loopback name is refused (a rebound DNS name would
 * carry its own), and so is an Origin other than ours. Nothing changes by GET.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { DemoError } from './demo-error.ts';
import type { DemoState, DemoUpdate, Load } from './state.ts';

const MAX_STREAMS = 32;
const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);
const LOADS: readonly string[] = ['off', 'light', 'heavy'] satisfies Load[];
const MEDIA_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** The part of the supervisor that browsers may reach. */
export interface SupervisedDemo {
  state(): DemoState;
  update(afterSampleMs: number, afterEvent: number): DemoUpdate;
  onTick(listener: () => void): () => void;
  kill(id: string): Promise<void>;
  killLeader(): Promise<void>;
  setLoad(load: Load): Promise<void>;
  add(): Promise<string>;
  remove(id: string): Promise<void>;
  readonly cluster: {
    readonly ids: readonly string[];
    restart(id: string): Promise<void>;
    cut(id: string): Promise<void>;
    rejoin(id: string): Promise<void>;
  };
}

export interface SupervisorHttpOptions {
  readonly supervisor: SupervisedDemo;
  /** The built dashboard. */
  readonly webDirectory: string;
  /** 0 for a free one. @default 0 */
  readonly port?: number;
}

export class SupervisorHttp {
  readonly #supervisor: SupervisedDemo;
  readonly #files: ReadonlyMap<string, { readonly type: string; readonly body: Buffer }>;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  constructor({ supervisor, webDirectory }: SupervisorHttpOptions) {
    this.#supervisor = supervisor;
    this.#files = readFiles(webDirectory);
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => answerError(response, error));
    });
  }

  static async listen(options: SupervisorHttpOptions): Promise<SupervisorHttp> {
    const http = new SupervisorHttp(options);
    await new Promise<void>((resolve, reject) => {
      http.#server.once('error', reject);
      http.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return http;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}/`;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    for (const stream of this.#streams) stream.end();
    if (!this.#server.listening) return;
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuse(request);
    if (refusal !== undefined) return answer(response, 403, { error: refusal });
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.method === 'POST') {
      await this.#command(pathname);
      return answer(response, 200, { done: true });
    }
    if (request.method !== 'GET') return answer(response, 405, { error: 'use GET or POST' });
    if (pathname === '/api/state') return answer(response, 200, this.#supervisor.state());
    if (pathname === '/api/events') return this.#stream(response);
    return this.#file(pathname, response);
  }

  async #command(pathname: string): Promise<void> {
    const supervisor = this.#supervisor;
    if (pathname === '/api/kill-leader') return supervisor.killLeader();
    if (pathname === '/api/nodes') return void (await supervisor.add());
    const [, load] = pathname.match(/^\/api\/load\/(\w+)$/) ?? [];
    if (load !== undefined && LOADS.includes(load)) return supervisor.setLoad(load as Load);
    const [, id, verb] = pathname.match(/^\/api\/nodes\/(\w+)\/(\w+)$/) ?? [];
    if (id === undefined || !supervisor.cluster.ids.includes(id)) throw new NotFound();
    switch (verb) {
      case 'kill':
        return supervisor.kill(id);
      case 'restart':
        return supervisor.cluster.restart(id);
      case 'cut':
        return supervisor.cluster.cut(id);
      case 'remove':
        return supervisor.remove(id);
      case 'rejoin':
        return supervisor.cluster.rejoin(id);
      default:
        throw new NotFound();
    }
  }

  #stream(response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS) {
      answer(response, 503, { error: 'too many dashboards are open' });
      return;
    }
    const supervisor = this.#supervisor;
    const state = supervisor.state();
    let sampleMs = state.samples.at(-1)?.atMs ?? -1;
    let sequence = state.events.at(-1)?.sequence ?? 0;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
    this.#streams.add(response);
    const stop = supervisor.onTick(() => {
      // A page that does not read (a sleeping laptop) skips ticks; the next one holds them all.
      if (response.writableNeedDrain) return;
      const update = supervisor.update(sampleMs, sequence);
      sampleMs = update.samples.at(-1)?.atMs ?? sampleMs;
      sequence = update.events.at(-1)?.sequence ?? sequence;
      response.write(`event: update\ndata: ${JSON.stringify(update)}\n\n`);
    });
    response.once('close', () => {
      stop();
      this.#streams.delete(response);
    });
  }

  #file(pathname: string, response: ServerResponse): void {
    const file = this.#files.get(pathname === '/' ? '/index.html' : pathname);
    if (file === undefined) {
      answer(response, 404, { error: 'there is nothing here' });
      return;
    }
    const immutable = pathname.startsWith('/assets/');
    const caching = immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.writeHead(200, {
      'content-type': file.type,
      'cache-control': caching,
      ...PAGE_HEADERS,
    });
    response.end(file.body);
  }
}

class NotFound extends Error {}

/** Why a request must not be served, or `undefined`. */
function refuse({ headers, socket }: IncomingMessage): string | undefined {
  const [, name, port] = headers.host?.match(/^(.+?)(?::(\d+))?$/) ?? [];
  if (name === undefined || !LOOPBACK_NAMES.has(name) || Number(port) !== socket.localPort) {
    return 'this Host is not served here';
  }
  // Browsers send Origin with every request that could change something.
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) {
    return 'requests from other origins are refused';
  }
  const site = headers['sec-fetch-site'];
  // `none` is an address typed by the user; a link from elsewhere may open the page, no more.
  const opensPage = headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !opensPage) {
    return 'requests from other sites are refused';
  }
  return undefined;
}

/** All files of the dashboard in memory: a path that is not one of them finds nothing. */
function readFiles(directory: string): Map<string, { type: string; body: Buffer }> {
  if (!existsSync(join(directory, 'index.html'))) {
    throw new DemoError('The dashboard is not built: run the build of apps/kv-store first.');
  }
  const files = new Map<string, { type: string; body: Buffer }>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = `/${relative(directory, path).split(sep).join('/')}`;
    const type = MEDIA_TYPES[extname(path)] ?? 'application/octet-stream';
    files.set(name, { type, body: readFileSync(path) });
  }
  return files;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function answerError(response: ServerResponse, error: unknown): void {
  if (error instanceof NotFound) {
    answer(response, 404, { error: 'there is nothing here' });
    return;
  }
  const output = error instanceof DemoError ? error.output : [];
  answer(response, 500, { error: error instanceof Error ? error.message : String(error), output });
}
