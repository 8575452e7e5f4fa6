/**
 * The "Cut the network" button: a WebSocket constructor that the transport uses instead of the
 * page's own, and a switch. While it is cut, what was connected is closed and nothing connects, so
 * the page behaves as it would on a train in a tunnel.
 */
import type { WebSocketConstructor, WebSocketLike } from '@ds/transport-ws/browser';

export class NetworkSwitch {
  readonly WebSocket: WebSocketConstructor;
  readonly #open: Set<WebSocket> = new Set();
  #isCut = false;

  constructor() {
    const connect = (url: string): WebSocketLike => this.#connect(url);
    this.WebSocket = class {
      constructor(url: string) {
        // biome-ignore lint/correctness/noConstructorReturn: `new` may give any object.
        return connect(url);
      }
    } as unknown as WebSocketConstructor;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.close();
    this.#open.clear();
  }

  heal(): void {
    this.#isCut = false;
  }

  #connect(url: string): WebSocketLike {
    if (this.#isCut) return new DeadSocket();
    const socket = new WebSocket(url);
    this.#open.add(socket);
    socket.addEventListener('close', () => this.#open.delete(socket));
    return socket;
  }
}

/** What a dial without a network comes to. */
class DeadSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  readonly bufferedAmount = 0;
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;

  constructor() {
    queueMicrotask(() => this.close());
  }

  send(): void {}

  close(): void {
    const { onclose } = this;
    this.onclose = null;
    onclose?.({ code: 1006, reason: 'the network is cut' } as never);
  }
}
