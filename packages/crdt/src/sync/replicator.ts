/**
 * Keeps one document the same on all nodes that can reach each other, however they are connected.
 *
 * Each node tells its peers what it knows, now and then and whenever one appears; who knows more
 * answers with what is lacking. What changes here, or arrives, is passed on to every peer that is
 * not known to have it, all changes of `batchMs` together. Nothing is taken for granted: what was
 * sent may be lost, doubled or late, and the next exchange makes up for it (anti-entropy; A. Demers
 * et al., "Epidemic algorithms for replicated database maintenance", 1987).
 *
 * Invariant: a peer is thought to know no more than it has said itself, except for what was sent to
 * it since; that is forgotten at the next exchange.
 */
import type { Clock, Timer } from '@ds/clock';
import { CrdtError, malformed } from '../errors.ts';
import { decodeKnown, encodeKnown, exceeds, type Known } from './known.ts';

/** What is kept the same: a `Text`, a `DeltaReplica`, or anything that can tell what is lacking. */
export interface Replicated {
  known(): Known;
  /** What `known` lacks. It may leave out what follows after `maxBytes`. */
  updateSince(known: Known, maxBytes?: number): Uint8Array;
  apply(update: Uint8Array): void;
}

/** Plain data. */
export interface SyncMessage {
  /** A request is answered by what its sender lacks; an exchange also by a request, if need be. */
  readonly kind: 'exchange' | 'request' | 'update';
  /** What the sender knows. */
  readonly known: Uint8Array;
  readonly update?: Uint8Array;
}

/** A channel of `@ds/transport` is one. */
export interface SyncChannel {
  send(to: string, message: SyncMessage): unknown;
  onMessage(handle: (from: string, message: SyncMessage) => void): () => void;
}

/** A `Transport` of `@ds/transport` is one. */
export interface Neighbours {
  peers(): Iterable<string>;
  onPeer(
    listener: (event: { readonly kind: 'up' | 'down'; readonly peer: string }) => void,
  ): () => void;
}

export interface ReplicatorOptions {
  readonly replicated: Replicated;
  readonly channel: SyncChannel;
  readonly neighbours: Neighbours;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** How long changes wait for others to go with them. @default 20 */
  readonly batchMs?: number;
  /** How often peers tell each other what they know. @default 1000 */
  readonly exchangeMs?: number;
  /** About how large an update may be; what is more follows. @default 256 KiB */
  readonly maxUpdateBytes?: number;
  /** Called after something arrived. */
  readonly onApplied?: () => void;
  /** Called with what a peer says that it knows, as `Text.forget` asks for. @default nothing */
  readonly onReport?: (from: string, known: Known) => void;
  /** Called with what a peer sent that could not be applied. @default nothing: it is counted */
  readonly onRejected?: (from: string, error: CrdtError) => void;
}

export interface ReplicatorStatus {
  readonly sentUpdates: number;
  readonly sentBytes: number;
  readonly appliedUpdates: number;
  readonly rejected: number;
}

/** Checks a message from anywhere: hand it to `transport.channel(name, decodeSyncMessage)`. */
export function decodeSyncMessage(plain: unknown): SyncMessage {
  if (typeof plain !== 'object' || plain === null) throw malformed('no message');
  const { kind, known, update } = plain as Record<string, unknown>;
  if (!(known instanceof Uint8Array)) throw malformed('no knowledge in a message');
  if ((kind === 'exchange' || kind === 'request') && update === undefined) return { kind, known };
  if (kind !== 'update' || !(update instanceof Uint8Array)) throw malformed('a message');
  return { kind, known, update };
}

export class Replicator {
  readonly #options: Required<Omit<ReplicatorOptions, 'onApplied' | 'onReport' | 'onRejected'>>;
  readonly #onApplied: (() => void) | undefined;
  readonly #onReport: ((from: string, known: Known) => void) | undefined;
  readonly #onRejected: ((from: string, error: CrdtError) => void) | undefined;
  /** What each peer knows, as far as it has said or been sent. */
  readonly #theirs: Map<string, Map<number, number>> = new Map();
  readonly #unsubscribe: (() => void)[];
  #exchange: Timer | undefined;
  #batch: Timer | undefined;
  #closed = false;
  #sentUpdates = 0;
  #sentBytes = 0;
  #appliedUpdates = 0;
  #rejected = 0;

