/**
 * WebSockets as this package needs them: the one file that touches the network and the source of
 * nonces, and the one that knows `ws`.
 *
 * Limits that must hold before anybody has authenticated are kept here, close to the socket: how
 * many such connections there are, how long they may take to become WebSockets, how many bytes
 * they may send. Compression is off (a small frame could unpack to a huge one), `maxPayload` is
 * set, and pings are not answered: heartbeats are frames like any other.
 *
 * Invariants: `closed` is called once, and last; no 'error' event goes unheard.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock, Timer } from '@ds/clock';
import { WebSocket, WebSocketServer } from 'ws';
import { WebSocketTransportError } from './errors.ts';
import type { FrameSocket, SocketEvents } from './frame-socket.ts';
import { MAX_UNAUTHENTICATED_BYTES } from './handshake.ts';
import type { RefusalReason } from './refusal.ts';

const MAX_HTTP_HEADER_BYTES = 8_192;
const CLOSE_TIMEOUT_MS = 1_000;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly maxFrameBytes: number;
  /** All that a connection may send before it has authenticated. */
  readonly maxUnauthenticatedBytes: number;
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
  readonly connected: (socket: FrameSocket) => void;
  /** Somebody was turned away before it was a WebSocket. */
  readonly refused: (reason: RefusalReason) => void;
  readonly signal: AbortSignal | undefined;
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** What the rest of the package knows of the world outside. */
export interface Network {
  randomBytes(length: number): Buffer;
  dial(url: string, maxFrameBytes: number): FrameSocket;
  listen(options: ListenOptions): Promise<Listening>;
}

export const nodeNetwork: Network = {
  randomBytes: (length) => randomBytes(length),
  dial(url, maxFrameBytes) {
    const ws = new WebSocket(url, { ...wsOptions(maxFrameBytes), followRedirects: false });
    return new NodeSocket(ws, undefined, MAX_UNAUTHENTICATED_BYTES, () => {});
  },
  listen: (options) => new Listener(options).open(),
};

interface WsOptions {
  perMessageDeflate: false;
  maxPayload: number;
  autoPong: boolean;
  closeTimeout: number;
}

