/** Client doors and clients on real loopback sockets, through wires that tests can cut. */
import type { Channel, NodeId, PeerEvent, Transport, TransportStatus } from '@ds/transport';
import { WebSocket } from 'ws';
import {
  type BrowserTransport,
  type BrowserTransportOptions,
  openBrowserTransport,
  type WebSocketConstructor,
} from '../../src/browser.ts';
import { type ClientDoor, type ClientDoorOptions, openClientDoor } from '../../src/index.ts';
import { settle } from './cluster.ts';
import { Wire } from './wire.ts';

/** The browser's API over Node's sockets. */
export const NodeWebSocket: WebSocketConstructor = WebSocket as unknown as WebSocketConstructor;

/** Here a token is `token of` and the identity it belongs to. */
export function tokenOf(identity: string): string {
  return `token of ${identity}`;
}

export function openDoor(
  self: NodeId,
  options: Partial<ClientDoorOptions> = {},
): Promise<ClientDoor> {
  return openClientDoor({
    self,
    listen: { port: 0 },
    authenticate: (token) => {
      const id = token.replace(/^token of /, '');
      return id === token ? undefined : { id };
    },
    ...options,
  });
}

export function openClient(
  self: NodeId,
  nodes: Readonly<Record<NodeId, string>>,
  options: Partial<BrowserTransportOptions> = {},
): BrowserTransport {
  return openBrowserTransport({
    self,
    nodes,
    token: tokenOf(self.split('/')[0]!),
    WebSocket: NodeWebSocket,
    backoff: { initialMs: 2, maxMs: 20 },
    ...options,
  });
}

/**
 * A node with two doors as one transport: for the third node of the conformance suite, which has to
 * be connected with a client and with a node. It forwards and judges nothing.
 */
class TwoDoors implements Transport {
  readonly self: NodeId;
  readonly maxMessageBytes: number;
  readonly #doors: readonly [Transport, Transport];

  constructor(one: Transport, other: Transport) {
    this.self = one.self;
    this.maxMessageBytes = one.maxMessageBytes;
    this.#doors = [one, other];
  }

  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    const [one, other] = this.#doors.map((door) => ({ door, channel: door.channel(name, decode) }));
    const all = [one!, other!];
    const both = <T>(call: (channel: Channel<M>) => T): T[] =>
      all.map(({ channel }) => call(channel));
    return {
      name,
      send: (to, message) =>
        (all.find(({ door }) => [...door.peers()].includes(to)) ?? one!).channel.send(to, message),
      onDrain: (listener) => {
        const stops = both((channel) => channel.onDrain(listener));
        return () => stops.forEach((stop) => void stop());
      },
      onMessage: (handle) => {
        const stops = both((channel) => channel.onMessage(handle));
        return () => stops.forEach((stop) => void stop());
      },
      close: () => void both((channel) => channel.close()),
    };
  }

  peers(): Iterable<NodeId> {
    return this.#doors.flatMap((door) => [...door.peers()]);
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    const stops = this.#doors.map((door) => door.onPeer(listener));
    return () => stops.forEach((stop) => void stop());
  }

  status(): TransportStatus {
    return { ...this.#doors[0].status(), peers: [...this.peers()] };
  }

  async close(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.close()));
  }
}

/** A network for the conformance suite in which `client` is a client, and the others are nodes. */
export class ClientNetwork {
  readonly handlerErrors: unknown[] = [];
  readonly #client: NodeId;
  readonly #wires = new Map<NodeId, Wire>();
  readonly #transports: Transport[] = [];

  constructor(client: NodeId) {
    this.#client = client;
  }

  async join(id: NodeId): Promise<Transport> {
    const joined = await this.#open(id);
    this.#transports.push(joined);
    return joined;
  }

  settle(): Promise<void> {
    return settle();
  }

  cut(a: NodeId, b: NodeId): void {
    this.#wires.get(a === this.#client ? b : a)!.cut();
  }

  heal(a: NodeId, b: NodeId): void {
    this.#wires.get(a === this.#client ? b : a)!.heal();
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
    for (const wire of this.#wires.values()) await wire.close();
  }

  async #open(id: NodeId): Promise<Transport> {
    const onHandlerError = (error: unknown): void => void this.handlerErrors.push(error);
    if (id === this.#client) {
      // It dials nodes that join later, too: their wires lead nowhere until then.
      const nodes: Record<NodeId, string> = {};
      for (const node of ['a', 'b', 'c'].filter((other) => other !== id)) {
        nodes[node] = (await this.#wire(node)).url;
      }
      return openClient(id, nodes, { onHandlerError });
    }
    const door = await openDoor(id, { onHandlerError });
    (await this.#wire(id)).lead(door.port);
    if (id !== 'c') return door;
    const other = this.#client === 'a' ? 'b' : 'a';
    const url = (await this.#wire(other)).url;
    return new TwoDoors(door, openClient('c', { [other]: url }, { onHandlerError }));
  }

  /** The wire to the door of `node`. */
  async #wire(node: NodeId): Promise<Wire> {
    let wire = this.#wires.get(node);
    if (wire === undefined) {
      wire = await Wire.open(0);
      this.#wires.set(node, wire);
    }
    return wire;
  }
}
