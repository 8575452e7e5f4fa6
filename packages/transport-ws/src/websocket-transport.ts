/**
 * The transport port over WebSockets: connects channels (from `@ds/transport`) with the
 * connections to the peers.
 *
 * A message's way out: `Channel.send` -> ChannelTable (is it plain data, is it small enough) ->
 * Peering (which connection) -> Link -> FrameWriter -> FrameSocket. In: the same way back, with
 * FrameReader in place of FrameWriter.
 */
import type {
  Channel,
  NodeId,
  PeerEvent,
  Transport,
  TransportStatus,
  Unsubscribe,
} from '@ds/transport';
import { MAX_UNAUTHENTICATED_BYTES } from './handshake.ts';
import { LoopbackTable } from './loopback-table.ts';
import { type ResolvedOptions, resolveOptions, type WebSocketTransportOptions } from './options.ts';
import { Peering, type PeerLink } from './peering.ts';
import type { RefusalReason } from './refusal.ts';
import { type Listening, type Network, nodeNetwork } from './socket.ts';

export interface WebSocketTransportStatus extends TransportStatus {
  /** Connections refused, or closed for what the peer did, by reason. */
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Every node of `peers`, and those that dialled us. */
  readonly links: Readonly<Record<NodeId, PeerLink>>;
}

/** A node on a network of WebSockets. */
export interface WebSocketTransport extends Transport, AsyncDisposable {
  /** Where it listens; undefined for a node that only dials. */
  readonly port: number | undefined;
  status(): WebSocketTransportStatus;
}

/**
 * Listens (if asked to), starts to dial `peers`, and resolves without waiting for any of them:
 * `onPeer` tells who is there.
 * @throws {RangeError} for options that make no sense.
 * @throws {WebSocketTransportError} `WS_TRANSPORT_PORT_IN_USE`, `WS_TRANSPORT_CANNOT_LISTEN`.
 */
export function openWebSocketTransport(
  options: WebSocketTransportOptions,
): Promise<WebSocketTransport> {
  return openTransportOn(nodeNetwork, options);
}

/** The same on any network: for tests that play one. */
export async function openTransportOn(
  network: Network,
  options: WebSocketTransportOptions,
): Promise<WebSocketTransport> {
  const resolved = resolveOptions(options);
  options.signal?.throwIfAborted();
  const node = new Node(resolved, network);
  await node.open(options.signal);
  return node;
}

class Node implements WebSocketTransport {
  readonly self: NodeId;
  readonly maxMessageBytes: number;
  readonly #options: ResolvedOptions;
  readonly #network: Network;
  readonly #table: LoopbackTable;
  readonly #peering: Peering;
  #listening: Listening | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions, network: Network) {
    this.self = options.self;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#options = options;
    this.#network = network;
    this.#peering = new Peering(options, network, {
      changed: (event) => this.#table.peerChanged(event),
      deliver: (from, channel, plain) => this.#table.deliver(from, channel, plain),
      drained: (peer) => this.#table.drain(peer),
    });
    this.#table = new LoopbackTable(options, (peer) => this.#peering.connected(peer));
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    const { listen, ...options } = this.#options;
    if (listen !== undefined) {
      this.#listening = await this.#network.listen({
        ...options,
        ...listen,
        maxUnauthenticatedBytes: MAX_UNAUTHENTICATED_BYTES,
        connected: (socket) => this.#peering.arrived(socket),
        refused: (reason) => this.#peering.refused(reason),
        signal,
      });
    }
    this.#peering.start();
  }

  get port(): number | undefined {
    return this.#listening?.port;
  }

  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    return this.#table.open(name, decode);
  }

  peers(): Iterable<NodeId> {
    return this.#peering.ids();
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#table.onPeer(listener);
  }

  status(): WebSocketTransportStatus {
    return {
      self: this.self,
      peers: this.#peering.ids(),
      ...this.#table.counts(),
      refused: this.#peering.refusals(),
      links: this.#peering.links(),
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

  async #close(): Promise<void> {
    const gone = this.#peering.close();
    this.#table.close();
    await Promise.all([gone, this.#listening?.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
