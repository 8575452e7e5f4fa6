/**
 * The "Cut the network" button: a WebSocket class that the transport uses instead of the page's
 * own, and a switch. While it is cut, what was connected is closed and nothing gets to connect, so
 * the page behaves as it would on a train in a tunnel.
 */
import type { WebSocketConstructor } from '@ds/transport-ws/browser';

export class NetworkSwitch {
  readonly WebSocket: WebSocketConstructor;
  readonly #open: Set<WebSocket> = new Set();
  #isCut = false;

  constructor() {
    const dialled = (socket: WebSocket): void => this.#dialled(socket);
    this.WebSocket = class extends WebSocket {
      constructor(url: string) {
        super(url);
        dialled(this);
      }
    };
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.close();
  }

  heal(): void {
    this.#isCut = false;
  }

  #dialled(socket: WebSocket): void {
    this.#open.add(socket);
    socket.addEventListener('close', () => this.#open.delete(socket));
    if (this.#isCut) socket.close();
  }
}
