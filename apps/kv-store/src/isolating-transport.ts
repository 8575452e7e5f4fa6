/**
 * A transport with a switch that cuts its node off: the demo's "cut off" button.
 *
 * While isolated nothing goes out and nothing comes in, and protocols see what they would see of a
 * pulled cable: peers that go down, sends that are unreachable. The connections below stay up, so
 * rejoining is immediate. It keeps the rules of the port (the conformance suite runs over it).
 *
 * Invariant: each `up` has a larger incarnation than the last; hence the count of its own.
 */
import type {
  Channel,
  NodeId,
  PeerEvent,
  Transport,
  TransportStatus,
  Unsubscribe,
} from '@ds/transport';
import { Listeners } from '@ds/transport';

export class IsolatingTransport implements Transport, AsyncDisposable {
  readonly #inner: Transport;
  readonly #listeners = new Listeners<[event: PeerEvent]>();
  readonly #incarnations = new Map<NodeId, number>();
  readonly #unsubscribe: Unsubscribe;
  #incarnation = 0;
  #isolated = false;

  constructor(inner: Transport) {
    this.#inner = inner;
    for (const peer of inner.peers()) this.#incarnations.set(peer, ++this.#incarnation);
    this.#unsubscribe = inner.onPeer(({ kind, peer }) => {
      if (!this.#isolated) this.#tell(kind, peer);
    });
  }

  get self(): NodeId {
    return this.#inner.self;
  }

  get maxMessageBytes(): number {
    return this.#inner.maxMessageBytes;
  }

  get isolated(): boolean {
    return this.#isolated;
  }

  /** Drops every message in either direction from here on. Harmless when isolated already. */
  isolate(): void {
    if (this.#isolated) return;
    this.#isolated = true;
    for (const peer of [...this.#incarnations.keys()]) this.#tell('down', peer);
  }

  /** Undoes {@link isolate}. */
  rejoin(): void {
    if (!this.#isolated) return;
    this.#isolated = false;
    for (const peer of this.#inner.peers()) this.#tell('up', peer);
  }

  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    const channel = this.#inner.channel(name, decode);
    const passes = (peer: NodeId): boolean => !this.#isolated || peer === this.self;
    return {
      name,
      send: (to, message) => {
        if (passes(to)) return channel.send(to, message);
        // Sent to nobody, so that what the sender did wrong shows all the same.
        return channel.send(UNKNOWN_PEER, message);
      },
      onMessage: (handle) =>
        channel.onMessage((from, message) => {
          if (passes(from)) handle(from, message);
        }),
      onDrain: (listener) =>
        channel.onDrain((peer) => {
          if (passes(peer)) listener(peer);
        }),
      close: () => channel.close(),
    };
  }

  peers(): Iterable<NodeId> {
    return this.#isolated ? [] : this.#inner.peers();
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#listeners.add(listener);
  }

  status(): TransportStatus {
    return { ...this.#inner.status(), peers: [...this.peers()] };
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#listeners.clear();
    await this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tell(kind: 'up' | 'down', peer: NodeId): void {
    const known = this.#incarnations.get(peer);
    if (kind === 'down' && known === undefined) return;
    const incarnation = known ?? ++this.#incarnation;
    if (kind === 'down') this.#incarnations.delete(peer);
    else this.#incarnations.set(peer, incarnation);
    this.#listeners.emit({ kind, peer, incarnation });
  }
}

/** No node can be called this: an id has at most 128 bytes. */
const UNKNOWN_PEER: NodeId = '?'.repeat(129);
