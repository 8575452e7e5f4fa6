/**
 * A network inside one process: for tests, for demos, and for nodes that share a process in
 * production. Links can be cut and healed, so that a test can see its protocol lose a peer.
 *
 * Messages wait at their receiver and are delivered by one timer per burst, so the clock decides
 * when: the system clock at the end of the current work, a manual clock when it advances.
 *
 * Invariants: a link never has more than `maxQueuedBytes` under way; a link that was cut delivers
 * nothing that was sent before the cut. Cost: one copy per message, O(size).
 */
import { type Clock, systemClock, type Timer } from '@ds/clock';
import { ChannelTable, checkNodeId, type HandlerErrorListener } from './channel-table.ts';
import { TransportError } from './errors.ts';
import { copyPlain } from './plain.ts';
import type {
  Channel,
  NodeId,
  PeerEvent,
  SendResult,
  Transport,
  TransportStatus,
  Unsubscribe,
} from './transport.ts';

export interface MemoryNetworkOptions {
  /** Decides when messages are delivered. @default systemClock */
  readonly clock?: Clock;
  /** How long every message travels. @default 0 */
  readonly latencyMs?: number;
  /** The largest message. @default 1 MiB */
  readonly maxMessageBytes?: number;
  /** What one direction of one link holds before it is saturated. @default 4 MiB */
  readonly maxQueuedBytes?: number;
  /** Takes what handlers throw. @default an unhandled rejection */
  readonly onHandlerError?: HandlerErrorListener;
}

/** Nodes that join are connected with one another until a link is cut. */
export class MemoryNetwork {
  readonly #nodes = new Map<NodeId, MemoryTransport>();
  readonly #cuts = new Set<string>();
  readonly #options: ResolvedOptions;
  #incarnation = 0;

  constructor({
    clock = systemClock,
    latencyMs = 0,
    maxMessageBytes = 2 ** 20,
    maxQueuedBytes = 4 * 2 ** 20,
    onHandlerError,
  }: MemoryNetworkOptions = {}) {
    if (!(maxMessageBytes > 0) || !(maxQueuedBytes >= maxMessageBytes)) {
      throw new RangeError('maxQueuedBytes must hold at least one message of maxMessageBytes');
    }
    this.#options = { clock, latencyMs, maxMessageBytes, maxQueuedBytes, onHandlerError };
  }

