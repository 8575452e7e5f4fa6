/**
 * A client outside of browsers: the transport of the browser entry, on Node's sockets. Node has a
 * WebSocket of its own only from version 22 on; this one also leaves compression out.
 */
import { WebSocket } from 'ws';
import type { BrowserTransportOptions, WebSocketConstructor } from './browser-options.ts';
import { type BrowserTransport, openBrowserTransport } from './browser-transport.ts';

export type ClientTransportOptions = Omit<BrowserTransportOptions, 'WebSocket'>;

/** Its peers are the nodes it is connected with. */
export type ClientTransport = BrowserTransport;

class PlainWebSocket extends WebSocket {
  constructor(url: string) {
    super(url, { perMessageDeflate: false, followRedirects: false });
  }
}

/**
 * Starts to dial the client doors of `nodes` and returns without waiting for any: `onPeer` tells
 * which is there.
 * @throws {RangeError} for options that make no sense.
 */
export function openClientTransport(options: ClientTransportOptions): ClientTransport {
  // The part of the interface of browsers that is used, `ws` has as well.
  const socket = PlainWebSocket as unknown as WebSocketConstructor;
  return openBrowserTransport({ ...options, WebSocket: socket });
}
