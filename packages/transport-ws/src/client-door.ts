/**
 * A node's door for those who are not of its cluster: pages in browsers, and other programs that
 * hold a token instead of the cluster's key.
 *
 * It is a transport of its own, on a port of its own, so the two kinds of peers cannot be taken
 * for one another: a channel opened here hears clients only, a channel of the cluster's transport
 * hears members only, and no name a client bears means anything there. A client is connected with
 * this node and sees nobody else.
 *
 * Invariants: at most one connection per name, `maxPerIdentity` per identity, `maxClients` in all;
 * a connection is replaced only by one of the same instance, which has lost it; each `up` has a
 * larger incarnation than any before.
 */
import type {
  Channel,
  NodeId,
  PeerEvent,
  Transport,
  TransportStatus,
  Unsubscribe,
} from '@ds/transport';
import { ClientConnection, type ClientHost } from './client-connection.ts';
import {
  type ClientDoorOptions,
  type ResolvedClientDoorOptions,
  resolveClientDoorOptions,
} from './client-door-options.ts';
import { MAX_UNAUTHENTICATED_CLIENT_BYTES } from './client-handshake.ts';
import type { FrameSocket } from './frame-socket.ts';
import { LoopbackTable } from './loopback-table.ts';
import { RefusalCounts, type RefusalReason } from './refusal.ts';
import { type Listening, type Network, nodeNetwork } from './socket.ts';

export interface ClientDoorStatus extends TransportStatus {
  /** Connections refused, or closed for what the client did, by reason. */
  readonly refused: Readonly<Record<RefusalReason, number>>;
}

/** Its peers are the clients; see the port's rules for everything else. */
export interface ClientDoor extends Transport, AsyncDisposable {
  readonly port: number;
  /** Whose token a connected client has shown; undefined for others. */
  identityOf(client: NodeId): string | undefined;
  status(): ClientDoorStatus;
}

/**
 * Listens for clients.
 * @throws {RangeError} for options that make no sense.
 * @throws {WebSocketTransportError} `WS_TRANSPORT_PORT_IN_USE`, `WS_TRANSPORT_CANNOT_LISTEN`.
 */
export function openClientDoor(options: ClientDoorOptions): Promise<ClientDoor> {
  return openClientDoorOn(nodeNetwork, options);
}

/** The same on any network: for tests that play one. */
export async function openClientDoorOn(
  network: Pick<Network, 'listen'>,
  options: ClientDoorOptions,
): Promise<ClientDoor> {
  const resolved = resolveClientDoorOptions(options);
  options.signal?.throwIfAborted();
  const door = new Door(resolved);
  await door.open(network, options.signal);
  return door;
}

class Door implements ClientDoor, ClientHost {
  readonly self: NodeId;
  readonly maxMessageBytes: number;
  readonly options: ResolvedClientDoorOptions;
  readonly #table: LoopbackTable;
  readonly #refused = new RefusalCounts();
  /** Those that are up, by name. */
  readonly #clients = new Map<NodeId, ClientConnection>();
  /** Every connection whose socket is not closed yet. */
  readonly #connections = new Set<ClientConnection>();
  #allGone: (() => void) | undefined;
  #listening: Listening | undefined;
  #incarnation = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedClientDoorOptions) {
    this.self = options.self;
    this.maxMessageBytes = options.maxMessageBytes;
    this.options = options;
    this.#table = new LoopbackTable(options, (client) => this.#clients.get(client));
  }

  async open(network: Pick<Network, 'listen'>, signal: AbortSignal | undefined): Promise<void> {
    this.#listening = await network.listen({
      ...this.options,
      ...this.options.listen,
      maxUnauthenticatedBytes: MAX_UNAUTHENTICATED_CLIENT_BYTES,
      connected: (socket) => this.#arrived(socket),
      refused: (reason) => this.#refused.add(reason),
      signal,
    });
  }

  get port(): number {
    return this.#listening?.port ?? 0;
  }

  identityOf(client: NodeId): string | undefined {
    return this.#clients.get(client)?.identity;
  }

  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    return this.#table.open(name, decode);
  }

  peers(): Iterable<NodeId> {
    return [...this.#clients.keys()];
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#table.onPeer(listener);
  }

  status(): ClientDoorStatus {
    return {
      self: this.self,
      peers: [...this.#clients.keys()],
      ...this.#table.counts(),
      refused: this.#refused.snapshot(),
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

  admit(connection: ClientConnection): RefusalReason | undefined {
    const { maxClients, maxPerIdentity } = this.options;
    const older = this.#clients.get(connection.name);
    if (older !== undefined) {
      if (older.instance !== connection.instance) return 'duplicate-id';
      older.destroy('the client dialled again');
      return undefined;
    }
    let alike = 0;
    for (const { identity } of this.#clients.values()) {
      if (identity === connection.identity) alike += 1;
    }
    return this.#clients.size >= maxClients || alike >= maxPerIdentity
      ? 'too-many-clients'
      : undefined;
  }

  established(connection: ClientConnection): void {
    this.#clients.set(connection.name, connection);
    this.#incarnation += 1;
    connection.incarnation = this.#incarnation;
    this.#tell('up', connection);
  }

  ended(connection: ClientConnection): void {
    if (this.#clients.get(connection.name) !== connection) return;
    this.#clients.delete(connection.name);
    this.#tell('down', connection);
  }

  gone(connection: ClientConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#allGone?.();
  }

  refused(reason: RefusalReason): void {
    this.#refused.add(reason);
  }

  failed(error: unknown): void {
    const { onHandlerError } = this.options;
    if (onHandlerError) onHandlerError(error);
    else void Promise.reject(error);
  }

  deliver(from: NodeId, channel: string, plain: unknown): void {
    this.#table.deliver(from, channel, plain);
  }

  drained(client: NodeId): void {
    this.#table.drain(client);
  }

  #arrived(socket: FrameSocket): void {
    if (this.#closing) socket.destroy();
    else this.#connections.add(new ClientConnection(this, socket));
  }

  #tell(kind: 'up' | 'down', { name, incarnation }: ClientConnection): void {
    this.#table.peerChanged({ kind, peer: name, incarnation });
  }

  async #close(): Promise<void> {
    for (const connection of [...this.#connections]) connection.close('the node closed');
    this.#table.close();
    const gone = new Promise<void>((resolve) => {
      this.#allGone = resolve;
      if (this.#connections.size === 0) resolve();
    });
    await Promise.all([gone, this.#listening?.close()]);
  }
}
