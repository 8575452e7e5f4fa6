/** What a WebSocket transport is told at the start: defaults, and what makes no sense. */
import { type Clock, systemClock } from '@ds/clock';
import { Backoff, type BackoffOptions } from '@ds/resilience';
import { checkNodeId, type HandlerErrorListener, type NodeId } from '@ds/transport';
import { checkFrameLimits, checkPeer, checkPositive } from './limits.ts';

export interface WebSocketTransportOptions {
  /** This node's name, under which the others dial it. */
  readonly self: NodeId;
  /**
   * Where to listen; a node without it only dials. Port 0 takes a free one, see `port`.
   * Host: @default '127.0.0.1'
   */
  readonly listen?: { readonly host?: string; readonly port: number };
  /**
   * The nodes to keep a connection with, by name and `ws://` address. An entry for `self` is
   * ignored, so that all nodes may be given the same.
   */
  readonly peers: Readonly<Record<NodeId, string>>;
  /** The secret that all nodes of the cluster share: 16 random bytes or more. */
  readonly key: Uint8Array;
  /** Which nodes that hold the key may connect. @default those named in `peers` */
  readonly accept?: (id: NodeId) => boolean;
  /** @default systemClock */
  readonly clock?: Clock;
  /** A number in [0, 1), for the jitter of reconnecting. @default Math.random */
  readonly random?: () => number;
  /** A connection on which nothing was sent for so long gets an empty frame. @default 500 */
  readonly heartbeatMs?: number;
  /** A connection on which nothing was heard for so long is down. @default 3_000 */
  readonly deadAfterMs?: number;
  /** From the first byte to the end of the handshake, on either side. @default 5_000 */
  readonly handshakeTimeoutMs?: number;
  /** The largest message, as `measurePlain` counts. @default 1 MiB */
  readonly maxMessageBytes?: number;
  /** The largest frame taken from a peer. @default maxMessageBytes + 66, and at least 128 KiB */
  readonly maxFrameBytes?: number;
  /** What may wait for one peer before `send` says `saturated`. @default 8 MiB or more */
  readonly maxQueuedBytes?: number;
  /** Authenticated connections that others opened. @default 256 */
  readonly maxConnections?: number;
  /** Connections that others opened and that have not authenticated. @default 64 */
  readonly maxHandshakes?: number;
  /** How long to wait before dialling again. @default 50 ms growing to 2_000 ms, full jitter */
  readonly backoff?: Omit<BackoffOptions, 'random'>;
  /** Takes what handlers throw. @default an unhandled rejection */
  readonly onHandlerError?: HandlerErrorListener;
  /** Gives up opening: rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The same with nothing left open. */
export interface ResolvedOptions {
  readonly self: NodeId;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly peers: ReadonlyMap<NodeId, string>;
  readonly key: Uint8Array;
  readonly accept: (id: NodeId) => boolean;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
  readonly maxConnections: number;
  readonly maxHandshakes: number;
  readonly newBackoff: () => Backoff;
  readonly onHandlerError: HandlerErrorListener | undefined;
}

/** @throws {RangeError} naming the option that makes no sense. */
export function resolveOptions({
  self,
  listen,
  peers,
  key,
  accept,
  clock = systemClock,
  random = Math.random,
  heartbeatMs = 500,
  deadAfterMs = 3_000,
  handshakeTimeoutMs = 5_000,
  maxMessageBytes = 2 ** 20,
  maxFrameBytes,
  maxQueuedBytes = Math.max(8 * 2 ** 20, maxMessageBytes),
  maxConnections = 256,
  maxHandshakes = 64,
  backoff = { initialMs: 50, maxMs: 2_000 },
  onHandlerError,
}: WebSocketTransportOptions): ResolvedOptions {
  checkNodeId(self);
  if (!(key instanceof Uint8Array && key.length >= 16)) {
    throw new RangeError('key is a Uint8Array of 16 bytes or more');
  }
  const counts = { handshakeTimeoutMs, maxConnections, maxHandshakes };
  checkPositive(counts);
  const frames = { heartbeatMs, deadAfterMs, maxMessageBytes, maxFrameBytes, maxQueuedBytes };
  const limits = checkFrameLimits(frames);
  const others = new Map(Object.entries(peers).filter(([id]) => id !== self));
  for (const [id, url] of others) checkPeer(id, url);
  const newBackoff = (): Backoff => new Backoff({ ...backoff, random });
  newBackoff();
  return {
    self,
    listen:
      listen === undefined ? undefined : { host: listen.host ?? '127.0.0.1', port: listen.port },
    peers: others,
    key: Uint8Array.from(key),
    accept: accept ?? ((id) => others.has(id)),
    clock,
    ...limits,
    ...counts,
    newBackoff,
    onHandlerError,
  };
}