function wsOptions(maxFrameBytes: number): WsOptions {
  return {
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    autoPong: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
}

class NodeSocket implements FrameSocket {
  readonly #ws: WebSocket;
  readonly #maxUnauthenticatedBytes: number;
  readonly #onAuthenticated: () => void;
  #tcp: Socket | undefined;
  #events: SocketEvents | undefined;
  #problem: string | undefined;
  #refusal: RefusalReason | undefined;
  #unauthenticatedBytes = 0;
  readonly #count = (chunk: Buffer): void => {
    this.#unauthenticatedBytes += chunk.length;
    if (this.#unauthenticatedBytes > this.#maxUnauthenticatedBytes) {
      this.#break('too-large', 'sent too much before it authenticated');
    }
  };

  constructor(
    ws: WebSocket,
    tcp: Socket | undefined,
    maxUnauthenticatedBytes: number,
    onAuthenticated: () => void,
  ) {
    this.#ws = ws;
    this.#maxUnauthenticatedBytes = maxUnauthenticatedBytes;
    this.#onAuthenticated = onAuthenticated;
    if (tcp !== undefined) this.#limit(tcp);
    ws.on('upgrade', (response: IncomingMessage) => (this.#tcp = response.socket));
    ws.on('open', () => {
      if (this.#tcp !== undefined) this.#limit(this.#tcp);
      this.#events?.opened();
    });
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#message(data, isBinary));
    ws.on('error', (error: Error & { code?: string }) => {
      this.#problem ??= error.message || error.code || 'the connection failed';
      this.#refusal ??= refusalOf(error.code);
    });
    ws.on('close', (code: number, reason: Buffer) => {
      const events = this.#events;
      this.#events = undefined;
      const problem = this.#problem ?? describeClose(code, reason);
      events?.closed({ problem, refusal: this.#refusal });
    });
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  listen(events: SocketEvents): void {
    this.#events = events;
  }

  send(frame: Uint8Array, sent?: () => void): void {
    this.#ws.send(frame, sent);
  }

  authenticated(): void {
    this.#tcp?.off('data', this.#count);
    this.#onAuthenticated();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  destroy(): void {
    this.#ws.terminate();
  }

  #limit(tcp: Socket): void {
    this.#tcp = tcp;
    // Before ws sees the bytes, so that it never holds more than one read beyond the limit.
    tcp.prependListener('data', this.#count);
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#refusal !== undefined) return;
    if (isBinary) this.#events?.frame(data);
    else this.#break('bad-frame', 'sent text');
  }

  #break(refusal: RefusalReason, problem: string): void {
    this.#refusal ??= refusal;
    this.#problem ??= problem;
    this.#ws.terminate();
  }
}

function refusalOf(code: string | undefined): RefusalReason | undefined {
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'too-large';
  if (code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH') return 'too-large';
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return 'too-large';
  return code?.startsWith('WS_ERR_') ? 'not-a-websocket' : undefined;
}

function describeClose(code: number, reason: Buffer): string {
  const text = reason.toString('utf8').slice(0, 100);
  return text === '' ? `the connection was closed (${code})` : text;
}

/** An HTTP server that does nothing but turn into WebSockets. */
class Listener {
  readonly #options: ListenOptions;
  readonly #server: Server;
  readonly #wss: WebSocketServer;
  /** Connections that have not authenticated, with what ends those that are not WebSockets yet. */
  readonly #strangers = new Map<Socket, Timer>();

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#server = createServer({ maxHeaderSize: MAX_HTTP_HEADER_BYTES }, (request, response) => {
      options.refused('not-a-websocket');
      response.writeHead(426, { connection: 'close' }).end(() => request.socket.destroy());
    });
    this.#wss = new WebSocketServer({
      ...wsOptions(options.maxFrameBytes),
      server: this.#server,
      clientTracking: false,
    });
    this.#server.on('connection', (tcp: Socket) => this.#arrived(tcp));
    this.#server.on('clientError', (_error, tcp) => this.#turnAway(tcp as Socket));
    this.#wss.on('wsClientError', (_error: Error, tcp: Socket) => this.#turnAway(tcp));
    this.#wss.on('connection', (ws: WebSocket, request: IncomingMessage) => {
      const tcp = request.socket;
      this.#strangers.get(tcp)?.cancel();
      const authenticated = (): boolean => this.#strangers.delete(tcp);
      options.connected(new NodeSocket(ws, tcp, options.maxUnauthenticatedBytes, authenticated));
    });
  }

  open(): Promise<Listening> {
    const { host, port, signal } = this.#options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = (): void => void this.#close().then(() => reject(signal?.reason));
      signal?.addEventListener('abort', abort, { once: true });
      this.#wss.once('error', (error: NodeJS.ErrnoException) => {
        signal?.removeEventListener('abort', abort);
        reject(cannotListen(error, host, port));
      });
      this.#server.listen(port, host, () => {
        signal?.removeEventListener('abort', abort);
        // From here on an error is a connection that could not be taken, which its dialer notices.
        this.#wss.on('error', () => this.#options.refused('too-many-handshakes'));
        const { port: bound } = this.#server.address() as AddressInfo;
        resolve({ port: bound, close: () => this.#close() });
      });
    });
  }

  #arrived(tcp: Socket): void {
    const { clock, maxHandshakes, handshakeTimeoutMs, refused } = this.#options;
    if (this.#strangers.size >= maxHandshakes) {
      refused('too-many-handshakes');
      tcp.destroy();
      return;
    }
    const late = (): void => {
      refused('handshake-timeout');
      tcp.destroy();
    };
    const timer = clock.setTimer(handshakeTimeoutMs, late);
    this.#strangers.set(tcp, timer);
    tcp.on('error', () => tcp.destroy());
    tcp.once('close', () => {
      timer.cancel();
      this.#strangers.delete(tcp);
    });
  }

  #turnAway(tcp: Socket): void {
    // A connection that was reset reports an error too, but was not refused by us.
    if (!tcp.destroyed) this.#options.refused('not-a-websocket');
    tcp.destroy();
  }

  #close(): Promise<void> {
    return new Promise((resolve) => {
      this.#wss.close();
      this.#server.close(() => resolve());
      // The others are being closed by their owners.
      for (const tcp of this.#strangers.keys()) tcp.destroy();
    });
  }
}

function cannotListen(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
): WebSocketTransportError {
  return cause.code === 'EADDRINUSE'
    ? new WebSocketTransportError(
        'WS_TRANSPORT_PORT_IN_USE',
        `port ${port} of ${host} is taken: stop what listens there, or choose another port`,
        { cause },
      )
    : new WebSocketTransportError(
        'WS_TRANSPORT_CANNOT_LISTEN',
        `cannot listen on ${host}:${port}: ${cause.message}`,
        { cause },
      );
}
