/**
 * The transport port for a page in a browser, or any other program without the cluster's key: dials
 * the client doors of nodes and stays connected with them, or tries to.
 *
 * The bytes, the batching and the limits are those of the nodes among themselves, from the same
 * files. What differs is the handshake (client-handshake.ts) and the host (browser-socket.ts,
 * browser-codec.ts).
 */
import type {
  Channel,
  NodeId,
  PeerEvent,
  Transport,
  TransportStatus,
  Unsubscribe,
} from '@ds/transport';
import {
  type BrowserTransportOptions,
  type ResolvedBrowserOptions,
  resolveBrowserOptions,
} from './browser-options.ts';
import { onOnline, randomBytes } from './browser-socket.ts';
import { CLIENT_INSTANCE_BYTES } from './client-handshake.ts';
import { LoopbackTable } from './loopback-table.ts';
import { NodeConnection, type NodeLink } from './node-connection.ts';
import { RefusalCounts, type RefusalReason } from './refusal.ts';

export interface BrowserTransportStatus extends TransportStatus {
  /** Connections ended here for what the node did, by reason. */
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Every node of `nodes`. */
  readonly links: Readonly<Record<NodeId, NodeLink>>;
}

/** Its peers are the nodes it is connected with. */
export interface BrowserTransport extends Transport, AsyncDisposable {
  status(): BrowserTransportStatus;
  /** Dials at once those it is not connected with, rather than when their wait is over. */
  reconnect(): void;
}

/**
 * Starts to dial `nodes` and returns without waiting for any: `onPeer` tells who is there, and a
 * page that is offline works all the same.
 * @throws {RangeError} for options that make no sense.
 */
export function openBrowserTransport(options: BrowserTransportOptions): BrowserTransport {
  const client = new Client(resolveBrowserOptions(options));
  client.reconnect();
  return client;
}

class Client implements BrowserTransport {
  readonly self: NodeId;
  readonly maxMessageBytes: number;
  readonly #table: LoopbackTable;
  readonly #refused = new RefusalCounts();
  readonly #nodes = new Map<NodeId, NodeConnection>();
  readonly #forgetOnline: () => void;
  #incarnation = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedBrowserOptions) {
    const { self, maxMessageBytes, nodes } = options;
    this.self = self;
    this.maxMessageBytes = maxMessageBytes;
    this.#table = new LoopbackTable(options, (node) => this.#nodes.get(node));
    const instance = randomBytes(CLIENT_INSTANCE_BYTES);
    for (const [node, url] of nodes) {
      this.#nodes.set(node, this.#connection({ node, url, instance }, options));
    }
    this.#forgetOnline = onOnline(() => this.reconnect());
  }

  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    return this.#table.open(name, decode);
  }

  peers(): Iterable<NodeId> {
    return this.#up();
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#table.onPeer(listener);
  }

  reconnect(): void {
    for (const node of this.#nodes.values()) node.dial();
  }

  status(): BrowserTransportStatus {
    return {
      self: this.self,
      peers: this.#up(),
      ...this.#table.counts(),
      refused: this.#refused.snapshot(),
      links: Object.fromEntries([...this.#nodes].map(([id, node]) => [id, node.link()])),
    };
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      // Set before anything closes: whoever hears 'down' may call this again.
      let settle: (closed: Promise<void>) => void = () => {};
      this.#closing = new Promise((resolve) => (settle = resolve));
      settle(this.#close());
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #up(): NodeId[] {
    return [...this.#nodes].filter(([, { isUp }]) => isUp).map(([id]) => id);
  }

  #connection(
    to: { node: NodeId; url: string; instance: Uint8Array },
    options: ResolvedBrowserOptions,
  ): NodeConnection {
    const { node: peer } = to;
    let incarnation = 0;
    return new NodeConnection(to, options, {
      up: () => {
        this.#incarnation += 1;
        incarnation = this.#incarnation;
        this.#table.peerChanged({ kind: 'up', peer, incarnation });
      },
      down: () => this.#table.peerChanged({ kind: 'down', peer, incarnation }),
      deliver: (channel, plain) => this.#table.deliver(peer, channel, plain),
      drained: () => this.#table.drain(peer),
      refused: (reason) => this.#refused.add(reason),
      failed: (error) => {
        if (options.onHandlerError) options.onHandlerError(error);
        else void Promise.reject(error);
      },
    });
  }

  async #close(): Promise<void> {
    this.#forgetOnline();
    const gone = [...this.#nodes.values()].map((node) => node.close());
    this.#table.close();
    await Promise.all(gone);
  }
}
