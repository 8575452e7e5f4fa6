/** What a client's transport is told at the start: defaults, and what makes no sense. */
import { type Clock, systemClock } from '@ds/clock';
import { Backoff, type BackoffOptions } from '@ds/resilience';
import { checkNodeId, type HandlerErrorListener, type NodeId } from '@ds/transport';
import { checkFrameLimits, checkPeer, checkPositive, type FrameLimits } from './limits.ts';

export interface BrowserTransportOptions {
  /**
   * This client's name: its identity, or its identity, `/` and what tells this page from others of
   * the same identity. The node refuses every other name.
   */
  readonly self: NodeId;
  /** The nodes to keep a connection with, by name and `wss://` address of their client door. */
  readonly nodes: Readonly<Record<NodeId, string>>;
  /**
   * What shows whose client this is, 1 to 4,096 bytes. A function is asked at every dial, so that
   * a token that has expired can be renewed; `signal` is aborted when the dial is given up.
   */
  readonly token: string | ((signal: AbortSignal) => string | Promise<string>);
  /** @default the page's own WebSocket */
  readonly WebSocket?: WebSocketConstructor;
  /** @default systemClock */
  readonly clock?: Clock;
  /** A number in [0, 1), for the jitter of reconnecting. @default Math.random */
  readonly random?: () => number;
  /** As the nodes have it. @default 5_000 */
  readonly heartbeatMs?: number;
  /** A connection on which nothing was heard for so long is down. @default 15_000 */
  readonly deadAfterMs?: number;
  /** From dialling to the end of the handshake, and for `token`. @default 10_000 */
  readonly handshakeTimeoutMs?: number;
  /** The largest message, as `measurePlain` counts; as the nodes have it. @default 1 MiB */
  readonly maxMessageBytes?: number;
  /** The largest frame taken from a node. @default maxMessageBytes + 66, and at least 128 KiB */
  readonly maxFrameBytes?: number;
  /** What may wait for one node before `send` says `saturated`. @default 2 MiB or more */
  readonly maxQueuedBytes?: number;
  /** How long to wait before dialling again. @default 100 ms growing to 10_000 ms, full jitter */
  readonly backoff?: Omit<BackoffOptions, 'random'>;
  /** Takes what handlers and `token` throw. @default an unhandled rejection */
  readonly onHandlerError?: HandlerErrorListener;
}

/** The part of the WebSocket API that is used: https://websockets.spec.whatwg.org */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

export interface ResolvedBrowserOptions extends FrameLimits {
  readonly self: NodeId;
  readonly nodes: ReadonlyMap<NodeId, string>;
  readonly token: (signal: AbortSignal) => string | Promise<string>;
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  readonly newBackoff: () => Backoff;
  readonly onHandlerError: HandlerErrorListener | undefined;
}

/** @throws {RangeError} naming the option that makes no sense. */
export function resolveBrowserOptions({
  self,
  nodes,
  token,
  WebSocket,
  clock = systemClock,
  random = Math.random,
  heartbeatMs = 5_000,
  deadAfterMs = 15_000,
  handshakeTimeoutMs = 10_000,
  maxMessageBytes = 2 ** 20,
  maxFrameBytes,
  maxQueuedBytes = Math.max(2 * 2 ** 20, maxMessageBytes),
  backoff = { initialMs: 100, maxMs: 10_000 },
  onHandlerError,
}: BrowserTransportOptions): ResolvedBrowserOptions {
  checkNodeId(self);
  checkPositive({ handshakeTimeoutMs });
  const frames = { heartbeatMs, deadAfterMs, maxMessageBytes, maxFrameBytes, maxQueuedBytes };
  const newBackoff = (): Backoff => new Backoff({ ...backoff, random });
  newBackoff();
  for (const [id, url] of Object.entries(nodes)) checkPeer(id, url);
  if (Object.hasOwn(nodes, self)) throw new RangeError(`'${self}' is one of the nodes`);
  return {
    self,
    nodes: new Map(Object.entries(nodes)),
    token: typeof token === 'string' ? () => token : token,
    WebSocket,
    clock,
    ...checkFrameLimits(frames),
    handshakeTimeoutMs,
    newBackoff,
    onHandlerError,
  };
}