  /**
   * Adds a node and connects it with every other.
   * @throws {TransportError} `TRANSPORT_NODE_ID_IN_USE`
   */
  join(id: NodeId): Transport {
    checkNodeId(id);
    if (this.#nodes.has(id)) {
      throw new TransportError(
        'TRANSPORT_NODE_ID_IN_USE',
        `node '${id}' is on this network already`,
      );
    }
    const node = new MemoryTransport(id, this.#options, () => this.#leave(node));
    this.#nodes.set(id, node);
    for (const other of this.#nodes.values()) if (other !== node) this.#link(node, other);
    return node;
  }

  /** Takes the connection between two nodes down, with everything under way on it. */
  cut(a: NodeId, b: NodeId): void {
    this.#cuts.add(linkName(a, b));
    this.#unlink(a, b);
  }

  /** Undoes {@link cut}: the nodes get a new connection. */
  heal(a: NodeId, b: NodeId): void {
    if (!this.#cuts.delete(linkName(a, b))) return;
    const [first, second] = [this.#nodes.get(a), this.#nodes.get(b)];
    if (first && second) this.#link(first, second);
  }

  #link(a: MemoryTransport, b: MemoryTransport): void {
    if (this.#cuts.has(linkName(a.self, b.self))) return;
    this.#incarnation += 1;
    a.connect(b, this.#incarnation);
    b.connect(a, this.#incarnation);
  }

  #unlink(a: NodeId, b: NodeId): void {
    this.#nodes.get(a)?.disconnect(b);
    this.#nodes.get(b)?.disconnect(a);
  }

  #leave(node: MemoryTransport): void {
    for (const peer of node.peers()) this.#unlink(node.self, peer);
    this.#nodes.delete(node.self);
  }
}

interface ResolvedOptions {
  readonly clock: Clock;
  readonly latencyMs: number;
  readonly maxMessageBytes: number;
  readonly maxQueuedBytes: number;
  readonly onHandlerError: HandlerErrorListener | undefined;
}

/** A message on its way. */
interface Parcel {
  readonly link: Link;
  readonly channel: string;
  readonly message: unknown;
  readonly bytes: number;
}

/** What one timer delivers. */
interface Burst {
  readonly parcels: Parcel[];
  timer: Timer | undefined;
}

/**
 * What is on its way to one node, from all of its peers: one timer per burst, and not one per link,
 * so that answers of many peers arrive in one turn. Timers of one delay fire in the order they were
 * set, so each delivers the oldest burst.
 */
class Inbox {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #bursts: Burst[] = [];
  #gathering: Burst | undefined;

  constructor(clock: Clock, latencyMs: number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  put(parcel: Parcel): void {
    this.#gathering ??= this.#startBurst();
    this.#gathering.parcels.push(parcel);
  }

  cancel(): void {
    for (const { timer } of this.#bursts) timer?.cancel();
    this.#bursts.length = 0;
    this.#gathering = undefined;
  }

  /** Everything sent before the clock reads a later time travels together. */
  #startBurst(): Burst {
    const burst: Burst = { parcels: [], timer: undefined };
    burst.timer = this.#clock.setTimer(this.#latencyMs, this.#deliver);
    this.#bursts.push(burst);
    if (this.#latencyMs > 0) {
      this.#clock.setTimer(0, () => {
        if (this.#gathering === burst) this.#gathering = undefined;
      });
    }
    return burst;
  }

  readonly #deliver = (): void => {
    const burst = this.#bursts.shift();
    if (burst === undefined) return;
    if (this.#gathering === burst) this.#gathering = undefined;
    for (const { link, channel, message, bytes } of burst.parcels) {
      link.deliver(channel, message, bytes);
    }
  };
}

/** One direction of a connection. */
class Link {
  readonly incarnation: number;
  readonly #from: MemoryTransport;
  readonly #to: MemoryTransport;
  readonly #inbox: Inbox;
  readonly #maxQueuedBytes: number;
  #queuedBytes = 0;
  #saturated = false;
  #cut = false;

  constructor(
    from: MemoryTransport,
    to: MemoryTransport,
    incarnation: number,
    inbox: Inbox,
    maxQueuedBytes: number,
  ) {
    this.#from = from;
    this.#to = to;
    this.incarnation = incarnation;
    this.#inbox = inbox;
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    if (this.#queuedBytes + bytes > this.#maxQueuedBytes) {
      this.#saturated = true;
      return 'saturated';
    }
    this.#queuedBytes += bytes;
    this.#inbox.put({ link: this, channel, message: copyPlain(message), bytes });
    return 'queued';
  }

  /** What is on its way is lost. */
  cut(): void {
    this.#cut = true;
  }

  deliver(channel: string, message: unknown, bytes: number): void {
    // A handler of a message before it may have cut this very link.
    if (this.#cut) return;
    this.#queuedBytes -= bytes;
    this.#to.deliver(this.#from.self, channel, message);
    if (this.#saturated && this.#queuedBytes * 2 <= this.#maxQueuedBytes) {
      this.#saturated = false;
      this.#from.drain(this.#to.self);
    }
  }
}

class MemoryTransport implements Transport, AsyncDisposable {
  readonly self: NodeId;
  readonly maxMessageBytes: number;
  readonly #options: ResolvedOptions;
  readonly #table: ChannelTable;
  readonly #links = new Map<NodeId, Link>();
  readonly #inbox: Inbox;
  readonly #loopbackInbox: Inbox;
  readonly #loopback: Link;
  readonly #leave: () => void;

  constructor(self: NodeId, options: ResolvedOptions, leave: () => void) {
    this.self = self;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#options = options;
    this.#leave = leave;
    const { clock, latencyMs, maxQueuedBytes } = options;
    this.#inbox = new Inbox(clock, latencyMs);
    this.#loopbackInbox = new Inbox(clock, 0);
    this.#loopback = new Link(this, this, 0, this.#loopbackInbox, maxQueuedBytes);
    this.#table = new ChannelTable({
      maxMessageBytes: options.maxMessageBytes,
      onHandlerError: options.onHandlerError,
      submit: (to, channel, message, bytes) => {
        const link = to === self ? this.#loopback : this.#links.get(to);
        return link === undefined ? 'unreachable' : link.submit(channel, message, bytes);
      },
    });
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
    this.#leave();
    this.#inbox.cancel();
    this.#loopbackInbox.cancel();
    this.#table.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  connect(peer: MemoryTransport, incarnation: number): void {
    const { maxQueuedBytes } = this.#options;
    this.#links.set(peer.self, new Link(this, peer, incarnation, peer.#inbox, maxQueuedBytes));
    this.#table.peerChanged({ kind: 'up', peer: peer.self, incarnation });
  }

  disconnect(peer: NodeId): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    link.cut();
    this.#links.delete(peer);
    this.#table.peerChanged({ kind: 'down', peer, incarnation: link.incarnation });
  }

  deliver(from: NodeId, channel: string, message: unknown): void {
    this.#table.deliver(from, channel, message);
  }

  drain(peer: NodeId): void {
    this.#table.drain(peer);
  }
}

function linkName(a: NodeId, b: NodeId): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}
