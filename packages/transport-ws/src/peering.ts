/**
 * Who is connected with whom: dials the peers, admits those who dial us, and sees to it that two
 * nodes have one connection, however they found each other.
 *
 * Two nodes that dial each other at once make two connections. The node with the smaller id
 * decides, on its own, which one stays; the other follows whatever it is told:
 *
 *   the smaller id, when the other has proved itself on the connection it dialled:
 *     - our own dial is up: refuse ('superseded'), unless the other says that this very session
 *       is the one it lost; then ours is dead and only we had not noticed;
 *     - our own dial is still under way: give it up, admit the other.
 *   the larger id: admit, and keep dialling; what comes up first ends the other.
 *
 * Only READY brings a connection up at the listener, and only then does it replace an older one,
 * so a dial that was given up half way replaces nothing.
 *
 * A dialer dials only when it has no connection. So a second connection from the same instance
 * (process) means that it lost the first: replace. One from another instance means a second node
 * with the same name, or a restart after a loss of power: refuse ('duplicate-id') until the first
 * is dead, which takes `deadAfterMs` at most. A process that was killed needs no such wait, because
 * its operating system closes its connections.
 *
 * Invariants: at most one connection per peer is up; each `up` has a larger incarnation than any
 * before; a `down` follows each `up` before the next.
 */
import type { Timer } from '@ds/clock';
import type { Backoff } from '@ds/resilience';
import type { NodeId, PeerEvent } from '@ds/transport';
import { Connection, type ConnectionHost } from './connection.ts';
import type { FrameSocket } from './frame-socket.ts';
import { type Authenticated, INSTANCE_BYTES, NO_SESSION, NONCE_BYTES } from './handshake.ts';
import type { ResolvedOptions } from './options.ts';
import { RefusalCounts, type RefusalReason } from './refusal.ts';
import type { Network } from './socket.ts';

/** What is known of one peer, for people. */
export interface PeerLink {
  /** `waiting`: not connected; dials again later, or waits to be dialled. */
  readonly state: 'up' | 'connecting' | 'waiting';
  /** Dials that failed since it was last up for a while. */
  readonly failures: number;
  /** Why the last attempt failed, or the last connection ended. */
  readonly problem: string | undefined;
}

export interface PeeringEvents {
  readonly changed: (event: PeerEvent) => void;
  readonly deliver: (from: NodeId, channel: string, plain: unknown) => void;
  readonly drained: (peer: NodeId) => void;
}

interface Peer {
  readonly id: NodeId;
  /** Undefined for a node that only dials us. */
  readonly url: string | undefined;
  readonly backoff: Backoff;
  up: Connection | undefined;
  dial: Connection | undefined;
  admitted: Connection | undefined;
  redial: Timer | undefined;
  lostSession: string;
  problem: string | undefined;
}

export class Peering implements ConnectionHost {
  readonly options: ResolvedOptions;
  readonly #network: Network;
  readonly #events: PeeringEvents;
  readonly #instance: Buffer;
  readonly #refused = new RefusalCounts();
  readonly #peers = new Map<NodeId, Peer>();
  /** Every connection whose socket is not closed yet. */
  readonly #connections = new Set<Connection>();
  #allGone: (() => void) | undefined;
  #incarnation = 0;
  #closed = false;

  constructor(options: ResolvedOptions, network: Network, events: PeeringEvents) {
    this.options = options;
    this.#network = network;
    this.#events = events;
    this.#instance = network.randomBytes(INSTANCE_BYTES);
    for (const id of options.peers.keys()) this.#peer(id);
  }

