/** What a node's door for clients is told at the start: defaults, and what makes no sense. */
import { type Clock, systemClock } from '@ds/clock';
import { checkNodeId, type HandlerErrorListener, type NodeId } from '@ds/transport';
import { checkFrameLimits, checkPositive } from './limits.ts';

/** Whom a token belongs to. */
export interface ClientIdentity {
  /**
   * 1 to 100 bytes, no `/`. A client's name is its identity, or its identity, `/` and what the
   * client adds to tell its pages apart: `alice`, `alice/3f9a`.
   */
  readonly id: string;
}

export interface ClientDoorOptions {
  /** This node's name; the same as in its cluster, where it is in one. */
  readonly self: NodeId;
  /** Port 0 takes a free one, see `port`. Host: @default '127.0.0.1' */
  readonly listen: { readonly host?: string; readonly port: number };
  /**
   * Whose token this is; undefined for nobody's. Compare secrets in constant time. Whoever is not
   * answered within `handshakeTimeoutMs` is refused, and `signal` aborted, as when he leaves.
   */
  readonly authenticate: (
    token: string,
    signal: AbortSignal,
  ) => ClientIdentity | undefined | Promise<ClientIdentity | undefined>;
  /** @default systemClock */
  readonly clock?: Clock;
  /** A connection on which nothing was sent for so long gets an empty frame. @default 5_000 */
  readonly heartbeatMs?: number;
  /** A connection on which nothing was heard for so long is down. @default 15_000 */
  readonly deadAfterMs?: number;
  /** From the first byte to the end of the handshake. @default 5_000 */
  readonly handshakeTimeoutMs?: number;
  /** The largest message, as `measurePlain` counts. @default 1 MiB */
  readonly maxMessageBytes?: number;
  /** The largest frame taken from a client. @default maxMessageBytes + 66, and at least 128 KiB */
  readonly maxFrameBytes?: number;
  /** What may wait for one client before `send` says `saturated`. @default 2 MiB or more */
  readonly maxQueuedBytes?: number;
  /** Authenticated connections. @default 1_000 */
  readonly maxClients?: number;
  /** Authenticated connections with the same identity. @default 16 */
  readonly maxPerIdentity?: number;
  /** Connections that have not authenticated. @default 64 */
  readonly maxHandshakes?: number;
  /** Takes what handlers and `authenticate` throw. @default an unhandled rejection */
  readonly onHandlerError?: HandlerErrorListener;
  /** Gives up opening: rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ResolvedClientDoorOptions
  extends Omit<Required<ClientDoorOptions>, 'listen' | 'onHandlerError' | 'signal'> {
  readonly listen: { readonly host: string; readonly port: number };
  readonly onHandlerError: HandlerErrorListener | undefined;
}

/** @throws {RangeError} naming the option that makes no sense. */
export function resolveClientDoorOptions({
  self,
  listen,
  authenticate,
  clock = systemClock,
  heartbeatMs = 5_000,
  deadAfterMs = 15_000,
  handshakeTimeoutMs = 5_000,
  maxMessageBytes = 2 ** 20,
  maxFrameBytes,
  maxQueuedBytes = Math.max(2 * 2 ** 20, maxMessageBytes),
  maxClients = 1_000,
  maxPerIdentity = 16,
  maxHandshakes = 64,
  onHandlerError,
}: ClientDoorOptions): ResolvedClientDoorOptions {
  checkNodeId(self);
  const frames = { heartbeatMs, deadAfterMs, maxMessageBytes, maxFrameBytes, maxQueuedBytes };
  const counts = { handshakeTimeoutMs, maxClients, maxPerIdentity, maxHandshakes };
  checkPositive(counts);
  return {
    self,
    listen: { host: listen.host ?? '127.0.0.1', port: listen.port },
    authenticate,
    clock,
    ...checkFrameLimits(frames),
    ...counts,
    onHandlerError,
  };
}
