/**
 * Serves the built page, and to each that loads it what it needs to come in at the door: its
 * address, an identity and a token.
 *
 * Security: it hands out tokens, so only pages it served itself may ask: it listens on 127.0.0.1
 * alone, refuses a Host header that is not a loopback name (a rebound DNS name would carry its
 * own), and a token is given by POST to our own Origin only.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';
import type { VisitorTokens } from './visitor-tokens.ts';

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What the page is told when it is loaded. */
export interface Welcome {
  readonly node: string;
  readonly door: string;
  readonly identity: string;
  readonly token: string;
}

export interface PageServerOptions {
  /** The built page. */
  readonly webDirectory: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly node: string;
  /** The `ws://` address of the door. */
  readonly door: string;
  readonly tokens: VisitorTokens;
}

export class PageServer {
  readonly #options: PageServerOptions;
  readonly #files: ReadonlyMap<string, { readonly type: string; readonly body: Buffer }>;
  readonly #server: Server;

  /** Rejects with the system's error when it cannot listen. */
  static async listen(options: PageServerOptions): Promise<PageServer> {
    const page = new PageServer(options);
    await new Promise<void>((resolve, reject) => {
      page.#server.once('error', reject);
      page.#server.listen(options.port, '127.0.0.1', resolve);
    });
    return page;
  }

  private constructor(options: PageServerOptions) {
    this.#options = options;
    this.#files = filesOf(options.webDirectory);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { door } = this.#options;
    const { host = '', origin } = request.headers;
    const path = new URL(request.url ?? '/', this.url).pathname;
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; ` +
        `img-src 'self' data:; connect-src 'self' ${door}; ` +
        `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    if (!LOOPBACK_NAMES.has(host.replace(/:\d+$/, ''))) {
      response.writeHead(421).end();
    } else if (path === '/visit' && request.method === 'POST') {
      if (origin !== `http://${host}`) response.writeHead(403).end();
      else this.#visit(response);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else {
      this.#send(path === '/' ? '/index.html' : path, response);
    }
  }

  #visit(response: ServerResponse): void {
    const { node, door, tokens } = this.#options;
    const welcome: Welcome = { node, door, ...tokens.issue() };
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(welcome));
  }

  #send(path: string, response: ServerResponse): void {
    const file = this.#files.get(path);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const caching = path === '/index.html' ? 'no-cache' : 'max-age=31536000, immutable';
    response.writeHead(200, { 'content-type': file.type, 'cache-control': caching });
    response.end(file.body);
  }
}

/** Every file of the page by its path, read once. */
function filesOf(directory: string): Map<string, { type: string; body: Buffer }> {
  const files = new Map<string, { type: string; body: Buffer }>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = MEDIA_TYPES[extname(path)];
    if (!entry.isFile() || type === undefined) continue;
    const name = relative(directory, path).split(sep).join('/');
    files.set(`/${name}`, { type, body: readFileSync(path) });
  }
  return files;
}
