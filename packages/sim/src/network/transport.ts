/** The Transport port for one life of a simulated machine; the network behind it is network.ts. */
import {
  type Channel,
  ChannelTable,
  type NodeId,
  type PeerEvent,
  type Transport,
  type TransportStatus,
  type Unsubscribe,
} from '@ds/transport';
import type { Owner } from '../kernel/event-queue.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type Carrier, Direction, type Door, type Station } from './direction.ts';

interface Link {
  readonly direction: Direction;
  readonly incarnation: number;
}

export class SimTransport implements Transport, Door, AsyncDisposable {
  readonly self: NodeId;
  readonly maxMessageBytes: number;
  readonly owner: Owner;
  readonly #station: Station;
  readonly #table: ChannelTable;
  readonly #links = new Map<NodeId, Link>();
  readonly #loopback: Link;
  readonly #onClose: () => void;
  #goodbye = false;

  constructor(
    kernel: Kernel,
    carrier: Carrier,
    station: Station,
    owner: Owner,
    onClose: () => void,
  ) {
    this.self = station.id;
    this.maxMessageBytes = carrier.maxMessageBytes;
    this.owner = owner;
    this.#station = station;
    this.#onClose = onClose;
    this.#loopback = { direction: new Direction(station, station), incarnation: 0 };
    const onHandlerError = (error: unknown): void => kernel.fail(error, owner);
    this.#table = new ChannelTable({
      maxMessageBytes: this.maxMessageBytes,
      onHandlerError,
      submit: (to, channel, message, bytes) => {
        const link = to === this.self ? this.#loopback : this.#links.get(to);
        if (link === undefined) return 'unreachable';
        return carrier.submit(link.direction, link.incarnation, channel, message, bytes);
      },
    });
  }

  get saidGoodbye(): boolean {
    const { transport } = this.#station;
    return this.#goodbye || (transport !== undefined && transport !== this);
  }

  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    return this.#table.open(name, decode);
  }

  peers(): Iterable<NodeId> {
    return [...this.#links.keys()];
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#table.onPeer(listener);
  }

  status(): TransportStatus {
    return { self: this.self, peers: [...this.#links.keys()], ...this.#table.counts() };
  }

  async close(): Promise<void> {
    if (this.#table.closed) return;
    this.abandon(true);
    this.#onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends everything on this side; without a goodbye, the others have to find out. */
  abandon(goodbye: boolean): void {
    this.#goodbye = goodbye;
    this.#table.close();
    this.#links.clear();
  }

  incarnationOf(peer: NodeId): number | undefined {
    return this.#links.get(peer)?.incarnation;
  }

  connect(direction: Direction, incarnation: number): void {
    if (this.#table.closed) return;
    const peer = direction.to.id;
    this.#links.set(peer, { direction, incarnation });
    this.#table.peerChanged({ kind: 'up', peer, incarnation });
  }

  disconnect(peer: NodeId, incarnation: number): void {
    if (this.#table.closed || this.#links.get(peer)?.incarnation !== incarnation) return;
    this.#links.delete(peer);
    this.#table.peerChanged({ kind: 'down', peer, incarnation });
  }

  deliver(from: NodeId, channel: string, message: unknown): void {
    this.#table.deliver(from, channel, message);
  }

  drain(peer: NodeId): void {
    this.#table.drain(peer);
  }
}