  constructor(options: ReplicatorOptions) {
    const { batchMs = 20, exchangeMs = 1000, maxUpdateBytes = 2 ** 18 } = options;
    if (!(batchMs >= 0 && exchangeMs > 0 && maxUpdateBytes > 0)) {
      throw new RangeError('batchMs, exchangeMs and maxUpdateBytes must be positive');
    }
    const { replicated, channel, neighbours, clock, onApplied, onReport, onRejected } = options;
    this.#options = { replicated, channel, neighbours, clock, batchMs, exchangeMs, maxUpdateBytes };
    this.#onApplied = onApplied;
    this.#onReport = onReport;
    this.#onRejected = onRejected;
    this.#unsubscribe = [
      channel.onMessage((from, message) => this.#receive(from, message)),
      neighbours.onPeer(({ kind, peer }) => {
        this.#theirs.delete(peer);
        if (kind === 'up') this.#tell(peer, 'exchange');
      }),
    ];
    for (const peer of neighbours.peers()) this.#tell(peer, 'exchange');
    this.#setExchange();
  }

  /** To be called after each local change; it is sent within `batchMs`. */
  changed(): void {
    if (this.#closed) throw new CrdtError('CRDT_CLOSED', 'this replicator was closed');
    this.#batch ??= this.#options.clock.setTimer(this.#options.batchMs, () => {
      this.#batch = undefined;
      for (const [peer, known] of this.#theirs) this.#sendLacking(peer, known);
    });
  }

  status(): ReplicatorStatus {
    return {
      sentUpdates: this.#sentUpdates,
      sentBytes: this.#sentBytes,
      appliedUpdates: this.#appliedUpdates,
      rejected: this.#rejected,
    };
  }

  /** Ends it, with what was not sent yet left for the next exchange of whoever goes on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#batch?.cancel();
    this.#exchange?.cancel();
    for (const end of this.#unsubscribe) end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #setExchange(): void {
    this.#exchange = this.#options.clock.setTimer(this.#options.exchangeMs, () => {
      for (const peer of this.#options.neighbours.peers()) this.#tell(peer, 'exchange');
      this.#setExchange();
    });
  }

  #tell(peer: string, kind: 'exchange' | 'request'): void {
    const known = encodeKnown(this.#options.replicated.known());
    this.#options.channel.send(peer, { kind, known });
  }

  #receive(from: string, message: SyncMessage): void {
    try {
      const known = decodeKnown(message.known);
      if (message.update !== undefined) this.#apply(from, message.update);
      this.#theirs.set(from, new Map(known));
      this.#onReport?.(from, known);
      if (message.kind !== 'update') this.#answer(from, known, message.kind);
    } catch (error) {
      if (!(error instanceof CrdtError)) throw error;
      this.#rejected += 1;
      this.#onRejected?.(from, error);
    }
  }

  #answer(from: string, known: Known, kind: 'exchange' | 'request'): void {
    this.#sendLacking(from, this.#theirs.get(from) as Map<number, number>);
    // A request is not answered by another: two who cannot help each other would go on for ever.
    const lacks = exceeds(known, this.#options.replicated.known());
    if (kind === 'exchange' && lacks) this.#tell(from, 'request');
  }

  #apply(from: string, update: Uint8Array): void {
    const { replicated } = this.#options;
    const before = replicated.known();
    replicated.apply(update);
    this.#appliedUpdates += 1;
    if (!exceeds(replicated.known(), before)) return;
    this.changed();
    // There may be more where this came from.
    if (update.length >= this.#options.maxUpdateBytes) this.#tell(from, 'request');
    this.#onApplied?.();
  }

  #sendLacking(peer: string, theirs: Map<number, number>): void {
    const { replicated, channel, maxUpdateBytes } = this.#options;
    const known = replicated.known();
    if (!exceeds(known, theirs)) return;
    const update = replicated.updateSince(theirs, maxUpdateBytes);
    channel.send(peer, { kind: 'update', known: encodeKnown(known), update });
    this.#sentUpdates += 1;
    this.#sentBytes += update.length;
    // Not again until they tell what they know: what is lost is made up for by the exchange.
    if (update.length >= maxUpdateBytes) return;
    for (const [replica, count] of known) theirs.set(replica, count);
  }
}
