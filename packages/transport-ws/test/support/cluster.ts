/** Nodes on real loopback sockets, each link through a wire that tests can cut. */
import type { NodeId } from '@ds/transport';
import {
  openWebSocketTransport,
  type WebSocketTransport,
  type WebSocketTransportOptions,
} from '../../src/index.ts';
import { Wire } from './wire.ts';

export const KEY: Uint8Array = new Uint8Array(32).fill(7);

/** Waits for real sockets, without a fixed time. */
export async function until(holds: () => boolean, what = 'what was waited for'): Promise<void> {
  for (let i = 0; i < 10_000; i += 1) {
    if (holds()) return;
    // Most things happen within a few turns of the loop; the rest waits for timers.
    if (i < 100) await new Promise((resolve) => setImmediate(resolve));
    else await settle();
  }
  throw new Error(`${what} did not happen`);
}

/** One pass of real sockets and timers. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

export function open(
  self: NodeId,
  options: Partial<WebSocketTransportOptions> = {},
): Promise<WebSocketTransport> {
  return openWebSocketTransport({
    self,
    listen: { port: 0 },
    peers: {},
    key: KEY,
    accept: () => true,
    backoff: { initialMs: 2, maxMs: 20 },
    ...options,
  });
}

export class Cluster {
  readonly handlerErrors: unknown[] = [];
  readonly #nodes = new Map<NodeId, WebSocketTransport>();
  readonly #wires = new Map<string, Wire>();
  readonly #options: Partial<WebSocketTransportOptions>;

  constructor(options: Partial<WebSocketTransportOptions> = {}) {
    this.#options = options;
  }

  /** Starts a node that dials those that joined before. */
  async join(id: NodeId): Promise<WebSocketTransport> {
    const peers: Record<NodeId, string> = {};
    for (const other of this.#nodes.values()) {
      const wire = await Wire.open(other.port!);
      this.#wires.set(wireName(id, other.self), wire);
      peers[other.self] = wire.url;
    }
    const onHandlerError = (error: unknown): void => void this.handlerErrors.push(error);
    const node = await open(id, { peers, onHandlerError, ...this.#options });
    this.#nodes.set(id, node);
    return node;
  }

  wire(a: NodeId, b: NodeId): Wire {
    return this.#wires.get(wireName(a, b))!;
  }

  settle(): Promise<void> {
    return settle();
  }

  cut(a: NodeId, b: NodeId): void {
    this.wire(a, b).cut();
  }

  heal(a: NodeId, b: NodeId): void {
    this.wire(a, b).heal();
  }

  async close(): Promise<void> {
    for (const node of this.#nodes.values()) await node.close();
    for (const wire of this.#wires.values()) await wire.close();
  }
}

function wireName(a: NodeId, b: NodeId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
