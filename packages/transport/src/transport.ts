/**
 * The message port: one node's door to the others.
 *
 * A transport carries plain data (see plain.ts) between named nodes, over named channels, so that
 * protocols never see each other's messages. It promises little, on purpose: a message may be lost
 * at any time, and a protocol finds out by asking. The transports here deliver at most once and in
 * order (rule 5), but a protocol should rely on neither: the simulator, told to, doubles and
 * reorders, because sooner or later some network, proxy or retry does.
 *
 * Rules every transport keeps, checked by `@ds/transport/conformance`:
 *  1. `send` never throws for the network. It throws for a message that is not plain data or is
 *     larger than `maxMessageBytes`, and after `close`.
 *  2. `'queued'`: accepted, and still may be lost. `'saturated'`: not accepted; `onDrain` tells
 *     when there is room, also when that comes with a new connection. `'unreachable'`: not
 *     accepted, the peer is unknown or its connection is down; `onPeer` tells when it is there.
 *  3. What is sent is copied or encoded when `send` returns: no two nodes share an object.
 *  4. Delivery is never re-entrant, also not to oneself.
 *  5. At most once, and in order within one incarnation of a connection.
 *  6. A channel delivers only what its `decode` returns. A message that `decode` rejects by
 *     throwing is counted in `status().dropped.rejected` and harms nothing else.
 *  7. A message for a channel that is not open is counted in `status().dropped.noChannel`.
 *  8. `peers` and `onPeer` tell of connections; each `up` has a larger incarnation than the last.
 *     A node opens its channels in the turn that gets it its transport, or its peers may be
 *     quicker.
 *  9. `close` is idempotent, tells the peers, and ends all delivery; what was queued may be lost.
 * 10. A handler that throws does not stop other handlers or later messages.
 */

/** A node's name: a well-formed string of 1 to 128 bytes in UTF-8. */
export type NodeId = string;

/** What became of a message handed to {@link Channel.send}; see rule 2. */
export type SendResult = 'queued' | 'saturated' | 'unreachable';

/** Ends a subscription; harmless when called again. */
export type Unsubscribe = () => void;

/** A connection came up or went down. */
export interface PeerEvent {
  readonly kind: 'up' | 'down';
  readonly peer: NodeId;
  /** Tells this connection from every other this transport has had; grows with each `up`. */
  readonly incarnation: number;
}

/** Why messages that reached this node were not delivered, with counts since it started. */
export interface DroppedCounts {
  /** The channel's `decode` threw. */
  readonly rejected: number;
  /** Nobody had opened the channel, or nobody listened on it. */
  readonly noChannel: number;
}

/** A plain snapshot for people and tests. Counts are in messages since the transport was made. */
export interface TransportStatus {
  readonly self: NodeId;
  readonly peers: readonly NodeId[];
  readonly sent: number;
  readonly delivered: number;
  readonly dropped: DroppedCounts;
  /** The latest message that a `decode` rejected: a hostile peer, or a bug in that `decode`. */
  readonly lastRejection?: Rejection | undefined;
}

export interface Rejection {
  readonly from: NodeId;
  readonly channel: string;
  /** What `decode` threw. */
  readonly error: unknown;
}

/** One protocol's part of a transport. */
export interface Channel<M> {
  readonly name: string;
  /**
   * Hands `message` over for delivery to `to`, which may be this node itself; see rules 1 to 3.
   * @throws {TransportError} `TRANSPORT_INVALID_MESSAGE`, `TRANSPORT_MESSAGE_TOO_LARGE` or
   * `TRANSPORT_CLOSED`.
   */
  send(to: NodeId, message: M): SendResult;
  /** Calls `listener` when a peer that was saturated has room again. */
  onDrain(listener: (peer: NodeId) => void): Unsubscribe;
  /** Calls `handle` for each message; with several handlers, in the order they subscribed. */
  onMessage(handle: (from: NodeId, message: M) => void): Unsubscribe;
  /** Ends delivery on this channel and frees its name. Idempotent. */
  close(): void;
}

/** One node's door to the others. */
export interface Transport {
  readonly self: NodeId;
  /** The largest message that `send` takes, in bytes as {@link measurePlain} counts them. */
  readonly maxMessageBytes: number;
  /**
   * Opens the channel `name` (1 to 64 bytes). `decode` sees what arrived, which a hostile peer may
   * have made up: it checks every field and returns a message, or throws.
   * @throws {TransportError} `TRANSPORT_CHANNEL_IN_USE` when the channel is open already.
   */
  channel<M>(name: string, decode: (plain: unknown) => M): Channel<M>;
  /** The nodes with a live connection; never `self`. */
  peers(): Iterable<NodeId>;
  /** Calls `listener` at every change from here on. */
  onPeer(listener: (event: PeerEvent) => void): Unsubscribe;
  status(): TransportStatus;
  /** Closes every connection and channel. */
  close(): Promise<void>;
}
