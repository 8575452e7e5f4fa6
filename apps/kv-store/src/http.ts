/**
 * The door for clients: a socket, its limits, its end. What is asked is the handler's business
 * (http-handler.ts); time limits of operations are the node's, those of slow clients are here.
 *
 * Invariant: `close` resolves, and leaves no connection behind, whatever clients do.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@ds/clock';
import { HttpHandler, type HttpHandlerOptions } from './http-handler.ts';

export interface HttpServerOptions extends HttpHandlerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Open connections. @default 4_096 */
  readonly maxConnections?: number;
  /** How long a connection may idle. Clients should give up theirs earlier. @default 65_000 */
  readonly keepAliveMs?: number;
}

const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;

/** A listening server. */
export interface HttpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Lets requests under way finish for at most `withinMs`, then cuts what is left. Idempotent. */
  close(withinMs?: number): Promise<void>;
}

/** Listens; rejects with the system's error when the port is taken. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host = '127.0.0.1', port, clock, keepAliveMs = 65_000, maxConnections = 4_096 } = options;
  const handler = new HttpHandler(options);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
    },
    (request, response) => handler.handle(request, response),
  );
  server.maxConnections = maxConnections;
  await listen(server, port, host);
  const bound = (server.address() as AddressInfo).port;
  let closing: Promise<void> | undefined;
  const close = (withinMs = 2_000): Promise<void> => {
    closing ??= closeServer(server, clock, withinMs);
    return closing;
  };
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const url = `http://${shownHost}:${bound}`;
  return { host, port: bound, url, close, [Symbol.asyncDispose]: () => close() };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function closeServer(server: Server, clock: Clock, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = clock.setTimer(withinMs, () => server.closeAllConnections());
  await closed;
  timer.cancel();
}