  /** Starts dialling. */
  start(): void {
    for (const peer of this.#peers.values()) this.#dial(peer);
  }

  /** The connection with `id` that is up. */
  connected(id: NodeId): Connection | undefined {
    return this.#peers.get(id)?.up;
  }

  ids(): NodeId[] {
    return [...this.#peers.values()].filter(({ up }) => up !== undefined).map(({ id }) => id);
  }

  links(): Record<NodeId, PeerLink> {
    const link = ({ up, dial, admitted, backoff, problem }: Peer): PeerLink => ({
      state: up ? 'up' : (dial ?? admitted) ? 'connecting' : 'waiting',
      failures: backoff.attempt,
      problem,
    });
    return Object.fromEntries([...this.#peers.values()].map((peer) => [peer.id, link(peer)]));
  }

  refusals(): Readonly<Record<RefusalReason, number>> {
    return this.#refused.snapshot();
  }

  /** Somebody has dialled us. */
  arrived(socket: FrameSocket): void {
    if (this.#closed) socket.destroy();
    else this.#connections.add(new Connection(this, socket, this.#handshake(), undefined));
  }

  /** Resolves when every socket is closed, which a deaf peer delays by a second at most. */
  close(): Promise<void> {
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.redial?.cancel();
    for (const connection of [...this.#connections]) connection.close('the node closed');
    return new Promise((resolve) => {
      this.#allGone = resolve;
      if (this.#connections.size === 0) resolve();
    });
  }

  lostSession(peer: NodeId): string {
    return this.#peers.get(peer)?.lostSession ?? NO_SESSION;
  }

  admit(connection: Connection, proof: Authenticated): RefusalReason | undefined {
    const { maxConnections, self } = this.options;
    if (!this.#accepts(proof.peer)) return 'not-accepted';
    const peer = this.#peers.get(proof.peer);
    for (const rival of [peer?.up, peer?.admitted]) {
      if (rival && rival.peerInstance !== proof.peerInstance) return 'duplicate-id';
    }
    if (peer?.up === undefined && this.#incoming() >= maxConnections) return 'too-many-connections';
    const ours = peer && self < proof.peer ? peer : undefined;
    if (ours?.up?.dialled && proof.lostSession !== ours.up.session) return 'superseded';
    const admitting = this.#peer(proof.peer);
    const older = admitting.admitted;
    // Set first: while somebody is admitted, nothing that ends has the peer dialled again.
    admitting.admitted = connection;
    admitting.redial?.cancel();
    admitting.redial = undefined;
    older?.destroy('the peer dialled again');
    ours?.dial?.close('the peer dialled too');
    if (ours?.up?.dialled) ours.up.destroy('the peer lost this connection');
    return undefined;
  }

  established(connection: Connection): void {
    const peer = this.#peer(connection.peer);
    // First the end of the old, told as 'down', while this one still keeps us from dialling.
    peer.up?.close('replaced by another connection');
    for (const other of [peer.dial, peer.admitted]) {
      if (other !== connection) other?.close('another connection came up first');
    }
    // Whoever heard 'down' may have closed the node.
    if (connection.state !== 'up') return;
    peer.dial = undefined;
    peer.admitted = undefined;
    peer.redial?.cancel();
    peer.redial = undefined;
    peer.problem = undefined;
    peer.up = connection;
    connection.incarnation = this.#incarnation += 1;
    connection.upSinceMs = this.options.clock.monotonic();
    this.#tell('up', connection);
  }

  ended(connection: Connection, problem: string): void {
    const peer = this.#peers.get(connection.peer);
    if (peer === undefined) return;
    if (connection === peer.up) {
      this.#lost(peer, connection, problem);
    } else if (connection === peer.dial) {
      peer.dial = undefined;
      if (peer.up === undefined) peer.problem = problem;
    } else if (connection === peer.admitted) {
      peer.admitted = undefined;
      peer.lostSession = connection.session;
    }
    this.#redialLater(peer);
    this.#forget(peer);
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#allGone?.();
  }

  refused(reason: RefusalReason): void {
    this.#refused.add(reason);
  }

  deliver(from: NodeId, channel: string, plain: unknown): void {
    this.#events.deliver(from, channel, plain);
  }

  drained(peer: NodeId): void {
    this.#events.drained(peer);
  }

  #accepts(id: NodeId): boolean {
    const { accept, onHandlerError } = this.options;
    try {
      return accept(id);
    } catch (error) {
      // A bug of the program, shown where those of its handlers are shown.
      if (onHandlerError) onHandlerError(error);
      else void Promise.reject(error);
      return false;
    }
  }

  #lost(peer: Peer, connection: Connection, problem: string): void {
    peer.up = undefined;
    peer.lostSession = connection.session;
    peer.problem = problem;
    // One that ends as soon as it is up is a failure like any other.
    const upMs = this.options.clock.monotonic() - connection.upSinceMs;
    if (upMs >= this.options.deadAfterMs) peer.backoff.reset();
    this.#tell('down', connection);
  }

  #tell(kind: 'up' | 'down', { peer, incarnation }: Connection): void {
    this.#events.changed({ kind, peer, incarnation });
  }

  #dial(peer: Peer): void {
    if (this.#closed || peer.url === undefined || !this.#idle(peer)) return;
    const { maxFrameBytes } = this.options;
    const socket = this.#network.dial(peer.url, maxFrameBytes);
    peer.dial = new Connection(this, socket, this.#handshake(), peer.id);
    this.#connections.add(peer.dial);
  }

  #redialLater(peer: Peer): void {
    if (this.#closed || peer.url === undefined || !this.#idle(peer) || peer.redial) return;
    peer.redial = this.options.clock.setTimer(peer.backoff.nextMs(), () => {
      peer.redial = undefined;
      this.#dial(peer);
    });
  }

  #idle({ up, dial, admitted }: Peer): boolean {
    return up === undefined && dial === undefined && admitted === undefined;
  }

  #peer(id: NodeId): Peer {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      peer = {
        id,
        url: this.options.peers.get(id),
        backoff: this.options.newBackoff(),
        up: undefined,
        dial: undefined,
        admitted: undefined,
        redial: undefined,
        lostSession: NO_SESSION,
        problem: undefined,
      };
      this.#peers.set(id, peer);
    }
    return peer;
  }

  /** Nodes that only dial us are remembered only while they are here. */
  #forget(peer: Peer): void {
    if (peer.url === undefined && this.#idle(peer)) this.#peers.delete(peer.id);
  }

  #incoming(): number {
    let count = 0;
    for (const { up, admitted } of this.#peers.values()) {
      if (admitted || (up && !up.dialled)) count += 1;
    }
    return count;
  }

  #handshake(): Pick<ResolvedOptions, 'self' | 'key'> & { instance: Buffer; nonce: Buffer } {
    const { self, key } = this.options;
    return { self, key, instance: this.#instance, nonce: this.#network.randomBytes(NONCE_BYTES) };
  }
}
