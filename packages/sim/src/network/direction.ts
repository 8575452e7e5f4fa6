/**
 * What the network knows of a machine, of the way from one machine to another, and of the door that
 * a machine's present life has: the words that network.ts, connections.ts and transport.ts share.
 */
import type { NodeId } from '@ds/transport';
import type { Owner, SimEvent } from '../kernel/event-queue.ts';
import type { LinkOptions } from './network-options.ts';

/** One end of a connection: a transport, as the network sees it. */
export interface Door {
  readonly owner: Owner;
  /** Whether the other ends can know at once that this one is gone: it said so, or is back. */
  readonly saidGoodbye: boolean;
  /** The incarnation of the connection with `peer`, as this end sees it. */
  incarnationOf(peer: NodeId): number | undefined;
  connect(direction: Direction, incarnation: number): void;
  disconnect(peer: NodeId, incarnation: number): void;
  deliver(from: NodeId, channel: string, message: unknown): void;
  drain(peer: NodeId): void;
}

/** What the network has to know of a machine. */
export interface Station {
  readonly id: NodeId;
  readonly index: number;
  readonly paused: boolean;
  readonly held: SimEvent[];
  readonly eventMs: number;
  freeAtMs: number;
  /** The door of the machine's present life; none while it is down or has closed it. */
  readonly transport: Door | undefined;
}

/** What carries the messages that a transport accepts. */
export interface Carrier {
  readonly maxMessageBytes: number;
  /** Takes a message, or tells why not. `connection` is 0 for a message to oneself. */
  submit(
    direction: Direction,
    connection: number,
    channel: string,
    message: unknown,
    bytes: number,
  ): 'queued' | 'saturated';
}

/** Messages on their way from one machine to another. */
export class Direction {
  readonly from: Station;
  readonly to: Station;
  /** Cut by a partition or a block. */
  cut = false;
  /** The link flaps, and is down just now. */
  down = false;
  /** Nothing arrives until after this time. */
  cloggedUntilMs = -1;
  /** When the last byte that was handed over has left. */
  freeAtMs = 0;
  queuedBytes = 0;
  saturated = false;
  lastArrivalMs = 0;
  /** What differs from the network's settings, and the result. */
  overrides: Partial<LinkOptions> | undefined;
  settings: LinkOptions | undefined;
  /** The link and the time of the latest message, and how many there were at that time. */
  latest = '';
  burst = 0;

  constructor(from: Station, to: Station) {
    this.from = from;
    this.to = to;
  }

  get blocked(): boolean {
    return this.cut || this.down;
  }
}
