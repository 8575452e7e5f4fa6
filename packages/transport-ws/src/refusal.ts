/**
 * Why a connection was refused or closed on the peer's account: a closed list, so that each reason
 * can be counted, alerted on and tested. The number is what the WebSocket close frame carries.
 */

/** What `status().refused` counts. */
export type RefusalReason = keyof typeof CLOSE_CODES;

export const CLOSE_CODES = {
  /** Not the hello of this protocol: wrong magic, malformed, too large, or out of turn. */
  'bad-hello': 4000,
  /** Speaks another version of the protocol. */
  'wrong-version': 4001,
  /** Dialled us under a name that is not ours: a wrong address in somebody's `peers`. */
  'wrong-node': 4002,
  /** Bears our own name. */
  self: 4003,
  /** Does not hold the cluster's key. */
  'wrong-key': 4004,
  /** Holds the key, but `accept` does not want it. */
  'not-accepted': 4005,
  /** Another living process with the same id is connected. */
  'duplicate-id': 4006,
  /** The two nodes dialled each other; the other connection stays. */
  superseded: 4007,
  /** No place left for authenticated connections. */
  'too-many-connections': 4008,
  /** No place left for connections that have not authenticated. */
  'too-many-handshakes': 4009,
  /** Did not finish the handshake in time. */
  'handshake-timeout': 4010,
  /** Spoke HTTP, or broke the rules of WebSocket. */
  'not-a-websocket': 4011,
  /** A frame that is not MessagePack, or not the part of it that plain data needs. */
  'bad-frame': 4012,
  /** Nesting beyond the port's 64 levels. */
  'too-deep': 4013,
  /** A frame or message beyond the limits. */
  'too-large': 4014,
  /** A client's token that `authenticate` does not know. */
  'wrong-token': 4015,
  /** A client under a name that its token does not give it. */
  'wrong-name': 4016,
  /** No place left for clients, or for more of the same identity. */
  'too-many-clients': 4017,
} as const;

/** Thrown by whoever reads what a peer sent; caught where the connection is closed. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Counts by reason; every reason is there from the start, at 0. */
export class RefusalCounts {
  readonly #counts: Record<RefusalReason, number>;

  constructor() {
    this.#counts = Object.fromEntries(
      Object.keys(CLOSE_CODES).map((reason) => [reason, 0]),
    ) as Record<RefusalReason, number>;
  }

  add(reason: RefusalReason): void {
    this.#counts[reason] += 1;
  }

  snapshot(): Readonly<Record<RefusalReason, number>> {
    return { ...this.#counts };
  }
}
